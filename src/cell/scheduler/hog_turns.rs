//! Turns on demoted threads: those of known hogs from their start, and what a demoted thread leaves for others to do.

use std::sync::Arc;

use super::Scheduler;
use crate::cell::{
    invocation::{Invocation, Run},
    isolate::TurnEnd,
    threads::{JsThread, Threads},
};

impl Scheduler {
    /// Gives the turn to a demoted thread, with all made ready by this one. When there may be no more of those, the turn
    /// is taken as any other.
    pub(super) fn first_turn_of_hog(
        self: &Arc<Self>,
        invocation: &Arc<Invocation>,
        thread: &Arc<JsThread>,
    ) {
        let function_id = || invocation.key.version.function_id.clone();
        let Some(place) = self.hog_places.take(function_id, || invocation.clone()) else {
            return;
        };
        let Some(lease) = self.lease(invocation) else {
            return;
        };
        let demoted = match self.threads.get().map(Threads::demoted) {
            Some(Ok(demoted)) => demoted,
            Some(Err(error)) => {
                tracing::warn!(%error, "a hog runs beside the others");
                thread.clone()
            }
            None => thread.clone(),
        };
        let mut run = self.start_run(invocation, &demoted, lease, Some(place));
        if !demoted.is_demoted() {
            return run.map_or((), |run| self.begin(invocation, thread, run));
        }
        // Not there: it maps memory, for which the kernel has one lock for the process.
        if let Some(run) = &mut run {
            self.step_aside();
            self.make_isolate(run);
        }
        let (scheduler, invocation, thread) = (self.clone(), invocation.clone(), demoted.clone());
        demoted.take(Box::new(move || {
            if let Some(run) = run {
                scheduler.contained(&invocation, || scheduler.begin(&invocation, &thread, run));
            }
        }));
    }

    /// A turn is over; what follows is done by this thread, or by a serving one if this was demoted.
    pub(super) fn leave_turn(
        self: &Arc<Self>,
        invocation: &Arc<Invocation>,
        thread: &Arc<JsThread>,
        run: Box<Run>,
        turn: TurnEnd,
    ) {
        match self.threads.get() {
            Some(threads) if thread.is_demoted() => {
                let (scheduler, invocation) = (self.clone(), invocation.clone());
                threads.hand_over(Box::new(move || {
                    scheduler
                        .contained(&invocation, || scheduler.after_turn(&invocation, run, turn));
                }));
            }
            _ => self.after_turn(invocation, run, turn),
        }
    }
}
