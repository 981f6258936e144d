//! From a name to addresses.
//!
//! By a resolver of our own (`hickory-resolver`, on the system's configuration) and not `getaddrinfo`, which
//! blocks a thread for as long as it takes and can't be called off: a function that asks for names whose
//! servers don't answer would take all threads there are.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig},
    net::{NetError, runtime::TokioRuntimeProvider},
    proto::rr::Name,
};
use tokio::time;

use super::{
    EgressError,
    error::{SystemCode, SystemFault},
};

/// How long a name may take, all servers and tries together.
const PATIENCE: Duration = Duration::from_secs(5);

/// Finds addresses. Shared by all functions: what it remembers is public, and bounded.
pub struct Resolver {
    resolver: TokioResolver,
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").finish_non_exhaustive()
    }
}

impl Resolver {
    /// Asks `servers`, or those of the system's configuration if there are none.
    ///
    /// # Errors
    /// When the system's configuration can't be read.
    pub fn new(servers: &[SocketAddr]) -> Result<Self, EgressError> {
        let mut builder = if servers.is_empty() {
            TokioResolver::builder_tokio()
                .map_err(|error| EgressError::Resolver(error.to_string()))?
        } else {
            let servers = servers.iter().map(name_server).collect();
            let config = ResolverConfig::from_name_servers(servers);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        let options = builder.options_mut();
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        options.timeout = options.timeout.min(PATIENCE);
        let resolver = builder
            .build()
            .map_err(|error| EgressError::Resolver(error.to_string()))?;
        Ok(Self { resolver })
    }

    /// All addresses of `host`, IPv4 first. The name is taken as it is: the system's search list would
    /// make names of the inside of it.
    ///
    /// # Errors
    /// With Node's code: no such name, or no answer for now.
    pub async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, SystemFault> {
        let not_found = || {
            let message = format!("getaddrinfo ENOTFOUND {host}");
            SystemFault::new(SystemCode::NameNotFound, message)
        };
        let try_again = || {
            let message = format!("getaddrinfo EAI_AGAIN {host}");
            SystemFault::new(SystemCode::NameTryAgain, message)
        };
        let mut name = Name::from_ascii(host).map_err(|_| not_found())?;
        name.set_fqdn(true);
        match time::timeout(PATIENCE, self.resolver.lookup_ip(name)).await {
            Ok(Ok(found)) => {
                let addresses: Vec<IpAddr> = found.iter().collect();
                let (v4, v6): (Vec<_>, Vec<_>) = addresses.iter().partition(|ip| ip.is_ipv4());
                Ok([v4, v6].concat())
            }
            Ok(Err(error)) if is_absent(&error) => Err(not_found()),
            Ok(Err(_)) | Err(_) => Err(try_again()),
        }
    }
}

/// The servers said that there is no such name, or no address for it.
fn is_absent(error: &NetError) -> bool {
    error.is_nx_domain() || error.is_no_records_found()
}

fn name_server(address: &SocketAddr) -> NameServerConfig {
    let on_port = |mut connection: ConnectionConfig| {
        connection.port = address.port();
        connection
    };
    let connections = vec![
        on_port(ConnectionConfig::udp()),
        on_port(ConnectionConfig::tcp()),
    ];
    NameServerConfig::new(address.ip(), true, connections)
}
