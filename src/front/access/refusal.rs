//! Why a call is not let in.

use super::{Caller, Need};

/// A call that is not let in.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refusal {
    #[error(transparent)]
    Unauthenticated(Unknown),
    #[error("{} lacks {need}, which this method needs", caller.name())]
    NoRole { caller: Caller, need: Need },
}

/// A function that a caller may not use.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{} may not use the function {function_id}", caller.name())]
pub struct NotAllowed {
    pub caller: Caller,
    pub function_id: String,
}

/// Why nobody knows who calls. What the caller is told does not depend on what is in the access file, so
/// that nobody can try what is there; the audit log has the cause.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    #[error("{NO_CREDENTIALS}")]
    Missing,
    #[error("{NO_CREDENTIALS}")]
    Malformed,
    #[error("{NO_CREDENTIALS}")]
    UnknownToken,
    /// A token of this name.
    #[error("{NO_CREDENTIALS}")]
    Expired(String),
    #[error("{NO_CREDENTIALS}")]
    CertificateExpired,
    #[error(
        "a token is taken over TLS only, and this one was sent without: others may have read it, so replace it"
    )]
    InTheClear,
}

const NO_CREDENTIALS: &str = "the call has no credentials that count here: send a token that is known and not \
                              expired as `authorization: Bearer TOKEN`, or connect with a certificate";

impl Unknown {
    /// Whose token it was, for the audit log, if that is known.
    pub fn caller(&self) -> Option<&str> {
        match self {
            Self::Expired(name) => Some(name),
            _ => None,
        }
    }

    /// For the audit log.
    pub fn cause(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::UnknownToken => "unknown_token",
            Self::Expired(_) => "token_expired",
            Self::CertificateExpired => "certificate_expired",
            Self::InTheClear => "token_in_the_clear",
        }
    }
}
