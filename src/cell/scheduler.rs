//! Takes invocations through their turns: queue → lease → turn → park or end → answer.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock, Weak},
    time::{Duration, Instant},
};

use ends::{End, Keep};

use super::{
    bell::Bell,
    cache::{Cache, CacheLimits},
    hogs::Hogs,
    invocation::{Delivery, Interruption, Invocation, Parked, Ring, Run, Stopped, TakenUp},
    isolate::{
        Engine, FunctionIsolate, LoadEnd, TurnEnd,
        fatal::{self, Cause, Seat},
        heap_limit_error,
    },
    outbox::Outbox,
    places::{Place, Places},
    pool::{IsolateKey, Lease, Pool},
    run_queue::RunQueue,
    runtime::{Caching, Fetches, HostState},
    stock::Stock,
    threads::{Door, JsThread, Threads},
    watchdog::{Alarm, Watchdog},
};
use crate::{
    invocation::{FunctionError, Input},
    lock::Lock,
    wire::UnfitCause,
};

mod ends;
mod hog_turns;
mod rings;

/// Turns at once of what is known to be a hog; half of the isolates if those are fewer.
const HOG_PLACES: usize = 32;

/// Isolates without a function that are made in idle time, so that a first call finds one: three fifths of what it costs.
const BLANK_ISOLATES: usize = 2;

/// How the scheduler is set up.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// JS threads, from 1.
    pub threads: usize,
    /// Isolates at once, leased and idle, from 1.
    pub max_isolates: usize,
    /// Bytes that idle isolates may hold together.
    pub idle_bytes: u64,
    /// CPU time that a source's top level may use.
    pub top_level_time: Duration,
    pub cache: CacheLimits,
}

/// All that invocations need to run.
#[derive(Debug)]
pub struct Scheduler {
    engine: Arc<Engine>,
    /// Those that are made ahead.
    blanks: Arc<Stock<FunctionIsolate>>,
    settings: Settings,
    queue: Arc<RunQueue<Arc<str>, Arc<Invocation>>>,
    pool: Arc<Pool<FunctionIsolate, Arc<Invocation>>>,
    watchdog: Arc<Watchdog<Ring>>,
    threads: OnceLock<Arc<Threads<Arc<str>, Arc<Invocation>>>>,
    hogs: Hogs,
    /// What is known to be a hog has one of these while a demoted thread takes its turn.
    hog_places: Arc<Places<Arc<str>, Arc<Invocation>>>,
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
    /// Starts the threads over an empty pool. They take invocations in by `door`, whose wait `bell` ends.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start<D: Door + 'static>(
        engine: Engine,
        settings: Settings,
        outbox: Outbox,
        bell: &Bell,
        door: impl FnOnce(Weak<Self>) -> D,
    ) -> std::io::Result<Arc<Self>> {
        let queue = RunQueue::new(bell.clone());
        let (resume, resume_hog) = (queue.clone(), queue.clone());
        let pool = Pool::new(settings.max_isolates, settings.idle_bytes, move |waiter| {
            resume.push_first(waiter);
        });
        let hog_places = Places::new(HOG_PLACES.min(settings.max_isolates / 2), move |waiter| {
            resume_hog.push_first(waiter);
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
        let engine = Arc::new(engine);
        let maker = engine.clone();
        let blanks = Arc::new(Stock::new(BLANK_ISOLATES, move || {
            SEAT.with(|_| blank_isolate(&maker))
        }));
        let scheduler = Arc::new(Self {
            engine,
            blanks: blanks.clone(),
            settings,
            queue: queue.clone(),
            pool,
            watchdog,
            threads: OnceLock::new(),
            hogs: Hogs::default(),
            hog_places,
            cache: Arc::new(cache),
            live: Lock::default(),
            outbox,
        });
        handle.get_or_init(|| Arc::downgrade(&scheduler));
        let worker = scheduler.clone();
        let threads = Threads::start(
            queue,
            settings.threads,
            Arc::new(door(Arc::downgrade(&scheduler))),
            blanks,
            move |invocation, thread| {
                worker.take_turn(&invocation, thread);
            },
        )?;
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
        if let Some(threads) = self.threads.get() {
            threads.replace();
        }
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

    fn take_turn(self: &Arc<Self>, invocation: &Arc<Invocation>, thread: &Arc<JsThread>) {
        self.contained(invocation, || self.turn(invocation, thread));
    }

    /// Works for an invocation in such a way that neither the thread's parking nor a defect goes unnoticed.
    fn contained(&self, invocation: &Arc<Invocation>, work: impl FnOnce()) {
        let work = AssertUnwindSafe(|| {
            SEAT.with(|seat| {
                let _occupied = seat.occupy(invocation.id);
                work();
            });
        });
        if catch_unwind(work).is_err() {
            self.answer_for_defect(invocation);
        }
    }

    fn turn(self: &Arc<Self>, invocation: &Arc<Invocation>, thread: &Arc<JsThread>) {
        match invocation.take_up(thread, |at| self.set_look(invocation, at)) {
            TakenUp::Fresh if self.hogs.contains(invocation.handle) => {
                self.first_turn_of_hog(invocation, thread);
            }
            TakenUp::Fresh => self.first_turn(invocation, thread),
            TakenUp::Parked(run) => self.further_turn(invocation, thread, run),
            TakenUp::Interrupted(run, interruption) => {
                self.end_interrupted(invocation, *run, interruption);
            }
            // It may have been woken to take a free isolate or place, which another can have now.
            TakenUp::Nothing => {
                self.pool.pass_on();
                self.hog_places.pass_on();
            }
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

    fn first_turn(self: &Arc<Self>, invocation: &Arc<Invocation>, thread: &Arc<JsThread>) {
        if let Some(lease) = self.lease(invocation)
            && let Some(run) = self.start_run(invocation, thread, lease, None)
        {
            self.begin(invocation, thread, run);
        }
    }

    /// An isolate for an invocation, or the right to make one; without either it waits for one.
    fn lease(
        &self,
        invocation: &Arc<Invocation>,
    ) -> Option<Lease<FunctionIsolate, Arc<Invocation>>> {
        let key = IsolateKey {
            function: invocation.key.clone(),
            handle: invocation.handle,
        };
        let waiter = || invocation.clone();
        match invocation.call.input {
            Input::Describe => self.pool.checkout_unmade(&key, waiter),
            Input::Event(_) | Input::Batch { .. } => self.pool.checkout(&key, waiter),
        }
    }

    /// Its time runs from now on; `None` when it was cancelled meanwhile.
    fn start_run(
        &self,
        invocation: &Arc<Invocation>,
        thread: &Arc<JsThread>,
        mut lease: Lease<FunctionIsolate, Arc<Invocation>>,
        place: Option<Place<Arc<str>, Arc<Invocation>>>,
    ) -> Option<Box<Run>> {
        let began = Instant::now();
        let is_unmade = lease.isolate().is_none();
        let top_level_time = is_unmade.then_some(self.settings.top_level_time);
        let set_look = |at| self.set_look(invocation, at);
        if !invocation.start_running(thread, began, top_level_time, set_look) {
            return None;
        }
        let deadline = Ring::Deadline(Arc::downgrade(invocation));
        Some(Box::new(Run {
            lease,
            began,
            cpu: Duration::ZERO,
            cold_start: false,
            setup: Duration::ZERO,
            turns: 1,
            unloaded: false,
            place,
            deadline: self.watchdog.set(invocation.ends_by(began), deadline),
        }))
    }

    fn begin(
        self: &Arc<Self>,
        invocation: &Arc<Invocation>,
        thread: &Arc<JsThread>,
        mut run: Box<Run>,
    ) {
        self.step_aside_unless_quick(thread, &mut run, &invocation.call.input);
        let turn = self.enter_handler(invocation, &mut run);
        self.leave_turn(invocation, thread, run, turn);
    }

    /// Before a turn that may take long: nobody waits for it who need not.
    fn step_aside_unless_quick(&self, thread: &JsThread, run: &mut Run, input: &Input) {
        let one_event = matches!(input, Input::Event(_));
        let is_quick = one_event
            && run
                .lease
                .isolate()
                .is_some_and(|isolate| isolate.is_quick());
        if !is_quick && !thread.is_demoted() {
            self.step_aside();
        }
    }

    /// What was held back goes out, and another thread, if one waits, does what else there is to do.
    fn step_aside(&self) {
        self.outbox.let_out();
        self.queue.call_another();
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
        self.make_isolate(run);
        let Some(isolate) = run.lease.isolate() else {
            let lost = FunctionError::executor_lost().into();
            invocation.record.settle_rest(&lost);
            return TurnEnd::Settled;
        };
        invocation.can_be_stopped_by(isolate.terminator());
        if !run.cold_start {
            return isolate.begin(&invocation.call, Some(host), || invocation.is_interrupted());
        }
        let is_stopped = || invocation.is_interrupted();
        let loaded = match invocation.call.input {
            Input::Describe => isolate.describe(&invocation.source, host, is_stopped),
            Input::Event(_) | Input::Batch { .. } => {
                isolate.load(&invocation.source, host, is_stopped)
            }
        };
        invocation.top_level_is_over();
        run.setup = run.began.elapsed();
        match loaded {
            LoadEnd::Loaded => isolate.begin(&invocation.call, None, is_stopped),
            LoadEnd::Failed | LoadEnd::Described => {
                run.unloaded = true;
                TurnEnd::Settled
            }
            LoadEnd::Terminated => TurnEnd::Terminated,
        }
    }

    /// Makes the isolate that a lease came without, if it did.
    fn make_isolate(&self, run: &mut Run) {
        if run.lease.isolate().is_some() {
            return;
        }
        run.cold_start = true;
        let ready = self.blanks.take();
        if let Some(blank) = ready.or_else(|| blank_isolate(&self.engine)) {
            run.lease.fill(blank);
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

    fn further_turn(
        self: &Arc<Self>,
        invocation: &Arc<Invocation>,
        thread: &Arc<JsThread>,
        mut run: Box<Run>,
    ) {
        run.turns += 1;
        self.step_aside_unless_quick(thread, &mut run, &invocation.call.input);
        let turn = run.lease.isolate().map_or(TurnEnd::Terminated, |isolate| {
            isolate.resume(invocation.take_deliveries(), || invocation.is_interrupted())
        });
        self.leave_turn(invocation, thread, run, turn);
    }

    fn after_turn(&self, invocation: &Arc<Invocation>, mut run: Box<Run>, turn: TurnEnd) {
        let before = std::mem::replace(&mut run.cpu, invocation.cpu_time());
        let turn_cpu = run.cpu.saturating_sub(before);
        if let Some(isolate) = run.lease.isolate() {
            isolate.note_turn(turn_cpu);
        }
        run.place = None;
        match turn {
            TurnEnd::Settled => match invocation.stop_running() {
                Stopped::ByItself => self.end(invocation, *run, End::Settled, Keep::Keep),
                // It settled in time, but the termination may still be on its way.
                Stopped::Interrupted(_) => self.end(invocation, *run, End::Settled, Keep::Condemn),
                Stopped::TooLate => self.end_unanswered(*run),
            },
            TurnEnd::Waiting(next_timer) => {
                drop(run.lease.take_evicted());
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

/// An isolate without a function. That there is none is our own bug, and told as one.
fn blank_isolate(engine: &Engine) -> Option<FunctionIsolate> {
    FunctionIsolate::blank(engine)
        .inspect_err(|error| tracing::error!(%error, "an isolate could not be made"))
        .ok()
}
