//! What is recorded, and its form: one JSON object a line.
//!
//! No token, no setting, no event and no source is in any of them. Texts that callers choose are bounded where
//! they come from, and JSON's escapes keep them in their line.

use std::{
    net::SocketAddr,
    time::{Duration, SystemTime},
};

use serde::Serialize;

use super::flood::FloodKind;
use crate::{
    front::{
        access::{Caller, Evidence, NotAllowed, Refusal},
        peer::Peer,
    },
    invocation::VersionKey,
};

/// The `target` of all records.
const TARGET: &str = "penstock::audit";

/// Characters of a path that nobody knows.
const MAX_PATH: usize = 128;

/// Something an operator may have to account for.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event<'a> {
    /// A source came to be known under a version that was not known to this process, or not any more.
    SourceAccepted {
        #[serde(flatten)]
        who: Who<'a>,
        #[serde(flatten)]
        version: Version<'a>,
        sha256: String,
        from: SourceOrigin,
    },
    /// A call came from nobody who is known.
    Unauthenticated {
        peer: Option<SocketAddr>,
        method: String,
        cause: &'static str,
        /// Whose token has expired.
        #[serde(skip_serializing_if = "Option::is_none")]
        caller: Option<&'a str>,
    },
    /// A caller that is known may not do what it asked for.
    PermissionDenied {
        #[serde(flatten)]
        who: Who<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        method: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        needs: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        function_id: Option<&'a str>,
    },
    /// A source was sent for a version that has another.
    VersionConflict {
        #[serde(flatten)]
        who: Who<'a>,
        #[serde(flatten)]
        version: Version<'a>,
    },
    /// A version has another source than the caller meant.
    DigestMismatch {
        #[serde(flatten)]
        who: Who<'a>,
        #[serde(flatten)]
        version: Version<'a>,
        wanted: String,
        found: String,
    },
    /// A version is not run for a while.
    Quarantined {
        #[serde(flatten)]
        version: Version<'a>,
        strikes: usize,
        until: String,
    },
    /// Files were made use of anew, or could not be.
    Reload {
        subject: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// Refusals of a kind that were not told one by one.
    Suppressed { kind: FloodKind, count: u64 },
    /// Records that could not be written.
    Lost { count: u64 },
}

/// Where a source came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceOrigin {
    /// It was sent with the call.
    Inline,
    /// The function store had it.
    Store,
}

/// Whose call it was.
#[derive(Clone, Debug, Serialize)]
pub struct Who<'a> {
    caller: &'a str,
    by: Evidence,
    peer: Option<SocketAddr>,
}

/// A function's version.
#[derive(Clone, Debug, Serialize)]
pub struct Version<'a> {
    function_id: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
struct Record<'a> {
    time: String,
    target: &'static str,
    #[serde(flatten)]
    event: &'a Event<'a>,
}

impl<'a> Event<'a> {
    /// A call that was not let in.
    pub fn refused(refusal: &'a Refusal, path: &str, peer: &Peer) -> Self {
        let method = path.chars().take(MAX_PATH).collect();
        match refusal {
            Refusal::Unauthenticated(unknown) => Self::Unauthenticated {
                peer: peer.address,
                method,
                cause: unknown.cause(),
                caller: unknown.caller(),
            },
            Refusal::NoRole { caller, need } => Self::PermissionDenied {
                who: caller.into(),
                method: Some(method),
                needs: Some(need.to_string()),
                function_id: None,
            },
        }
    }

    /// A function that its caller may not use.
    pub fn not_allowed(
        NotAllowed {
            caller,
            function_id,
        }: &'a NotAllowed,
    ) -> Self {
        Self::PermissionDenied {
            who: caller.into(),
            method: None,
            needs: None,
            function_id: Some(function_id),
        }
    }

    /// A version is not run for `term`, for having cost so many cells.
    pub fn quarantined(version: &'a VersionKey, strikes: usize, term: Duration) -> Self {
        Self::Quarantined {
            version: version.into(),
            strikes,
            until: humantime::format_rfc3339_seconds(SystemTime::now() + term).to_string(),
        }
    }

    /// The kind of refusal it is, if it is one.
    pub fn flood(&self) -> Option<FloodKind> {
        match self {
            Self::Unauthenticated { .. } => Some(FloodKind::Unauthenticated),
            Self::PermissionDenied { .. } => Some(FloodKind::PermissionDenied),
            Self::VersionConflict { .. } => Some(FloodKind::VersionConflict),
            Self::DigestMismatch { .. } => Some(FloodKind::DigestMismatch),
            Self::SourceAccepted { .. }
            | Self::Quarantined { .. }
            | Self::Reload { .. }
            | Self::Suppressed { .. }
            | Self::Lost { .. } => None,
        }
    }

    /// Its line, with the time.
    pub fn line(&self) -> Vec<u8> {
        let record = Record {
            time: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
            target: TARGET,
            event: self,
        };
        // Strings and numbers alone: there is nothing in it that JSON could not say.
        let mut line = serde_json::to_vec(&record).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

impl<'a> From<&'a Caller> for Who<'a> {
    fn from(caller: &'a Caller) -> Self {
        Self {
            caller: caller.name(),
            by: caller.evidence(),
            peer: caller.address(),
        }
    }
}

impl<'a> From<&'a VersionKey> for Version<'a> {
    fn from(version: &'a VersionKey) -> Self {
        Self {
            function_id: &version.function_id,
            version: &version.version,
        }
    }
}
