//! So many may do something at once; who comes then waits until it is his line's turn.

use std::{fmt, hash::Hash, sync::Arc};

use super::fair_queue::FairQueue;
use crate::lock::Lock;

/// Places, and waiters of type `W` in lines by `K`.
pub struct Places<K, W> {
    state: Lock<State<K, W>>,
    /// Takes a waiter up again once there may be a place for it.
    resume: Box<dyn Fn(W) + Send + Sync>,
}

struct State<K, W> {
    free: usize,
    waiting: FairQueue<K, W>,
}

impl<K, W> fmt::Debug for Places<K, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Places").finish_non_exhaustive()
    }
}

impl<K: Clone + Eq + Hash, W> Places<K, W> {
    /// `count` is at least 1.
    pub fn new(count: usize, resume: impl Fn(W) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            state: Lock::new(State {
                free: count.max(1),
                waiting: FairQueue::new(),
            }),
            resume: Box::new(resume),
        })
    }

    /// A place; `None` when all are taken: then the waiter is kept and resumed later.
    pub fn take(
        self: &Arc<Self>,
        key: impl FnOnce() -> K,
        waiter: impl FnOnce() -> W,
    ) -> Option<Place<K, W>> {
        let mut state = self.state.lock();
        match state.free.checked_sub(1) {
            Some(free) => {
                state.free = free;
                Some(Place(self.clone()))
            }
            None => {
                state.waiting.push(key(), waiter());
                None
            }
        }
    }

    /// Passes a wake-up on that its waiter had no use for.
    pub fn pass_on(&self) {
        let mut state = self.state.lock();
        let next = (state.free > 0).then(|| state.waiting.pop()).flatten();
        drop(state);
        if let Some(next) = next {
            (self.resume)(next);
        }
    }
}

/// One place, given back by Drop.
pub struct Place<K: Clone + Eq + Hash, W>(Arc<Places<K, W>>);

impl<K: Clone + Eq + Hash, W> fmt::Debug for Place<K, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").finish_non_exhaustive()
    }
}

impl<K: Clone + Eq + Hash, W> Drop for Place<K, W> {
    fn drop(&mut self) {
        self.0.state.lock().free += 1;
        self.0.pass_on();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn who_finds_none_is_resumed_in_turn() {
        let (resumed, resumes) = mpsc::channel();
        let places = Places::new(2, move |waiter| resumed.send(waiter).unwrap());
        let take = |key, waiter| places.take(|| key, || waiter);
        let first = take("a", 1);
        let second = take("a", 2);
        assert!(first.is_some() && second.is_some());
        for (key, waiter) in [("a", 3), ("a", 4), ("b", 5)] {
            assert!(take(key, waiter).is_none());
        }
        places.pass_on();
        assert!(resumes.try_recv().is_err(), "there is no place");
        drop(first);
        assert_eq!(resumes.try_recv(), Ok(3));
        // The one that was resumed has ended meanwhile.
        places.pass_on();
        assert_eq!(resumes.try_recv(), Ok(5));
        assert!(resumes.try_recv().is_err());
        drop(second);
        assert_eq!(resumes.try_recv(), Ok(4));
    }
}
