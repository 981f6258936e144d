//! Connections to a service: channels for calls, with TLS or without, and handshakes alone.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::{ClientConfig, pki_types::ServerName};
use tonic::Status;
use tonic::transport::{Channel, Endpoint, Uri};

/// Connects on first use. To be called inside of a runtime.
pub fn channel(address: &str, tls: Option<Arc<ClientConfig>>) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
    let Some(tls) = tls else {
        return endpoint.connect_lazy();
    };
    let address = address.to_owned();
    endpoint.connect_with_connector_lazy(tower::service_fn(move |_: Uri| {
        let (address, tls) = (address.clone(), tls.clone());
        async move { handshake(&address, tls).await.map(TokioIo::new) }
    }))
}

/// A connection after its TLS handshake, as far as the client knows: with TLS 1.3 a server judges the
/// client's certificate only then.
pub async fn handshake(address: &str, tls: Arc<ClientConfig>) -> io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let address: SocketAddr = address.parse().expect("an address");
    let name = ServerName::from(address.ip());
    TlsConnector::from(tls).connect(name, stream).await
}

/// Whether a call met a connection that its client knew to be ending, for which tonic's does not open another: before
/// it was handed to the connection, or behind the last stream that a GOAWAY counts (RFC 9113, 6.8: never processed).
/// That no call that ran was lost so is looked at by `tests/pods`, which counts what runs.
pub fn never_sent(status: &Status) -> bool {
    let first = status.source();
    let mut causes = std::iter::successors(first, |&cause| cause.source());
    causes.any(|cause| {
        let hyper = cause.downcast_ref::<hyper::Error>();
        let h2 = cause.downcast_ref::<h2::Error>();
        hyper.is_some_and(hyper::Error::is_canceled)
            || h2.is_some_and(|error| {
                let ended_well = error.reason() == Some(h2::Reason::NO_ERROR);
                error.is_go_away() && error.is_remote() && ended_well
            })
    })
}
