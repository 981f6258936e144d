//! Which versions' turns ran long the last time: their next turn starts demoted, so that a hog that is
//! called again and again costs its neighbours nothing from the second time on.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, Ordering},
};

use crate::lock::Lock;

/// Versions remembered; with more, memory of all starts anew.
const MOST: usize = 4096;

/// By the front's number for the version.
#[derive(Debug, Default)]
pub struct Hogs {
    versions: Lock<HashSet<u64>>,
    /// Whether there are any: asked twice for every invocation, and mostly there are none.
    any: AtomicBool,
}

impl Hogs {
    /// A turn of the version ran long.
    pub fn add(&self, version: u64) {
        let mut versions = self.versions.lock();
        if versions.len() >= MOST {
            versions.clear();
        }
        versions.insert(version);
        self.any.store(true, Ordering::Release);
    }

    /// An invocation of the version ended without a long turn.
    pub fn forgive(&self, version: u64) {
        if self.any.load(Ordering::Acquire) {
            let mut versions = self.versions.lock();
            versions.remove(&version);
            self.any.store(!versions.is_empty(), Ordering::Release);
        }
    }

    pub fn contains(&self, version: u64) -> bool {
        self.any.load(Ordering::Acquire) && self.versions.lock().contains(&version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hog_is_remembered_until_it_behaves() {
        let hogs = Hogs::default();
        assert!(!hogs.contains(1));
        hogs.add(1);
        assert!(hogs.contains(1) && !hogs.contains(2));
        hogs.forgive(2);
        assert!(hogs.contains(1));
        hogs.forgive(1);
        assert!(!hogs.contains(1));
    }

    #[test]
    fn memory_is_bounded() {
        let hogs = Hogs::default();
        for version in 0..=MOST as u64 {
            hogs.add(version);
        }
        assert!(hogs.contains(MOST as u64) && hogs.versions.lock().len() <= MOST);
    }
}
