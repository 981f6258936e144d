//! HTTP/2 on accepted connections, and when each of them ends.
//!
//! The bounds are hyper's own. tonic's server, which has them, too, ends connections in no way that we could use:
//! with a grace its `max_connection_age` closes them without a GOAWAY, without one a silent client stays for ever;
//! it spreads no ages, knows no idle connection, and has no end of waiting for clients when it stops.

use std::{
    convert::Infallible,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{Stream, StreamExt};
use http::{Request, Response};
use hyper::{
    body::{Body, Incoming},
    server::conn::http2,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    task::JoinSet,
    time,
};
use tonic::transport::server::Connected;
use tower::Service;

use super::{
    gate::{Gate, LeavingBody, LeavingCall},
    gathering::Gathering,
    preface::{self, PREFACE},
};
use crate::{
    config::TrafficConfig,
    front::{after_others::AfterOthers, jitter},
};

/// How long a client that was asked for a sign of life may take.
const KEEP_ALIVE_PATIENCE: Duration = Duration::from_secs(10);

/// What a client may send ahead of our reading it: for one call, and for all of a connection.
const CALL_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;

/// Calls that a client opens and resets before we have even looked at them; one more ends its connection.
const MAX_RESET_UNSEEN: usize = 20;

/// Resets that a client's faults had to be answered with, as long as its connection lasts; one more ends it.
const MAX_RESET_BY_US: usize = 1024;

/// What every connection is served by.
#[derive(Clone, Debug)]
pub struct ConnectionPlan {
    http: http2::Builder<TokioExecutor>,
    age: Option<Duration>,
    idle: Option<Duration>,
    /// How long calls under way get once their connection is to end.
    grace: Duration,
}

impl ConnectionPlan {
    pub fn new(config: &TrafficConfig) -> Self {
        let mut http = http2::Builder::new(TokioExecutor::new());
        http.timer(TokioTimer::new())
            .max_concurrent_streams(config.connection_calls.get())
            .max_header_list_size(config.header_bytes)
            .initial_stream_window_size(CALL_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .keep_alive_interval(config.keep_alive())
            .keep_alive_timeout(KEEP_ALIVE_PATIENCE)
            .max_pending_accept_reset_streams(MAX_RESET_UNSEEN)
            .max_local_error_reset_streams(MAX_RESET_BY_US);
        Self {
            http,
            age: config.connection_age(),
            idle: config.connection_idle(),
            grace: config.drain_grace(),
        }
    }

    /// Waits until a connection has lived long enough, or been idle for too long.
    async fn end_of_life(&self, activity: &Activity) {
        let aged = async {
            match self.age {
                Some(age) => time::sleep(jitter::near(age)).await,
                None => std::future::pending().await,
            }
        };
        let idle = async {
            match self.idle {
                Some(idle) => activity.idle_for(idle).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = aged => {}
            () = idle => {}
        }
    }
}

/// Serves connections as they come until `closing` says that they are to end. Those still open then are returned:
/// they finish the calls they have. Dropping them closes them.
pub async fn serve<IO, S, B>(
    connections: impl Stream<Item = IO>,
    service: S,
    plan: ConnectionPlan,
    mut closing: watch::Receiver<bool>,
) -> JoinSet<()>
where
    IO: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let plan = Arc::new(plan);
    let mut connections = pin!(connections);
    let mut open = JoinSet::new();
    loop {
        let to_close = closing.clone();
        tokio::select! {
            Some(io) = connections.next() => {
                let connection = connection(io, service.clone(), plan.clone(), to_close);
                open.spawn(AfterOthers::new(connection));
            }
            Some(_) = open.join_next() => {}
            // An error means that the sender is gone, which ends us too.
            _ = closing.wait_for(|closing| *closing) => return open,
        }
    }
}

async fn connection<IO, S, B>(
    io: IO,
    service: S,
    plan: Arc<ConnectionPlan>,
    mut closing: watch::Receiver<bool>,
) where
    IO: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let peer = io.connect_info();
    let Some(io) = preface::expect(io).await else {
        return;
    };
    let activity = Activity::default();
    let service = OfConnection {
        service,
        peer,
        activity: activity.clone(),
    };
    let service = TowerToHyperService::new(service);
    let io = Gathering::new(io, PREFACE);
    let connection = plan
        .http
        .serve_connection(TokioIo::new(io.clone()), service);
    let speaking = async {
        let mut connection = pin!(connection);
        tokio::select! {
            // What went wrong is the client's own concern.
            _ = &mut connection => return,
            () = plan.end_of_life(&activity) => {}
            _ = closing.wait_for(|closing| *closing) => {}
        }
        // Says GOAWAY first and counts the last call only when the client has heard it: none is lost between.
        connection.as_mut().graceful_shutdown();
        let grace = async {
            time::sleep(plan.grace).await;
            // A drain has a grace of its own, and counts the calls that are left before their connections go.
            if *closing.borrow() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            _ = connection => {}
            () = grace => {}
        }
    };
    io.let_out_after(speaking).await;
}

/// What a connection's calls do, as far as its end depends on it.
#[derive(Clone, Debug, Default)]
struct Activity {
    under_way: Gate,
    begun: Arc<AtomicU64>,
}

impl Activity {
    /// Waits until there was no call for that long; at most for twice as long.
    async fn idle_for(&self, time: Duration) {
        let mut seen = self.begun.load(Ordering::Relaxed);
        loop {
            time::sleep(time).await;
            let begun = self.begun.load(Ordering::Relaxed);
            if begun == seen && self.under_way.inside() == 0 {
                return;
            }
            seen = begun;
        }
    }
}

/// The service as one connection's calls meet it: they know whose it is and keep it from being idle.
#[derive(Clone, Debug)]
struct OfConnection<S, P> {
    service: S,
    peer: P,
    activity: Activity,
}

impl<S, P, B> Service<Request<Incoming>> for OfConnection<S, P>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    P: Clone + Send + Sync + 'static,
{
    type Response = Response<LeavingBody<B>>;
    type Error = Infallible;
    type Future = LeavingCall<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.peer.clone());
        self.activity.begun.fetch_add(1, Ordering::Relaxed);
        let inside = self.activity.under_way.enter();
        LeavingCall::new(self.service.call(request), inside)
    }
}
