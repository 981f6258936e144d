//! What waits for a serving thread. Knows nothing of V8.

use std::{
    collections::VecDeque,
    fmt,
    hash::Hash,
    sync::Arc,
    time::{Duration, Instant},
};

use super::fair_queue::FairQueue;
use crate::lock::{Lock, Signal};

/// What is left to do of a turn that ran on a demoted thread.
pub type Rest = Box<dyn FnOnce() + Send>;

/// What a serving thread is to do next.
pub enum Task<J> {
    Job(J),
    Rest(Rest),
}

/// Jobs by key, each key in its turn, so that who has many delays nobody who has few. The front
/// bounds the invocations in flight, and each has at most one job here; one that was cancelled keeps its until its turn.
pub struct RunQueue<K, J> {
    tasks: Lock<Tasks<K, J>>,
    arrived: Signal,
}

struct Tasks<K, J> {
    /// Those that have waited elsewhere.
    first: VecDeque<Task<J>>,
    others: FairQueue<K, J>,
    /// Threads that wait for one: nobody else need be woken, which would cost a system call each time.
    waiting: usize,
}

impl<K: Clone + Eq + Hash, J> Tasks<K, J> {
    fn pop(&mut self) -> Option<Task<J>> {
        let first = self.first.pop_front();
        first.or_else(|| self.others.pop().map(Task::Job))
    }
}

impl<K, J> fmt::Debug for RunQueue<K, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunQueue").finish_non_exhaustive()
    }
}

impl<K: Clone + Eq + Hash, J> RunQueue<K, J> {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            tasks: Lock::new(Tasks {
                first: VecDeque::new(),
                others: FairQueue::new(),
                waiting: 0,
            }),
            arrived: Signal::new(),
        })
    }

    pub fn push(&self, key: K, job: J) {
        self.add(|tasks| tasks.others.push(key, job));
    }

    /// Lets a job that has waited elsewhere go before those that have not.
    pub fn push_first(&self, job: J) {
        self.add(|tasks| tasks.first.push_back(Task::Job(job)));
    }

    /// Has a serving thread do what a demoted one may not. One waits here at most for each demoted thread, and one
    /// that tells that it is free.
    pub fn push_rest(&self, rest: Rest) {
        self.add(|tasks| tasks.first.push_back(Task::Rest(rest)));
    }

    fn add(&self, add: impl FnOnce(&mut Tasks<K, J>)) {
        let mut tasks = self.tasks.lock();
        add(&mut tasks);
        let waiting = tasks.waiting;
        drop(tasks);
        if waiting > 0 {
            self.arrived.notify_one();
        }
    }

    /// Waits for a task.
    pub fn pop(&self) -> Task<J> {
        let mut tasks = self.tasks.lock();
        loop {
            if let Some(task) = tasks.pop() {
                return task;
            }
            tasks.waiting += 1;
            tasks = self.arrived.wait(tasks);
            tasks.waiting -= 1;
        }
    }

    /// Waits for a task, but no longer than that.
    pub fn pop_within(&self, patience: Duration) -> Option<Task<J>> {
        let mut tasks = self.tasks.lock();
        if let Some(task) = tasks.pop() {
            return Some(task);
        }
        let until = Instant::now() + patience;
        while Instant::now() < until {
            tasks.waiting += 1;
            tasks = self.arrived.wait_until(tasks, until);
            tasks.waiting -= 1;
            if let Some(task) = tasks.pop() {
                return Some(task);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_in_turn_and_what_has_waited_before_all() {
        let queue = RunQueue::new();
        for (key, job) in [("a", 2), ("a", 4), ("b", 3)] {
            queue.push(key, job);
        }
        queue.push_first(0);
        queue.push_rest(Box::new(|| {}));
        queue.push_first(1);
        let popped = [(); 6].map(|()| match queue.pop() {
            Task::Job(job) => job.to_string(),
            Task::Rest(_) => "rest".to_owned(),
        });
        assert_eq!(popped, ["0", "rest", "1", "2", "3", "4"]);
    }
}
