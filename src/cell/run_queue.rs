//! What waits for a serving thread. Knows nothing of V8.

use std::{collections::VecDeque, fmt, hash::Hash, sync::Arc};

use super::{bell::Bell, fair_queue::FairQueue};
use crate::lock::{Lock, Signal};

/// What is left to do of a turn that ran on a demoted thread.
pub type Rest = Box<dyn FnOnce() + Send>;

/// What a serving thread is to do next.
pub enum Task<J> {
    Job(J),
    Rest(Rest),
}

/// What a serving thread without a task comes to.
pub enum Next<J> {
    Task(Task<J>),
    /// It is to see what comes in from outside, until it drops the lead.
    Lead(Lead),
}

/// Jobs by key, each key in its turn, so that who has many delays nobody who has few. The front
/// bounds the invocations in flight, and each has at most one job here; one that was cancelled keeps its until its turn.
///
/// Of the threads that have no task one has the lead: it waits for what comes from outside, the others wait here. So a
/// job is done by the thread that took it in, and no other need be woken for it.
pub struct RunQueue<K, J> {
    tasks: Lock<Tasks<K, J>>,
    arrived: Signal,
    /// Ends the leader's wait outside.
    bell: Bell,
}

struct Tasks<K, J> {
    /// Those that have waited elsewhere.
    first: VecDeque<Task<J>>,
    others: FairQueue<K, J>,
    /// Threads that wait here.
    waiting: usize,
    /// Those of them that were called and are not awake yet. There is no use in calling them again, and who is called
    /// for the next task has to be another.
    called: usize,
    lead: LeadIs,
}

/// Who is to be woken, which costs a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wakes {
    Nobody,
    OneThatWaits,
    TheLeader,
}

/// Where the lead is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LeadIs {
    Free,
    Taken,
    /// The leader waits outside, and has to be rung for.
    Outside,
}

impl<K: Clone + Eq + Hash, J> Tasks<K, J> {
    fn pop(&mut self) -> Option<Task<J>> {
        let first = self.first.pop_front();
        first.or_else(|| self.others.pop().map(Task::Job))
    }

    fn is_empty(&self) -> bool {
        self.first.is_empty() && self.others.is_empty()
    }

    /// Calls one of those that have nothing to do.
    fn call(&mut self) -> Wakes {
        if self.waiting > self.called {
            self.called += 1;
            Wakes::OneThatWaits
        } else if self.lead == LeadIs::Outside {
            self.lead = LeadIs::Taken;
            Wakes::TheLeader
        } else {
            Wakes::Nobody
        }
    }
}

impl<K, J> fmt::Debug for RunQueue<K, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunQueue").finish_non_exhaustive()
    }
}

impl<K, J> RunQueue<K, J>
where
    K: Clone + Eq + Hash + Send + 'static,
    J: Send + 'static,
{
    /// Nothing in it. `bell` is what ends the wait of who has the lead.
    pub fn new(bell: Bell) -> Arc<Self> {
        Arc::new(Self {
            tasks: Lock::new(Tasks {
                first: VecDeque::new(),
                others: FairQueue::new(),
                waiting: 0,
                called: 0,
                lead: LeadIs::Free,
            }),
            arrived: Signal::new(),
            bell,
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
        let wakes = tasks.call();
        drop(tasks);
        self.wake(wakes);
    }

    fn wake(&self, wakes: Wakes) {
        match wakes {
            Wakes::Nobody => {}
            Wakes::OneThatWaits => self.arrived.notify_one(),
            Wakes::TheLeader => self.bell.ring(),
        }
    }

    /// The next task, if there is one.
    pub fn try_pop(&self) -> Option<Task<J>> {
        self.tasks.lock().pop()
    }

    /// Waits for a task, or for the lead.
    pub fn pop_or_lead(self: &Arc<Self>) -> Next<J> {
        let mut tasks = self.tasks.lock();
        loop {
            if let Some(task) = tasks.pop() {
                return Next::Task(task);
            }
            if tasks.lead == LeadIs::Free {
                tasks.lead = LeadIs::Taken;
                let queue: Arc<dyn Led> = self.clone();
                return Next::Lead(Lead(queue));
            }
            tasks.waiting += 1;
            tasks = self.arrived.wait(tasks);
            tasks.waiting -= 1;
            tasks.called = tasks.called.saturating_sub(1);
        }
    }

    /// The caller may be busy for a while: has another thread take over, if one waits.
    pub fn call_another(&self) {
        let mut tasks = self.tasks.lock();
        let is_needed = tasks.lead == LeadIs::Free || !tasks.is_empty();
        let wakes = match is_needed {
            true => tasks.call(),
            false => Wakes::Nobody,
        };
        drop(tasks);
        self.wake(wakes);
    }
}

/// The right to see what comes in from outside; dropping it passes it on.
pub struct Lead(Arc<dyn Led>);

impl fmt::Debug for Lead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lead").finish_non_exhaustive()
    }
}

impl Lead {
    /// Goes outside to wait there, and comes back; not if there is a task.
    pub fn wait_outside(&self, wait: impl FnOnce()) {
        if self.0.goes_outside() {
            wait();
            self.0.is_back();
        }
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.0.gives_up();
    }
}

/// What a queue is told of the one who has its lead.
trait Led: Send + Sync {
    /// False when there is a task.
    fn goes_outside(&self) -> bool;
    fn is_back(&self);
    fn gives_up(&self);
}

impl<K, J> Led for RunQueue<K, J>
where
    K: Clone + Eq + Hash + Send,
    J: Send,
{
    fn goes_outside(&self) -> bool {
        let mut tasks = self.tasks.lock();
        let goes = tasks.is_empty();
        if goes {
            tasks.lead = LeadIs::Outside;
        }
        goes
    }

    fn is_back(&self) {
        self.tasks.lock().lead = LeadIs::Taken;
    }

    fn gives_up(&self) {
        self.tasks.lock().lead = LeadIs::Free;
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn queue() -> Arc<RunQueue<&'static str, u32>> {
        RunQueue::new(Bell::new().unwrap())
    }

    fn lead(queue: &Arc<RunQueue<&'static str, u32>>) -> Option<Lead> {
        match queue.pop_or_lead() {
            Next::Lead(lead) => Some(lead),
            Next::Task(_) => None,
        }
    }

    fn waiting(queue: &RunQueue<&'static str, u32>) -> usize {
        queue.tasks.lock().waiting
    }

    #[test]
    fn keys_come_in_turn_and_what_has_waited_before_all() {
        let queue = queue();
        for (key, job) in [("a", 2), ("a", 4), ("b", 3)] {
            queue.push(key, job);
        }
        queue.push_first(0);
        queue.push_rest(Box::new(|| {}));
        queue.push_first(1);
        let popped = [(); 6].map(|()| match queue.try_pop() {
            Some(Task::Job(job)) => job.to_string(),
            Some(Task::Rest(_)) => "rest".to_owned(),
            None => "nothing".to_owned(),
        });
        assert_eq!(popped, ["0", "rest", "1", "2", "3", "4"]);
        assert!(queue.try_pop().is_none());
    }

    #[test]
    fn one_leads_and_another_is_called_when_it_has_work() {
        let queue = queue();
        let first = lead(&queue).unwrap();
        let other = thread::spawn({
            let queue = queue.clone();
            move || lead(&queue).is_some()
        });
        while waiting(&queue) == 0 {
            thread::yield_now();
        }
        queue.call_another();
        assert!(!other.is_finished(), "there is a leader, and nothing to do");
        drop(first);
        queue.call_another();
        assert!(other.join().unwrap(), "the lead was free");
    }

    #[test]
    fn each_of_two_tasks_wakes_somebody_else() {
        let queue = queue();
        let first = lead(&queue).unwrap();
        let taken = thread::spawn({
            let queue = queue.clone();
            move || matches!(queue.pop_or_lead(), Next::Task(_))
        });
        while waiting(&queue) == 0 {
            thread::yield_now();
        }
        first.wait_outside(|| {
            // The thread that waits is called for the first, whether it is awake by the second or not.
            let mut tasks = queue.tasks.lock();
            tasks.others.push("a", 1);
            assert_eq!(tasks.call(), Wakes::OneThatWaits);
            tasks.others.push("a", 2);
            assert_eq!(tasks.call(), Wakes::TheLeader);
            tasks.others.push("a", 3);
            assert_eq!(tasks.call(), Wakes::Nobody);
            drop(tasks);
            queue.wake(Wakes::OneThatWaits);
        });
        assert!(taken.join().unwrap());
    }

    #[test]
    fn a_leader_outside_is_rung_for_once_and_goes_only_if_there_is_nothing_to_do() {
        let queue = queue();
        let lead = lead(&queue).unwrap();
        lead.wait_outside(|| {
            queue.push("a", 1);
            queue.push("a", 2);
            assert_eq!(queue.bell.hush(), 1);
        });
        lead.wait_outside(|| unreachable!("there are tasks"));
    }
}
