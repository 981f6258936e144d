//! How invocations end: the isolate goes back or up, and the answer out.

use std::time::Instant;

use super::Scheduler;
use crate::{
    cell::{
        invocation::{GivenUp, HOG_AFTER, Interruption, Invocation, Run, Stopped},
        isolate::{FunctionIsolate, heap_limit_error},
    },
    invocation::{ErrorCode, FunctionError, LimitExceeded, Usage},
};

impl Scheduler {
    pub(super) fn end_terminated(&self, invocation: &Invocation, mut run: Run, stopped: Stopped) {
        let heap_reached = run
            .lease
            .isolate()
            .is_some_and(|isolate| isolate.reached_heap_limit());
        match stopped {
            Stopped::TooLate => self.end_unanswered(run),
            Stopped::Interrupted(interruption) if !heap_reached => {
                self.end_interrupted(invocation, run, interruption);
            }
            Stopped::Interrupted(_) | Stopped::ByItself => {
                let error = heap_limit_error(self.engine.heap_bytes());
                self.end(invocation, run, End::Stopped(error), Keep::Condemn);
            }
        }
    }

    pub(super) fn end_interrupted(
        &self,
        invocation: &Invocation,
        run: Run,
        interruption: Interruption,
    ) {
        let end = self.error_of(invocation, interruption, run.began);
        let end = end.map_or(End::Unheard, End::Stopped);
        self.end(invocation, run, end, Keep::Condemn);
    }

    /// What an interruption means for the caller; `None` when there is none any more.
    pub(super) fn error_of(
        &self,
        invocation: &Invocation,
        interruption: Interruption,
        began: Instant,
    ) -> Option<FunctionError> {
        let limits = &invocation.limits;
        let (code, what, limit) = match interruption {
            Interruption::WallTime => (
                ErrorCode::Timeout,
                "the invocation",
                LimitExceeded::wall_time(
                    invocation.ends_by(began).saturating_duration_since(began),
                ),
            ),
            Interruption::CpuTime => (
                ErrorCode::CpuLimitExceeded,
                "the invocation",
                LimitExceeded::cpu_time(limits.cpu_time),
            ),
            Interruption::TopLevelTime => (
                ErrorCode::InvalidFunction,
                "the source's top level",
                LimitExceeded::top_level_time(self.settings.top_level_time),
            ),
            Interruption::Cancelled => return None,
        };
        Some(FunctionError::limit_exceeded(code, what, limit))
    }

    /// Gives the isolate back or up, and sends the answer if there is one to send.
    pub(super) fn end(&self, invocation: &Invocation, mut run: Run, end: End, keep: Keep) {
        drop(run.deadline);
        self.forget(invocation);
        if run.cpu < HOG_AFTER && matches!(end, End::Settled) {
            self.hogs.forgive(invocation.handle);
        }
        let held = run
            .lease
            .isolate()
            .map(FunctionIsolate::close)
            .unwrap_or_default();
        let keep = match run.unloaded || held.over_limit {
            true => Keep::Condemn,
            false => keep,
        };
        let condemned = match keep {
            Keep::Condemn => run.lease.condemn(),
            Keep::Keep => None,
        };
        // Back in the pool before the answer is out, so that a caller's next event finds it warm.
        let mut gone = run.lease.give_back(held.bytes);
        let usage = Usage {
            wall: run.began.elapsed(),
            cpu: run.cpu,
            queue: run.began.saturating_duration_since(invocation.arrived),
            cold_start: run.cold_start,
            setup: run.setup,
            turns: run.turns,
            heap_used_bytes: held.bytes,
        };
        match end {
            End::Settled if held.over_limit => {
                self.outbox.failed(
                    invocation,
                    heap_limit_error(self.engine.heap_bytes()),
                    usage,
                );
            }
            End::Settled => self.outbox.settled(invocation, usage),
            End::Stopped(error) => self.outbox.failed(invocation, error, usage),
            End::Unheard => {}
        }
        gone.extend(condemned);
        if !gone.is_empty() {
            // It takes as long as some turns.
            self.step_aside();
        }
    }

    /// The invocation is over for all but its caller.
    fn forget(&self, invocation: &Invocation) {
        self.live.lock().remove(&invocation.id);
        self.cache.release(invocation.id);
        if let Some(used) = self.cache.take_use() {
            self.outbox.cache_used(used);
        }
    }

    /// A turn that was given up came back after all: its isolate is of no use.
    pub(super) fn end_unanswered(&self, mut run: Run) {
        self.step_aside();
        drop(run.lease.condemn());
    }

    /// Answers for a turn whose thread can't.
    pub(super) fn answer_given_up(
        &self,
        invocation: &Invocation,
        given_up: GivenUp,
        error: Option<FunctionError>,
    ) {
        self.forget(invocation);
        let Some(error) = error else {
            return;
        };
        let usage = Usage {
            wall: given_up.began.elapsed(),
            cpu: given_up.cpu,
            queue: given_up.began.saturating_duration_since(invocation.arrived),
            ..Usage::default()
        };
        self.outbox.failed(invocation, error, usage);
        self.outbox.let_out();
    }
}

/// How an invocation ends.
#[derive(Debug)]
pub(super) enum End {
    /// Every event has its outcome.
    Settled,
    /// It was stopped, for this.
    Stopped(FunctionError),
    /// Nobody waits for it any more.
    Unheard,
}

/// Whether an isolate may serve again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    Keep,
    Condemn,
}
