//! The outgoing requests of one invocation: how many it may still make, how many at once, their traces.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::trace::Trace;
use crate::{front::telemetry::CallTrace, lock::Lock};

/// Made for an invocation, shared by its fetches, and asked for the traces at its end.
#[derive(Debug)]
pub struct InvocationRequests {
    most: u32,
    made: AtomicU32,
    at_once: Semaphore,
    traces: Lock<Vec<Trace>>,
    /// Of the call they are made for.
    call: CallTrace,
}

impl InvocationRequests {
    /// `most` requests in all, redirects counted, and `at_once` of them at the same time: the rest waits.
    pub fn new(most: u32, at_once: u32) -> Self {
        Self {
            most,
            made: AtomicU32::new(0),
            at_once: Semaphore::new(at_once as usize),
            traces: Lock::default(),
            call: CallTrace::default(),
        }
    }

    /// As part of this call's trace.
    #[must_use]
    pub fn traced(self, call: CallTrace) -> Self {
        Self { call, ..self }
    }

    /// The trace of the call they are made for.
    pub fn call(&self) -> &CallTrace {
        &self.call
    }

    /// Requests made so far, redirects and refused ones counted.
    pub fn made(&self) -> u32 {
        self.made.load(Ordering::Relaxed).min(self.most)
    }

    /// The traces of the hops that have ended since the last call, in the order they ended in.
    pub fn take_traces(&self) -> Vec<Trace> {
        std::mem::take(&mut self.traces.lock())
    }

    pub(super) fn record(&self, trace: Trace) {
        self.traces.lock().push(trace);
    }

    /// Counts one more request; tells the limit if that passes it.
    pub(super) fn count(&self) -> Result<(), u32> {
        let counted = self
            .made
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |made| {
                (made < self.most).then_some(made + 1)
            });
        counted.map(|_| ()).map_err(|_| self.most)
    }

    /// Waits until fewer than the most are under way. `None` never comes: the semaphore is never closed.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.at_once.acquire().await.ok()
    }
}
