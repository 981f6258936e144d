//! Who may call what: from the credentials of a call to its caller, or a refusal.
//!
//! A caller is who a token or a certificate says, by the file of `--access`; each has roles, and none unless
//! the file gives it some. The file is asked at each call, so that what is taken out of it ends at once, on
//! connections that are open, too. Without the file everybody may call everything.

use std::{sync::Arc, time::SystemTime};

use http::HeaderMap;

use super::{
    audit::{Audit, Event},
    files::{FileFault, Kept, Watched},
    peer::Peer,
};
use crate::config::SecurityConfig;

mod caller;
mod file;
mod layer;
mod method;
mod pattern;
mod refusal;
mod roles;
mod token;

use caller::Identity;
pub use caller::{Caller, Evidence};
use file::AccessFile;
pub use file::Table;
pub use layer::{AccessLayer, Guarded};
pub use method::Need;
pub use refusal::{NotAllowed, Refusal, Unknown};
pub use roles::{Role, Roles};
pub use token::{TokenHash, fresh_token};

/// Judges calls. Clones share what they reload.
#[derive(Clone, Debug)]
pub struct Access {
    table: Option<Arc<Kept<AccessFile>>>,
    audit: Audit,
}

impl Access {
    /// Access as the configuration has it.
    ///
    /// # Errors
    /// All that is wrong with the file.
    pub fn open(config: &SecurityConfig, audit: Audit) -> Result<Self, Vec<FileFault>> {
        let table = config.access.as_ref();
        let table = table
            .map(|path| Kept::open(AccessFile::at(path)))
            .transpose()?;
        Ok(Self {
            table: table.map(Arc::new),
            audit,
        })
    }

    /// What has its file looked after, if there is one.
    pub fn watched(&self) -> Option<Arc<dyn Watched>> {
        let table = self.table.clone()?;
        Some(table)
    }

    /// Whether a call of the method at `path` is let in, and whose it is. A refusal is audited.
    ///
    /// # Errors
    /// [`Refusal`] when the caller is not known, or has not the role it needs.
    pub fn judge(&self, path: &str, headers: &HeaderMap, peer: &Peer) -> Result<Caller, Refusal> {
        let need = Need::of(path);
        let caller = self.identify(need, headers, peer);
        let judged = caller.and_then(|caller| caller.with_role_for(need));
        if let Err(refusal) = &judged {
            self.audit.record(&Event::refused(refusal, path, peer));
        }
        judged
    }

    fn identify(&self, need: Need, headers: &HeaderMap, peer: &Peer) -> Result<Caller, Refusal> {
        let (Some(table), true) = (&self.table, need != Need::Nothing) else {
            return Ok(Caller::anyone(peer));
        };
        let identity = identity(&table.current(), headers, peer, SystemTime::now());
        identity
            .map(|identity| Caller::new(identity, peer))
            .map_err(Refusal::Unauthenticated)
    }
}

/// Whose call it is: the token decides if there is one, else the connection's certificate.
fn identity(
    table: &Table,
    headers: &HeaderMap,
    peer: &Peer,
    now: SystemTime,
) -> Result<Arc<Identity>, Unknown> {
    if let Some(token) = token::sent(headers)? {
        return match peer.is_private() {
            true => table.by_token(token, now),
            false => Err(Unknown::InTheClear),
        };
    }
    let certificate = peer.certificate.as_ref().ok_or(Unknown::Missing)?;
    if certificate.is_out_of_time(now) {
        // It was good when the connection began.
        return Err(Unknown::CertificateExpired);
    }
    Ok(table.by_certificate(certificate))
}

#[cfg(test)]
mod tests;
