//! Which versions a cell has the source of; bounded in bytes, the longest unused forgotten first.

use std::collections::{BTreeMap, HashMap};

/// Bytes of sources a cell keeps for us.
const LOADED_BYTES: u64 = 64 << 20;

/// What a loaded version costs besides its source.
const OVERHEAD_BYTES: u64 = 512;

/// The front's account of a cell's sources. Owned by the one task that writes to the cell, so that what
/// it says is always what the cell has when it reads the next frame.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Each version's last use and cost.
    versions: HashMap<u64, (Use, u64)>,
    by_use: BTreeMap<Use, u64>,
    last_use: Use,
    bytes: u64,
}

/// When a version was used, counted in uses.
type Use = u64;

impl Loaded {
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
        if self.bytes <= LOADED_BYTES || self.by_use.len() <= 1 {
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
        let mut loaded = Loaded::default();
        assert!(loaded.needs(1, LOADED_BYTES / 2));
        assert!(!loaded.needs(1, LOADED_BYTES / 2));
        assert!(loaded.needs(2, LOADED_BYTES / 4));
        assert!(!loaded.needs(1, LOADED_BYTES / 2));
        assert_eq!(loaded.pop_excess(), None);
        assert!(loaded.needs(3, LOADED_BYTES / 4));
        assert_eq!(loaded.pop_excess(), Some(2));
        assert_eq!(loaded.pop_excess(), None);
        assert!(loaded.needs(2, LOADED_BYTES / 4));
    }
}
