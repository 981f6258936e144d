//! Who calls, and what they may do.

use std::{
    net::SocketAddr,
    sync::{Arc, LazyLock},
};

use serde::Serialize;

use super::{Need, NotAllowed, Refusal, Roles, pattern::Pattern};
use crate::front::peer::Peer;

/// How a caller is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// Nobody asked.
    Nothing,
    Token,
    Certificate,
}

/// Somebody with roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// As the access file calls it, or its certificate.
    pub name: String,
    pub evidence: Evidence,
    pub roles: Roles,
    /// Ids of the functions it may use; `None` for all.
    pub functions: Option<Vec<Pattern>>,
}

/// Whose call it is, and from where. Travels in the extensions of requests.
#[derive(Clone, Debug)]
pub struct Caller {
    identity: Arc<Identity>,
    address: Option<SocketAddr>,
}

/// Whoever calls where nobody asks who it is.
static ANYONE: LazyLock<Arc<Identity>> = LazyLock::new(|| {
    Arc::new(Identity {
        name: "anyone".to_owned(),
        evidence: Evidence::Nothing,
        roles: Roles::ALL,
        functions: None,
    })
});

impl Identity {
    /// Somebody with the same name and no roles.
    pub fn without_roles(name: String) -> Self {
        Self {
            name,
            evidence: Evidence::Certificate,
            roles: Roles::default(),
            functions: None,
        }
    }
}

impl Caller {
    pub fn new(identity: Arc<Identity>, peer: &Peer) -> Self {
        let address = peer.address;
        Self { identity, address }
    }

    /// Whoever it is, where everybody may call everything.
    pub fn anyone(peer: &Peer) -> Self {
        let certificate = peer.certificate.as_ref();
        let identity = match certificate.and_then(|certificate| certificate.name()) {
            Some(name) => Arc::new(Identity {
                name: name.chars().take(MAX_NAME).collect(),
                evidence: Evidence::Certificate,
                ..Identity::clone(&ANYONE)
            }),
            None => ANYONE.clone(),
        };
        Self::new(identity, peer)
    }

    /// Somebody who may do nothing: who calls past the guards.
    pub fn nobody() -> Self {
        let identity = Identity {
            name: "nobody".to_owned(),
            evidence: Evidence::Nothing,
            roles: Roles::default(),
            functions: Some(Vec::new()),
        };
        Self::new(Arc::new(identity), &Peer::default())
    }

    pub fn name(&self) -> &str {
        &self.identity.name
    }

    pub fn evidence(&self) -> Evidence {
        self.identity.evidence
    }

    /// The other end of its connection.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The caller, if it has the role.
    ///
    /// # Errors
    /// [`Refusal::NoRole`].
    pub fn with_role_for(self, need: Need) -> Result<Self, Refusal> {
        let roles = self.identity.roles;
        let has = match need {
            Need::Nothing => true,
            Need::AnyRole => !roles.is_empty(),
            Need::Role(role) => roles.have(role),
        };
        if has {
            Ok(self)
        } else {
            Err(Refusal::NoRole { caller: self, need })
        }
    }

    /// Whether it may use a function.
    ///
    /// # Errors
    /// [`NotAllowed`].
    pub fn check_function(&self, function_id: &str) -> Result<(), NotAllowed> {
        let Some(functions) = &self.identity.functions else {
            return Ok(());
        };
        match functions.iter().any(|pattern| pattern.matches(function_id)) {
            true => Ok(()),
            false => Err(NotAllowed {
                caller: self.clone(),
                function_id: function_id.to_owned(),
            }),
        }
    }
}

/// Characters of a name that a certificate gives itself.
pub const MAX_NAME: usize = 256;
