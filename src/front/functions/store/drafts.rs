//! Versions of a function that somebody is writing: each time it is saved, another one.

use std::{collections::VecDeque, fmt, sync::Arc};

use super::Stored;
use crate::{invocation::VersionKey, lock::Lock};

/// Versions that are kept; calls of older ones, which nobody makes, find nothing.
const KEPT: usize = 16;

/// The last versions of one function. Clones share them.
#[derive(Clone)]
pub struct Drafts {
    function_id: Arc<str>,
    versions: Arc<Lock<VecDeque<(u64, Stored)>>>,
}

impl Drafts {
    /// Of a function of which nothing is there yet.
    pub fn new(function_id: &str) -> Self {
        Self {
            function_id: function_id.into(),
            versions: Arc::default(),
        }
    }

    /// Puts what was saved there as the next version.
    pub fn put(&self, saved: Stored) -> VersionKey {
        let mut versions = self.versions.lock();
        let number = versions.back().map_or(0, |(last, _)| *last) + 1;
        versions.push_back((number, saved));
        if versions.len() > KEPT {
            versions.pop_front();
        }
        self.key(number)
    }

    /// What was saved last.
    pub fn latest(&self) -> Option<(VersionKey, Stored)> {
        let versions = self.versions.lock();
        let (number, saved) = versions.back()?;
        Some((self.key(*number), saved.clone()))
    }

    pub(super) fn find(&self, key: &VersionKey) -> Option<Stored> {
        let versions = self.versions.lock();
        let mut versions = versions.iter();
        let found = versions.find(|(number, _)| self.key(*number) == *key);
        found.map(|(_, saved)| saved.clone())
    }

    fn key(&self, number: u64) -> VersionKey {
        VersionKey {
            function_id: self.function_id.clone(),
            version: number.to_string().into(),
        }
    }
}

impl fmt::Debug for Drafts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Drafts({})", self.function_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::functions::Language;

    #[test]
    fn each_save_is_a_version_and_the_oldest_go() {
        let drafts = Drafts::new("f");
        assert!(drafts.latest().is_none());
        let saved = |number: usize| Stored {
            source: number.to_string().into(),
            language: Language::JavaScript,
            manifest: None,
            source_map: None,
        };
        let keys: Vec<_> = (1..=KEPT + 1)
            .map(|number| drafts.put(saved(number)))
            .collect();
        assert_eq!(keys[0].to_string(), "f@1");
        assert_eq!(drafts.find(&keys[0]), None);
        assert_eq!(drafts.find(&keys[1]), Some(saved(2)));
        let latest = (keys[KEPT].clone(), saved(KEPT + 1));
        assert_eq!(drafts.latest(), Some(latest));
        let other = VersionKey {
            function_id: "g".into(),
            ..keys[1].clone()
        };
        assert_eq!(drafts.find(&other), None);
    }
}
