//! What the scheduler does when the watchdog rings: ends what is over its time, wakes what waits, looks at what
//! has run for a while.

use std::sync::Arc;

use super::Scheduler;
use crate::{
    cell::invocation::{Interruption, Invocation, Ring, Seen},
    wire::UnfitCause,
};

impl Scheduler {
    pub(super) fn answer_ring(&self, ring: &Ring) {
        match ring {
            Ring::Deadline(invocation) => {
                if let Some(invocation) = invocation.upgrade() {
                    self.interrupt(&invocation, Interruption::WallTime);
                }
            }
            Ring::Timer(invocation) => {
                if let Some(invocation) = invocation.upgrade()
                    && invocation.wake()
                {
                    self.enqueue(&invocation);
                }
            }
            Ring::Look(invocation) => {
                if let Some(invocation) = invocation.upgrade() {
                    self.look_at(&invocation);
                }
            }
        }
    }

    fn look_at(&self, invocation: &Arc<Invocation>) {
        // The thread had no reason to do so itself.
        self.step_aside();
        match invocation.look(|at| self.set_look(invocation, at)) {
            Seen::Nothing => {}
            Seen::Hog(thread) => {
                self.hogs.add(invocation.handle);
                if let Some(threads) = self.threads.get() {
                    threads.demote(&thread);
                }
            }
            Seen::GivenUp(given_up) => {
                let error = given_up.interruption.and_then(|interruption| {
                    self.error_of(invocation, interruption, given_up.began)
                });
                self.answer_given_up(invocation, given_up, error);
            }
            Seen::Stuck => {
                let reason = "a turn does not end when told to";
                self.outbox
                    .unfit(UnfitCause::Stuck, Some(invocation.handle), reason);
            }
        }
    }
}
