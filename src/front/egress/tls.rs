//! TLS to servers: whom to trust, and what a failed handshake is called.
//!
//! The roots are the platform's files, read once (`rustls-native-certs`, which also minds `SSL_CERT_FILE` and
//! `SSL_CERT_DIR`). Not the platform's verifier: on Linux it is the same files, and elsewhere it would
//! call into the system, blocking, for each handshake.

use std::{io, path::Path, sync::Arc};

use tokio_rustls::rustls::{
    self, CertificateError, ClientConfig, RootCertStore,
    client::Resumption,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use url::Host;

use super::{
    EgressError,
    error::{SystemCode, SystemFault},
};

/// TLS sessions remembered for a function, to resume them.
const SESSIONS: usize = 16;

/// ALPN's name of HTTP/2.
pub const H2: &[u8] = b"h2";

/// The TLS of all functions. Each gets a configuration of its own from it.
#[derive(Clone, Debug)]
pub struct Tls {
    config: ClientConfig,
}

impl Tls {
    /// Trusts the platform's roots and the certificates in the PEM file `extra`.
    ///
    /// # Errors
    /// When `extra` can't be read or has no certificate.
    pub fn new(extra: Option<&Path>) -> Result<Self, EgressError> {
        let mut roots = platform_roots();
        if let Some(path) = extra {
            add_file(&mut roots, path)?;
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(EgressError::Tls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![H2.to_vec(), b"http/1.1".to_vec()];
        Ok(Self { config })
    }

    /// A configuration that resumes only sessions made with it, so that no server takes one function for
    /// another.
    pub fn own_sessions(&self) -> Arc<ClientConfig> {
        let mut config = self.config.clone();
        config.resumption = Resumption::in_memory_sessions(SESSIONS);
        Arc::new(config)
    }
}

fn platform_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a root certificate of the platform");
    }
    // Platforms have roots that no longer parse; the others serve.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        tracing::warn!(
            "the platform has no root certificates: https works only for hosts that --egress-ca vouches for"
        );
    }
    roots
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), EgressError> {
    let unusable = |error: String| EgressError::CaFile {
        path: path.to_owned(),
        error,
    };
    let certificates =
        CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))?;
    let mut added = 0;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| unusable(error.to_string()))?;
        added += 1;
    }
    match added {
        0 => Err(unusable("there is no certificate in it".to_owned())),
        _ => Ok(()),
    }
}

/// The name a server's certificate has to be for.
///
/// # Errors
/// When there can be no certificate for it.
pub fn server_name(host: &Host) -> Result<ServerName<'static>, SystemFault> {
    match host {
        Host::Domain(name) => ServerName::try_from(name.clone()).map_err(|_| {
            let message = format!("{name} is no name that a certificate can be for");
            SystemFault::new(SystemCode::CertificateForOtherName, message)
        }),
        Host::Ipv4(address) => Ok(ServerName::from(std::net::IpAddr::from(*address))),
        Host::Ipv6(address) => Ok(ServerName::from(std::net::IpAddr::from(*address))),
    }
}

/// Node's code for a handshake that failed.
pub fn handshake_fault(error: &io::Error) -> SystemFault {
    let inner = error.get_ref();
    let Some(error) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        let message = format!(
            "Client network socket disconnected before secure TLS connection was established ({error})"
        );
        return SystemFault::new(SystemCode::of_io(error), message);
    };
    let code = match error {
        rustls::Error::InvalidCertificate(fault) => certificate_code(fault),
        _ => SystemCode::Protocol,
    };
    SystemFault::new(code, error.to_string())
}

fn certificate_code(fault: &CertificateError) -> SystemCode {
    match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            SystemCode::CertificateExpired
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            SystemCode::CertificateNotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            SystemCode::CertificateForOtherName
        }
        CertificateError::UnknownIssuer => SystemCode::IssuerUnknown,
        CertificateError::BadSignature => SystemCode::CertificateSignature,
        CertificateError::Revoked => SystemCode::CertificateRevoked,
        _ => SystemCode::CertificateRejected,
    }
}
