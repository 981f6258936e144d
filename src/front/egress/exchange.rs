//! One hop: a place, a connection, the request out, the response's headers and body in.

use std::{error::Error, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use hyper::{body::Incoming, client::conn::TrySendError, ext::ReasonPhrase};
use tokio::time;

use super::{
    body::{CollectError, Collected},
    connection::{Connection, MAX_RESPONSE_HEADER_BYTES, MAX_RESPONSE_HEADERS},
    decode::{Coding, DecodeError, Decoders},
    dial::{DialError, Dialler},
    error::{FetchError, SizeLimit, SystemCode, SystemFault},
    pool::{Place, Pool},
    request::{Hop, Request},
    trace::{ConnectionTrace, Excerpt, Protocol, Recording, header_excerpt},
};
use crate::invocation::FunctionKey;

/// Bytes of a redirect's own body that are read to have its connection free for the next request.
const REDIRECT_BODY_BYTES: u64 = 16 << 10;

/// How long such a body may take.
const REDIRECT_BODY_PATIENCE: Duration = Duration::from_millis(200);

/// A server that says how long it keeps a connection gets the last request so much before.
const KEEP_ALIVE_MARGIN: Duration = Duration::from_secs(1);

/// What hops are made with.
#[derive(Debug)]
pub struct Exchanges {
    pub pool: Arc<Pool>,
    pub dialler: Dialler,
    pub decoders: Decoders,
    /// The operator's limit of a body.
    pub body_bytes: u64,
}

/// A response's head, and what is needed for its body.
pub struct Head {
    pub status: StatusCode,
    pub reason: String,
    pub headers: HeaderMap,
    body: Incoming,
    connection: Connection,
    place: Place,
}

impl Exchanges {
    /// Sends `hop` with `headers` and reads the response's head.
    ///
    /// # Errors
    /// [`FetchError`] when none comes.
    pub async fn head(
        &self,
        function: &FunctionKey,
        hop: &Hop,
        headers: &HeaderMap,
        recording: &mut Recording,
    ) -> Result<Head, FetchError> {
        let place = self.pool.enter(function, &hop.origin).await;
        recording.trace.timings.queue = Some(recording.elapsed());
        let place = place.map_err(|full| FetchError::QueueFull {
            url: hop.shown_url(),
            limit: full.limit,
        })?;
        let (response, connection) = self.response(&place, hop, headers, recording).await?;
        recording.trace.timings.first_byte = Some(recording.elapsed());
        let (parts, body) = response.into_parts();
        recording.trace.status = Some(parts.status.as_u16());
        recording.trace.response_headers = header_excerpt(&parts.headers);
        check_head(parts.status, &parts.headers).map_err(|fault| FetchError::System {
            url: hop.shown_url(),
            fault,
        })?;
        let reason = match parts.extensions.get::<ReasonPhrase>() {
            Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
            None => parts
                .status
                .canonical_reason()
                .unwrap_or_default()
                .to_owned(),
        };
        Ok(Head {
            status: parts.status,
            reason,
            headers: parts.headers,
            body,
            connection,
            place,
        })
    }

    /// On a kept connection if there is one. If that turns out to have been closed by the server, on a new one.
    async fn response(
        &self,
        place: &Place,
        hop: &Hop,
        headers: &HeaderMap,
        recording: &mut Recording,
    ) -> Result<(http::Response<Incoming>, Connection), FetchError> {
        let failed = |fault| FetchError::System {
            url: hop.shown_url(),
            fault,
        };
        let unsendable =
            |error: http::Error| failed(SystemFault::new(SystemCode::Protocol, error.to_string()));
        if let Some(mut connection) = place.take_kept() {
            note(recording, &connection, true);
            let request = connection.request(hop, headers).map_err(unsendable)?;
            match connection.send(request).await {
                Ok(response) => return Ok((response, connection)),
                Err(error) if may_resend(&error, hop) => {}
                Err(error) => return Err(failed(send_fault(error.error()))),
            }
        }
        let (mut connection, reused) = self.connect(place, hop, recording).await?;
        note(recording, &connection, reused);
        let request = connection.request(hop, headers).map_err(unsendable)?;
        match connection.send(request).await {
            Ok(response) => Ok((response, connection)),
            Err(error) => Err(failed(send_fault(error.error()))),
        }
    }

    /// A new connection, or one that another request opened meanwhile and shares.
    async fn connect(
        &self,
        place: &Place,
        hop: &Hop,
        recording: &mut Recording,
    ) -> Result<(Connection, bool), FetchError> {
        let turn = place.turn_to_dial().await;
        if turn.is_some()
            && let Some(connection) = place.take_kept()
        {
            return Ok((connection, true));
        }
        let timings = &mut recording.trace.timings;
        let tls = place.tls();
        // Boxed: large, and not on the way of most requests.
        let dialled = Box::pin(self.dialler.dial(&hop.origin, &tls, timings)).await;
        place.dialled(dialled.as_ref().ok());
        let url = || hop.shown_url();
        let connection = dialled.map_err(|error| match error {
            DialError::Denied(denial) => FetchError::Denied { url: url(), denial },
            DialError::Fault(fault) => FetchError::System { url: url(), fault },
        })?;
        Ok((connection, false))
    }

    /// The whole body, decompressed if the function wished for it. The connection is kept for the next
    /// request if it can take one.
    ///
    /// # Errors
    /// [`FetchError`] when it breaks off, is too large, takes too long or does not decode.
    pub async fn body(
        &self,
        head: Head,
        hop: &Hop,
        request: &Request,
        recording: &mut Recording,
    ) -> Result<Bytes, FetchError> {
        let limit = self.limit(request);
        let coding = match request.compress && hop.method != Method::HEAD {
            true => Coding::of(&head.headers),
            false => None,
        };
        let mut collected = Collected::new(head.place.reservation());
        let read = within(request.timeout, head.read(&mut collected, limit)).await;
        let blame = BodyBlame {
            hop,
            request,
            limit,
        };
        let read = match read {
            Some(read) => read.map_err(|error| blame.collect_error(&error)),
            None => Err(blame.timeout()),
        };
        if read.is_err() || coding.is_none() {
            recording.trace.response_body = Excerpt::of(collected.as_bytes());
        }
        read?;
        let Some(coding) = coding else {
            return Ok(collected.into_bytes());
        };
        let reservation = collected.another_reservation();
        let compressed = collected.into_bytes();
        let decoded = self
            .decoders
            .decode(coding, compressed, limit, reservation)
            .await
            .map_err(|error| blame.decode_error(error))?;
        recording.trace.response_body = Excerpt::of(&decoded);
        Ok(decoded)
    }

    /// A body that was there before, if it is within the limits of one that is read.
    ///
    /// # Errors
    /// [`FetchError::TooLarge`].
    pub fn bounded(&self, body: Bytes, hop: &Hop, request: &Request) -> Result<Bytes, FetchError> {
        let limit = self.limit(request);
        let blame = BodyBlame {
            hop,
            request,
            limit,
        };
        match body.len() as u64 > limit {
            true => Err(blame.too_large()),
            false => Ok(body),
        }
    }

    /// Bytes that a body may have.
    fn limit(&self, request: &Request) -> u64 {
        request.size.unwrap_or(u64::MAX).min(self.body_bytes)
    }
}

impl Head {
    /// Reads the body and gives the connection back.
    async fn read(self, collected: &mut Collected, limit: u64) -> Result<(), CollectError> {
        collected.collect(self.body, limit).await?;
        let mut connection = self.connection;
        if connection.protocol() == Protocol::Http1 && connection.is_reusable().await {
            let idle = keep_alive(&self.headers).unwrap_or(Duration::MAX);
            self.place.keep(connection, idle);
        }
        Ok(())
    }

    /// Reads the body of a redirect that is followed, if it is short; else its connection is closed.
    pub async fn skip_body(self, recording: &mut Recording) {
        let mut collected = Collected::new(self.place.reservation());
        let read = self.read(&mut collected, REDIRECT_BODY_BYTES);
        // How it ends matters to the connection alone.
        let _ = time::timeout(REDIRECT_BODY_PATIENCE, read).await;
        recording.trace.response_body = Excerpt::of(collected.as_bytes());
    }
}

/// Who is told what about a body that did not come.
struct BodyBlame<'a> {
    hop: &'a Hop,
    request: &'a Request,
    limit: u64,
}

impl BodyBlame<'_> {
    fn too_large(&self) -> FetchError {
        FetchError::TooLarge {
            url: self.hop.shown_url(),
            limit: self.limit,
            by: match self.request.size {
                Some(size) if size == self.limit => SizeLimit::Function,
                _ => SizeLimit::Operator,
            },
        }
    }

    fn timeout(&self) -> FetchError {
        FetchError::BodyTimeout {
            url: self.hop.shown_url(),
            limit: self.request.timeout.unwrap_or_default(),
        }
    }

    fn fault(&self, code: SystemCode, message: impl Into<String>) -> FetchError {
        FetchError::Body {
            url: self.hop.shown_url(),
            fault: SystemFault::new(code, message),
        }
    }

    fn collect_error(&self, error: &CollectError) -> FetchError {
        match error {
            CollectError::TooLarge => self.too_large(),
            CollectError::Budget(spent) => self.fault(SystemCode::BufferSpace, spent.to_string()),
            CollectError::Broken(error) => match send_fault(error) {
                SystemFault {
                    code: SystemCode::ConnectionReset,
                    ..
                } => self.fault(SystemCode::BodyEndedEarly, "Premature close"),
                fault => self.fault(fault.code, fault.message),
            },
        }
    }

    fn decode_error(&self, error: DecodeError) -> FetchError {
        match error {
            DecodeError::TooLarge => self.too_large(),
            DecodeError::Budget(spent) => self.fault(SystemCode::BufferSpace, spent.to_string()),
            DecodeError::Corrupt(message) => self.fault(SystemCode::CorruptData, message),
        }
    }
}

/// `None` when `limit` comes first.
pub async fn within<T>(limit: Option<Duration>, future: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => time::timeout(limit, future).await.ok(),
        None => Some(future.await),
    }
}

fn note(recording: &mut Recording, connection: &Connection, reused: bool) {
    recording.trace.connection = Some(ConnectionTrace {
        remote: connection.remote(),
        protocol: connection.protocol(),
        reused,
    });
}

/// Whether a request that failed on a kept connection may go out again, since the server had not seen it,
/// or seeing it twice does no harm. Servers close kept connections at will, and when they do just as we
/// send, all that is seen here is an end without a response.
fn may_resend(error: &TrySendError<http::Request<http_body_util::Full<Bytes>>>, hop: &Hop) -> bool {
    if error.message().is_some() || was_refused(error.error()) {
        return true;
    }
    let fault = send_fault(error.error());
    hop.is_idempotent()
        && matches!(
            fault.code,
            SystemCode::ConnectionReset | SystemCode::BrokenPipe
        )
}

/// HTTP/2 servers say which requests they did not look at (RFC 9113, 8.7).
fn was_refused(error: &hyper::Error) -> bool {
    let Some(error) = cause::<h2::Error>(error) else {
        return false;
    };
    error.is_remote()
        && (error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR)
            || error.reason() == Some(h2::Reason::REFUSED_STREAM))
}

/// Node's code and words for a request that got no response.
fn send_fault(error: &hyper::Error) -> SystemFault {
    if let Some(io) = cause::<std::io::Error>(error) {
        let code = SystemCode::of_io(io);
        return SystemFault::new(code, format!("read {}", code.name()));
    }
    if error.is_parse_too_large() {
        let message = format!(
            "Parse Error: the response has over {MAX_RESPONSE_HEADERS} headers or \
             {MAX_RESPONSE_HEADER_BYTES} bytes of them"
        );
        return SystemFault::new(SystemCode::ResponseHeadersTooLarge, message);
    }
    if error.is_parse() {
        let message = format!("Parse Error: {}", root_cause(error));
        return SystemFault::new(SystemCode::ResponseUnreadable, message);
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return SystemFault::new(SystemCode::ConnectionReset, "socket hang up");
    }
    match cause::<h2::Error>(error) {
        Some(h2) if h2.is_io() => SystemFault::new(SystemCode::ConnectionReset, "read ECONNRESET"),
        Some(h2) => SystemFault::new(SystemCode::Protocol, h2.to_string()),
        None => SystemFault::new(SystemCode::Protocol, root_cause(error)),
    }
}

fn cause<E: Error + 'static>(error: &hyper::Error) -> Option<&E> {
    causes(error).find_map(|cause| cause.downcast_ref::<E>())
}

fn root_cause(error: &hyper::Error) -> String {
    let last = causes(error).last();
    last.map_or_else(|| error.to_string(), ToString::to_string)
}

fn causes(error: &hyper::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

/// What HTTP lets a server say, and this client has no use for.
fn check_head(status: StatusCode, headers: &HeaderMap) -> Result<(), SystemFault> {
    if status.is_informational() {
        let message = format!("the server answered with {status}, which was not asked for");
        return Err(SystemFault::new(SystemCode::Protocol, message));
    }
    if headers.len() > MAX_RESPONSE_HEADERS {
        let message = format!("the response has over {MAX_RESPONSE_HEADERS} headers");
        return Err(SystemFault::new(
            SystemCode::ResponseHeadersTooLarge,
            message,
        ));
    }
    Ok(())
}

/// How long the server says it keeps the connection, less a margin.
fn keep_alive(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::HeaderName::from_static("keep-alive"))?;
    let parameters = text.to_str().ok()?.split(',').map(str::trim);
    let seconds = parameters
        .filter_map(|parameter| parameter.strip_prefix("timeout="))
        .find_map(|seconds| seconds.parse().ok())?;
    Some(Duration::from_secs(seconds).saturating_sub(KEEP_ALIVE_MARGIN))
}
