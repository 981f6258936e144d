//! A connection of the gRPC listener, with or without TLS, and who is at its other end.

use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::server::TlsStream;

use super::certificate::CertificateFacts;

/// Bytes in both directions that came from an address.
pub trait Accepted: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Where the other end is; `None` when it has gone already.
    fn peer_address(&self) -> Option<SocketAddr>;
}

impl Accepted for TcpStream {
    fn peer_address(&self) -> Option<SocketAddr> {
        self.peer_addr().ok()
    }
}

/// The other end of a connection.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    pub address: Option<SocketAddr>,
    pub encrypted: bool,
    /// What its certificate says, which was verified.
    pub certificate: Option<Arc<CertificateFacts>>,
}

impl Peer {
    /// Whether nobody on the way could read what it sends.
    pub fn is_private(&self) -> bool {
        let local = |address: SocketAddr| address.ip().to_canonical().is_loopback();
        self.encrypted || self.address.is_some_and(local)
    }
}

pin_project! {
    /// Bytes in both directions, and who is at the other end.
    pub struct PeerStream<Io> {
        #[pin]
        stream: Stream<Io>,
        peer: Peer,
    }
}

pin_project! {
    #[project = Projected]
    enum Stream<Io> {
        Plain { #[pin] io: Io },
        Tls { #[pin] tls: Box<TlsStream<Io>> },
    }
}

impl<Io: Accepted> PeerStream<Io> {
    pub fn plain(io: Io) -> Self {
        let peer = Peer {
            address: io.peer_address(),
            ..Peer::default()
        };
        let stream = Stream::Plain { io };
        Self { stream, peer }
    }

    /// A connection whose handshake is done. A certificate that was verified and still can't be read names
    /// nobody.
    pub fn encrypted(tls: TlsStream<Io>) -> Self {
        let (io, session) = tls.get_ref();
        let certificate = session.peer_certificates().and_then(<[_]>::first);
        let peer = Peer {
            address: io.peer_address(),
            encrypted: true,
            certificate: certificate.and_then(|der| CertificateFacts::of(der).ok().map(Arc::new)),
        };
        let stream = Stream::Tls { tls: Box::new(tls) };
        Self { stream, peer }
    }
}

impl<Io> PeerStream<Io> {
    pub fn peer(&self) -> &Peer {
        &self.peer
    }
}

impl<Io> fmt::Debug for PeerStream<Io> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerStream")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> AsyncRead for PeerStream<Io> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.project().stream.project() {
            Projected::Plain { io } => io.poll_read(context, buffer),
            Projected::Tls { tls } => tls.poll_read(context, buffer),
        }
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> AsyncWrite for PeerStream<Io> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.project().stream.project() {
            Projected::Plain { io } => io.poll_write(context, bytes),
            Projected::Tls { tls } => tls.poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.project().stream.project() {
            Projected::Plain { io } => io.poll_write_vectored(context, slices),
            Projected::Tls { tls } => tls.poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain { io } => io.is_write_vectored(),
            Stream::Tls { tls } => tls.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.project().stream.project() {
            Projected::Plain { io } => io.poll_flush(context),
            Projected::Tls { tls } => tls.poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.project().stream.project() {
            Projected::Plain { io } => io.poll_shutdown(context),
            Projected::Tls { tls } => tls.poll_shutdown(context),
        }
    }
}
