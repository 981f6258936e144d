//! Takes invocations through their turns: queue → lease → turn → park or end → answer.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock, Weak},
    time::{Duration, Instant},
};

use super::{
    cache::{Cache, CacheLimits},
    hogs::Hogs,
    invocation::{
        Delivery, GivenUp, HOG_AFTER, Interruption, Invocation, Parked, Ring, Run, Stopped, TakenUp,
    },
    isolate::{
        Engine, FunctionIsolate, LoadEnd, TurnEnd,
        fatal::{self, Cause, Seat},
        heap_limit_error,
    },
    outbox::Outbox,
    pool::{IsolateKey, Pool},
    runtime::{Caching, Fetches, HostState},
    threads::{JsThread, RunQueue, Threads},
    watchdog::{Alarm, Watchdog},
};
use crate::{
    invocation::{ErrorCode, FunctionError, Input, LimitExceeded, Usage},
    lock::Lock,
    wire::UnfitCause,
};

mod rings;

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
    pub cache: CacheLimits,
}

/// All that invocations need to run.
#[derive(Debug)]
pub struct Scheduler {
    engine: Engine,
    settings: Settings,
    queue: Arc<RunQueue<Arc<str>, Arc<Invocation>>>,
    pool: Arc<Pool<FunctionIsolate, Arc<Invocation>>>,
    watchdog: Arc<Watchdog<Ring>>,
    threads: OnceLock<Arc<Threads<Arc<str>, Arc<Invocation>>>>,
    hogs: Hogs,
    cache: Arc<Cache>,
    /// Invocations that have no outcome yet, for cancellation.
    live: Lock<HashMap<u64, Arc<Invocation>>>,
    outbox: Outbox,
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
    pub fn start(engine: Engine, settings: Settings, outbox: Outbox) -> std::io::Result<Arc<Self>> {
        let queue = RunQueue::new();
        let resume = queue.clone();
        let pool = Pool::new(settings.max_isolates, settings.idle_bytes, move |waiter| {
            resume.push_first(waiter);
        });
        let handle: Arc<OnceLock<Weak<Self>>> = Arc::default();
        let (for_rings, for_news) = (handle.clone(), handle.clone());
        let watchdog = Watchdog::start(move |_, ring| {
            if let Some(scheduler) = for_rings.get().and_then(Weak::upgrade) {
                scheduler.answer_ring(&ring);
            }
        })?;
        let cache = Cache::new(settings.cache, move |waiter, news| {
            let scheduler = for_news.get().and_then(Weak::upgrade);
            let delivery = Delivery::Cache(waiter.id, news);
            scheduler.is_some_and(|scheduler| scheduler.deliver(waiter.invocation, delivery))
        });
        let scheduler = Arc::new(Self {
            engine,
            settings,
            queue: queue.clone(),
            pool,
            watchdog,
            threads: OnceLock::new(),
            hogs: Hogs::default(),
            cache: Arc::new(cache),
            live: Lock::default(),
            outbox,
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
        self.enqueue(&invocation);
    }

    /// Gives an invocation what it waits for; false when it has ended.
    pub fn deliver(&self, invocation: u64, delivery: Delivery) -> bool {
        let Some(invocation) = self.live.lock().get(&invocation).cloned() else {
            return false;
        };
        if invocation.deliver(delivery) {
            self.enqueue(&invocation);
        }
        true
    }

    /// Stops an invocation that nobody waits for. It gets no answer.
    pub fn cancel(&self, id: u64) {
        let cancelled = self.live.lock().remove(&id);
        if let Some(invocation) = cancelled {
            self.interrupt(&invocation, Interruption::Cancelled);
        }
    }

    /// A thread has parked for ever: asks for the cell to be replaced and answers for what it ran.
    pub fn parked(&self, parked: fatal::Parked) {
        let invocation = parked
            .invocation
            .and_then(|id| self.live.lock().get(&id).cloned());
        let handle = invocation.as_ref().map(|invocation| invocation.handle);
        // First, so that no caller who has the answer is sent to this cell again.
        let reason = format!("a thread parked: {:?}", parked.cause);
        self.outbox.unfit(UnfitCause::Parked, handle, &reason);
        if let Some(invocation) = invocation
            && let Some(given_up) = invocation.never_comes_back(|at| self.set_look(&invocation, at))
        {
            let error = match parked.cause {
                Cause::OutOfMemory => heap_limit_error(self.engine.heap_bytes()),
                Cause::Broken => FunctionError::executor_lost(),
            };
            self.answer_given_up(&invocation, given_up, Some(error));
        }
    }

    /// Its next turn comes when it is its function's.
    fn enqueue(&self, invocation: &Arc<Invocation>) {
        let function_id = invocation.key.version.function_id.clone();
        self.queue.push(function_id, invocation.clone());
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
        self.outbox
            .unfit(UnfitCause::Defect, None, "a defect of the executor's own");
        if let Some(given_up) = invocation.never_comes_back(|at| self.set_look(invocation, at)) {
            let lost = FunctionError::executor_lost();
            self.answer_given_up(invocation, given_up, Some(lost));
        }
        invocation.stop_running();
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
        let waiter = || invocation.clone();
        let lease = match invocation.call.input {
            Input::Describe => self.pool.checkout_unmade(&key, waiter),
            Input::Event(_) | Input::Batch { .. } => self.pool.checkout(&key, waiter),
        };
        let Some(lease) = lease else {
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
            setup: Duration::ZERO,
            turns: 1,
            unloaded: false,
            deadline: self.watchdog.set(invocation.ends_by(began), deadline),
        });
        let turn = self.enter_handler(invocation, &mut run);
        self.after_turn(invocation, run, turn);
    }

    /// Calls the handler, in a new isolate if none was warm; for a description the top level is all that runs.
    fn enter_handler(&self, invocation: &Arc<Invocation>, run: &mut Run) -> TurnEnd {
        let host = HostState::new(
            invocation.record.clone(),
            self.fetches_of(invocation),
            Caching::new(self.cache.clone(), invocation.key.clone(), invocation.id),
            &invocation.call.input,
            &invocation.limits,
        );
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
                let lost = FunctionError::executor_lost().into();
                invocation.record.settle_rest(&lost);
                return TurnEnd::Settled;
            }
        };
        let isolate = run.lease.fill(blank);
        if !invocation.can_be_stopped_by(isolate.terminator()) {
            return TurnEnd::Terminated;
        }
        let top_level_ends = Instant::now() + self.settings.top_level_time;
        invocation.mark_top_level(Some(top_level_ends), |at| self.set_look(invocation, at));
        let loaded = match invocation.call.input {
            Input::Describe => isolate.describe(&invocation.source, host),
            Input::Event(_) | Input::Batch { .. } => isolate.load(&invocation.source, host),
        };
        invocation.mark_top_level(None, |at| self.set_look(invocation, at));
        run.setup = run.began.elapsed();
        match loaded {
            LoadEnd::Loaded => isolate.begin(&invocation.call),
            LoadEnd::Failed | LoadEnd::Described => {
                run.unloaded = true;
                TurnEnd::Settled
            }
            LoadEnd::Terminated => TurnEnd::Terminated,
        }
    }

    fn fetches_of(&self, invocation: &Invocation) -> Fetches {
        let outbox = self.outbox.clone();
        let most = invocation.limits.requests;
        match invocation.call.input {
            Input::Describe => Fetches::withheld(outbox, invocation.id, most),
            Input::Event(_) | Input::Batch { .. } => Fetches::new(outbox, invocation.id, most),
        }
    }

    fn further_turn(&self, invocation: &Arc<Invocation>, mut run: Box<Run>) {
        run.turns += 1;
        let turn = run.lease.isolate().map_or(TurnEnd::Terminated, |isolate| {
            isolate.resume(invocation.take_deliveries())
        });
        self.after_turn(invocation, run, turn);
    }

    fn after_turn(&self, invocation: &Arc<Invocation>, mut run: Box<Run>, turn: TurnEnd) {
        run.cpu = invocation.cpu_time();
        match turn {
            TurnEnd::Settled => match invocation.stop_running() {
                Stopped::ByItself => self.end(invocation, *run, End::Settled, Keep::Keep),
                // It settled in time, but the termination may still be on its way.
                Stopped::Interrupted(_) => self.end(invocation, *run, End::Settled, Keep::Condemn),
                Stopped::TooLate => end_unanswered(*run),
            },
            TurnEnd::Waiting(next_timer) => {
                let alarm = || {
                    let ring = Ring::Timer(Arc::downgrade(invocation));
                    next_timer.map(|due| self.watchdog.set(due, ring))
                };
                match invocation.park(run, alarm) {
                    Parked::Asleep => {}
                    Parked::Woken => self.enqueue(invocation),
                    Parked::Stopped(run, stopped) => {
                        self.end_terminated(invocation, *run, stopped);
                    }
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
                let error = heap_limit_error(self.engine.heap_bytes());
                self.end(invocation, run, End::Stopped(error), Keep::Condemn);
            }
        }
    }

    fn end_interrupted(&self, invocation: &Invocation, run: Run, interruption: Interruption) {
        let end = self.error_of(invocation, interruption, run.began);
        let end = end.map_or(End::Unheard, End::Stopped);
        self.end(invocation, run, end, Keep::Condemn);
    }

    /// What an interruption means for the caller; `None` when there is none any more.
    fn error_of(
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
    fn end(&self, invocation: &Invocation, mut run: Run, end: End, keep: Keep) {
        drop(run.deadline);
        self.forget(invocation);
        if run.cpu < HOG_AFTER {
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
        run.lease.give_back(held.bytes);
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
        drop(condemned);
    }

    /// The invocation is over for all but its caller.
    fn forget(&self, invocation: &Invocation) {
        self.live.lock().remove(&invocation.id);
        self.cache.release(invocation.id);
        if let Some(used) = self.cache.take_use() {
            self.outbox.cache_used(used);
        }
    }

    /// Answers for a turn whose thread can't.
    fn answer_given_up(
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
    }

    fn interrupt(&self, invocation: &Arc<Invocation>, reason: Interruption) {
        if invocation.interrupt(reason, |at| self.set_look(invocation, at)) {
            self.enqueue(invocation);
        }
    }

    fn set_look(&self, invocation: &Arc<Invocation>, at: Instant) -> Alarm<Ring> {
        self.watchdog
            .set(at, Ring::Look(Arc::downgrade(invocation)))
    }
}

/// A turn that was given up came back after all: its isolate is of no use.
fn end_unanswered(mut run: Run) {
    drop(run.lease.condemn());
}

/// How an invocation ends.
#[derive(Debug)]
enum End {
    /// Every event has its outcome.
    Settled,
    /// It was stopped, for this.
    Stopped(FunctionError),
    /// Nobody waits for it any more.
    Unheard,
}

/// Whether an isolate may serve again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    Keep,
    Condemn,
}
