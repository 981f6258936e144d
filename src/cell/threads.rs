//! The run queue and the JS threads that serve it. Knows nothing of V8.
//!
//! A thread whose turn takes long is demoted: it runs on only when nobody else wants to, another takes its place
//! at once, and it retires after the turn. So a hog costs its neighbours neither a thread nor their
//! latency.

use std::{
    collections::VecDeque,
    fmt,
    hash::Hash,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use rustix::thread::{Pid, gettid};

use super::{fair_queue::FairQueue, os_thread};
use crate::lock::{Lock, Signal};

/// V8 counts on about 1 MiB of stack for JavaScript; the rest is for what C++ and ops put on top.
const STACK_BYTES: usize = 8 << 20;

/// Demoted threads that may be there beside the serving ones. At the bound a demoted thread is not
/// replaced, so that hogs slow each other down and not the machine.
const MAX_DEMOTED: usize = 32;

/// Jobs by key, each key in its turn, so that who has many delays nobody who has few. The front
/// bounds the invocations in flight, and each has at most one job here; one that was cancelled keeps its until its turn.
#[derive(Debug)]
pub struct RunQueue<K, J> {
    jobs: Lock<Jobs<K, J>>,
    arrived: Signal,
}

#[derive(Debug)]
struct Jobs<K, J> {
    /// Those that have waited elsewhere.
    first: VecDeque<J>,
    others: FairQueue<K, J>,
    /// Threads that wait for one: nobody else need be woken, which would cost a system call each time.
    waiting: usize,
}

impl<K: Clone + Eq + Hash + Send + 'static, J: Send + 'static> RunQueue<K, J> {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            jobs: Lock::new(Jobs {
                first: VecDeque::new(),
                others: FairQueue::new(),
                waiting: 0,
            }),
            arrived: Signal::new(),
        })
    }

    pub fn push(&self, key: K, job: J) {
        self.add(|jobs| jobs.others.push(key, job));
    }

    /// Lets a job that has waited elsewhere go before those that have not.
    pub fn push_first(&self, job: J) {
        self.add(|jobs| jobs.first.push_back(job));
    }

    fn add(&self, add: impl FnOnce(&mut Jobs<K, J>)) {
        let mut jobs = self.jobs.lock();
        add(&mut jobs);
        let waiting = jobs.waiting;
        drop(jobs);
        if waiting > 0 {
            self.arrived.notify_one();
        }
    }

    /// Waits for a job.
    pub fn pop(&self) -> J {
        let mut jobs = self.jobs.lock();
        loop {
            let job = jobs.first.pop_front();
            match job.or_else(|| jobs.others.pop()) {
                Some(job) => return job,
                None => {
                    jobs.waiting += 1;
                    jobs = self.arrived.wait(jobs);
                    jobs.waiting -= 1;
                }
            }
        }
    }
}

/// One JS thread, as others see it.
#[derive(Debug)]
pub struct JsThread {
    id: Pid,
    demoted: AtomicBool,
}

impl JsThread {
    fn of_this_thread() -> Arc<Self> {
        Arc::new(Self {
            id: gettid(),
            demoted: AtomicBool::new(false),
        })
    }

    /// CPU time the thread has used since it started.
    pub fn cpu_time(&self) -> Duration {
        os_thread::cpu_time_of(self.id)
    }

    /// Whether it is to retire.
    pub fn is_demoted(&self) -> bool {
        self.demoted.load(Ordering::Acquire)
    }
}

type Work<J> = dyn Fn(J, &Arc<JsThread>) + Send + Sync;

/// The threads that serve a queue, for as long as the process lives.
pub struct Threads<K, J> {
    queue: Arc<RunQueue<K, J>>,
    work: Box<Work<J>>,
    /// Threads there are, demoted ones included.
    alive: AtomicUsize,
    most: usize,
}

impl<K, J> fmt::Debug for Threads<K, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads")
            .field("alive", &self.alive)
            .finish_non_exhaustive()
    }
}

impl<K: Clone + Eq + Hash + Send + 'static, J: Send + 'static> Threads<K, J> {
    /// Starts `count` threads that do `work` for each job of `queue`.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start(
        queue: Arc<RunQueue<K, J>>,
        count: usize,
        work: impl Fn(J, &Arc<JsThread>) + Send + Sync + 'static,
    ) -> io::Result<Arc<Self>> {
        let most = count + MAX_DEMOTED;
        let threads = Arc::new(Self {
            queue,
            work: Box::new(work),
            alive: AtomicUsize::new(0),
            most,
        });
        for _ in 0..count {
            threads.add()?;
        }
        Ok(threads)
    }

    /// Has a thread run only when nobody else wants to and retire after its turn, and puts another in its place.
    pub fn demote(self: &Arc<Self>, thread: &JsThread) {
        if thread.demoted.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Err(error) = os_thread::run_only_when_idle(thread.id) {
            tracing::warn!(%error, "a thread could not be demoted");
        }
        if let Err(error) = self.add() {
            tracing::warn!(%error, "a long turn's thread could not be replaced");
        }
    }

    fn add(self: &Arc<Self>) -> io::Result<()> {
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
            .spawn(move || threads.serve());
        if started.is_err() {
            self.alive.fetch_sub(1, Ordering::AcqRel);
        }
        started.map(drop)
    }

    fn serve(&self) {
        let thread = JsThread::of_this_thread();
        while !thread.is_demoted() {
            (self.work)(self.queue.pop(), &thread);
        }
        self.alive.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn every_job_is_done_once() {
        let queue = RunQueue::new();
        let (done, results) = mpsc::channel();
        Threads::start(queue.clone(), 3, move |job: u32, _: &_| {
            done.send(job).unwrap();
        })
        .unwrap();
        for job in 0..100 {
            queue.push(job % 3, job);
        }
        let mut results: Vec<_> = results.iter().take(100).collect();
        results.sort_unstable();
        assert_eq!(results, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn keys_come_in_turn_and_the_pushed_first_before_all() {
        let queue = RunQueue::new();
        for (key, job) in [("a", 2), ("a", 4), ("b", 3)] {
            queue.push(key, job);
        }
        queue.push_first(0);
        queue.push_first(1);
        assert_eq!([0; 5].map(|_| queue.pop()), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_demoted_thread_is_replaced_at_once_and_retires() {
        let queue = RunQueue::new();
        let (begun, begins) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let released = Lock::new(released);
        let threads = Threads::start(queue.clone(), 1, move |long: bool, thread: &Arc<_>| {
            begun.send((long, thread.clone())).unwrap();
            if long {
                released.lock().recv().unwrap();
            }
        })
        .unwrap();
        queue.push((), true);
        let (_, hog) = begins.recv().unwrap();
        threads.demote(&hog);
        threads.demote(&hog);
        queue.push((), false);
        let (long, other) = begins.recv().unwrap();
        assert!(
            !long && other.id != hog.id,
            "another thread takes the next job"
        );
        release.send(()).unwrap();
        while threads.alive.load(Ordering::Acquire) > 1 {
            thread::yield_now();
        }
    }
}
