//! One turn while it runs: its clocks, how to stop it, and when to look at it again.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Interruption, Ring};
use crate::cell::{isolate::Terminator, threads::JsThread, watchdog::Alarm};

/// A turn that runs this long is a hog: its thread is demoted.
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
    /// Set while the source's top level runs.
    pub top_level_ends: Option<Instant>,
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
            thread_cpu_before: thread.cpu_time(),
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
        self.turn_began + HOG_AFTER.min(cpu_limit.saturating_sub(self.cpu_before))
    }

    /// When the turn is to be looked at next, as far as can be said now.
    pub fn next_look(&self, cpu_limit: Duration) -> Instant {
        let now = Instant::now();
        if let Some((_, at)) = self.interruption {
            return at + GIVE_UP_AFTER;
        }
        // CPU time can't come sooner than as much wall time.
        let cpu_ends = now + cpu_limit.saturating_sub(self.cpu());
        let hog = (!self.thread.is_demoted()).then_some(self.turn_began + HOG_AFTER);
        [hog, self.top_level_ends]
            .into_iter()
            .flatten()
            .fold(cpu_ends, Instant::min)
    }
}
