//! Which versions a cell has the source of; bounded in bytes, the longest unused forgotten first.

use std::collections::{BTreeMap, HashMap};

/// Bytes of sources a cell keeps for us at most. What the front itself does not keep is of no use there, so
/// `--function-cache-bytes` is a limit as well.
const MOST_BYTES: u64 = 64 << 20;

/// What a loaded version costs the front and the cell together, besides its source.
const OVERHEAD_BYTES: u64 = 1024;

/// The front's account of a cell's sources. Owned by the one task that writes to the cell, so that what
/// it says is always what the cell has when it reads the next frame.
#[derive(Debug)]
pub struct Loaded {
    most_bytes: u64,
    /// Each version's last use and cost.
    versions: HashMap<u64, (Use, u64)>,
    by_use: BTreeMap<Use, u64>,
    last_use: Use,
    bytes: u64,
}

/// When a version was used, counted in uses.
type Use = u64;

impl Loaded {
    /// Nothing yet, of a front that keeps so many bytes of sources itself.
    pub fn within(front_bytes: u64) -> Self {
        Self {
            most_bytes: front_bytes.min(MOST_BYTES),
            versions: HashMap::new(),
            by_use: BTreeMap::new(),
            last_use: 0,
            bytes: 0,
        }
    }

    /// Notes a use of the version. True when the cell has to be sent its source first.
    pub fn needs(&mut self, handle: u64, source_bytes: u64) -> bool {
        self.last_use += 1;
        let used = self.last_use;
        self.by_use.insert(used, handle);
        let cost = source_bytes + OVERHEAD_BYTES;
        match self.versions.insert(handle, (used, cost)) {
            Some((before, _)) => {
                self.by_use.remove(&before);
                false
            }
            None => {
                self.bytes += cost;
                true
            }
        }
    }

    /// Takes a version out that the cell is to forget, as long as there are too many bytes. The last used
    /// stays, however large.
    pub fn pop_excess(&mut self) -> Option<u64> {
        if self.bytes <= self.most_bytes || self.by_use.len() <= 1 {
            return None;
        }
        let (_, handle) = self.by_use.pop_first()?;
        let (_, cost) = self.versions.remove(&handle)?;
        self.bytes -= cost;
        Some(handle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_sent_once_and_again_after_it_was_forgotten() {
        let mut loaded = Loaded::within(u64::MAX);
        assert!(loaded.needs(1, MOST_BYTES / 2));
        assert!(!loaded.needs(1, MOST_BYTES / 2));
        assert!(loaded.needs(2, MOST_BYTES / 4));
        assert!(!loaded.needs(1, MOST_BYTES / 2));
        assert_eq!(loaded.pop_excess(), None);
        assert!(loaded.needs(3, MOST_BYTES / 4));
        assert_eq!(loaded.pop_excess(), Some(2));
        assert_eq!(loaded.pop_excess(), None);
        assert!(loaded.needs(2, MOST_BYTES / 4));
    }

    #[test]
    fn a_cell_keeps_no_more_than_the_front() {
        let mut loaded = Loaded::within(3 * OVERHEAD_BYTES);
        let mut forgotten = Vec::new();
        for handle in 0..5 {
            assert!(loaded.needs(handle, 0));
            forgotten.extend(loaded.pop_excess());
        }
        assert_eq!(forgotten, [0, 1]);
    }
}
