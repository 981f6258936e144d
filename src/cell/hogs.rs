//! Which versions' turns ran long the last time: their next turn starts at the lowest priority, so that a
//! hog that is called again and again costs its neighbours nothing from the second time on.

use dashmap::DashSet;

/// Versions remembered; with more, memory of all starts anew.
const MOST: usize = 4096;

/// By the front's number for the version.
#[derive(Debug, Default)]
pub struct Hogs(DashSet<u64>);

impl Hogs {
    /// A turn of the version ran long.
    pub fn add(&self, version: u64) {
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert(version);
    }

    /// An invocation of the version ended without a long turn.
    pub fn forgive(&self, version: u64) {
        // Nearly always empty: then this is no more than a look.
        if !self.0.is_empty() {
            self.0.remove(&version);
        }
    }

    pub fn contains(&self, version: u64) -> bool {
        !self.0.is_empty() && self.0.contains(&version)
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
        assert!(hogs.contains(MOST as u64) && hogs.0.len() <= MOST);
    }
}
