//! What guards the listener, opened as a whole: TLS, access, the audit log, and what keeps them fresh.

use std::{net::SocketAddr, sync::Arc};

use tokio::task::JoinHandle;

use super::{
    access::Access,
    audit::Audit,
    files::Watched,
    peer::Accepted,
    reload::Reloader,
    tls::{HandshakeTally, Handshakes, Tls},
};
use crate::config::SecurityConfig;

/// What guards the listener.
#[derive(Clone, Debug)]
pub struct Security {
    config: SecurityConfig,
    pub access: Access,
    pub audit: Audit,
    pub tls: Option<Tls>,
    pub handshakes: Arc<HandshakeTally>,
}

/// All that keeps the listener from being guarded as the configuration says.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct SecurityFaults(Vec<String>);

impl Security {
    /// Reads the files that the configuration names, and opens the audit log.
    ///
    /// # Errors
    /// All faults of the flags and files at once.
    pub fn open(config: &SecurityConfig, listen: SocketAddr) -> Result<Self, SecurityFaults> {
        let mut faults = config.faults(listen);
        let audit = Audit::open(config.audit_log.clone());
        let audit = keep(audit, &mut faults, |error| vec![error.to_string()]).unwrap_or_default();
        let in_words = |faults: Vec<_>| faults.iter().map(ToString::to_string).collect();
        let tls = keep(Tls::open(config), &mut faults, in_words);
        let access = keep(Access::open(config, audit.clone()), &mut faults, in_words);
        match (tls, access) {
            (Some(tls), Some(access)) if faults.is_empty() => Ok(Self {
                config: config.clone(),
                access,
                audit,
                tls,
                handshakes: Arc::default(),
            }),
            _ => Err(SecurityFaults(faults)),
        }
    }

    /// Accepted connections, once calls can come over them.
    pub fn guard<Incoming, Io: Accepted>(&self, incoming: Incoming) -> Handshakes<Incoming, Io> {
        Handshakes::new(
            incoming,
            self.tls.clone(),
            &self.config,
            self.handshakes.clone(),
        )
    }

    /// Looks after these files from now on. `None` when there are none: then SIGHUP ends the process, as it
    /// would any other.
    pub fn keep_fresh(&self, watched: Vec<Arc<dyn Watched>>) -> Option<JoinHandle<()>> {
        if watched.is_empty() && self.config.audit_log.is_none() {
            return None;
        }
        let interval = self.config.reload_interval();
        Some(Reloader::new(watched, self.audit.clone(), interval).start())
    }

    /// What is made of files.
    pub fn watched(&self) -> Vec<Arc<dyn Watched>> {
        let tls = self.tls.as_ref().map(Tls::watched);
        tls.into_iter().chain(self.access.watched()).collect()
    }
}

/// What was opened; its faults go to the others.
fn keep<T, E>(
    opened: Result<T, E>,
    faults: &mut Vec<String>,
    in_words: impl FnOnce(E) -> Vec<String>,
) -> Option<T> {
    opened.map_err(|error| faults.extend(in_words(error))).ok()
}
