//! Why a request of a function came to nothing, in the words its author knows from node-fetch 2.

use std::time::Duration;

use super::policy::Denial;

/// How a `fetch` failed. `Display` is what the function's author reads; it tells nothing of the network
/// that policy keeps from him.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    #[error(transparent)]
    Invalid(#[from] InvalidRequest),
    /// An address that may not be dialled; `denial` is for the operator's eyes alone.
    #[error("request to {url} was denied by policy")]
    Denied { url: String, denial: Denial },
    #[error("request to {url} was refused: {host} is not among the hosts this function may reach")]
    HostNotAllowed { url: String, host: String },
    #[error("outgoing requests are switched off here (knob --egress-off)")]
    Off,
    /// No answer: name, connection or TLS failed, or the server broke off.
    #[error("request to {url} failed, reason: {fault}")]
    System { url: String, fault: SystemFault },
    /// An answer whose body did not come whole, or did not decode.
    #[error("Invalid response body while trying to fetch {url}: {fault}")]
    Body { url: String, fault: SystemFault },
    #[error("uri requested responds with a redirect, redirect mode is set to error: {url}")]
    RedirectForbidden { url: String },
    #[error("maximum redirect reached at: {url}")]
    TooManyRedirects { url: String },
    #[error("uri requested responds with an invalid redirect URL: {location}")]
    InvalidRedirect { location: String },
    #[error("network timeout at: {url}")]
    RequestTimeout { url: String },
    #[error("Response timeout while trying to fetch {url} (over {}ms)", limit.as_millis())]
    BodyTimeout { url: String, limit: Duration },
    #[error("content size at {url} over limit: {limit}{}", by.knob())]
    TooLarge {
        url: String,
        /// In bytes, after decompression.
        limit: u64,
        by: SizeLimit,
    },
    #[error(
        "request to {url} was refused: the invocation passed the outgoing_requests limit of {limit}, \
         redirects included (knob --egress-requests)"
    )]
    TooManyRequests { url: String, limit: u32 },
    #[error(
        "request to {url} was refused: {limit} requests of this function wait for a connection already \
         (knob --egress-queue)"
    )]
    QueueFull { url: String, limit: u32 },
    /// Requests are answered from a list, and this one is not on it.
    #[error("request to {url} failed, reason: no response is there for it")]
    Unanswered { url: String },
    /// The future was dropped; only traces tell of it.
    #[error("The user aborted a request.")]
    Aborted,
}

/// Who set the size that a body passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeLimit {
    /// The function, by the option `size`.
    Function,
    /// The operator.
    Operator,
}

impl SizeLimit {
    fn knob(self) -> &'static str {
        match self {
            Self::Function => "",
            Self::Operator => " (knob --egress-body-bytes)",
        }
    }
}

impl FetchError {
    /// The class of the JavaScript error.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "TypeError",
            Self::Aborted => "AbortError",
            _ => "FetchError",
        }
    }

    /// What node-fetch calls `type`; its own words where it has one for this.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid-request",
            Self::Denied { .. } | Self::HostNotAllowed { .. } | Self::Off => "denied-by-policy",
            Self::System { .. } | Self::Body { .. } => "system",
            Self::Unanswered { .. } => "no-response",
            Self::RedirectForbidden { .. } => "no-redirect",
            Self::TooManyRedirects { .. } => "max-redirect",
            Self::InvalidRedirect { .. } => "invalid-redirect",
            Self::RequestTimeout { .. } => "request-timeout",
            Self::BodyTimeout { .. } => "body-timeout",
            Self::TooLarge { .. } => "max-size",
            Self::TooManyRequests { .. } | Self::QueueFull { .. } => "request-limit",
            Self::Aborted => "aborted",
        }
    }

    /// What node-fetch calls `code` and `errno`: Node's name of a system error.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::System { fault, .. } | Self::Body { fault, .. } => Some(fault.code.name()),
            _ => None,
        }
    }
}

/// What can't be sent as a request at all; a `TypeError` to the function.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRequest {
    #[error("Only absolute URLs are supported: {url:?} ({fault})")]
    Url { url: String, fault: url::ParseError },
    #[error("Only HTTP(S) protocols are supported, not {scheme}:")]
    Scheme { scheme: String },
    #[error("the URL has {bytes} bytes, over the limit of {limit}")]
    LongUrl { bytes: usize, limit: usize },
    #[error("port {port} is one that browsers refuse too: another protocol than HTTP lives there")]
    BadPort { port: u16 },
    #[error("{method:?} is not a valid HTTP method")]
    Method { method: String },
    #[error("method {method} is not allowed")]
    ForbiddenMethod { method: String },
    #[error("Request with GET/HEAD method cannot have body")]
    UnwantedBody,
    #[error("{name:?} is not a legal HTTP header name")]
    HeaderName { name: String },
    #[error("the value of header {name:?} is not a legal HTTP header value")]
    HeaderValue { name: String },
    #[error("header Host may only repeat the URL's host, {expected:?}: {host:?} is another")]
    ForeignHost { host: String, expected: String },
    #[error("the request has over {limit} headers")]
    ManyHeaders { limit: usize },
    #[error("the request's headers have over {limit} bytes")]
    LargeHeaders { limit: usize },
}

/// A system error, with Node's code and something like Node's message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SystemFault {
    pub code: SystemCode,
    pub message: String,
}

impl SystemFault {
    pub fn new(code: SystemCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// Node's codes, as far as a fetch can meet them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemCode {
    AddressNotAvailable,
    BrokenPipe,
    BufferSpace,
    BodyEndedEarly,
    CertificateExpired,
    CertificateForOtherName,
    CertificateNotYetValid,
    CertificateRejected,
    CertificateRevoked,
    CertificateSignature,
    ConnectionRefused,
    ConnectionReset,
    CorruptData,
    HostUnreachable,
    IssuerUnknown,
    NameNotFound,
    NameTryAgain,
    NetworkUnreachable,
    OpenFiles,
    Other,
    Protocol,
    ResponseHeadersTooLarge,
    ResponseUnreadable,
    TimedOut,
}

impl SystemCode {
    /// As Node writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::AddressNotAvailable => "EADDRNOTAVAIL",
            Self::BrokenPipe => "EPIPE",
            Self::BufferSpace => "ENOBUFS",
            Self::BodyEndedEarly => "ERR_STREAM_PREMATURE_CLOSE",
            Self::CertificateExpired => "CERT_HAS_EXPIRED",
            Self::CertificateForOtherName => "ERR_TLS_CERT_ALTNAME_INVALID",
            Self::CertificateNotYetValid => "CERT_NOT_YET_VALID",
            Self::CertificateRejected => "CERT_REJECTED",
            Self::CertificateRevoked => "CERT_REVOKED",
            Self::CertificateSignature => "CERT_SIGNATURE_FAILURE",
            Self::ConnectionRefused => "ECONNREFUSED",
            Self::ConnectionReset => "ECONNRESET",
            Self::CorruptData => "Z_DATA_ERROR",
            Self::HostUnreachable => "EHOSTUNREACH",
            Self::IssuerUnknown => "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
            Self::NameNotFound => "ENOTFOUND",
            Self::NameTryAgain => "EAI_AGAIN",
            Self::NetworkUnreachable => "ENETUNREACH",
            Self::OpenFiles => "EMFILE",
            Self::Other => "EIO",
            Self::Protocol => "EPROTO",
            Self::ResponseHeadersTooLarge => "HPE_HEADER_OVERFLOW",
            Self::ResponseUnreadable => "HPE_INVALID_CONSTANT",
            Self::TimedOut => "ETIMEDOUT",
        }
    }

    /// The code of an error of the socket.
    pub fn of_io(error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        match error.kind() {
            Kind::ConnectionRefused => Self::ConnectionRefused,
            Kind::ConnectionReset | Kind::ConnectionAborted | Kind::UnexpectedEof => {
                Self::ConnectionReset
            }
            Kind::BrokenPipe => Self::BrokenPipe,
            Kind::TimedOut => Self::TimedOut,
            Kind::HostUnreachable => Self::HostUnreachable,
            Kind::NetworkUnreachable => Self::NetworkUnreachable,
            Kind::AddrNotAvailable => Self::AddressNotAvailable,
            _ => match error.raw_os_error() {
                Some(libc::EMFILE | libc::ENFILE) => Self::OpenFiles,
                _ => Self::Other,
            },
        }
    }
}
