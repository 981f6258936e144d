//! From an origin to a connection: resolve, judge each address, dial those that may be, TLS.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time};
use tokio_rustls::TlsConnector;
use url::Host;

use super::{
    connection::Connection,
    error::{SystemCode, SystemFault},
    policy::{AddressPolicy, Denial},
    request::{Origin, Scheme},
    resolve::Resolver,
    tls,
    trace::Timings,
};

/// How long an address may take before the next is tried beside it (RFC 8305).
const STAGGER: Duration = Duration::from_millis(250);

/// Addresses of a name that are tried.
const ATTEMPTS: usize = 6;

/// Makes connections, to addresses that policy lets through and to no others.
#[derive(Debug)]
pub struct Dialler {
    pub resolver: Resolver,
    pub policy: AddressPolicy,
    /// For resolving, connecting and TLS together.
    pub patience: Duration,
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DialError {
    #[error("denied by policy")]
    Denied(Denial),
    #[error(transparent)]
    Fault(#[from] SystemFault),
}

impl Dialler {
    /// A connection to `origin`. What its parts took goes to `timings`, as far as it came.
    ///
    /// # Errors
    /// [`DialError`] when policy denies every address, or none answers.
    pub async fn dial(
        &self,
        origin: &Origin,
        tls: &TlsConnector,
        timings: &mut Timings,
    ) -> Result<Connection, DialError> {
        let dialled = time::timeout(self.patience, async {
            let addresses = self.vetted_addresses(origin, timings).await?;
            let (stream, remote) = connect_any(&addresses, timings).await?;
            Ok(speak(origin, tls, stream, remote, timings).await?)
        });
        dialled.await.unwrap_or_else(|_| {
            let message = format!(
                "connect ETIMEDOUT {}:{} after {} ms (knob --egress-connect-ms)",
                origin.host,
                origin.port,
                self.patience.as_millis()
            );
            Err(SystemFault::new(SystemCode::TimedOut, message).into())
        })
    }

    /// The addresses that may be dialled. They are dialled as they are: nothing resolves the name again.
    async fn vetted_addresses(
        &self,
        origin: &Origin,
        timings: &mut Timings,
    ) -> Result<Vec<SocketAddr>, DialError> {
        let addresses = match &origin.host {
            Host::Ipv4(address) => vec![IpAddr::from(*address)],
            Host::Ipv6(address) => vec![IpAddr::from(*address)],
            Host::Domain(name) => {
                let started = Instant::now();
                let resolved = self.resolver.resolve(name).await;
                timings.dns = Some(started.elapsed());
                resolved?
            }
        };
        let mut denial = None;
        let mut vetted = Vec::new();
        for address in addresses {
            match self.policy.judge_from_here(address) {
                Ok(()) => vetted.push(SocketAddr::new(address, origin.port)),
                Err(reason) => {
                    tracing::debug!(host = %origin.host, %address, "not dialled: {reason}");
                    denial = Some(reason);
                }
            }
        }
        match denial {
            Some(denial) if vetted.is_empty() => Err(DialError::Denied(denial)),
            _ => Ok(interleaved(vetted)),
        }
    }
}

/// The first few, families in turn, so that one that leads nowhere costs one stagger at most.
fn interleaved(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let (v4, v6): (Vec<_>, Vec<_>) = addresses.into_iter().partition(SocketAddr::is_ipv4);
    let (mut v4, mut v6) = (v4.into_iter(), v6.into_iter());
    let pairs = std::iter::from_fn(|| {
        let pair = [v4.next(), v6.next()];
        pair.iter().any(Option::is_some).then_some(pair)
    });
    pairs.flatten().flatten().take(ATTEMPTS).collect()
}

/// Dials one address after the other, each without waiting for the one before to fail if that takes long;
/// the first connection wins and the other attempts are given up.
async fn connect_any(
    addresses: &[SocketAddr],
    timings: &mut Timings,
) -> Result<(TcpStream, SocketAddr), SystemFault> {
    let started = Instant::now();
    let mut waiting = addresses.iter();
    let mut attempts = FuturesUnordered::new();
    let mut first_fault = None;
    loop {
        if let Some(address) = waiting.next() {
            attempts.push(connect(*address));
        }
        let ended = if waiting.len() > 0 {
            match time::timeout(STAGGER, attempts.next()).await {
                Ok(ended) => ended,
                Err(_) => continue,
            }
        } else {
            attempts.next().await
        };
        match ended {
            Some(Ok(connected)) => {
                timings.connect = Some(started.elapsed());
                return Ok(connected);
            }
            Some(Err(fault)) => {
                first_fault.get_or_insert(fault);
            }
            None => {
                let none = || SystemFault::new(SystemCode::NameNotFound, "no address to dial");
                return Err(first_fault.unwrap_or_else(none));
            }
        }
    }
}

async fn connect(address: SocketAddr) -> Result<(TcpStream, SocketAddr), SystemFault> {
    let connected: io::Result<TcpStream> = async {
        let stream = TcpStream::connect(address).await?;
        // Requests are written whole: waiting to fill a segment would only delay them.
        stream.set_nodelay(true)?;
        Ok(stream)
    }
    .await;
    connected.map(|stream| (stream, address)).map_err(|error| {
        let code = SystemCode::of_io(&error);
        SystemFault::new(code, format!("connect {} {address}", code.name()))
    })
}

/// TLS if the scheme asks for it, and HTTP in the version that was agreed on.
async fn speak(
    origin: &Origin,
    tls: &TlsConnector,
    stream: TcpStream,
    remote: SocketAddr,
    timings: &mut Timings,
) -> Result<Connection, SystemFault> {
    let spoken = match origin.scheme {
        Scheme::Http => Connection::http1(TokioIo::new(stream), remote).await,
        Scheme::Https => {
            let started = Instant::now();
            let name = tls::server_name(&origin.host)?;
            let stream = tls
                .connect(name, stream)
                .await
                .map_err(|error| tls::handshake_fault(&error))?;
            timings.tls = Some(started.elapsed());
            let is_http2 = stream.get_ref().1.alpn_protocol() == Some(tls::H2);
            let io = TokioIo::new(stream);
            if is_http2 {
                Connection::http2(io, remote).await
            } else {
                Connection::http1(io, remote).await
            }
        }
    };
    spoken.map_err(|error| SystemFault::new(SystemCode::Protocol, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns_and_only_a_few_addresses_are_tried() {
        let address = |text: &str| SocketAddr::new(text.parse().unwrap(), 80);
        let found = interleaved(vec![
            address("1.1.1.1"),
            address("2.2.2.2"),
            address("2::1"),
        ]);
        assert_eq!(
            found,
            [address("1.1.1.1"), address("2::1"), address("2.2.2.2")]
        );
        assert_eq!(interleaved(vec![address("1.1.1.1"); 20]).len(), ATTEMPTS);
    }
}
