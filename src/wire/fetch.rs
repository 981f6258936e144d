//! The frames of outgoing requests: what a cell asks the front to make, and what came of it.

use bytes::Bytes;
use prost::Message;

/// Bytes of the body of one outgoing request; a bound for both processes' memory, above any use.
pub const MAX_REQUEST_BODY_BYTES: usize = 16 << 20;

/// Bytes of the method, URL and headers of one outgoing request; with a body they have to fit into a frame. Above
/// what the egress takes of either, so that it is mostly the egress that says what is too long.
pub const MAX_REQUEST_HEAD_BYTES: usize = 1 << 20;

/// One request of a function, with the options of node-fetch.
#[derive(Clone, PartialEq, Message)]
pub struct Fetch {
    #[prost(uint64, tag = "1")]
    pub invocation: u64,
    /// The cell's number for the request, unique in its invocation.
    #[prost(uint64, tag = "2")]
    pub id: u64,
    #[prost(string, tag = "3")]
    pub method: String,
    #[prost(string, tag = "4")]
    pub url: String,
    #[prost(message, repeated, tag = "5")]
    pub headers: Vec<WireHeader>,
    #[prost(bytes = "bytes", tag = "6")]
    pub body: Bytes,
    #[prost(enumeration = "WireRedirect", tag = "7")]
    pub redirect: i32,
    /// Redirects to follow at most.
    #[prost(uint32, tag = "8")]
    pub follow: u32,
    #[prost(bool, tag = "9")]
    pub compress: bool,
    /// Bytes of the response's body; 0 for the operator's limit.
    #[prost(uint64, tag = "10")]
    pub size: u64,
    /// For the headers of each hop and again for the body; 0 for none.
    #[prost(uint64, tag = "11")]
    pub timeout_millis: u64,
    /// The event of a batch that asks, if that is known.
    #[prost(uint32, optional, tag = "12")]
    pub event: Option<u32>,
}

impl Fetch {
    /// Bytes of method, URL and headers.
    pub fn head_bytes(&self) -> usize {
        let headers = self.headers.iter();
        let headers = headers.map(|header| header.name.len() + header.value.len());
        self.method.len() + self.url.len() + headers.sum::<usize>()
    }
}

#[derive(Clone, PartialEq, Message)]
pub struct WireHeader {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub value: String,
}

/// What to do about a response that redirects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub enum WireRedirect {
    Follow = 0,
    Error = 1,
    Manual = 2,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct CancelFetch {
    #[prost(uint64, tag = "1")]
    pub invocation: u64,
    #[prost(uint64, tag = "2")]
    pub id: u64,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct FetchTaken {
    #[prost(uint64, tag = "1")]
    pub invocation: u64,
    #[prost(uint64, tag = "2")]
    pub id: u64,
}

/// What a request came to.
#[derive(Clone, PartialEq, Message)]
pub struct Fetched {
    #[prost(uint64, tag = "1")]
    pub invocation: u64,
    #[prost(uint64, tag = "2")]
    pub id: u64,
    #[prost(oneof = "FetchOutcome", tags = "3, 4")]
    pub outcome: Option<FetchOutcome>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum FetchOutcome {
    #[prost(message, tag = "3")]
    Response(FetchResponse),
    #[prost(message, tag = "4")]
    Failed(FetchFailed),
}

#[derive(Clone, PartialEq, Message)]
pub struct FetchResponse {
    #[prost(uint32, tag = "1")]
    pub status: u32,
    #[prost(string, tag = "2")]
    pub reason: String,
    /// The last hop's.
    #[prost(string, tag = "3")]
    pub url: String,
    #[prost(bool, tag = "4")]
    pub redirected: bool,
    #[prost(message, repeated, tag = "5")]
    pub headers: Vec<WireHeader>,
    /// Whole and decompressed.
    #[prost(bytes = "bytes", tag = "6")]
    pub body: Bytes,
    /// Why there is no body.
    #[prost(message, optional, tag = "7")]
    pub body_failed: Option<FetchFailed>,
}

/// Why there is no response, or no body, as node-fetch tells it.
#[derive(Clone, PartialEq, Message)]
pub struct FetchFailed {
    /// Its `type`.
    #[prost(string, tag = "1")]
    pub kind: String,
    /// Its `code`, such as ECONNREFUSED; empty for none.
    #[prost(string, tag = "2")]
    pub code: String,
    #[prost(string, tag = "3")]
    pub message: String,
}
