//! What the caches of all cells are of use, and hold, as the cells tell it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use crate::wire::WireCacheUse;

/// Since the front started; a cell that ends takes what it held along.
#[derive(Debug, Default)]
pub struct CacheAccount {
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: AtomicU64,
    bytes: AtomicU64,
}

impl CacheAccount {
    /// Looks that found a value, or one on its way.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// Looks that began a load.
    pub fn misses(&self) -> u64 {
        self.misses.load(Ordering::Relaxed)
    }

    /// Values that went for want of room.
    pub fn evictions(&self) -> u64 {
        self.evictions.load(Ordering::Relaxed)
    }

    /// Held by all cells together.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// One cell's part of the account.
#[derive(Debug)]
pub struct CellCache {
    account: Arc<CacheAccount>,
    bytes: u64,
}

impl CellCache {
    pub fn new(account: Arc<CacheAccount>) -> Self {
        Self { account, bytes: 0 }
    }

    /// What a cell tells; no sound cell's numbers overflow, and a hostile one's only wrap.
    pub fn note(&mut self, used: &WireCacheUse) {
        self.account.hits.fetch_add(used.hits, Ordering::Relaxed);
        self.account
            .misses
            .fetch_add(used.misses, Ordering::Relaxed);
        self.account
            .evictions
            .fetch_add(used.evictions, Ordering::Relaxed);
        self.hold(used.bytes);
    }

    fn hold(&mut self, bytes: u64) {
        let change = bytes.wrapping_sub(self.bytes);
        self.account.bytes.fetch_add(change, Ordering::Relaxed);
        self.bytes = bytes;
    }
}

impl Drop for CellCache {
    fn drop(&mut self) {
        self.hold(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_add_up_and_take_along_what_they_held() {
        let account = Arc::new(CacheAccount::default());
        let mut one = CellCache::new(account.clone());
        let mut other = CellCache::new(account.clone());
        let used = |hits, bytes| WireCacheUse {
            hits,
            bytes,
            ..WireCacheUse::default()
        };
        one.note(&used(2, 100));
        other.note(&used(1, 50));
        one.note(&used(0, 30));
        assert_eq!((account.hits(), account.bytes()), (3, 80));
        drop(one);
        assert_eq!((account.hits(), account.bytes()), (3, 50));
    }
}
