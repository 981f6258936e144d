//! The vocabulary both processes share: what is run, under which limits, and how it ends.
//!
//! Nothing here knows of gRPC or of V8.

use std::{fmt, sync::Arc, time::Duration};

mod description;
pub mod stack;

pub use description::{Description, Handler, MAX_WARNINGS, Place, SourceKind, SourceWarning};

/// What isolates and caches are keyed by. Two keys never share an isolate, since globals live as long as
/// their isolate and settings differ by instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionKey {
    pub version: VersionKey,
    /// One connected copy of the function; may be empty.
    pub instance_id: Arc<str>,
}

/// One immutable version of a function's source.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VersionKey {
    pub function_id: Arc<str>,
    pub version: Arc<str>,
}

impl fmt::Display for VersionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.function_id, self.version)
    }
}

/// What an invocation is given: JSON in UTF-8, checked by the front. Each event is an object with a `type`
/// that is a string.
#[derive(Clone, Debug)]
pub enum Input {
    Event(bytes::Bytes),
    /// An array of so many events.
    Batch {
        events: u32,
        json: bytes::Bytes,
    },
    /// Nothing: the source is described, and no handler called.
    Describe,
}

/// What an input is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// What became of so many events.
    Events(usize),
    /// [`Outcome::Described`], or the error that kept the cell from it.
    Description,
}

impl Expected {
    /// How many outcomes there will be.
    pub fn outcomes(self) -> usize {
        match self {
            Self::Events(events) => events,
            Self::Description => 1,
        }
    }
}

impl Input {
    pub fn expects(&self) -> Expected {
        match self {
            Self::Event(_) => Expected::Events(1),
            Self::Batch { events, .. } => Expected::Events(*events as usize),
            Self::Describe => Expected::Description,
        }
    }

    /// How many outcomes there will be: one for each event, or the one of a description.
    pub fn outcomes(&self) -> usize {
        self.expects().outcomes()
    }
}

/// The limits of one invocation. Isolate limits, such as the heap, are the cell's and not here: a warm
/// isolate serves invocations with different limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvocationLimits {
    /// From the start of the first turn to the outcome.
    pub wall_time: Duration,
    /// CPU time over all turns.
    pub cpu_time: Duration,
    /// Bytes of the JSON of an event out.
    pub result_bytes: u64,
    /// Bytes of the JSON of all events out of a batch together.
    pub batch_result_bytes: u64,
    /// Bytes of log text kept; what is beyond is counted and said in one last line.
    pub log_bytes: u64,
    /// Outgoing requests, redirects counted.
    pub requests: u32,
}

/// An invocation's settings: a JSON object in UTF-8. They may hold secrets, so that no form of it but
/// the bytes themselves shows a value.
#[derive(Clone, PartialEq, Eq)]
pub struct SettingsJson(bytes::Bytes);

impl SettingsJson {
    pub fn new(json: bytes::Bytes) -> Self {
        Self(json)
    }

    /// No settings.
    pub fn empty() -> Self {
        Self(bytes::Bytes::from_static(b"{}"))
    }

    pub fn bytes(&self) -> &bytes::Bytes {
        &self.0
    }
}

impl fmt::Debug for SettingsJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SettingsJson({} bytes)", self.0.len())
    }
}

/// What became of an event, as far as the router is concerned. Never a gRPC status.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The event goes on, as this JSON object.
    Delivered(bytes::Bytes),
    /// The function wished the event to go no further.
    Filtered {
        reason: FilterReason,
        message: String,
    },
    /// The function failed.
    Failed(Box<FunctionError>),
    /// There was no event: this is what the source is. Answers [`Input::Describe`] and nothing else.
    Described(Box<Description>),
}

impl From<Box<FunctionError>> for Outcome {
    fn from(error: Box<FunctionError>) -> Self {
        Self::Failed(error)
    }
}

impl From<FunctionError> for Outcome {
    fn from(error: FunctionError) -> Self {
        Self::Failed(Box::new(error))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterReason {
    /// The handler returned `undefined` or `null`.
    NoReturn,
    /// The handler threw `DropEvent`.
    DropEvent,
    /// `onBatch` returned other events and not this one.
    NotReturned,
}

impl FilterReason {
    pub const ALL: [Self; 3] = [Self::NoReturn, Self::DropEvent, Self::NotReturned];
}

/// Why a function failed; the rows of the contract with the author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    BadRequest,
    InvalidSettings,
    MessageRejected,
    UnsupportedEventType,
    Retry,
    Timeout,
    InvalidResult,
    InvalidFunction,
    CpuLimitExceeded,
    MemoryLimitExceeded,
    ResultTooLarge,
    ExecutorLost,
    Quarantined,
}

impl ErrorCode {
    pub const ALL: [Self; 13] = [
        Self::BadRequest,
        Self::InvalidSettings,
        Self::MessageRejected,
        Self::UnsupportedEventType,
        Self::Retry,
        Self::Timeout,
        Self::InvalidResult,
        Self::InvalidFunction,
        Self::CpuLimitExceeded,
        Self::MemoryLimitExceeded,
        Self::ResultTooLarge,
        Self::ExecutorLost,
        Self::Quarantined,
    ];

    /// The code as people read it.
    pub fn label(self) -> &'static str {
        match self {
            Self::BadRequest => "Bad Request",
            Self::InvalidSettings => "Invalid Settings",
            Self::MessageRejected => "Message Rejected",
            Self::UnsupportedEventType => "Unsupported Event Type",
            Self::Retry => "Retry",
            Self::Timeout => "Timeout",
            Self::InvalidResult => "Invalid Result",
            Self::InvalidFunction => "Invalid Function",
            Self::CpuLimitExceeded => "CPU Limit Exceeded",
            Self::MemoryLimitExceeded => "Memory Limit Exceeded",
            Self::ResultTooLarge => "Result Too Large",
            Self::ExecutorLost => "Executor Lost",
            Self::Quarantined => "Quarantined",
        }
    }

    /// Whether sending the same event again may end otherwise.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Retry | Self::Timeout | Self::ExecutorLost)
    }
}

/// A function's failure, with all an author needs to mend it.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionError {
    pub code: ErrorCode,
    /// The thrown error's class; empty when nothing was thrown.
    pub name: String,
    pub message: String,
    /// As V8 prints it, without the runtime's own frames.
    pub stack: String,
    pub frames: Vec<StackFrame>,
    pub retry_after: Option<Duration>,
    pub limit: Option<LimitExceeded>,
    pub violations: Vec<Violation>,
}

impl FunctionError {
    /// An error that was not thrown by the function: no class, no stack.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            name: String::new(),
            message: message.into(),
            stack: String::new(),
            frames: Vec::new(),
            retry_after: None,
            limit: None,
            violations: Vec::new(),
        }
    }

    /// The error for passing `limit`; the message names limit, value and knob.
    pub fn limit_exceeded(code: ErrorCode, what: &str, limit: LimitExceeded) -> Self {
        let message = format!(
            "{what} passed the {name} limit of {value} {unit} (knob {knob})",
            name = limit.name,
            value = limit.value,
            unit = limit.unit,
            knob = limit.knob,
        );
        Self {
            limit: Some(limit),
            ..Self::new(code, message)
        }
    }

    /// The process the invocation ran in is gone.
    pub fn executor_lost() -> Self {
        Self::new(
            ErrorCode::ExecutorLost,
            "the process that ran this invocation ended before it answered; the event may be sent again",
        )
    }
}

/// One place in a stack; line and column count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackFrame {
    /// Empty at top level and in anonymous functions.
    pub function: String,
    pub file: String,
    pub line: u32,
    pub column: u32,
}

/// A limit that was passed, and the knob that sets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitExceeded {
    pub name: &'static str,
    /// In `unit`.
    pub value: u64,
    pub unit: &'static str,
    /// The operator's flag.
    pub knob: &'static str,
}

impl LimitExceeded {
    pub fn wall_time(limit: Duration) -> Self {
        Self::time("wall_time", limit, "--wall-time-ms")
    }

    pub fn cpu_time(limit: Duration) -> Self {
        Self::time("cpu_time", limit, "--cpu-time-ms")
    }

    pub fn top_level_time(limit: Duration) -> Self {
        Self::time("top_level_time", limit, "--top-level-ms")
    }

    pub fn heap(bytes: u64) -> Self {
        Self::bytes("heap", bytes, "--heap-bytes")
    }

    pub fn result(bytes: u64) -> Self {
        Self::bytes("result_bytes", bytes, "--result-bytes")
    }

    pub fn batch_result(bytes: u64) -> Self {
        Self::bytes("batch_result_bytes", bytes, "--batch-result-bytes")
    }

    pub fn requests(limit: u32) -> Self {
        Self {
            name: "outgoing_requests",
            value: limit.into(),
            unit: "requests",
            knob: "--egress-requests",
        }
    }

    /// A limit counted in milliseconds.
    fn time(name: &'static str, limit: Duration, knob: &'static str) -> Self {
        Self {
            name,
            value: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
            unit: "ms",
            knob,
        }
    }

    /// A limit counted in bytes.
    fn bytes(name: &'static str, value: u64, knob: &'static str) -> Self {
        Self {
            name,
            value,
            unit: "bytes",
            knob,
        }
    }
}

/// One fault with its place, such as `event.properties.total`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub field: String,
    pub description: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl LogLevel {
    /// As printed for a person.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// One call of `console`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Since the Unix epoch.
    pub time: Duration,
    pub level: LogLevel,
    pub message: String,
    /// The event of a batch that the line belongs to, from 0, if that is known.
    pub event: Option<u32>,
}

/// What an invocation cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// From the start of the first turn to the outcome.
    pub wall: Duration,
    /// CPU time of the threads that took the turns.
    pub cpu: Duration,
    /// From arrival to the start of the first turn.
    pub queue: Duration,
    /// Whether an isolate had to be made.
    pub cold_start: bool,
    /// Of the wall time, what making it took: snapshot, compile, top level. Zero when one was warm.
    pub setup: Duration,
    /// Stretches of JavaScript, with waiting between them.
    pub turns: u32,
    /// Bytes in use on the isolate's heap at the end.
    pub heap_used_bytes: u64,
}

/// All that is known of an invocation once it has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// One for each event, in the order they came in.
    pub outcomes: Vec<Outcome>,
    pub logs: Vec<LogLine>,
    pub usage: Usage,
}

impl Finished {
    /// An end that never reached JavaScript, the same for each of the events.
    pub fn without_running(outcome: impl Into<Outcome>, events: usize) -> Self {
        Self {
            outcomes: vec![outcome.into(); events],
            logs: Vec::new(),
            usage: Usage::default(),
        }
    }

    /// Whether any event's outcome is a failure.
    pub fn has_failed(&self) -> bool {
        let failed = |outcome: &Outcome| matches!(outcome, Outcome::Failed(_));
        self.outcomes.iter().any(failed)
    }
}
