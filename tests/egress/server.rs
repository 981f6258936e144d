//! Servers on loopback that tell what they saw: HTTP/1.1 and HTTP/2 by hyper, or bytes as a test has them.

use std::{
    convert::Infallible,
    future::Future,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    time,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{HandshakeKind, ServerConfig},
};
use tokio_util::task::AbortOnDropHandle;

/// How long a state of a server may take to come.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Server {
    pub address: SocketAddr,
    seen: Arc<Seen>,
    _task: AbortOnDropHandle<()>,
}

struct Seen {
    accepted: AtomicUsize,
    open: watch::Sender<usize>,
    under_way: watch::Sender<usize>,
    requests: Mutex<Vec<SeenRequest>>,
    handshakes: Mutex<Vec<Option<HandshakeKind>>>,
}

#[derive(Clone, Debug)]
pub struct SeenRequest {
    /// Such as `GET /path?query`, or with the authority in HTTP/2.
    pub line: String,
    pub version: http::Version,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// Counts connections from 1.
    pub connection: usize,
}

impl SeenRequest {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap_or("?"))
    }

    pub fn path(&self) -> &str {
        self.line.split_once(' ').map_or("", |(_, path)| path)
    }
}

type Handler = Arc<dyn Fn(SeenRequest) -> BoxFuture<'static, Response<Full<Bytes>>> + Send + Sync>;
type RawHandler = Arc<dyn Fn(TcpStream) -> BoxFuture<'static, ()> + Send + Sync>;

#[derive(Clone)]
enum Speaks {
    Http(Handler),
    Https(Arc<ServerConfig>, Handler),
    Raw(RawHandler),
}

impl Server {
    /// HTTP/1.1, answering with what `handler` makes of each request.
    pub async fn http<F, R>(handler: F) -> Self
    where
        F: Fn(SeenRequest) -> R + Send + Sync + 'static,
        R: Future<Output = Response<Full<Bytes>>> + Send + 'static,
    {
        Self::http_at("127.0.0.1:0", handler).await
    }

    pub async fn http_at<F, R>(address: &str, handler: F) -> Self
    where
        F: Fn(SeenRequest) -> R + Send + Sync + 'static,
        R: Future<Output = Response<Full<Bytes>>> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |request| Box::pin(handler(request)));
        Self::start(address, Speaks::Http(handler)).await
    }

    /// The same answer to everything.
    pub async fn fixed(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Self {
        let response = reply(status, headers, body);
        Self::http(move |_| std::future::ready(response.clone())).await
    }

    /// As [`Self::http`], behind TLS, and in HTTP/2 if that was agreed on.
    pub async fn https<F, R>(config: Arc<ServerConfig>, handler: F) -> Self
    where
        F: Fn(SeenRequest) -> R + Send + Sync + 'static,
        R: Future<Output = Response<Full<Bytes>>> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |request| Box::pin(handler(request)));
        Self::start("127.0.0.1:0", Speaks::Https(config, handler)).await
    }

    /// Bytes.
    pub async fn raw<F, R>(handler: F) -> Self
    where
        F: Fn(TcpStream) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let handler: RawHandler = Arc::new(move |stream| Box::pin(handler(stream)));
        Self::start("127.0.0.1:0", Speaks::Raw(handler)).await
    }

    /// Bytes: reads a request's head and sends `response`, then does as `end` says.
    pub async fn canned(response: impl Into<Vec<u8>>, end: End) -> Self {
        let response = Arc::new(response.into());
        Self::raw(move |mut stream| {
            let response = response.clone();
            async move {
                read_head(&mut stream).await;
                let _ = stream.write_all(&response).await;
                end.of(stream).await;
            }
        })
        .await
    }

    async fn start(address: &str, speaks: Speaks) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Seen {
            accepted: AtomicUsize::new(0),
            open: watch::Sender::new(0),
            under_way: watch::Sender::new(0),
            requests: Mutex::default(),
            handshakes: Mutex::default(),
        });
        let task = tokio::spawn(accept(listener, speaks, seen.clone()));
        Self {
            address,
            seen,
            _task: AbortOnDropHandle::new(task),
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn https_url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }

    /// Connections that ever came.
    pub fn accepted(&self) -> usize {
        self.seen.accepted.load(Ordering::SeqCst)
    }

    pub fn requests(&self) -> Vec<SeenRequest> {
        self.seen.requests.lock().expect("requests").clone()
    }

    pub fn handshakes(&self) -> Vec<Option<HandshakeKind>> {
        self.seen.handshakes.lock().expect("handshakes").clone()
    }

    /// Waits until so many connections are open.
    pub async fn wait_open(&self, expect: usize) {
        wait_for(&self.seen.open, expect, "connections open").await;
    }

    /// Waits until so many requests are being answered.
    pub async fn wait_under_way(&self, expect: usize) {
        wait_for(&self.seen.under_way, expect, "requests under way").await;
    }
}

async fn wait_for(count: &watch::Sender<usize>, expect: usize, what: &str) {
    let mut count = count.subscribe();
    let reached = time::timeout(PATIENCE, count.wait_for(|count| *count == expect));
    let is_reached = reached.await.is_ok();
    assert!(is_reached, "{} {what}, not {expect}", *count.borrow());
}

/// How a canned server goes on after its response.
#[derive(Clone, Copy)]
pub enum End {
    Close,
    Reset,
    /// Keep it open and say nothing more.
    Hold,
}

impl End {
    async fn of(self, mut stream: TcpStream) {
        match self {
            Self::Close => {
                let _ = stream.shutdown().await;
                drain(stream).await;
            }
            Self::Reset => stream.set_zero_linger().expect("linger"),
            Self::Hold => drain(stream).await,
        }
    }
}

/// Reads until the other side closes.
pub async fn drain(mut stream: TcpStream) {
    let mut buffer = [0; 4096];
    while matches!(stream.read(&mut buffer).await, Ok(1..)) {}
}

/// Reads up to the empty line after a request's headers.
pub async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

pub fn reply(
    status: u16,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Full::new(body.into())).expect("a response")
}

/// Counts one up while it lives.
struct Counted<'a>(&'a watch::Sender<usize>);

impl<'a> Counted<'a> {
    fn new(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

async fn accept(listener: TcpListener, speaks: Speaks, seen: Arc<Seen>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let connection = seen.accepted.fetch_add(1, Ordering::SeqCst) + 1;
        connections.spawn(serve(stream, connection, speaks.clone(), seen.clone()));
    }
}

async fn serve(stream: TcpStream, connection: usize, speaks: Speaks, seen: Arc<Seen>) {
    let _open = Counted::new(&seen.open);
    match speaks {
        Speaks::Raw(handler) => handler(stream).await,
        Speaks::Http(handler) => http1(stream, connection, handler, &seen).await,
        Speaks::Https(config, handler) => {
            let Ok(stream) = TlsAcceptor::from(config).accept(stream).await else {
                return;
            };
            let session = stream.get_ref().1;
            let is_http2 = session.alpn_protocol() == Some(b"h2");
            seen.handshakes
                .lock()
                .expect("handshakes")
                .push(session.handshake_kind());
            if is_http2 {
                http2(stream, connection, handler, &seen).await;
            } else {
                http1(stream, connection, handler, &seen).await;
            }
        }
    }
}

async fn http1<I>(io: I, connection: usize, handler: Handler, seen: &Arc<Seen>)
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let service = service_fn(|request| answer(request, connection, handler.clone(), seen.clone()));
    let _ = conn::http1::Builder::new()
        .serve_connection(TokioIo::new(io), service)
        .await;
}

async fn http2<I>(io: I, connection: usize, handler: Handler, seen: &Arc<Seen>)
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let seen = seen.clone();
    let service =
        service_fn(move |request| answer(request, connection, handler.clone(), seen.clone()));
    let _ = conn::http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(io), service)
        .await;
}

async fn answer(
    request: http::Request<Incoming>,
    connection: usize,
    handler: Handler,
    seen: Arc<Seen>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let _under_way = Counted::new(&seen.under_way);
    let (parts, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes);
    let request = SeenRequest {
        line: format!("{} {}", parts.method, parts.uri),
        version: parts.version,
        headers: parts.headers,
        body: body.unwrap_or_default(),
        connection,
    };
    seen.requests
        .lock()
        .expect("requests")
        .push(request.clone());
    Ok(handler(request).await)
}
