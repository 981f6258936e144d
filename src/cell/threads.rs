//! The JS threads: those that serve the run queue, and the demoted ones. Knows nothing of V8.
//!
//! A thread whose turn takes long is demoted: it runs on only when nobody else wants to, and another takes its place
//! at once, so that a hog costs its neighbours neither a thread nor their latency. What is known to be a hog
//! is given to a demoted thread from the start.
//!
//! On a busy machine a demoted thread may stand still for seconds, wherever it happens to be. So it runs JavaScript
//! and does nothing else for which it would have to hold a lock that others wait for: a serving thread does what comes
//! before a turn and what is left to do after it.

use std::{
    cell::{Cell, RefCell},
    fmt,
    hash::Hash,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread::{self, Thread},
    time::{Duration, Instant},
};

use rustix::thread::{Pid, gettid};

use super::{
    os_thread,
    run_queue::{Lead, Next, Rest, RunQueue, Task},
};
use crate::lock::Lock;

/// V8 counts on about 1 MiB of stack for JavaScript; the rest is for what C++ and ops put on top.
const STACK_BYTES: usize = 8 << 20;

/// Demoted threads that may be there beside the serving ones. With as many, no further thread is demoted, so that
/// hogs slow each other down and not the machine.
const MAX_DEMOTED: usize = 64;

/// Demoted threads that are kept for the next turn when they have none.
const MAX_IDLE: usize = 8;

/// A thread that had no task for so long has time to spare: longer than from the end of a turn to the next call of a
/// caller who waited for it.
const IDLE_AFTER: Duration = Duration::from_millis(5);

/// While there is always another task, what was said meanwhile goes out, and what came meanwhile is taken in, so
/// often: seldom enough that a system call serves many, and often enough that nobody notices.
const ATTEND_EVERY: Duration = Duration::from_millis(1);

/// Between two turns of a thread that has always work.
const JUST_NOW: Duration = Duration::from_micros(50);

/// A turn for a demoted thread.
pub type Turn = Box<dyn FnOnce() + Send>;

/// One JS thread, as others see it.
pub struct JsThread {
    id: Pid,
    handle: Thread,
    demoted: AtomicBool,
    /// What it is to do next, once it is demoted.
    given: Lock<Option<Given>>,
}

thread_local! {
    /// None on threads that run no JavaScript.
    static THIS: RefCell<Option<Arc<JsThread>>> = const { RefCell::new(None) };

    /// When this thread last looked at its CPU clock, and what it saw.
    static LAST_LOOK: Cell<Option<(Instant, Duration)>> = const { Cell::new(None) };
}

enum Given {
    Turn(Turn),
    Retire,
}

impl fmt::Debug for JsThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsThread")
            .field("id", &self.id)
            .field("demoted", &self.is_demoted())
            .finish_non_exhaustive()
    }
}

impl JsThread {
    fn serving() -> Arc<Self> {
        Self::of_this_thread(AtomicBool::new(false))
    }

    fn of_this_thread(demoted: AtomicBool) -> Arc<Self> {
        let this = Arc::new(Self {
            id: gettid(),
            handle: thread::current(),
            demoted,
            given: Lock::default(),
        });
        THIS.set(Some(this.clone()));
        this
    }

    /// Whether the calling thread is one that was demoted.
    pub fn this_is_demoted() -> bool {
        THIS.with_borrow(|this| this.as_ref().is_some_and(|this| this.is_demoted()))
    }

    /// CPU time the thread has used since it started. The look is remembered, if it is the calling thread.
    pub fn cpu_time(self: &Arc<Self>) -> Duration {
        let cpu = os_thread::cpu_time_of(self.id);
        if self.is_calling() {
            LAST_LOOK.set(Some((Instant::now(), cpu)));
        }
        cpu
    }

    /// The same at the start of a turn. That is told by the last look, which was at the end of the turn before, if that
    /// was just now: so there is one system call a turn, not two. Where the thread did not run all the while, the turn
    /// counts as shorter than it is, by [`JUST_NOW`] at most.
    pub fn cpu_time_at_start(self: &Arc<Self>) -> Duration {
        if self.is_calling()
            && let Some((at, cpu)) = LAST_LOOK.take()
            && let since = at.elapsed()
            && since < JUST_NOW
        {
            return cpu + since;
        }
        os_thread::cpu_time_of(self.id)
    }

    fn is_calling(self: &Arc<Self>) -> bool {
        THIS.with_borrow(|this| this.as_ref().is_some_and(|this| Arc::ptr_eq(this, self)))
    }

    /// Whether it runs only when nobody else wants to.
    pub fn is_demoted(&self) -> bool {
        self.demoted.load(Ordering::Acquire)
    }

    fn demote(&self) {
        // First: it can't be demoted without knowing.
        self.demoted.store(true, Ordering::Release);
        if let Err(error) = os_thread::run_only_when_idle(self.id) {
            tracing::warn!(%error, "a thread could not be demoted");
        }
    }

    /// Has a demoted thread that is free take a turn.
    pub fn take(&self, turn: Turn) {
        self.give(Given::Turn(turn));
    }

    fn give(&self, given: Given) {
        *self.given.lock() = Some(given);
        self.handle.unpark();
    }

    /// Waits for a turn; `None` when the thread is to retire.
    fn next_turn(&self) -> Option<Turn> {
        loop {
            let given = self.given.lock().take();
            match given {
                Some(Given::Turn(turn)) => return Some(turn),
                Some(Given::Retire) => return None,
                None => thread::park(),
            }
        }
    }
}

/// Work that can wait until there is nothing else to do.
pub trait Chore: Send + Sync {
    /// Whether there is some.
    fn is_due(&self) -> bool;

    /// Does a piece of it, a few milliseconds long; for that long a job may have to wait for it.
    fn do_some(&self);
}

/// Where jobs come in from outside, and where word of them goes out.
pub trait Door: Send + Sync {
    /// Takes in what is there, without waiting.
    fn take_in(&self);

    /// Lets out what is held back.
    fn let_out(&self);

    /// Has it said, with the next that is let out, whether demoted threads take turns.
    fn demoted(&self, at_work: bool);

    /// Waits until there is something to take in, the queue's bell rings, or `patience` is over. False when it was that.
    fn wait(&self, patience: Option<Duration>) -> bool;
}

type Work<J> = dyn Fn(J, &Arc<JsThread>) + Send + Sync;

/// The threads, for as long as the process lives.
pub struct Threads<K, J> {
    queue: Arc<RunQueue<K, J>>,
    work: Box<Work<J>>,
    door: Arc<dyn Door>,
    chore: Arc<dyn Chore>,
    /// Threads there are, demoted ones included.
    alive: AtomicUsize,
    most: usize,
    /// Demoted threads that have no turn. Only serving threads look here.
    idle: Lock<Vec<Arc<JsThread>>>,
    /// How many have one. Held while word of it is given, so that the last word is true. Not for demoted threads.
    at_work: Lock<usize>,
}

impl<K, J> fmt::Debug for Threads<K, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads")
            .field("alive", &self.alive)
            .finish_non_exhaustive()
    }
}

impl<K: Clone + Eq + Hash + Send + 'static, J: Send + 'static> Threads<K, J> {
    /// Starts `count` threads that do `work` for each job of `queue`, see to the door between jobs, and do some of the
    /// chore when there was none for a while.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start(
        queue: Arc<RunQueue<K, J>>,
        count: usize,
        door: Arc<dyn Door>,
        chore: Arc<dyn Chore>,
        work: impl Fn(J, &Arc<JsThread>) + Send + Sync + 'static,
    ) -> io::Result<Arc<Self>> {
        let most = count + MAX_DEMOTED;
        let threads = Arc::new(Self {
            queue,
            work: Box::new(work),
            door,
            chore,
            alive: AtomicUsize::new(0),
            most,
            idle: Lock::default(),
            at_work: Lock::default(),
        });
        for _ in 0..count {
            threads.add(Self::serve)?;
        }
        Ok(threads)
    }

    /// Has a serving thread run only when nobody else wants to, and puts another in its place. When there is
    /// none to put there it stays as it is. To be called from a thread that is not demoted: those that it starts are as
    /// it is.
    pub fn demote(self: &Arc<Self>, thread: &JsThread) {
        if thread.is_demoted() {
            return;
        }
        match self.add(Self::serve) {
            Ok(()) => {
                self.demoted_begins();
                thread.demote();
            }
            Err(error) => tracing::warn!(%error, "a long turn's thread could not be replaced"),
        }
    }

    /// A demoted thread that is free, for one turn. To be called from a thread that is not demoted.
    ///
    /// # Errors
    /// When all have a turn and there may be no more.
    pub fn demoted(self: &Arc<Self>) -> io::Result<Arc<JsThread>> {
        let idle = self.idle.lock().pop();
        let thread = idle.map_or_else(|| self.add_demoted(), Ok)?;
        self.demoted_begins();
        Ok(thread)
    }

    fn add_demoted(self: &Arc<Self>) -> io::Result<Arc<JsThread>> {
        let (told, tells) = mpsc::sync_channel(1);
        self.add(move |threads| {
            let thread = JsThread::of_this_thread(AtomicBool::new(true));
            // Before it may stand still.
            if told.send(thread.clone()).is_ok() {
                thread.demote();
                threads.serve_demoted(&thread);
            }
        })?;
        tells.recv().map_err(io::Error::other)
    }

    fn demoted_begins(&self) {
        let mut at_work = self.at_work.lock();
        *at_work += 1;
        if *at_work == 1 {
            self.door.demoted(true);
        }
    }

    fn demoted_ends(&self) {
        let mut at_work = self.at_work.lock();
        *at_work = at_work.saturating_sub(1);
        if *at_work == 0 {
            self.door.demoted(false);
        }
    }

    /// Puts a serving thread in the place of one that will not come back.
    pub fn replace(self: &Arc<Self>) {
        if let Err(error) = self.add(Self::serve) {
            tracing::warn!(%error, "a thread that is gone could not be replaced");
        }
    }

    /// Has a serving thread do something instead of a demoted one.
    pub fn hand_over(&self, rest: Rest) {
        self.queue.push_rest(rest);
    }

    fn add(self: &Arc<Self>, run: impl FnOnce(&Arc<Self>) + Send + 'static) -> io::Result<()> {
        if self.alive.fetch_add(1, Ordering::AcqRel) >= self.most {
            self.alive.fetch_sub(1, Ordering::AcqRel);
            return Err(io::Error::other(
                "as many threads with long turns as there may be",
            ));
        }
        let threads = self.clone();
        let started = thread::Builder::new()
            .name("js".into())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                run(&threads);
                threads.alive.fetch_sub(1, Ordering::AcqRel);
            });
        if started.is_err() {
            self.alive.fetch_sub(1, Ordering::AcqRel);
        }
        started.map(drop)
    }

    fn serve(self: &Arc<Self>) {
        let thread = JsThread::serving();
        let mut attended = Instant::now();
        while !thread.is_demoted() {
            match self.next_task(&mut attended) {
                Task::Job(job) => (self.work)(job, &thread),
                Task::Rest(rest) => rest(),
            }
        }
        self.is_free(&thread);
        self.serve_demoted(&thread);
    }

    fn next_task(&self, attended: &mut Instant) -> Task<J> {
        if let Some(task) = self.queue.try_pop() {
            self.attend_now_and_then(attended);
            return task;
        }
        loop {
            self.door.let_out();
            let next = self.queue.pop_or_lead();
            *attended = Instant::now();
            match next {
                Next::Task(task) => return task,
                Next::Lead(lead) => self.lead(lead),
            }
        }
    }

    fn attend_now_and_then(&self, attended: &mut Instant) {
        let now = Instant::now();
        if now.saturating_duration_since(*attended) >= ATTEND_EVERY {
            *attended = now;
            self.door.let_out();
            self.door.take_in();
        }
    }

    /// Waits for something to do, with nothing queued.
    fn lead(&self, lead: Lead) {
        let patience = self.chore.is_due().then_some(IDLE_AFTER);
        let mut is_idle = false;
        lead.wait_outside(|| is_idle = !self.door.wait(patience));
        if !is_idle {
            self.door.take_in();
        }
        drop(lead);
        if is_idle {
            self.queue.call_another();
            self.chore.do_some();
        }
    }

    fn serve_demoted(self: &Arc<Self>, thread: &Arc<JsThread>) {
        while let Some(turn) = thread.next_turn() {
            turn();
            self.is_free(thread);
        }
    }

    /// Tells that a demoted thread can take a turn; with enough of those it is to retire.
    fn is_free(self: &Arc<Self>, thread: &Arc<JsThread>) {
        let (threads, thread) = (self.clone(), thread.clone());
        self.hand_over(Box::new(move || {
            threads.demoted_ends();
            let mut idle = threads.idle.lock();
            if idle.len() < MAX_IDLE {
                idle.push(thread);
            } else {
                drop(idle);
                thread.give(Given::Retire);
            }
        }));
    }
}

#[cfg(test)]
mod tests;
