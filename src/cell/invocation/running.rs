//! One turn while it runs: its clocks, how to stop it, and when to look at it again.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Interruption, Ring};
use crate::cell::{isolate::Terminator, threads::JsThread, watchdog::Alarm};

/// A turn that uses so much CPU time is a hog: its thread is demoted. Not one that takes as long: on a busy machine any
/// turn may.
pub const HOG_AFTER: Duration = Duration::from_millis(50);

/// A turn that runs on this long after it was terminated is given up: its caller is answered.
pub const GIVE_UP_AFTER: Duration = Duration::from_millis(100);

/// What is known of a turn while it runs.
#[derive(Debug)]
pub struct Running {
    pub thread: Arc<JsThread>,
    /// `None` while the isolate is still being made.
    pub terminator: Option<Terminator>,
    /// Why and when it was told to end.
    pub interruption: Option<(Interruption, Instant)>,
    /// When the first turn began.
    pub began: Instant,
    /// When this turn began, on the wall and on the thread's clock.
    pub turn_began: Instant,
    pub thread_cpu_before: Duration,
    /// CPU time of the turns before this one.
    pub cpu_before: Duration,
    /// Set while the isolate is made and the source's top level runs: the CPU time by which that has to be over. Not a
    /// time of the wall's, since a source is not wrong for what else the machine has to do.
    pub top_level_ends: Option<Duration>,
    /// Rings when the turn is to be looked at.
    pub look: Option<Alarm<Ring>>,
}

impl Running {
    /// A turn that begins now, of an invocation whose first turn began at `began`.
    pub fn new(thread: &Arc<JsThread>, began: Instant, cpu_before: Duration) -> Self {
        Self {
            thread: thread.clone(),
            terminator: None,
            interruption: None,
            began,
            turn_began: Instant::now(),
            thread_cpu_before: thread.cpu_time_at_start(),
            cpu_before,
            top_level_ends: None,
            look: None,
        }
    }

    /// CPU time up to now, all turns together.
    pub fn cpu(&self) -> Duration {
        self.cpu_before
            + self
                .thread
                .cpu_time()
                .saturating_sub(self.thread_cpu_before)
    }

    /// Has the turn end for `reason`. The first reason counts.
    pub fn terminate(&mut self, reason: Interruption) {
        if self.interruption.is_some() {
            return;
        }
        self.interruption = Some((reason, Instant::now()));
        if let Some(terminator) = &self.terminator {
            terminator.terminate();
        }
    }

    /// When a turn that begins is to be looked at first. Asks for no clock: this is on the way of every turn.
    pub fn first_look(&self, cpu_limit: Duration) -> Instant {
        let first = HOG_AFTER.min(cpu_limit.saturating_sub(self.cpu_before));
        self.turn_began + self.top_level_ends.map_or(first, |ends| ends.min(first))
    }

    /// When the turn is to be looked at next, as far as can be said now.
    pub fn next_look(&self, cpu_limit: Duration) -> Instant {
        let now = Instant::now();
        if let Some((_, at)) = self.interruption {
            return at + GIVE_UP_AFTER;
        }
        let hog = (!self.thread.is_demoted()).then_some(self.cpu_before + HOG_AFTER);
        let sooner = [self.top_level_ends, hog].into_iter().flatten();
        let next = sooner.fold(cpu_limit, Duration::min);
        // CPU time can't come sooner than as much wall time.
        now + next.saturating_sub(self.cpu())
    }
}
