//! One invocation in a cell: its stages, and who may move it from one to the next.
//!
//! ```text
//! Queued ──first turn──▶ Running ──awaits──▶ Parked ──timer──▶ Running … ──settles──▶ Ended
//!    └────cancelled──────────┴───────deadline, cancelled─────────┴──────────────────────▲
//! ```
//! The JS thread that takes a turn owns the [`Run`]; while it does, others can only leave word in the
//! stage and terminate what runs. Word and termination are given under the stage's lock, which the thread
//! takes when the turn is over: so a termination names its invocation and can't hit the next one.

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use super::{
    isolate::{Call, FunctionIsolate, FunctionSource, Terminator},
    pool::Lease,
    watchdog::Alarm,
};
use crate::invocation::{FunctionKey, InvocationLimits};

/// Why an invocation is stopped from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// It ran past its wall time.
    WallTime,
    /// Nobody waits for it any more.
    Cancelled,
}

/// Why the watchdog rings for an invocation. Weak: an alarm keeps nothing alive.
#[derive(Clone, Debug)]
pub enum Ring {
    Deadline(Weak<Invocation>),
    Timer(Weak<Invocation>),
}

/// What a running invocation holds; owned by the thread that takes its turn, else by its stage.
#[derive(Debug)]
pub struct Run {
    pub lease: Lease<FunctionIsolate, Arc<Invocation>>,
    /// When the first turn began.
    pub began: Instant,
    /// CPU time of the turns so far.
    pub cpu: Duration,
    pub cold_start: bool,
    /// Rings at the end of the wall time, as long as the run lasts.
    pub deadline: Alarm<Ring>,
}

#[derive(Debug)]
pub struct Invocation {
    pub id: u64,
    pub key: FunctionKey,
    pub source: Arc<FunctionSource>,
    pub call: Call,
    pub limits: InvocationLimits,
    pub arrived: Instant,
    stage: Mutex<Stage>,
}

#[derive(Debug)]
enum Stage {
    Queued,
    Running {
        /// `None` while the isolate is still being made.
        terminator: Option<Terminator>,
        interruption: Option<Interruption>,
    },
    Parked {
        run: Box<Run>,
        /// Rings when the next timer is due.
        wake: Option<Alarm<Ring>>,
        interruption: Option<Interruption>,
    },
    Ended,
}

/// What a JS thread that takes up an invocation finds.
#[derive(Debug)]
pub enum TakenUp {
    /// It has not begun.
    Fresh,
    /// It was parked and goes on.
    Parked(Box<Run>),
    /// It was parked and is to end.
    Interrupted(Box<Run>, Interruption),
    /// It has ended, or another thread has it.
    Nothing,
}

/// What is to be done about an interruption that was just noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// A thread has to take the invocation up to end it.
    TakeUp,
    /// The invocation never began and has ended here.
    Ended,
    /// The running thread will see to it, or there is nothing to end.
    Nothing,
}

impl Invocation {
    pub fn new(
        id: u64,
        key: FunctionKey,
        source: Arc<FunctionSource>,
        call: Call,
        limits: InvocationLimits,
    ) -> Self {
        let arrived = Instant::now();
        Self {
            id,
            key,
            source,
            call,
            limits,
            arrived,
            stage: Mutex::new(Stage::Queued),
        }
    }

    /// Looks at the invocation before a turn. A parked one becomes running; a fresh one waits for
    /// [`Self::start_running`], since its isolate may not be had yet.
    pub fn take_up(&self) -> TakenUp {
        let mut stage = self.stage.lock();
        match std::mem::replace(&mut *stage, Stage::Ended) {
            Stage::Queued => {
                *stage = Stage::Queued;
                TakenUp::Fresh
            }
            Stage::Parked {
                run,
                wake,
                interruption: Some(interruption),
            } => {
                drop(wake);
                TakenUp::Interrupted(run, interruption)
            }
            Stage::Parked {
                mut run,
                wake,
                interruption: None,
            } => {
                let terminator = run.lease.isolate().map(|isolate| isolate.terminator());
                *stage = Stage::Running {
                    terminator,
                    interruption: None,
                };
                drop(wake);
                TakenUp::Parked(run)
            }
            running @ Stage::Running { .. } => {
                *stage = running;
                TakenUp::Nothing
            }
            Stage::Ended => TakenUp::Nothing,
        }
    }

    /// From queued to running; false when the invocation was cancelled meanwhile.
    pub fn start_running(&self) -> bool {
        let mut stage = self.stage.lock();
        if !matches!(*stage, Stage::Queued) {
            return false;
        }
        *stage = Stage::Running {
            terminator: None,
            interruption: None,
        };
        true
    }

    /// Tells how to stop the isolate that is about to run; the interruption, if one came before.
    pub fn can_be_stopped_by(&self, stopper: Terminator) -> Option<Interruption> {
        match &mut *self.stage.lock() {
            Stage::Running {
                terminator,
                interruption,
            } => {
                *terminator = Some(stopper);
                *interruption
            }
            _ => None,
        }
    }

    /// The turn is over and nothing of this invocation runs: later interruptions find it ended. Returns
    /// the interruption that came during the turn.
    pub fn stop_running(&self) -> Option<Interruption> {
        match std::mem::replace(&mut *self.stage.lock(), Stage::Ended) {
            Stage::Running { interruption, .. } => interruption,
            _ => None,
        }
    }

    /// The turn is over and the invocation awaits something; `wake` is set under the lock, so that it
    /// can't ring before there is something to wake. Returns the run instead if it is to end.
    pub fn park(
        &self,
        run: Box<Run>,
        wake: impl FnOnce() -> Option<Alarm<Ring>>,
    ) -> Option<(Box<Run>, Interruption)> {
        let mut stage = self.stage.lock();
        if let Stage::Running {
            interruption: Some(interruption),
            ..
        } = *stage
        {
            *stage = Stage::Ended;
            return Some((run, interruption));
        }
        *stage = Stage::Parked {
            run,
            wake: wake(),
            interruption: None,
        };
        None
    }

    /// Has the invocation end for `reason`, wherever it stands. The first reason counts.
    pub fn interrupt(&self, reason: Interruption) -> Noted {
        let mut stage = self.stage.lock();
        match &mut *stage {
            Stage::Queued => {
                *stage = Stage::Ended;
                Noted::Ended
            }
            Stage::Running {
                terminator,
                interruption,
            } => {
                if interruption.is_none() {
                    *interruption = Some(reason);
                    if let Some(terminator) = terminator {
                        terminator.terminate();
                    }
                }
                Noted::Nothing
            }
            Stage::Parked { interruption, .. } => {
                if interruption.is_some() {
                    return Noted::Nothing;
                }
                *interruption = Some(reason);
                Noted::TakeUp
            }
            Stage::Ended => Noted::Nothing,
        }
    }
}
