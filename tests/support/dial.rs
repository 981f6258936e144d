//! Connections to a service: channels for calls, with TLS or without, and handshakes alone.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::{ClientConfig, pki_types::ServerName};
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
