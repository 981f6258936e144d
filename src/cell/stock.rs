//! What is made before it is needed, by a thread of its own. Knows nothing of V8.

use std::{fmt, io, sync::Arc, thread};

use crate::lock::{Lock, Signal};

/// Things of type `T`, ready to be taken.
pub struct Stock<T> {
    ready: Lock<Ready<T>>,
    wanted: Signal,
}

struct Ready<T> {
    things: Vec<T>,
    /// Whether what was taken is to be made up for.
    is_wanted: bool,
}

impl<T> fmt::Debug for Stock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stock").finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Stock<T> {
    /// Starts the thread, for as long as the process lives, which makes `most` things at once and then as many as are
    /// taken. It ends for good when `make` has none to give.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start(
        most: usize,
        mut make: impl FnMut() -> Option<T> + Send + 'static,
    ) -> io::Result<Arc<Self>> {
        let stock = Arc::new(Self {
            ready: Lock::new(Ready {
                things: Vec::with_capacity(most),
                is_wanted: true,
            }),
            wanted: Signal::new(),
        });
        let filled = stock.clone();
        thread::Builder::new().name("stock".into()).spawn(move || {
            loop {
                filled.wait_until_short(most);
                let Some(thing) = make() else {
                    return;
                };
                filled.ready.lock().things.push(thing);
            }
        })?;
        Ok(stock)
    }

    /// One of those that are ready, the last made.
    pub fn take(&self) -> Option<T> {
        self.ready.lock().things.pop()
    }

    /// Has what was taken made up for. Apart from taking, so that who takes is not held up by the making.
    pub fn replenish(&self) {
        self.ready.lock().is_wanted = true;
        self.wanted.notify_one();
    }

    fn wait_until_short(&self, most: usize) {
        let mut ready = self.ready.lock();
        loop {
            if ready.things.len() >= most {
                ready.is_wanted = false;
            }
            if ready.is_wanted {
                return;
            }
            ready = self.wanted.wait(ready);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Waits for the number `last` to be made, and for the thread to have put it there.
    fn await_made(made: &mpsc::Receiver<u32>, stock: &Stock<u32>, last: u32, ready: usize) {
        while made.recv().unwrap() != last {}
        while stock.ready.lock().things.len() < ready {
            thread::yield_now();
        }
    }

    #[test]
    fn what_is_taken_is_made_up_for_when_that_is_asked() {
        let (making, made) = mpsc::channel();
        let mut number = 0;
        let stock = Stock::start(2, move || {
            number += 1;
            making.send(number).unwrap();
            Some(number)
        })
        .unwrap();
        await_made(&made, &stock, 2, 2);
        assert_eq!(
            [stock.take(), stock.take(), stock.take()],
            [Some(2), Some(1), None]
        );
        assert!(made.try_recv().is_err(), "nobody has asked");
        stock.replenish();
        await_made(&made, &stock, 4, 2);
        stock.replenish();
        assert_eq!([stock.take(), stock.take()], [Some(4), Some(3)]);
    }

    #[test]
    fn with_nothing_to_be_had_there_is_nothing_to_take() {
        let (making, made) = mpsc::channel();
        let stock = Stock::<u32>::start(2, move || {
            making.send(()).unwrap();
            None
        })
        .unwrap();
        made.recv().unwrap();
        stock.replenish();
        assert!(made.recv().is_err(), "the thread has ended");
        assert_eq!(stock.take(), None);
    }
}
