//! The run queue and the JS threads that serve it. Knows nothing of V8.

use std::{collections::VecDeque, io, sync::Arc, thread};

use parking_lot::{Condvar, Mutex};

/// V8 counts on about 1 MiB of stack for JavaScript; the rest is for what C++ and ops put on top.
const STACK_BYTES: usize = 8 << 20;

/// Jobs in order of arrival. Bounded by the invocations that the front allows in flight: each has at
/// most one job here.
#[derive(Debug)]
pub struct RunQueue<J> {
    jobs: Mutex<VecDeque<J>>,
    arrived: Condvar,
}

impl<J: Send + 'static> RunQueue<J> {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            jobs: Mutex::new(VecDeque::new()),
            arrived: Condvar::new(),
        })
    }

    pub fn push(&self, job: J) {
        self.jobs.lock().push_back(job);
        self.arrived.notify_one();
    }

    /// Lets a job that has waited elsewhere go before those that have not.
    pub fn push_first(&self, job: J) {
        self.jobs.lock().push_front(job);
        self.arrived.notify_one();
    }

    /// Waits for a job.
    pub fn pop(&self) -> J {
        let mut jobs = self.jobs.lock();
        loop {
            match jobs.pop_front() {
                Some(job) => return job,
                None => self.arrived.wait(&mut jobs),
            }
        }
    }

    /// Starts `count` threads that take jobs for as long as the process lives.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn serve(
        self: &Arc<Self>,
        count: usize,
        work: impl Fn(J) + Send + Sync + 'static,
    ) -> io::Result<()> {
        let work = Arc::new(work);
        for number in 0..count {
            let (queue, work) = (self.clone(), work.clone());
            thread::Builder::new()
                .name(format!("js-{number}"))
                .stack_size(STACK_BYTES)
                .spawn(move || {
                    loop {
                        work(queue.pop());
                    }
                })?;
        }
        Ok(())
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
        queue
            .serve(3, move |job: u32| done.send(job).unwrap())
            .unwrap();
        for job in 0..100 {
            queue.push(job);
        }
        let mut results: Vec<_> = results.iter().take(100).collect();
        results.sort_unstable();
        assert_eq!(results, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn jobs_come_in_order_and_the_pushed_first_before_all() {
        let queue = RunQueue::new();
        queue.push(1);
        queue.push(2);
        queue.push_first(0);
        assert_eq!([queue.pop(), queue.pop(), queue.pop()], [0, 1, 2]);
    }
}
