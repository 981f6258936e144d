//! The admin endpoint: metrics, probes and the playground over HTTP, for those who run the executor.
//!
//! A connection is for one request and for a few seconds, and there are only so many: a client that is slow
//! to ask, or to read its answer, holds one of them for that long and nothing else.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::{JoinHandle, JoinSet},
    time,
};

use crate::config::{AdminAddress, AdminConfig};

pub mod playground;
mod routes;

pub use routes::Routes;

/// Connections at once; more wait to be accepted.
const MAX_CONNECTIONS: usize = 32;

/// How long a client may take to send the header of its request.
const HEADER_PATIENCE: Duration = Duration::from_secs(5);

/// How long a connection may take in all, beyond what the playground has to wait for.
const CONNECTION_PATIENCE: Duration = Duration::from_secs(10);

/// Bytes of a request's line and header.
const MAX_HEADER_BYTES: usize = 16 << 10;

const MAX_HEADERS: usize = 64;

/// How long answers under way get at the end.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// The wait after a connection that could not be accepted, mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The admin endpoint can't listen where it was told to.
#[derive(Debug, thiserror::Error)]
#[error("--admin {address}: {error}; choose another address, or `off`")]
pub struct AdminError {
    address: SocketAddr,
    error: io::Error,
}

/// A running admin endpoint. Dropping it ends it.
#[derive(Debug)]
pub struct Admin {
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// The admin endpoint's address, taken; nothing is answered there yet.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

/// Takes the address the configuration names, if it names one.
///
/// # Errors
/// [`AdminError`] when the address can't be had.
pub async fn bind(config: &AdminConfig) -> Result<Option<Bound>, AdminError> {
    let AdminAddress::At(address) = config.admin else {
        return Ok(None);
    };
    let failed = |error| AdminError { address, error };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok(Some(Bound { listener, address }))
}

impl Bound {
    /// The address that was asked for, or chosen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until it is stopped.
    pub fn serve(self, routes: Routes) -> Admin {
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(serve(self.listener, Arc::new(routes), stopped));
        Admin { stop, serving }
    }
}

impl Admin {
    /// Takes no more connections and waits, for a bounded time, until requests under way are answered.
    pub async fn stop(self) {
        drop(self.stop);
        let _ = self.serving.await;
    }
}

async fn serve(listener: TcpListener, routes: Arc<Routes>, mut stopped: oneshot::Receiver<()>) {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok(accepted) => {
                    connections.spawn(connection(accepted, routes.clone(), &graceful));
                }
                Err(error) => {
                    tracing::warn!(%error, "admin endpoint: no connection accepted");
                    time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            _ = &mut stopped => break,
        }
    }
    drop(listener);
    let _ = time::timeout(LAST_ANSWERS, graceful.shutdown()).await;
}

/// One request and its answer. What goes wrong is the client's own concern.
fn connection(
    (stream, peer): (TcpStream, SocketAddr),
    routes: Arc<Routes>,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + 'static {
    let patience = CONNECTION_PATIENCE + routes.longest_answer();
    let answer = service_fn(move |request| {
        let routes = routes.clone();
        async move { Ok::<_, Infallible>(routes.answer(request, peer).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_PATIENCE)
        .max_buf_size(MAX_HEADER_BYTES)
        .max_headers(MAX_HEADERS)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), answer);
    let connection = time::timeout(patience, graceful.watch(connection));
    async move {
        let _ = connection.await;
    }
}
