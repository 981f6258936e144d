//! The listener's TLS: made of files, with their successors for handshakes to come.

use std::{sync::Arc, time::SystemTime};

use tokio_rustls::rustls::ServerConfig;

use super::files::{FileFault, Kept, Watched};
use crate::config::SecurityConfig;

mod handshakes;
mod material;

pub use handshakes::{HandshakeEnd, HandshakeTally, Handshakes};
use material::TlsFiles;

/// The listener's TLS. Clones share what they reload.
#[derive(Clone, Debug)]
pub struct Tls(Arc<Kept<TlsFiles>>);

impl Tls {
    /// TLS as the configuration names its files; `None` when it names none.
    ///
    /// # Errors
    /// All that is wrong with the files.
    pub fn open(config: &SecurityConfig) -> Result<Option<Self>, Vec<FileFault>> {
        let Some(files) = TlsFiles::of(config) else {
            return Ok(None);
        };
        let kept = Kept::open(files)?;
        Ok(Some(Self(Arc::new(kept))))
    }

    /// For the next handshake.
    pub fn config(&self) -> Arc<ServerConfig> {
        self.0.current().config.clone()
    }

    /// When the certificate in use expires.
    pub fn not_after(&self) -> SystemTime {
        self.0.current().not_after
    }

    /// What has its files looked after.
    pub fn watched(&self) -> Arc<dyn Watched> {
        self.0.clone()
    }
}
