//! What a store shows to whoever opens the playground: what came with the executor, or is being written where it
//! runs. What customers keep in a store is not shown.

use serde::Serialize;

use super::{Kind, Store, Stored, examples};
use crate::{front::functions::Language, invocation::VersionKey};

/// A function to begin with.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    pub function_id: String,
    pub version: String,
    pub typescript: bool,
    pub source: String,
}

impl Store {
    /// The functions to begin with.
    pub fn shown(&self) -> Vec<Shown> {
        match &self.0 {
            Kind::Examples => examples::all().map(shown).collect(),
            Kind::Drafts(drafts) => drafts.latest().map(shown).into_iter().collect(),
            Kind::Objects { .. } => Vec::new(),
        }
    }

    /// The version that a function under work has come to; `None` when none is.
    pub fn latest_draft(&self) -> Option<VersionKey> {
        match &self.0 {
            Kind::Drafts(drafts) => drafts.latest().map(|(key, _)| key),
            Kind::Examples | Kind::Objects { .. } => None,
        }
    }
}

fn shown((key, stored): (VersionKey, Stored)) -> Shown {
    Shown {
        function_id: key.function_id.to_string(),
        version: key.version.to_string(),
        typescript: stored.language == Language::TypeScript,
        source: String::from_utf8_lossy(&stored.source).into_owned(),
    }
}
