//! What is told of each request that was made or refused: one trace a hop, a redirect being another hop.

use std::{
    fmt,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;

use super::{
    error::{FetchError, SystemCode},
    invocation::InvocationRequests,
};
use crate::front::telemetry::{EgressMetrics, RequestSpan};

/// Bytes of a body that a trace keeps: twice what is shown, so that whoever redacts it knows a secret that the
/// end of what is shown cuts through.
const EXCERPT_BYTES: usize = 8 << 10;

/// Bytes of names and values of headers that a trace keeps of either side.
const HEADER_BYTES: usize = 8 << 10;

/// One hop. Secrets are still in it: whoever passes it on redacts it.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// When it began, since the Unix epoch.
    pub time: Duration,
    /// Which event of a batch made it, from 0.
    pub event_index: Option<u32>,
    pub method: String,
    /// Without user and password.
    pub url: String,
    /// `None` when there was no response.
    pub status: Option<u16>,
    /// As sent; at most the first 8 KiB.
    pub request_headers: Vec<(String, String)>,
    /// As received; at most the first 8 KiB.
    pub response_headers: Vec<(String, String)>,
    pub request_body: Excerpt,
    /// Decompressed, if it could be.
    pub response_body: Excerpt,
    pub timings: Timings,
    /// `None` when there was none.
    pub connection: Option<ConnectionTrace>,
    /// Why there was no response, or no whole body.
    pub error: Option<FetchError>,
}

/// The first 8 KiB of a body.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Excerpt {
    pub bytes: Bytes,
    /// Whether there was more.
    pub truncated: bool,
}

impl Excerpt {
    /// Copies, so that a trace does not keep a whole body alive.
    pub(super) fn of(body: &[u8]) -> Self {
        let kept = body.get(..EXCERPT_BYTES).unwrap_or(body);
        Self {
            bytes: Bytes::copy_from_slice(kept),
            truncated: kept.len() < body.len(),
        }
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.truncated { "…" } else { "" };
        write!(f, "{:?}{more}", self.bytes)
    }
}

/// How long the parts of a hop took; `None` for those that were not needed or not reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Waiting for a place among the connections.
    pub queue: Option<Duration>,
    pub dns: Option<Duration>,
    pub connect: Option<Duration>,
    pub tls: Option<Duration>,
    /// From the hop's start to the response's headers.
    pub first_byte: Option<Duration>,
    /// From the hop's start to its end.
    pub total: Duration,
}

/// The connection that carried a hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionTrace {
    pub remote: SocketAddr,
    pub protocol: Protocol,
    /// Whether an earlier request had opened it.
    pub reused: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Http1,
    Http2,
}

/// How a hop ended, in one of few words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HopEnd {
    /// With a response of the class of this digit, whole.
    Status(u8),
    /// The address or the host may not be reached.
    Denied,
    /// Too large, or too many at once.
    Limited,
    TimedOut,
    /// Name, connection, TLS, or what came was no sound response, or a redirect that is not followed.
    Failed,
    /// Given up by the function, or with its invocation.
    Aborted,
}

impl Trace {
    pub fn end(&self) -> HopEnd {
        use FetchError as E;
        match &self.error {
            None => self.status.map_or(HopEnd::Failed, |status| {
                HopEnd::Status(u8::try_from(status / 100).unwrap_or_default())
            }),
            Some(E::Denied { .. } | E::HostNotAllowed { .. } | E::Off) => HopEnd::Denied,
            Some(E::TooLarge { .. } | E::TooManyRequests { .. } | E::QueueFull { .. }) => {
                HopEnd::Limited
            }
            Some(E::RequestTimeout { .. } | E::BodyTimeout { .. }) => HopEnd::TimedOut,
            Some(E::System { fault, .. } | E::Body { fault, .. })
                if fault.code == SystemCode::TimedOut =>
            {
                HopEnd::TimedOut
            }
            Some(E::Aborted) => HopEnd::Aborted,
            Some(_) => HopEnd::Failed,
        }
    }
}

/// A trace in the making. Goes to the invocation's traces when dropped, however the hop ends.
#[derive(Debug)]
pub struct Recording {
    pub trace: Trace,
    started: Instant,
    ended: bool,
    requests: Arc<InvocationRequests>,
    span: RequestSpan,
    metrics: Option<Arc<EgressMetrics>>,
}

impl Recording {
    pub fn start(
        requests: Arc<InvocationRequests>,
        span: RequestSpan,
        metrics: Option<Arc<EgressMetrics>>,
        trace: Trace,
    ) -> Self {
        let time = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            trace: Trace {
                time: time.unwrap_or_default(),
                ..trace
            },
            started: Instant::now(),
            ended: false,
            requests,
            span,
            metrics,
        }
    }

    /// Since the hop's start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The hop has ended by itself. One that does not say so was dropped.
    pub fn end(mut self, error: Option<&FetchError>) {
        self.trace.error = error.cloned();
        self.ended = true;
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let mut trace = std::mem::take(&mut self.trace);
        trace.timings.total = self.started.elapsed();
        if !self.ended {
            trace.error = Some(FetchError::Aborted);
        }
        std::mem::take(&mut self.span).end(&trace);
        if let Some(metrics) = &self.metrics {
            metrics.ended(&trace);
        }
        self.requests.record(trace);
    }
}

/// Header values are bytes; as Node does, each becomes the character of its number.
pub fn header_text(value: &http::HeaderValue) -> String {
    value.as_bytes().iter().copied().map(char::from).collect()
}

/// The first of `headers`, up to the bytes a trace keeps.
pub fn header_excerpt(headers: &http::HeaderMap) -> Vec<(String, String)> {
    let mut bytes = 0;
    let texts = headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), header_text(value)));
    texts
        .take_while(|(name, value)| {
            bytes += name.len() + value.len();
            bytes <= HEADER_BYTES
        })
        .collect()
}
