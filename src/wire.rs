//! The frames between front and cell: prost messages behind a four-byte length, bounded both ways.
//!
//! The front treats every frame of a cell as hostile: whatever does not decode, or decodes to what no
//! sound cell sends, ends the cell and nothing else.

use std::fmt;

use bytes::Bytes;
use prost::Message;

mod codec;
mod convert;
mod description;
mod fetch;
mod libraries;
mod stripped;

pub use codec::{FrameCodec, FrameError, MAX_FRAME_BYTES};
pub use convert::{Malformed, finished_from_wire, finished_to_wire};
pub use description::{WireDescription, WireSourceWarning};
pub use fetch::{
    CancelFetch, Fetch, FetchFailed, FetchOutcome, FetchResponse, FetchTaken, Fetched,
    MAX_REQUEST_BODY_BYTES, MAX_REQUEST_HEAD_BYTES, WireHeader, WireRedirect,
};
pub use libraries::{WireLibrary, WirePackage, WirePart, WireSpan};
pub use stripped::{Construct, StripFault, StripFaults, StripOutcome, Stripped};

/// A frame on its way to a cell.
#[derive(Clone, PartialEq, Message)]
pub struct ToCell {
    #[prost(oneof = "CellFrame", tags = "1, 2, 3, 4, 5, 6")]
    pub frame: Option<CellFrame>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum CellFrame {
    /// First, once: how the cell is to run.
    #[prost(message, tag = "1")]
    Configure(Configure),
    /// A source, before the first invocation that names its handle.
    #[prost(message, tag = "2")]
    Load(Load),
    /// The handle will not be named again.
    #[prost(message, tag = "3")]
    Forget(Forget),
    #[prost(message, tag = "4")]
    Start(Start),
    /// Nobody waits for the invocation any more.
    #[prost(message, tag = "5")]
    Cancel(Cancel),
    /// What a fetch came to.
    #[prost(message, tag = "6")]
    Fetched(Box<Fetched>),
}

#[derive(Clone, PartialEq, Message)]
pub struct Configure {
    /// JS threads, from 1.
    #[prost(uint32, tag = "1")]
    pub threads: u32,
    /// Isolates held at once, leased and idle, from 1.
    #[prost(uint32, tag = "2")]
    pub max_isolates: u32,
    /// Heap limit of one isolate.
    #[prost(uint64, tag = "3")]
    pub heap_bytes: u64,
    /// Bytes that idle isolates may hold together.
    #[prost(uint64, tag = "4")]
    pub idle_bytes: u64,
    /// CPU time that a source's top level may use.
    #[prost(uint64, tag = "5")]
    pub top_level_nanos: u64,
    /// Whether the cell is to refuse to run when it can't be locked down.
    #[prost(bool, tag = "6")]
    pub require_lockdown: bool,
    /// Bytes the cache may keep of one function instance.
    #[prost(uint64, tag = "7")]
    pub cache_instance_bytes: u64,
    /// Bytes the cache may keep in all.
    #[prost(uint64, tag = "8")]
    pub cache_bytes: u64,
    /// What is in the memory that the cell was started with, if any.
    #[prost(message, repeated, tag = "9")]
    pub libraries: Vec<WireLibrary>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Load {
    /// The front's number for the version; never given twice.
    #[prost(uint64, tag = "1")]
    pub handle: u64,
    #[prost(string, tag = "2")]
    pub function_id: String,
    #[prost(string, tag = "3")]
    pub version: String,
    /// UTF-8, checked by the front.
    #[prost(bytes = "bytes", tag = "4")]
    pub source: Bytes,
    /// The source's name in stacks.
    #[prost(string, tag = "5")]
    pub file_name: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct Forget {
    #[prost(uint64, tag = "1")]
    pub handle: u64,
}

#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct Start {
    /// Never given twice to one cell.
    #[prost(uint64, tag = "1")]
    pub invocation: u64,
    /// The version, by the number [`Load`] gave it.
    #[prost(uint64, tag = "2")]
    pub handle: u64,
    #[prost(string, tag = "3")]
    pub instance_id: String,
    /// JSON in UTF-8, checked by the front: an event, or with `batch_events` an array of so many.
    #[prost(bytes = "bytes", tag = "4")]
    pub input: Bytes,
    #[prost(uint32, optional, tag = "5")]
    pub batch_events: Option<u32>,
    /// A JSON object in UTF-8, written by the front.
    #[prost(bytes = "bytes", tag = "6")]
    pub settings: Bytes,
    #[prost(uint64, tag = "7")]
    pub wall_nanos: u64,
    #[prost(uint64, tag = "8")]
    pub result_bytes: u64,
    #[prost(uint64, tag = "9")]
    pub log_bytes: u64,
    #[prost(uint64, tag = "10")]
    pub cpu_nanos: u64,
    #[prost(uint64, tag = "11")]
    pub batch_result_bytes: u64,
    /// Outgoing requests.
    #[prost(uint32, tag = "12")]
    pub requests: u32,
    /// The source is only described: there is no input.
    #[prost(bool, tag = "13")]
    pub describe: bool,
    /// How long from now the caller can use an outcome, if it is not the wall time that says so.
    #[prost(uint64, optional, tag = "14")]
    pub patience_nanos: Option<u64>,
}

/// Without the settings, which may hold secrets.
impl fmt::Debug for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start")
            .field("invocation", &self.invocation)
            .field("handle", &self.handle)
            .field("instance_id", &self.instance_id)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct Cancel {
    #[prost(uint64, tag = "1")]
    pub invocation: u64,
}

/// A frame on its way to the front.
#[derive(Clone, PartialEq, Message)]
pub struct ToFront {
    #[prost(oneof = "FrontFrame", tags = "1, 2, 3, 4, 5, 6, 7, 8")]
    pub frame: Option<FrontFrame>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum FrontFrame {
    /// First, once: the cell is configured and takes invocations.
    #[prost(message, tag = "1")]
    Ready(Ready),
    #[prost(message, tag = "2")]
    Finished(Box<Finished>),
    /// A thread of the cell will not come back: the cell wants to be replaced.
    #[prost(message, tag = "3")]
    Unfit(Unfit),
    /// A function wants an outgoing request made.
    #[prost(message, tag = "4")]
    Fetch(Box<Fetch>),
    /// The function no longer wants it.
    #[prost(message, tag = "5")]
    CancelFetch(CancelFetch),
    /// For the metrics.
    #[prost(message, tag = "6")]
    CacheUse(WireCacheUse),
    /// The function has the response, and the cell no longer holds it for the front.
    #[prost(message, tag = "7")]
    FetchTaken(FetchTaken),
    /// Demoted threads have begun to take turns, or none does any more.
    #[prost(message, tag = "8")]
    Demoted(Demoted),
}

#[derive(Clone, PartialEq, Message)]
pub struct Ready {
    #[prost(string, tag = "1")]
    pub v8_version: String,
    /// What keeps the cell from being locked down; empty when it is.
    #[prost(string, tag = "2")]
    pub not_locked_down: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct Demoted {
    /// Whether some take turns.
    #[prost(bool, tag = "1")]
    pub at_work: bool,
}

#[derive(Clone, PartialEq, Message)]
pub struct Unfit {
    /// The version at fault, by its number.
    #[prost(uint64, optional, tag = "1")]
    pub handle: Option<u64>,
    /// For the log.
    #[prost(string, tag = "2")]
    pub reason: String,
    #[prost(enumeration = "UnfitCause", tag = "3")]
    pub cause: i32,
}

/// What made a cell unfit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub enum UnfitCause {
    /// A turn works on after it was given up.
    Stuck = 0,
    /// V8 gave up on a thread, which waits for ever.
    Parked = 1,
    /// Code of the executor's own panicked.
    Defect = 2,
}

/// The end of an invocation, on the wire.
#[derive(Clone, PartialEq, Message)]
pub struct Finished {
    #[prost(uint64, tag = "1")]
    pub invocation: u64,
    /// One for each event, in order.
    #[prost(message, repeated, tag = "2")]
    pub results: Vec<WireResult>,
    #[prost(message, repeated, tag = "3")]
    pub logs: Vec<WireLogLine>,
    #[prost(message, required, tag = "4")]
    pub usage: WireUsage,
}

/// What has happened in a cell's cache since the last of these frames, and what it holds.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct WireCacheUse {
    #[prost(uint64, tag = "1")]
    pub hits: u64,
    #[prost(uint64, tag = "2")]
    pub misses: u64,
    #[prost(uint64, tag = "3")]
    pub evictions: u64,
    #[prost(uint64, tag = "4")]
    pub bytes: u64,
}

#[derive(Clone, PartialEq, Message)]
pub struct WireResult {
    #[prost(oneof = "WireOutcome", tags = "1, 2, 3, 4")]
    pub outcome: Option<WireOutcome>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum WireOutcome {
    #[prost(bytes = "bytes", tag = "1")]
    Delivered(Bytes),
    #[prost(message, tag = "2")]
    Filtered(WireFiltered),
    #[prost(message, tag = "3")]
    Failed(Box<WireFunctionError>),
    #[prost(message, tag = "4")]
    Described(Box<WireDescription>),
}

#[derive(Clone, PartialEq, Message)]
pub struct WireFiltered {
    #[prost(uint32, tag = "1")]
    pub reason: u32,
    #[prost(string, tag = "2")]
    pub message: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct WireFunctionError {
    #[prost(uint32, tag = "1")]
    pub code: u32,
    #[prost(string, tag = "2")]
    pub name: String,
    #[prost(string, tag = "3")]
    pub message: String,
    #[prost(string, tag = "4")]
    pub stack: String,
    #[prost(message, repeated, tag = "5")]
    pub frames: Vec<WireStackFrame>,
    #[prost(uint64, optional, tag = "6")]
    pub retry_after_nanos: Option<u64>,
    #[prost(message, optional, tag = "7")]
    pub limit: Option<WireLimit>,
    #[prost(message, repeated, tag = "8")]
    pub violations: Vec<WireViolation>,
}

#[derive(Clone, PartialEq, Message)]
pub struct WireStackFrame {
    #[prost(string, tag = "1")]
    pub function: String,
    #[prost(string, tag = "2")]
    pub file: String,
    #[prost(uint32, tag = "3")]
    pub line: u32,
    #[prost(uint32, tag = "4")]
    pub column: u32,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct WireLimit {
    #[prost(uint32, tag = "1")]
    pub kind: u32,
    #[prost(uint64, tag = "2")]
    pub value: u64,
}

#[derive(Clone, PartialEq, Message)]
pub struct WireViolation {
    #[prost(string, tag = "1")]
    pub field: String,
    #[prost(string, tag = "2")]
    pub description: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct WireLogLine {
    #[prost(uint64, tag = "1")]
    pub unix_nanos: u64,
    #[prost(uint32, tag = "2")]
    pub level: u32,
    #[prost(string, tag = "3")]
    pub message: String,
    #[prost(uint32, optional, tag = "4")]
    pub event: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct WireUsage {
    #[prost(uint64, tag = "1")]
    pub wall_nanos: u64,
    #[prost(uint64, tag = "2")]
    pub cpu_nanos: u64,
    #[prost(uint64, tag = "3")]
    pub queue_nanos: u64,
    #[prost(bool, tag = "4")]
    pub cold_start: bool,
    #[prost(uint64, tag = "5")]
    pub heap_used_bytes: u64,
    #[prost(uint64, tag = "6")]
    pub setup_nanos: u64,
    #[prost(uint32, tag = "7")]
    pub turns: u32,
}

impl From<CellFrame> for ToCell {
    fn from(frame: CellFrame) -> Self {
        Self { frame: Some(frame) }
    }
}

impl From<FrontFrame> for ToFront {
    fn from(frame: FrontFrame) -> Self {
        Self { frame: Some(frame) }
    }
}
