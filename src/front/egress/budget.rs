//! Bytes of responses held in memory, counted against a function's share and against all of them.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;

/// A number of bytes that may be held at once.
#[derive(Debug)]
pub struct Budget {
    most: u64,
    held: AtomicU64,
}

impl Budget {
    pub fn new(most: u64) -> Arc<Self> {
        Arc::new(Self {
            most,
            held: AtomicU64::new(0),
        })
    }

    /// Bytes held at the moment.
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Acquire)
    }

    fn take(&self, bytes: u64) -> bool {
        let taken = self
            .held
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |held| {
                held.checked_add(bytes).filter(|held| *held <= self.most)
            });
        taken.is_ok()
    }

    fn give_back(&self, bytes: u64) {
        self.held.fetch_sub(bytes, Ordering::AcqRel);
    }
}

/// Bytes taken from both budgets; given back when dropped.
#[derive(Debug)]
pub struct Reservation {
    total: Arc<Budget>,
    share: Arc<Budget>,
    bytes: u64,
}

/// A budget has no more to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "too many bytes of responses are held at the moment; try again (knob --egress-buffer-bytes)"
)]
pub struct BudgetSpent;

impl Reservation {
    /// An empty one.
    pub fn new(total: Arc<Budget>, share: Arc<Budget>) -> Self {
        Self {
            total,
            share,
            bytes: 0,
        }
    }

    /// Takes `bytes` more.
    ///
    /// # Errors
    /// [`BudgetSpent`] when either budget has not so many left; then none is taken.
    pub fn grow(&mut self, bytes: usize) -> Result<(), BudgetSpent> {
        let bytes = bytes as u64;
        if !self.share.take(bytes) {
            return Err(BudgetSpent);
        }
        if !self.total.take(bytes) {
            self.share.give_back(bytes);
            return Err(BudgetSpent);
        }
        self.bytes += bytes;
        Ok(())
    }

    /// Another, empty, on the same budgets.
    pub fn another(&self) -> Self {
        Self::new(self.total.clone(), self.share.clone())
    }

    /// `contents`, with the reservation kept until the last clone of them is dropped.
    pub fn hold(self, contents: Vec<u8>) -> Bytes {
        Bytes::from_owner(Held {
            contents,
            _reservation: self,
        })
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.share.give_back(self.bytes);
        self.total.give_back(self.bytes);
    }
}

struct Held {
    contents: Vec<u8>,
    _reservation: Reservation,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.contents
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_counted_until_the_last_of_it_is_gone() {
        let (total, share) = (Budget::new(100), Budget::new(60));
        let mut first = Reservation::new(total.clone(), share.clone());
        first.grow(60).unwrap();
        assert_eq!(first.grow(1), Err(BudgetSpent));
        let mut other = Reservation::new(total.clone(), Budget::new(60));
        assert_eq!(other.grow(41), Err(BudgetSpent));
        other.grow(40).unwrap();
        let contents = first.hold(vec![1; 60]);
        let clone = contents.slice(10..20);
        drop(contents);
        assert_eq!(total.held(), 100);
        drop(clone);
        drop(other);
        assert_eq!((total.held(), share.held()), (0, 0));
    }
}
