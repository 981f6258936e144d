//! The threads, with jobs that are numbers.

use super::*;
use crate::cell::bell::{Bell, wait_for};

/// Nothing comes in by it, and only word of demoted threads goes out.
struct Shut(Bell, Lock<Vec<bool>>);

impl Shut {
    fn with(bell: Bell) -> Arc<Self> {
        Arc::new(Self(bell, Lock::default()))
    }
}

impl Door for Shut {
    fn take_in(&self) {}

    fn let_out(&self) {}

    fn demoted(&self, at_work: bool) {
        self.1.lock().push(at_work);
    }

    fn wait(&self, patience: Option<Duration>) -> bool {
        let rings = wait_for(&mut [self.0.rings()], patience).unwrap();
        self.0.hush();
        rings
    }
}

/// None.
impl Chore for () {
    fn is_due(&self) -> bool {
        false
    }

    fn do_some(&self) {}
}

type TestThreads = Arc<Threads<u32, u32>>;
type Begun = mpsc::Receiver<(u32, Arc<JsThread>)>;

/// One serving thread; it tells who does which job, and waits for word to end job 0.
fn one_thread() -> (TestThreads, Begun, mpsc::Sender<()>) {
    let (begun, begins) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let released = Lock::new(released);
    let bell = Bell::new().unwrap();
    let threads = Threads::start(
        RunQueue::new(bell.clone()),
        1,
        Shut::with(bell),
        Arc::new(()),
        move |job, thread: &Arc<_>| {
            begun.send((job, thread.clone())).unwrap();
            if job == 0 {
                released.lock().recv().unwrap();
            }
        },
    );
    (threads.unwrap(), begins, release)
}

/// The thread's scheduling class, as the kernel has it.
fn is_idle_class(thread: &JsThread) -> bool {
    os_thread::runs_only_when_idle(thread.id)
}

#[test]
fn every_job_is_done_once() {
    let bell = Bell::new().unwrap();
    let queue = RunQueue::new(bell.clone());
    let (done, results) = mpsc::channel();
    let door = Shut::with(bell);
    Threads::start(
        queue.clone(),
        3,
        door,
        Arc::new(()),
        move |job: u32, _: &_| {
            done.send(job).unwrap();
        },
    )
    .unwrap();
    for job in 0..100 {
        queue.push(job % 3, job);
    }
    let mut results: Vec<_> = results.iter().take(100).collect();
    results.sort_unstable();
    assert_eq!(results, (0..100).collect::<Vec<_>>());
}

#[test]
fn chores_are_done_in_idle_time() {
    struct Once(AtomicBool, mpsc::SyncSender<()>);
    impl Chore for Once {
        fn is_due(&self) -> bool {
            !self.0.load(Ordering::Acquire)
        }

        fn do_some(&self) {
            self.0.store(true, Ordering::Release);
            self.1.send(()).unwrap();
        }
    }
    let bell = Bell::new().unwrap();
    let queue = RunQueue::new(bell.clone());
    let (told, tells) = mpsc::sync_channel(1);
    let (done, results) = mpsc::channel();
    let chore = Arc::new(Once(AtomicBool::new(false), told));
    Threads::start(
        queue.clone(),
        1,
        Shut::with(bell),
        chore,
        move |job: u32, _: &_| {
            done.send(job).unwrap();
        },
    )
    .unwrap();
    queue.push(0, 1);
    assert_eq!(results.recv(), Ok(1));
    tells.recv().unwrap();
    queue.push(0, 2);
    assert_eq!(results.recv(), Ok(2));
}

#[test]
fn a_demoted_thread_is_replaced_at_once_by_one_that_is_not_demoted() {
    let (threads, begins, release) = one_thread();
    threads.queue.push(0, 0);
    let (_, hog) = begins.recv().unwrap();
    assert!(!is_idle_class(&hog));
    threads.demote(&hog);
    threads.demote(&hog);
    threads.queue.push(0, 1);
    let (job, other) = begins.recv().unwrap();
    assert!(job == 1 && other.id != hog.id, "another takes the next job");
    assert!(is_idle_class(&hog) && !is_idle_class(&other));
    release.send(()).unwrap();
    while threads.idle.lock().is_empty() {
        thread::yield_now();
    }
    assert_eq!(threads.alive.load(Ordering::Acquire), 2);
    assert_eq!(threads.demoted().unwrap().id, hog.id, "it is used again");
}

#[test]
fn demoted_threads_take_turns_and_others_do_the_rest() {
    let (threads, ..) = one_thread();
    let (told, tells) = mpsc::channel();
    let first = threads.demoted().unwrap();
    let second = threads.demoted().unwrap();
    assert!(first.is_demoted() && second.is_demoted() && first.id != second.id);
    while !is_idle_class(&first) || !is_idle_class(&second) {
        thread::yield_now();
    }
    for _ in 0..2 {
        let (told, handing) = (told.clone(), threads.clone());
        first.take(Box::new(move || {
            let turn = gettid();
            handing.hand_over(Box::new(move || told.send((turn, gettid())).unwrap()));
        }));
        let (turn, rest) = tells.recv().unwrap();
        assert!(turn == first.id && rest != first.id);
        while threads.idle.lock().is_empty() {
            thread::yield_now();
        }
        assert_eq!(threads.demoted().unwrap().id, first.id);
    }
}

#[test]
fn word_is_given_when_the_first_demoted_thread_begins_and_when_the_last_ends() {
    let bell = Bell::new().unwrap();
    let door = Shut::with(bell.clone());
    let threads = Threads::start(
        RunQueue::<u32, u32>::new(bell),
        1,
        door.clone(),
        Arc::new(()),
        |_, _: &_| {},
    )
    .unwrap();
    for round in 1..=2 {
        let (first, second) = (threads.demoted().unwrap(), threads.demoted().unwrap());
        assert_eq!(door.1.lock().len(), 2 * round - 1);
        first.take(Box::new(|| {}));
        second.take(Box::new(|| {}));
        while threads.idle.lock().len() < 2 {
            thread::yield_now();
        }
        assert_eq!(*door.1.lock(), [true, false].repeat(round));
    }
}

#[test]
fn with_too_many_demoted_a_thread_stays_as_it_is() {
    let (threads, begins, release) = one_thread();
    let demoted: Vec<_> = (0..MAX_DEMOTED)
        .map(|_| threads.demoted().unwrap())
        .collect();
    assert!(threads.demoted().is_err());
    threads.queue.push(0, 0);
    let (_, hog) = begins.recv().unwrap();
    threads.demote(&hog);
    assert!(!hog.is_demoted() && !is_idle_class(&hog));
    release.send(()).unwrap();
    for thread in &demoted {
        thread.take(Box::new(|| {}));
    }
    while threads.alive.load(Ordering::Acquire) > 1 + MAX_IDLE {
        thread::yield_now();
    }
    threads.queue.push(0, 1);
    assert_eq!(begins.recv().unwrap().1.id, hog.id);
}
