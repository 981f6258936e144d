//! The mutex of both processes: who finds it taken waits in the kernel, and is woken.
//!
//! Not one that yields before it waits. Beside a demoted thread, which runs only when nobody else wants to,
//! a thread that yields has said that it does not want to, and gets the processor back at the next tick of
//! the kernel's clock, some milliseconds later.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError},
    time::Instant,
};

#[derive(Debug, Default)]
pub struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Waits for the lock. One that a panicking thread held is taken as it is: what these guard is valid
    /// between any two statements.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lock, if nobody holds it.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        match self.0.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

/// Wakes threads that wait for what a [`Lock`] guards to change.
#[derive(Debug, Default)]
pub struct Signal(Condvar);

impl Signal {
    pub const fn new() -> Self {
        Self(Condvar::new())
    }

    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    pub fn notify_all(&self) {
        self.0.notify_all();
    }

    /// Gives the lock up until notified, or now and then for no reason.
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.0.wait(guard).unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`Self::wait`], but no longer than until `at`.
    pub fn wait_until<'a, T>(&self, guard: MutexGuard<'a, T>, at: Instant) -> MutexGuard<'a, T> {
        let patience = at.saturating_duration_since(Instant::now());
        let waited = self.0.wait_timeout(guard, patience);
        waited.map_or_else(|poisoned| poisoned.into_inner().0, |(guard, _)| guard)
    }
}
