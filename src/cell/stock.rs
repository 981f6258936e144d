//! What is made before it is needed, in idle time. Knows nothing of V8.

use std::fmt;

use super::threads::Chore;
use crate::lock::Lock;

/// Things of type `T`, ready to be taken.
pub struct Stock<T> {
    ready: Lock<Ready<T>>,
    most: usize,
    make: Box<dyn Fn() -> Option<T> + Send + Sync>,
}

struct Ready<T> {
    things: Vec<T>,
    /// Those that are just being made, and those that could not be, which are not tried again.
    missing: usize,
}

impl<T> fmt::Debug for Stock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stock")
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}

impl<T> Stock<T> {
    /// Nothing yet, and in idle time up to `most` of what `make` gives.
    pub fn new(most: usize, make: impl Fn() -> Option<T> + Send + Sync + 'static) -> Self {
        Self {
            ready: Lock::new(Ready {
                things: Vec::with_capacity(most),
                missing: 0,
            }),
            most,
            make: Box::new(make),
        }
    }

    /// One of those that are ready, the last made.
    pub fn take(&self) -> Option<T> {
        self.ready.lock().things.pop()
    }
}

impl<T: Send> Chore for Stock<T> {
    fn is_due(&self) -> bool {
        let ready = self.ready.lock();
        ready.things.len() + ready.missing < self.most
    }

    /// Makes one.
    fn do_some(&self) {
        let mut ready = self.ready.lock();
        if ready.things.len() + ready.missing >= self.most {
            return;
        }
        ready.missing += 1;
        drop(ready);
        if let Some(thing) = (self.make)() {
            let mut ready = self.ready.lock();
            ready.things.push(thing);
            ready.missing -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn what_is_taken_is_made_up_for() {
        let made = AtomicU32::new(0);
        let stock = Stock::new(2, move || Some(made.fetch_add(1, Ordering::Relaxed)));
        assert_eq!(stock.take(), None);
        while stock.is_due() {
            stock.do_some();
        }
        stock.do_some();
        assert_eq!(
            [stock.take(), stock.take(), stock.take()],
            [Some(1), Some(0), None]
        );
        assert!(stock.is_due());
        stock.do_some();
        assert_eq!(stock.take(), Some(2));
    }

    #[test]
    fn what_can_not_be_made_is_not_tried_for_ever() {
        let stock = Stock::<u32>::new(2, || None);
        stock.do_some();
        stock.do_some();
        assert!(!stock.is_due() && stock.take().is_none());
    }
}
