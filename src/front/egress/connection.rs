//! One connection to a server, HTTP/1.1 or HTTP/2, with the task that drives it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header, uri::PathAndQuery};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    client::conn::{TrySendError, http1, http2},
    rt::{Read, Write},
};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time;
use tokio_util::task::AbortOnDropHandle;

use super::{
    request::{Hop, authority},
    trace::Protocol,
};

/// Headers of a response.
pub const MAX_RESPONSE_HEADERS: usize = 256;

/// Bytes of all names and values of a response's headers.
pub const MAX_RESPONSE_HEADER_BYTES: u32 = 64 << 10;

/// Bytes an HTTP/2 server may send ahead, for a stream and for a connection.
const HTTP2_WINDOW_BYTES: u32 = 1 << 20;

/// How long an HTTP/1.1 connection may take to be ready again once its response has been read.
const READY_PATIENCE: Duration = Duration::from_millis(100);

type Body = Full<Bytes>;

/// A connection; dropping the last of its clones closes it, whatever is under way.
#[derive(Debug)]
pub struct Connection {
    sender: Sender,
    remote: SocketAddr,
    driver: Arc<AbortOnDropHandle<()>>,
}

#[derive(Debug)]
enum Sender {
    Http1(http1::SendRequest<Body>),
    Http2(http2::SendRequest<Body>),
}

impl Connection {
    /// Speaks HTTP/1.1 on `io`.
    ///
    /// # Errors
    /// When hyper can't take it up.
    pub async fn http1<I>(io: I, remote: SocketAddr) -> hyper::Result<Self>
    where
        I: Read + Write + Unpin + Send + 'static,
    {
        let (sender, driver) = http1::Builder::new()
            .title_case_headers(true)
            .max_headers(MAX_RESPONSE_HEADERS)
            .max_header_size(MAX_RESPONSE_HEADER_BYTES as usize)
            .max_buf_size(2 * MAX_RESPONSE_HEADER_BYTES as usize)
            .handshake(io)
            .await?;
        let driver = async move {
            // Its requests tell the error.
            let _ = driver.await;
        };
        Ok(Self {
            sender: Sender::Http1(sender),
            remote,
            driver: Arc::new(AbortOnDropHandle::new(tokio::spawn(driver))),
        })
    }

    /// Speaks HTTP/2 on `io`.
    ///
    /// # Errors
    /// When the server does not.
    pub async fn http2<I>(io: I, remote: SocketAddr) -> hyper::Result<Self>
    where
        I: Read + Write + Unpin + Send + 'static,
    {
        let (sender, driver) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_header_list_size(MAX_RESPONSE_HEADER_BYTES)
            .initial_stream_window_size(HTTP2_WINDOW_BYTES)
            .initial_connection_window_size(HTTP2_WINDOW_BYTES)
            .handshake(io)
            .await?;
        let driver = async move {
            let _ = driver.await;
        };
        Ok(Self {
            sender: Sender::Http2(sender),
            remote,
            driver: Arc::new(AbortOnDropHandle::new(tokio::spawn(driver))),
        })
    }

    pub fn remote(&self) -> SocketAddr {
        self.remote
    }

    pub fn protocol(&self) -> Protocol {
        match self.sender {
            Sender::Http1(_) => Protocol::Http1,
            Sender::Http2(_) => Protocol::Http2,
        }
    }

    /// Whether it is of no more use.
    pub fn is_closed(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.is_closed(),
            Sender::Http2(sender) => sender.is_closed(),
        }
    }

    /// Another way to send on the same connection, if it takes more than one request at a time.
    pub fn share(&self) -> Option<Self> {
        match &self.sender {
            Sender::Http1(_) => None,
            Sender::Http2(sender) => Some(Self {
                sender: Sender::Http2(sender.clone()),
                remote: self.remote,
                driver: self.driver.clone(),
            }),
        }
    }

    /// Sends one request and waits for the response's headers.
    ///
    /// # Errors
    /// With the request in it if it never went out.
    pub async fn send(
        &mut self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Body>>> {
        match &mut self.sender {
            Sender::Http1(sender) => sender.try_send_request(request).await,
            Sender::Http2(sender) => sender.try_send_request(request).await,
        }
    }

    /// Whether it takes another request, now that the last one's response has been read.
    pub async fn is_reusable(&mut self) -> bool {
        match &mut self.sender {
            Sender::Http1(sender) => {
                let ready = time::timeout(READY_PATIENCE, sender.ready()).await;
                ready.is_ok_and(|ready| ready.is_ok())
            }
            Sender::Http2(sender) => !sender.is_closed(),
        }
    }

    /// `hop` in the form this connection's protocol has for it.
    ///
    /// # Errors
    /// When the URL has no place in HTTP.
    pub fn request(&self, hop: &Hop, headers: &http::HeaderMap) -> http::Result<Request<Body>> {
        let path = match hop.url.query() {
            Some(query) => format!("{}?{query}", hop.url.path()),
            None => hop.url.path().to_owned(),
        };
        let path = PathAndQuery::try_from(path)?;
        let authority = authority(&hop.url);
        let mut request = Request::builder().method(hop.method.clone());
        request = match self.protocol() {
            Protocol::Http1 => {
                let host = HeaderValue::try_from(authority)?;
                request.uri(Uri::from(path)).header(header::HOST, host)
            }
            Protocol::Http2 => {
                let uri = Uri::builder()
                    .scheme(hop.url.scheme())
                    .authority(authority)
                    .path_and_query(path)
                    .build()?;
                request.uri(uri)
            }
        };
        if let Some(own) = request.headers_mut() {
            own.extend(headers.clone());
        }
        request.body(Full::new(hop.body.clone()))
    }
}
