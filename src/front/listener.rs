//! The listening socket: connections as they come, and no more at once than are allowed, which tonic's own does not
//! bound.

use std::{
    io,
    net::SocketAddr,
    num::NonZeroU32,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{Stream, stream};
use rustix::net::sockopt;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{self, Instant},
};

use super::peer::Accepted;

/// The wait after a connection that could not be accepted, mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// When the kernel asks a silent peer whether it is still there, and how often before it gives it up.
const KEEP_ALIVE_AFTER: Duration = Duration::from_mins(1);
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(10);
const KEEP_ALIVE_PROBES: u32 = 3;

/// How long what was sent may stay untaken, in milliseconds: a peer that stops reading holds its connection
/// no longer.
const UNTAKEN_MS: u32 = 30_000;

/// The shortest time between two lines that tell of refused connections.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// How many connections there are, and how many there could not be.
#[derive(Clone, Debug)]
pub struct Occupancy {
    places: Arc<Semaphore>,
    most: NonZeroU32,
    refused: Arc<AtomicU64>,
}

/// A socket that listens, and the places for what it accepts.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    occupancy: Occupancy,
    /// When the log last told of refused connections.
    told: Option<Instant>,
}

/// An accepted connection. Dropping it gives its place to another.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    /// Takes the address; connections wait in the kernel until they are accepted.
    ///
    /// # Errors
    /// When the address can't be had.
    pub async fn bind(address: SocketAddr, max_connections: NonZeroU32) -> io::Result<Self> {
        Ok(Self {
            socket: TcpListener::bind(address).await?,
            occupancy: Occupancy {
                places: Arc::new(Semaphore::new(max_connections.get() as usize)),
                most: max_connections,
                refused: Arc::default(),
            },
            told: None,
        })
    }

    /// The account of its connections.
    pub fn occupancy(&self) -> Occupancy {
        self.occupancy.clone()
    }

    /// The address that was asked for, or chosen.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The connections, one by one, for as long as anybody asks. Dropping the stream closes the socket.
    pub fn connections(self) -> impl Stream<Item = Connection> {
        stream::unfold(self, |mut listener| async {
            Some((listener.accept().await, listener))
        })
    }

    /// The next connection that has a place. Those beyond are closed at once, so that their clients try
    /// elsewhere. Cancel safe.
    async fn accept(&mut self) -> Connection {
        loop {
            match self.socket.accept().await {
                Ok((stream, peer)) => match self.occupancy.enter() {
                    Some(place) => return Connection::new(stream, peer, place),
                    None => self.tell_refused(peer),
                },
                Err(error) if is_the_peers(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "no connection accepted");
                    time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn tell_refused(&mut self, peer: SocketAddr) {
        let told_lately = self.told.is_some_and(|told| told.elapsed() < LINE_EVERY);
        if !told_lately {
            self.told = Some(Instant::now());
            let most = self.occupancy.most;
            tracing::warn!(%peer, "{most} connections are open, the most allowed (knob --max-connections); \
                                   others are closed");
        }
    }
}

impl Occupancy {
    /// Connections there are.
    pub fn open(&self) -> usize {
        let most = self.most.get() as usize;
        most.saturating_sub(self.places.available_permits())
    }

    /// Connections that were closed at once.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    fn enter(&self) -> Option<OwnedSemaphorePermit> {
        let place = self.places.clone().try_acquire_owned();
        if place.is_err() {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        place.ok()
    }
}

impl Connection {
    fn new(stream: TcpStream, peer: SocketAddr, place: OwnedSemaphorePermit) -> Self {
        if let Err(error) = set_options(&stream) {
            tracing::debug!(%peer, %error, "a connection's options could not be set");
        }
        Self {
            stream,
            peer,
            _place: place,
        }
    }
}

impl Accepted for Connection {
    fn peer_address(&self) -> Option<SocketAddr> {
        Some(self.peer)
    }
}

fn set_options(stream: &TcpStream) -> rustix::io::Result<()> {
    // Answers are small and whole: waiting to fill a segment would only delay them.
    sockopt::set_tcp_nodelay(stream, true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, KEEP_ALIVE_AFTER)?;
    sockopt::set_tcp_keepintvl(stream, KEEP_ALIVE_EVERY)?;
    sockopt::set_tcp_keepcnt(stream, KEEP_ALIVE_PROBES)?;
    sockopt::set_tcp_user_timeout(stream, UNTAKEN_MS)
}

/// Whether accepting failed for a peer that was gone already, which says nothing of the next.
fn is_the_peers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::StreamExt;
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn a_connection_beyond_the_most_is_closed_and_a_place_is_free_again() {
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), NonZeroU32::MIN);
        let listener = listener.await.unwrap();
        let address = listener.address().unwrap();
        let mut connections = pin!(listener.connections());
        let _first = TcpStream::connect(address).await.unwrap();
        let held = connections.next().await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        tokio::select! {
            _ = connections.next() => panic!("it has no place"),
            read = second.read_u8() => assert!(read.is_err(), "it is closed"),
        }
        drop(held);
        let third = TcpStream::connect(address).await.unwrap();
        let served = connections.next().await.unwrap();
        assert_eq!(served.peer_address(), third.local_addr().ok());
    }
}
