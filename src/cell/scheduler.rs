//! Takes invocations through their turns: queue → lease → turn → park or end → answer.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock, Weak},
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use super::{
    hogs::Hogs,
    invocation::{GivenUp, HOG_AFTER, Interruption, Invocation, Ring, Run, Seen, Stopped, TakenUp},
    isolate::{
        Engine, FunctionIsolate, Held, LoadEnd, TurnEnd,
        fatal::{Cause, Parked, Seat},
        heap_limit_error,
    },
    pool::{IsolateKey, Pool},
    runtime::HostState,
    threads::{JsThread, RunQueue, Threads},
    watchdog::{Alarm, Watchdog},
};
use crate::{
    invocation::{ErrorCode, Finished, FunctionError, LimitExceeded, Outcome, Usage},
    lock::Lock,
    wire::{FrontFrame, ToFront, Unfit, finished_to_wire},
};

/// How the scheduler is set up.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// JS threads, from 1.
    pub threads: usize,
    /// Isolates at once, leased and idle, from 1.
    pub max_isolates: usize,
    /// Bytes that idle isolates may hold together.
    pub idle_bytes: u64,
    /// How long a source's top level may run.
    pub top_level_time: Duration,
}

/// All that invocations need to run.
#[derive(Debug)]
pub struct Scheduler {
    engine: Engine,
    settings: Settings,
    queue: Arc<RunQueue<Arc<Invocation>>>,
    pool: Arc<Pool<FunctionIsolate, Arc<Invocation>>>,
    watchdog: Arc<Watchdog<Ring>>,
    threads: OnceLock<Arc<Threads<Arc<Invocation>>>>,
    hogs: Hogs,
    /// Invocations that have no outcome yet, for cancellation.
    live: Lock<HashMap<u64, Arc<Invocation>>>,
    /// To the socket; full when the front does not read, which then holds the JS threads back.
    answers: mpsc::Sender<ToFront>,
}

thread_local! {
    /// Each JS thread's seat among those that may park.
    static SEAT: Seat = Seat::take();
}

impl Scheduler {
    /// Starts the threads over an empty pool.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start(
        engine: Engine,
        settings: Settings,
        answers: mpsc::Sender<ToFront>,
    ) -> std::io::Result<Arc<Self>> {
        let queue = RunQueue::new();
        let resume = queue.clone();
        let pool = Pool::new(settings.max_isolates, settings.idle_bytes, move |waiter| {
            resume.push_first(waiter);
        });
        let handle: Arc<OnceLock<Weak<Self>>> = Arc::default();
        let for_rings = handle.clone();
        let watchdog = Watchdog::start(move |_, ring| {
            if let Some(scheduler) = for_rings.get().and_then(Weak::upgrade) {
                scheduler.answer_ring(&ring);
            }
        })?;
        let scheduler = Arc::new(Self {
            engine,
            settings,
            queue: queue.clone(),
            pool,
            watchdog,
            threads: OnceLock::new(),
            hogs: Hogs::default(),
            live: Lock::default(),
            answers,
        });
        handle.get_or_init(|| Arc::downgrade(&scheduler));
        let worker = scheduler.clone();
        let threads = Threads::start(queue, settings.threads, move |invocation, thread| {
            worker.take_turn(&invocation, thread);
        })?;
        scheduler.threads.get_or_init(|| threads);
        Ok(scheduler)
    }

    /// Takes an invocation on.
    pub fn submit(&self, invocation: Invocation) {
        let invocation = Arc::new(invocation);
        self.live.lock().insert(invocation.id, invocation.clone());
        self.queue.push(invocation);
    }

    /// Stops an invocation that nobody waits for. It gets no answer.
    pub fn cancel(&self, id: u64) {
        let cancelled = self.live.lock().remove(&id);
        if let Some(invocation) = cancelled {
            self.interrupt(&invocation, Interruption::Cancelled);
        }
    }

    /// A thread has parked for ever: answers for what it ran and asks for the cell to be replaced.
    pub fn parked(&self, parked: Parked) {
        let invocation = parked
            .invocation
            .and_then(|id| self.live.lock().get(&id).cloned());
        let handle = invocation.as_ref().map(|invocation| invocation.handle);
        if let Some(invocation) = invocation
            && let Some(given_up) = invocation.never_comes_back(|at| self.set_look(&invocation, at))
        {
            let outcome = match parked.cause {
                Cause::OutOfMemory => heap_limit_error(self.engine.heap_bytes()).into(),
                Cause::Broken => FunctionError::executor_lost().into(),
            };
            self.answer_given_up(&invocation, given_up, Some(outcome));
        }
        self.send_unfit(handle, &format!("a thread parked: {:?}", parked.cause));
    }

    fn take_turn(&self, invocation: &Arc<Invocation>, thread: &Arc<JsThread>) {
        let turn = AssertUnwindSafe(|| {
            SEAT.with(|seat| {
                let _occupied = seat.occupy(invocation.id);
                self.turn(invocation, thread);
            });
        });
        if catch_unwind(turn).is_err() {
            self.answer_for_defect(invocation);
        }
    }

    fn turn(&self, invocation: &Arc<Invocation>, thread: &Arc<JsThread>) {
        match invocation.take_up(thread, |at| self.set_look(invocation, at)) {
            TakenUp::Fresh => self.first_turn(invocation, thread),
            TakenUp::Parked(run) => self.further_turn(invocation, run),
            TakenUp::Interrupted(run, interruption) => {
                self.end_interrupted(invocation, *run, interruption);
            }
            // It may have been woken to take a free isolate, which another can have now.
            TakenUp::Nothing => self.pool.pass_on(),
        }
    }

    /// A turn panicked: our own defect. Its isolate was condemned by its lease; the caller is answered, and
    /// the cell replaced, since nobody knows what else was left half done.
    fn answer_for_defect(&self, invocation: &Arc<Invocation>) {
        if let Some(given_up) = invocation.never_comes_back(|at| self.set_look(invocation, at)) {
            let outcome = FunctionError::executor_lost().into();
            self.answer_given_up(invocation, given_up, Some(outcome));
        }
        invocation.stop_running();
        self.send_unfit(None, "a defect of the executor's own");
    }

    fn demote(&self, thread: &JsThread) {
        if let Some(threads) = self.threads.get() {
            threads.demote(thread);
        }
    }

    fn first_turn(&self, invocation: &Arc<Invocation>, thread: &Arc<JsThread>) {
        let key = IsolateKey {
            function: invocation.key.clone(),
            handle: invocation.handle,
        };
        let Some(lease) = self.pool.checkout(&key, || invocation.clone()) else {
            return;
        };
        if self.hogs.contains(invocation.handle) {
            self.demote(thread);
        }
        let began = Instant::now();
        if !invocation.start_running(thread, began, |at| self.set_look(invocation, at)) {
            return;
        }
        let deadline = Ring::Deadline(Arc::downgrade(invocation));
        let mut run = Box::new(Run {
            lease,
            began,
            cpu: Duration::ZERO,
            cold_start: false,
            deadline: self
                .watchdog
                .set(began + invocation.limits.wall_time, deadline),
        });
        let turn = self.enter_handler(invocation, &mut run);
        self.after_turn(invocation, run, turn);
    }

    /// Calls the handler, in a new isolate if none was warm.
    fn enter_handler(&self, invocation: &Arc<Invocation>, run: &mut Run) -> TurnEnd {
        let host = HostState::new(invocation.logs.clone(), invocation.limits.result_bytes);
        if let Some(isolate) = run.lease.isolate() {
            if !invocation.can_be_stopped_by(isolate.terminator()) {
                return TurnEnd::Terminated;
            }
            isolate.prepare(host);
            return isolate.begin(&invocation.call);
        }
        run.cold_start = true;
        let blank = match FunctionIsolate::blank(&self.engine) {
            Ok(blank) => blank,
            Err(error) => {
                tracing::error!(%error, "an isolate could not be made");
                return TurnEnd::Settled(FunctionError::executor_lost().into());
            }
        };
        let isolate = run.lease.fill(blank);
        if !invocation.can_be_stopped_by(isolate.terminator()) {
            return TurnEnd::Terminated;
        }
        let top_level_ends = Instant::now() + self.settings.top_level_time;
        invocation.mark_top_level(Some(top_level_ends), |at| self.set_look(invocation, at));
        let loaded = isolate.load(&invocation.source, host);
        invocation.mark_top_level(None, |at| self.set_look(invocation, at));
        match loaded {
            LoadEnd::Loaded => isolate.begin(&invocation.call),
            LoadEnd::Failed(outcome) => TurnEnd::Settled(outcome),
            LoadEnd::Terminated => TurnEnd::Terminated,
        }
    }

    fn further_turn(&self, invocation: &Arc<Invocation>, mut run: Box<Run>) {
        let turn = run
            .lease
            .isolate()
            .map_or(TurnEnd::Terminated, FunctionIsolate::resume);
        self.after_turn(invocation, run, turn);
    }

    fn after_turn(&self, invocation: &Arc<Invocation>, mut run: Box<Run>, turn: TurnEnd) {
        run.cpu = invocation.cpu_time();
        match turn {
            TurnEnd::Settled(outcome) => match invocation.stop_running() {
                Stopped::ByItself => self.end(invocation, *run, Some(outcome), Keep::Keep),
                // It settled in time, but the termination may still be on its way.
                Stopped::Interrupted(_) => self.end(invocation, *run, Some(outcome), Keep::Condemn),
                Stopped::TooLate => end_unanswered(*run),
            },
            TurnEnd::Waiting(next_timer) => {
                let wake = || {
                    let ring = Ring::Timer(Arc::downgrade(invocation));
                    next_timer.map(|due| self.watchdog.set(due, ring))
                };
                if let Some((run, stopped)) = invocation.park(run, wake) {
                    self.end_terminated(invocation, *run, stopped);
                }
            }
            TurnEnd::Terminated => {
                let stopped = invocation.stop_running();
                self.end_terminated(invocation, *run, stopped);
            }
        }
    }

    fn end_terminated(&self, invocation: &Invocation, mut run: Run, stopped: Stopped) {
        let heap_reached = run
            .lease
            .isolate()
            .is_some_and(|isolate| isolate.reached_heap_limit());
        match stopped {
            Stopped::TooLate => end_unanswered(run),
            Stopped::Interrupted(interruption) if !heap_reached => {
                self.end_interrupted(invocation, run, interruption);
            }
            Stopped::Interrupted(_) | Stopped::ByItself => {
                let outcome = heap_limit_error(self.engine.heap_bytes()).into();
                self.end(invocation, run, Some(outcome), Keep::Condemn);
            }
        }
    }

    fn end_interrupted(&self, invocation: &Invocation, run: Run, interruption: Interruption) {
        let outcome = self.outcome_of(invocation, interruption);
        self.end(invocation, run, outcome, Keep::Condemn);
    }

    /// What an interruption means for the caller; `None` when there is none any more.
    fn outcome_of(&self, invocation: &Invocation, interruption: Interruption) -> Option<Outcome> {
        let limits = &invocation.limits;
        let (code, what, limit) = match interruption {
            Interruption::WallTime => (
                ErrorCode::Timeout,
                "the invocation",
                LimitExceeded::wall_time(limits.wall_time),
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
        Some(FunctionError::limit_exceeded(code, what, limit).into())
    }

    /// Gives the isolate back or up, and sends the answer if there is one to send.
    fn end(&self, invocation: &Invocation, mut run: Run, outcome: Option<Outcome>, keep: Keep) {
        drop(run.deadline);
        self.live.lock().remove(&invocation.id);
        if run.cpu < HOG_AFTER {
            self.hogs.forgive(invocation.handle);
        }
        let held = run
            .lease
            .isolate()
            .map(FunctionIsolate::close)
            .unwrap_or_default();
        let outcome = outcome.map(|outcome| self.held_to_heap_limit(outcome, held));
        let unloaded = matches!(&outcome, Some(Outcome::Failed(error))
            if error.code == ErrorCode::InvalidFunction);
        let condemned = match keep == Keep::Condemn || unloaded || held.over_limit {
            true => run.lease.condemn(),
            false => None,
        };
        // Back in the pool before the answer is out, so that a caller's next event finds it warm.
        run.lease.give_back(held.bytes);
        if let Some(outcome) = outcome {
            let usage = Usage {
                wall: run.began.elapsed(),
                cpu: run.cpu,
                queue: run.began.saturating_duration_since(invocation.arrived),
                cold_start: run.cold_start,
                heap_used_bytes: held.bytes,
            };
            self.answer(invocation, outcome, usage);
        }
        drop(condemned);
    }

    /// No success past the heap limit, even if it came before anybody could object.
    fn held_to_heap_limit(&self, outcome: Outcome, held: Held) -> Outcome {
        match outcome {
            Outcome::Delivered(_) | Outcome::Filtered { .. } if held.over_limit => {
                heap_limit_error(self.engine.heap_bytes()).into()
            }
            other => other,
        }
    }

    fn answer_ring(&self, ring: &Ring) {
        match ring {
            Ring::Deadline(invocation) => {
                if let Some(invocation) = invocation.upgrade() {
                    self.interrupt(&invocation, Interruption::WallTime);
                }
            }
            Ring::Timer(invocation) => {
                if let Some(invocation) = invocation.upgrade() {
                    self.queue.push(invocation);
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
        match invocation.look(|at| self.set_look(invocation, at)) {
            Seen::Nothing => {}
            Seen::Hog(thread) => {
                self.hogs.add(invocation.handle);
                self.demote(&thread);
            }
            Seen::GivenUp(given_up) => {
                let outcome = given_up
                    .interruption
                    .and_then(|interruption| self.outcome_of(invocation, interruption));
                self.answer_given_up(invocation, given_up, outcome);
            }
            Seen::Stuck => {
                self.send_unfit(Some(invocation.handle), "a turn does not end when told to");
            }
        }
    }

    /// Answers for a turn whose thread can't.
    fn answer_given_up(
        &self,
        invocation: &Invocation,
        given_up: GivenUp,
        outcome: Option<Outcome>,
    ) {
        self.live.lock().remove(&invocation.id);
        let Some(outcome) = outcome else {
            return;
        };
        let usage = Usage {
            wall: given_up.began.elapsed(),
            cpu: given_up.cpu,
            queue: given_up.began.saturating_duration_since(invocation.arrived),
            ..Usage::default()
        };
        self.answer(invocation, outcome, usage);
    }

    fn answer(&self, invocation: &Invocation, outcome: Outcome, usage: Usage) {
        let logs = invocation.logs.take();
        let finished = finished_to_wire(
            invocation.id,
            Finished {
                outcome,
                logs,
                usage,
            },
        );
        self.send(FrontFrame::Finished(Box::new(finished)));
    }

    fn interrupt(&self, invocation: &Arc<Invocation>, reason: Interruption) {
        if invocation.interrupt(reason, |at| self.set_look(invocation, at)) {
            self.queue.push(invocation.clone());
        }
    }

    fn set_look(&self, invocation: &Arc<Invocation>, at: Instant) -> Alarm<Ring> {
        self.watchdog
            .set(at, Ring::Look(Arc::downgrade(invocation)))
    }

    fn send_unfit(&self, handle: Option<u64>, reason: &str) {
        self.send(FrontFrame::Unfit(Unfit {
            handle,
            reason: reason.to_owned(),
        }));
    }

    /// The socket loop ends the process when it ends; there is nobody to tell then.
    fn send(&self, frame: FrontFrame) {
        let _ = self.answers.blocking_send(frame.into());
    }
}

/// A turn that was given up came back after all: its isolate is of no use.
fn end_unanswered(mut run: Run) {
    drop(run.lease.condemn());
}

/// Whether an isolate may serve again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    Keep,
    Condemn,
}
