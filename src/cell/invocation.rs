//! One invocation in a cell: its stages, and who may move it from one to the next.
//!
//! ```text
//! Queued ──first turn──▶ Running ──awaits──▶ Parked ──woken──▶ Running … ──settles──▶ Ended
//!    │                      │ └─ended, but does not end─▶ Abandoned ──comes back──────▲
//!    └──cancelled───────────┴───limits, cancelled─────────┴───────────────────────────┘
//! ```
//! The JS thread that takes a turn owns the [`Run`]; while it does, others can only leave word in the
//! stage and terminate what runs. Word and termination are given under the stage's lock, which the thread
//! takes when the turn is over: so a termination names its invocation and can't hit the next one.

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use super::{
    cache::News,
    isolate::{Call, FunctionIsolate, FunctionSource, Terminator},
    places::Place,
    pool::Lease,
    record::Record,
    threads::JsThread,
    watchdog::Alarm,
};
use crate::{
    invocation::{FunctionKey, InvocationLimits},
    lock::Lock,
    wire::Fetched,
};

mod looks;
mod running;

pub use looks::{GivenUp, Seen};
pub use running::HOG_AFTER;
use running::Running;

/// Why the watchdog rings for an invocation. Weak: an alarm keeps nothing alive.
#[derive(Clone, Debug)]
pub enum Ring {
    /// The wall time is over.
    Deadline(Weak<Invocation>),
    /// A timer of the function is due.
    Timer(Weak<Invocation>),
    /// A turn has run for a while and is to be looked at.
    Look(Weak<Invocation>),
}

/// What an invocation has waited for.
#[derive(Debug)]
pub enum Delivery {
    /// One of its requests has ended.
    Fetched(Box<Fetched>),
    /// A value that another loads; the number is its own for it.
    Cache(u64, News),
}

/// Why an invocation is stopped from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// It ran past its wall time.
    WallTime,
    /// It used more CPU time than it may.
    CpuTime,
    /// The source's top level ran past its time.
    TopLevelTime,
    /// Nobody waits for it any more.
    Cancelled,
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
    /// What making the isolate took, if it was made for this.
    pub setup: Duration,
    /// Turns so far.
    pub turns: u32,
    /// The source can't run or was only described, and so the isolate serves nobody.
    pub unloaded: bool,
    /// Held while a demoted thread takes a turn.
    pub place: Option<Place<Arc<str>, Arc<Invocation>>>,
    /// Rings at the end of the wall time, as long as the run lasts.
    pub deadline: Alarm<Ring>,
}

#[derive(Debug)]
pub struct Invocation {
    pub id: u64,
    pub key: FunctionKey,
    /// The front's number for the version.
    pub handle: u64,
    pub source: Arc<FunctionSource>,
    pub call: Call,
    pub limits: InvocationLimits,
    /// How long from its arrival its caller can use an outcome; `None` when the caller did not say.
    patience: Option<Duration>,
    pub record: Arc<Record>,
    pub arrived: Instant,
    /// What came for it while no turn could take it; no more than it has asked for.
    inbox: Lock<Vec<Delivery>>,
    stage: Lock<Stage>,
}

#[derive(Debug)]
enum Stage {
    Queued,
    Running(Running),
    Parked {
        run: Box<Run>,
        /// Rings when the next timer is due.
        alarm: Option<Alarm<Ring>>,
        /// Whether it is in the queue to be taken up, once is enough.
        woken: bool,
        interruption: Option<Interruption>,
    },
    /// Its caller was answered, but the thread is still in the turn. `since` and `cpu` are of the thread,
    /// when it was given up.
    Abandoned {
        thread: Arc<JsThread>,
        terminator: Option<Terminator>,
        since: Instant,
        cpu: Duration,
        /// Rings until the thread is back or the cell is stuck.
        look: Option<Alarm<Ring>>,
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

/// What is to be done with an invocation whose turn ended with waiting.
#[derive(Debug)]
pub enum Parked {
    /// It waits.
    Asleep,
    /// What it waits for is there: it is to be queued.
    Woken,
    /// It is to end.
    Stopped(Box<Run>, Stopped),
}

/// How a turn that is over was left by others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Nobody interrupted it.
    ByItself,
    Interrupted(Interruption),
    /// It was given up: its caller has an answer, from another thread.
    TooLate,
}

impl Invocation {
    /// An invocation that has just arrived.
    pub fn new(
        id: u64,
        key: FunctionKey,
        handle: u64,
        source: Arc<FunctionSource>,
        call: Call,
        limits: InvocationLimits,
        patience: Option<Duration>,
    ) -> Self {
        let record = Arc::new(Record::new(call.input.outcomes(), limits.log_bytes));
        let arrived = Instant::now();
        let stage = Lock::new(Stage::Queued);
        Self {
            id,
            key,
            handle,
            source,
            call,
            limits,
            patience,
            record,
            arrived,
            inbox: Lock::default(),
            stage,
        }
    }

    /// When the time is over of an invocation whose first turn began at `began`.
    pub fn ends_by(&self, began: Instant) -> Instant {
        let ends = began + self.limits.wall_time;
        match self.patience {
            Some(patience) => ends.min(self.arrived + patience),
            None => ends,
        }
    }

    /// Looks at the invocation before a turn. A parked one becomes running; a fresh one waits for
    /// [`Self::start_running`], since its isolate may not be had yet.
    pub fn take_up(
        &self,
        thread: &Arc<JsThread>,
        set_look: impl FnOnce(Instant) -> Alarm<Ring>,
    ) -> TakenUp {
        let mut stage = self.stage.lock();
        match std::mem::replace(&mut *stage, Stage::Ended) {
            Stage::Parked {
                run,
                interruption: Some(interruption),
                ..
            } => TakenUp::Interrupted(run, interruption),
            Stage::Parked {
                mut run,
                interruption: None,
                ..
            } => {
                let mut running = Running::new(thread, run.began, run.cpu);
                running.terminator = run.lease.isolate().map(|isolate| isolate.terminator());
                running.look = Some(set_look(running.first_look(self.limits.cpu_time)));
                *stage = Stage::Running(running);
                TakenUp::Parked(run)
            }
            Stage::Queued => {
                *stage = Stage::Queued;
                TakenUp::Fresh
            }
            other => {
                *stage = other;
                TakenUp::Nothing
            }
        }
    }

    /// From queued to running, beginning with the source's top level if that may use some time; false when the
    /// invocation was cancelled meanwhile.
    pub fn start_running(
        &self,
        thread: &Arc<JsThread>,
        began: Instant,
        top_level_time: Option<Duration>,
        set_look: impl FnOnce(Instant) -> Alarm<Ring>,
    ) -> bool {
        let mut stage = self.stage.lock();
        if !matches!(*stage, Stage::Queued) {
            return false;
        }
        let mut running = Running::new(thread, began, Duration::ZERO);
        running.top_level_ends = top_level_time;
        running.look = Some(set_look(running.first_look(self.limits.cpu_time)));
        *stage = Stage::Running(running);
        true
    }

    /// Tells how to stop the isolate that is about to run.
    pub fn can_be_stopped_by(&self, stopper: Terminator) {
        if let Stage::Running(running) = &mut *self.stage.lock() {
            running.terminator = Some(stopper);
        }
    }

    /// Whether what runs is to end. To be asked once the isolate is entered: what comes later terminates it there.
    pub fn is_interrupted(&self) -> bool {
        match &*self.stage.lock() {
            Stage::Running(running) => running.interruption.is_some(),
            _ => true,
        }
    }

    /// The source has run, and its handler's turn it is.
    pub fn top_level_is_over(&self) {
        if let Stage::Running(running) = &mut *self.stage.lock() {
            running.top_level_ends = None;
        }
    }

    /// CPU time up to now, all turns together; zero when no turn runs.
    pub fn cpu_time(&self) -> Duration {
        match &*self.stage.lock() {
            Stage::Running(running) => running.cpu(),
            _ => Duration::ZERO,
        }
    }

    /// The turn is over and nothing of this invocation runs: later interruptions find it ended.
    pub fn stop_running(&self) -> Stopped {
        match std::mem::replace(&mut *self.stage.lock(), Stage::Ended) {
            Stage::Running(Running {
                interruption: Some((reason, _)),
                ..
            }) => Stopped::Interrupted(reason),
            Stage::Running(_) => Stopped::ByItself,
            _ => Stopped::TooLate,
        }
    }

    /// The turn is over and the invocation awaits something; the alarm is set under the lock, so that it
    /// can't ring before there is something to wake.
    pub fn park(&self, run: Box<Run>, alarm: impl FnOnce() -> Option<Alarm<Ring>>) -> Parked {
        let mut stage = self.stage.lock();
        match std::mem::replace(&mut *stage, Stage::Ended) {
            Stage::Running(Running {
                interruption: None, ..
            }) => {
                // What came before the stage was looked at is here, and what comes after finds it parked.
                let woken = !self.inbox.lock().is_empty();
                *stage = Stage::Parked {
                    run,
                    alarm: alarm(),
                    woken,
                    interruption: None,
                };
                match woken {
                    true => Parked::Woken,
                    false => Parked::Asleep,
                }
            }
            Stage::Running(Running {
                interruption: Some((reason, _)),
                ..
            }) => Parked::Stopped(run, Stopped::Interrupted(reason)),
            _ => Parked::Stopped(run, Stopped::TooLate),
        }
    }

    /// What the invocation waits for may be there. True when it is to be queued for that.
    pub fn wake(&self) -> bool {
        match &mut *self.stage.lock() {
            Stage::Parked { woken, .. } => !std::mem::replace(woken, true),
            _ => false,
        }
    }

    /// Keeps what has come for the next turn. As [`Self::wake`].
    pub fn deliver(&self, delivery: Delivery) -> bool {
        self.inbox.lock().push(delivery);
        self.wake()
    }

    pub fn take_deliveries(&self) -> Vec<Delivery> {
        std::mem::take(&mut *self.inbox.lock())
    }

    /// Has the invocation end for `reason`, wherever it stands. The first reason counts. True when a
    /// thread has to take it up to end it.
    pub fn interrupt(
        &self,
        reason: Interruption,
        set_look: impl FnOnce(Instant) -> Alarm<Ring>,
    ) -> bool {
        let mut stage = self.stage.lock();
        match &mut *stage {
            Stage::Queued => {
                *stage = Stage::Ended;
                false
            }
            Stage::Running(running) => {
                running.terminate(reason);
                running.look = Some(set_look(running.next_look(self.limits.cpu_time)));
                false
            }
            Stage::Parked {
                alarm,
                woken,
                interruption,
                ..
            } => {
                *alarm = None;
                interruption.get_or_insert(reason);
                !std::mem::replace(woken, true)
            }
            Stage::Abandoned { .. } | Stage::Ended => false,
        }
    }
}
