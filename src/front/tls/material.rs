//! From PEM files to what a handshake needs, with every fault told at once.

use std::{fmt, path::PathBuf, sync::Arc, time::SystemTime};

use tokio_rustls::rustls::{
    self, InconsistentKeys, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
    sign::{CertifiedKey, SingleCertAndKey},
};

use crate::{
    config::{ClientAuth, SecurityConfig},
    front::{
        certificate::CertificateFacts,
        files::{Contents, FileFault, FromFiles, NamedFile},
    },
};

/// ALPN's name of HTTP/2: gRPC speaks nothing else.
pub const H2: &[u8] = b"h2";

/// The files of the listener's TLS.
#[derive(Debug)]
pub struct TlsFiles {
    certificate: NamedFile,
    key: NamedFile,
    authorities: Option<NamedFile>,
    client_auth: ClientAuth,
}

/// What handshakes need.
pub struct TlsMaterial {
    pub config: Arc<ServerConfig>,
    /// When the certificate expires.
    pub not_after: SystemTime,
}

impl fmt::Debug for TlsMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsMaterial")
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

impl TlsFiles {
    /// `None` unless a certificate and a key are named.
    pub fn of(config: &SecurityConfig) -> Option<Self> {
        let file = |flag, path: &PathBuf| NamedFile::new(flag, path);
        let authorities = config.tls_client_ca.as_ref();
        Some(Self {
            certificate: file("--tls-cert", config.tls_cert.as_ref()?),
            key: file("--tls-key", config.tls_key.as_ref()?),
            authorities: authorities.map(|path| file("--tls-client-ca", path)),
            client_auth: config.tls_client_auth.unwrap_or_default(),
        })
    }

    /// The certificate with its key, which has to be its own.
    fn identity(
        &self,
        contents: &Contents,
        provider: &CryptoProvider,
    ) -> Result<CertifiedKey, Vec<FileFault>> {
        let chain = certificates(&self.certificate, contents);
        let (chain, key) = match (chain, private_key(&self.key, contents)) {
            (Ok(chain), Ok(key)) => (chain, key),
            (chain, key) => return Err(chain.err().into_iter().chain(key.err()).collect()),
        };
        let fault = |error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => self
                .key
                .fault("is not the key of the certificate that --tls-cert names"),
            rustls::Error::InvalidCertificate(_) => self.certificate.fault(error),
            error => self.key.fault(error),
        };
        CertifiedKey::from_der(chain, key, provider).map_err(|error| vec![fault(error)])
    }

    /// Who judges callers' certificates, if they may show any.
    fn verifier(
        &self,
        contents: &Contents,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ClientCertVerifier>, FileFault> {
        let Some(file) = &self.authorities else {
            return Ok(WebPkiClientVerifier::no_client_auth());
        };
        let mut roots = RootCertStore::empty();
        for certificate in certificates(file, contents)? {
            roots.add(certificate).map_err(|error| file.fault(error))?;
        }
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        let verifier = match self.client_auth {
            ClientAuth::Required => verifier,
            ClientAuth::Optional => verifier.allow_unauthenticated(),
        };
        verifier.build().map_err(|error| file.fault(error))
    }

    /// When the certificate expires. One that is out of its time is used all the same: callers will say so,
    /// and a service that does not start says less.
    fn not_after(&self, identity: &CertifiedKey) -> Result<SystemTime, FileFault> {
        let certificate = identity.end_entity_cert();
        let certificate = certificate.map_err(|error| self.certificate.fault(error))?;
        let facts = CertificateFacts::of(certificate);
        let facts = facts.map_err(|error| self.certificate.fault(error))?;
        if facts.is_out_of_time(SystemTime::now()) {
            let [from, to] =
                [facts.not_before, facts.not_after].map(humantime::format_rfc3339_seconds);
            let file = self.certificate.path.display();
            tracing::warn!(%file, %from, %to, "the listener's certificate is out of its time");
        }
        Ok(facts.not_after)
    }
}

impl FromFiles for TlsFiles {
    type Made = TlsMaterial;

    fn subject(&self) -> &'static str {
        "tls"
    }

    fn files(&self) -> Vec<NamedFile> {
        let pair = [self.certificate.clone(), self.key.clone()];
        pair.into_iter().chain(self.authorities.clone()).collect()
    }

    fn make(&self, contents: &Contents) -> Result<TlsMaterial, Vec<FileFault>> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let identity = self.identity(contents, &provider);
        let verifier = self.verifier(contents, &provider);
        let (identity, verifier) = match (identity, verifier) {
            (Ok(identity), Ok(verifier)) => (identity, verifier),
            (identity, verifier) => {
                let faults = identity.err().unwrap_or_default();
                return Err(faults.into_iter().chain(verifier.err()).collect());
            }
        };
        let not_after = self.not_after(&identity).map_err(|fault| vec![fault])?;
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| vec![self.certificate.fault(error)])?
            .with_client_cert_verifier(verifier);
        let mut config = config.with_cert_resolver(Arc::new(SingleCertAndKey::from(identity)));
        config.alpn_protocols = vec![H2.to_vec()];
        let config = Arc::new(config);
        Ok(TlsMaterial { config, not_after })
    }
}

fn certificates(
    file: &NamedFile,
    contents: &Contents,
) -> Result<Vec<CertificateDer<'static>>, FileFault> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(contents.of(file)?).collect();
    match found {
        Ok(found) if found.is_empty() => Err(file.fault("has no PEM certificate in it")),
        Ok(found) => Ok(found),
        Err(error) => Err(file.fault(format_args!("is not sound PEM: {error}"))),
    }
}

fn private_key(file: &NamedFile, contents: &Contents) -> Result<PrivateKeyDer<'static>, FileFault> {
    let pem = contents.of(file)?;
    let encrypted = memchr::memmem::find(pem, b"ENCRYPTED").is_some();
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| match error {
        pem::Error::NoItemsFound if encrypted => {
            file.fault("has an encrypted private key in it; give it without a passphrase")
        }
        pem::Error::NoItemsFound => file.fault("has no PEM private key in it"),
        // The error might quote a line of the key.
        _ => file.fault("is not sound PEM"),
    })
}

#[cfg(test)]
mod tests;
