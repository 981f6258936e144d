//! From accepted connections to those a call can come over: TLS handshakes, off the accept loop.
//!
//! Each handshake is a task with a time of its own, and there are only so many: when another comes, the
//! oldest gives way, for a client in good faith is through in a few round trips. So who connects and says
//! nothing holds up nobody, however often.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures_util::Stream;
use tokio::{
    task::{AbortHandle, JoinSet},
    time,
};
use tokio_rustls::TlsAcceptor;

use super::{Tls, material::H2};
use crate::{
    config::SecurityConfig,
    front::peer::{Accepted, PeerStream},
};

/// How a handshake ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeEnd {
    Done,
    /// What the client sent was no TLS, or not what we take.
    Failed,
    /// It was not done in its time.
    Late,
    /// It gave way to another.
    Displaced,
    /// The client did not say that it speaks HTTP/2.
    NoHttp2,
}

impl HandshakeEnd {
    pub const ALL: [Self; 5] = [
        Self::Done,
        Self::Failed,
        Self::Late,
        Self::Displaced,
        Self::NoHttp2,
    ];
}

/// Counts handshakes by their end.
#[derive(Debug, Default)]
pub struct HandshakeTally([AtomicU64; HandshakeEnd::ALL.len()]);

impl HandshakeTally {
    /// Handshakes that ended so.
    pub fn count(&self, end: HandshakeEnd) -> u64 {
        self.0[end as usize].load(Ordering::Relaxed)
    }

    fn add(&self, end: HandshakeEnd) {
        self.0[end as usize].fetch_add(1, Ordering::Relaxed);
    }
}

/// Connections of `incoming` whose handshakes are done, in the order in which they are; without TLS, as they
/// come. Dropping it ends the handshakes under way.
pub struct Handshakes<Incoming, Io> {
    /// `None` once it has ended.
    incoming: Option<Pin<Box<Incoming>>>,
    tls: Option<Tls>,
    patience: Duration,
    most: usize,
    under_way: JoinSet<Option<PeerStream<Io>>>,
    /// Those under way, the oldest first, and some that have ended.
    oldest: VecDeque<AbortHandle>,
    tally: Arc<HandshakeTally>,
}

impl<Incoming, Io: Accepted> Handshakes<Incoming, Io> {
    pub fn new(
        incoming: Incoming,
        tls: Option<Tls>,
        config: &SecurityConfig,
        tally: Arc<HandshakeTally>,
    ) -> Self {
        Self {
            incoming: Some(Box::pin(incoming)),
            tls,
            patience: config.handshake_time(),
            most: config.tls_handshakes.get() as usize,
            under_way: JoinSet::new(),
            oldest: VecDeque::new(),
            tally,
        }
    }

    fn start(&mut self, io: Io, tls: &Tls) {
        self.make_room();
        let handshake = handshake(io, tls.clone(), self.patience, self.tally.clone());
        self.oldest.push_back(self.under_way.spawn(handshake));
    }

    fn make_room(&mut self) {
        while self.oldest.len() >= self.most {
            self.oldest.retain(|handshake| !handshake.is_finished());
            if self.oldest.len() < self.most {
                return;
            }
            if let Some(oldest) = self.oldest.pop_front() {
                oldest.abort();
            }
        }
    }

    /// The next connection whose handshake is done. Pending as well when there are none under way.
    fn poll_done(&mut self, context: &mut Context<'_>) -> Poll<PeerStream<Io>> {
        loop {
            match self.under_way.poll_join_next(context) {
                Poll::Ready(Some(Ok(Some(connection)))) => return Poll::Ready(connection),
                Poll::Ready(Some(Ok(None))) => {}
                Poll::Ready(Some(Err(_))) => self.tally.add(HandshakeEnd::Displaced),
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<Incoming, Io> Stream for Handshakes<Incoming, Io>
where
    Incoming: Stream<Item = Io>,
    Io: Accepted,
{
    type Item = PeerStream<Io>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Poll::Ready(connection) = this.poll_done(context) {
                return Poll::Ready(Some(connection));
            }
            let Some(incoming) = &mut this.incoming else {
                return match this.under_way.is_empty() {
                    true => Poll::Ready(None),
                    false => Poll::Pending,
                };
            };
            match incoming.as_mut().poll_next(context) {
                Poll::Ready(Some(io)) => match this.tls.clone() {
                    Some(tls) => this.start(io, &tls),
                    None => return Poll::Ready(Some(PeerStream::plain(io))),
                },
                Poll::Ready(None) => this.incoming = None,
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<Incoming, Io> fmt::Debug for Handshakes<Incoming, Io> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshakes")
            .field("under_way", &self.under_way.len())
            .finish_non_exhaustive()
    }
}

/// One handshake. What goes wrong in it is the client's concern, and is logged for who looks for it.
async fn handshake<Io: Accepted>(
    io: Io,
    tls: Tls,
    patience: Duration,
    tally: Arc<HandshakeTally>,
) -> Option<PeerStream<Io>> {
    let peer = io.peer_address();
    let accepted = time::timeout(patience, TlsAcceptor::from(tls.config()).accept(io)).await;
    let end = match accepted {
        Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(H2) => {
            tally.add(HandshakeEnd::Done);
            return Some(PeerStream::encrypted(stream));
        }
        Ok(Ok(_)) => HandshakeEnd::NoHttp2,
        Ok(Err(error)) => {
            tracing::debug!(?peer, %error, "a TLS handshake failed");
            HandshakeEnd::Failed
        }
        Err(_) => HandshakeEnd::Late,
    };
    if end != HandshakeEnd::Failed {
        tracing::debug!(?peer, ?end, "a TLS handshake came to nothing");
    }
    tally.add(end);
    None
}
