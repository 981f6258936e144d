//! Takes invocations through their turns: queue → lease → turn → park or end → answer.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use dashmap::DashMap;
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::mpsc;

use super::{
    invocation::{Interruption, Invocation, Noted, Ring, Run, TakenUp},
    isolate::{Engine, FunctionIsolate, LoadEnd, TurnEnd, heap_limit_error},
    pool::Pool,
    threads::RunQueue,
    watchdog::Watchdog,
};
use crate::{
    invocation::{ErrorCode, Finished, FunctionError, LimitExceeded, Outcome, Usage},
    wire::{FrontFrame, ToFront, finished_to_wire},
};

/// All that invocations need to run.
#[derive(Debug)]
pub struct Scheduler {
    engine: Engine,
    queue: Arc<RunQueue<Arc<Invocation>>>,
    pool: Arc<Pool<FunctionIsolate, Arc<Invocation>>>,
    watchdog: Arc<Watchdog<Ring>>,
    /// Invocations that have no outcome yet, for cancellation.
    live: DashMap<u64, Arc<Invocation>>,
    /// To the socket; full when the front does not read, which then holds the JS threads back.
    answers: mpsc::Sender<ToFront>,
}

impl Scheduler {
    /// Starts `threads` JS threads over a pool of at most `max_isolates`.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start(
        engine: Engine,
        threads: usize,
        max_isolates: usize,
        answers: mpsc::Sender<ToFront>,
    ) -> std::io::Result<Arc<Self>> {
        let queue = RunQueue::new();
        let resume = queue.clone();
        let pool = Pool::new(max_isolates, move |waiter| resume.push_first(waiter));
        let rung = queue.clone();
        let watchdog = Watchdog::start(move |ring| answer_ring(&rung, &ring))?;
        let scheduler = Arc::new(Self {
            engine,
            queue: queue.clone(),
            pool,
            watchdog,
            live: DashMap::new(),
            answers,
        });
        let worker = scheduler.clone();
        queue.serve(threads, move |invocation| worker.take_turn(&invocation))?;
        Ok(scheduler)
    }

    /// Takes an invocation on.
    pub fn submit(&self, invocation: Invocation) {
        let invocation = Arc::new(invocation);
        self.live.insert(invocation.id, invocation.clone());
        self.queue.push(invocation);
    }

    /// Stops an invocation that nobody waits for. It gets no answer.
    pub fn cancel(&self, id: u64) {
        if let Some((_, invocation)) = self.live.remove(&id) {
            interrupt(&self.queue, &invocation, Interruption::Cancelled);
        }
    }

    fn take_turn(&self, invocation: &Arc<Invocation>) {
        match invocation.take_up() {
            TakenUp::Fresh => self.first_turn(invocation),
            TakenUp::Parked(run) => self.further_turn(invocation, run),
            TakenUp::Interrupted(run, interruption) => {
                self.interrupted(invocation, *run, interruption);
            }
            // It may have been woken to take a free isolate, which another can have now.
            TakenUp::Nothing => self.pool.pass_on(),
        }
    }

    fn first_turn(&self, invocation: &Arc<Invocation>) {
        let Some(lease) = self.pool.checkout(&invocation.key, || invocation.clone()) else {
            return;
        };
        if !invocation.start_running() {
            return;
        }
        let began = Instant::now();
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
        let cpu_before = thread_cpu_time();
        let turn = self.enter_handler(invocation, &mut run);
        run.cpu += thread_cpu_time().saturating_sub(cpu_before);
        self.after_turn(invocation, run, turn);
    }

    /// Calls the handler, in a new isolate if none was warm.
    fn enter_handler(&self, invocation: &Invocation, run: &mut Run) -> TurnEnd {
        let (limits, source) = (&invocation.limits, &invocation.source);
        if let Some(isolate) = run.lease.isolate() {
            return match invocation.can_be_stopped_by(isolate.terminator()) {
                Some(_) => TurnEnd::Terminated,
                None => isolate.begin(&invocation.call, limits, false),
            };
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
        if invocation.can_be_stopped_by(isolate.terminator()).is_some() {
            return TurnEnd::Terminated;
        }
        match isolate.load(source, limits) {
            LoadEnd::Loaded => isolate.begin(&invocation.call, limits, true),
            LoadEnd::Failed(outcome) => TurnEnd::Settled(outcome),
            LoadEnd::Terminated => TurnEnd::Terminated,
        }
    }

    fn further_turn(&self, invocation: &Arc<Invocation>, mut run: Box<Run>) {
        let cpu_before = thread_cpu_time();
        let turn = run
            .lease
            .isolate()
            .map_or(TurnEnd::Terminated, FunctionIsolate::resume);
        run.cpu += thread_cpu_time().saturating_sub(cpu_before);
        self.after_turn(invocation, run, turn);
    }

    fn after_turn(&self, invocation: &Arc<Invocation>, run: Box<Run>, turn: TurnEnd) {
        match turn {
            TurnEnd::Settled(outcome) => {
                let interrupted = invocation.stop_running().is_some();
                self.end(invocation, *run, Some(outcome), Keep::unless(interrupted));
            }
            TurnEnd::Waiting(next_timer) => {
                let wake = || {
                    let ring = Ring::Timer(Arc::downgrade(invocation));
                    next_timer.map(|due| self.watchdog.set(due, ring))
                };
                if let Some((run, interruption)) = invocation.park(run, wake) {
                    self.interrupted(invocation, *run, interruption);
                }
            }
            TurnEnd::Terminated => match invocation.stop_running() {
                Some(interruption) => self.interrupted(invocation, *run, interruption),
                None => {
                    let outcome = heap_limit_error(&self.engine).into();
                    self.end(invocation, *run, Some(outcome), Keep::Condemn);
                }
            },
        }
    }

    fn interrupted(&self, invocation: &Invocation, run: Run, interruption: Interruption) {
        let outcome = match interruption {
            Interruption::WallTime => Some(wall_time_error(invocation.limits.wall_time).into()),
            Interruption::Cancelled => None,
        };
        self.end(invocation, run, outcome, Keep::Condemn);
    }

    /// Gives the isolate back or up, and sends the answer if there is one to send.
    fn end(&self, invocation: &Invocation, mut run: Run, outcome: Option<Outcome>, keep: Keep) {
        drop(run.deadline);
        self.live.remove(&invocation.id);
        let (logs, heap_used_bytes) = run
            .lease
            .isolate()
            .map(FunctionIsolate::close)
            .unwrap_or_default();
        let usage = Usage {
            wall: run.began.elapsed(),
            cpu: run.cpu,
            queue: run.began.saturating_duration_since(invocation.arrived),
            cold_start: run.cold_start,
            heap_used_bytes,
        };
        let loaded = !matches!(&outcome, Some(Outcome::Failed(error))
            if error.code == ErrorCode::InvalidFunction);
        let heap_reached = run
            .lease
            .isolate()
            .is_some_and(|isolate| isolate.reached_heap_limit());
        let condemned = match keep == Keep::Condemn || !loaded || heap_reached {
            true => run.lease.condemn(),
            false => None,
        };
        // Back in the pool before the answer is out, so that a caller's next event finds it warm.
        drop(run.lease);
        if let Some(outcome) = outcome {
            let finished = Finished {
                outcome,
                logs,
                usage,
            };
            let frame = FrontFrame::Finished(Box::new(finished_to_wire(invocation.id, finished)));
            // The socket loop ends the process when it ends; there is nobody to tell then.
            let _ = self.answers.blocking_send(frame.into());
        }
        drop(condemned);
    }
}

/// Whether an isolate may serve again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    Keep,
    Condemn,
}

impl Keep {
    fn unless(interrupted: bool) -> Self {
        if interrupted {
            Self::Condemn
        } else {
            Self::Keep
        }
    }
}

fn answer_ring(queue: &RunQueue<Arc<Invocation>>, ring: &Ring) {
    match ring {
        Ring::Deadline(invocation) => {
            if let Some(invocation) = invocation.upgrade() {
                interrupt(queue, &invocation, Interruption::WallTime);
            }
        }
        Ring::Timer(invocation) => {
            if let Some(invocation) = invocation.upgrade() {
                queue.push(invocation);
            }
        }
    }
}

fn interrupt(
    queue: &RunQueue<Arc<Invocation>>,
    invocation: &Arc<Invocation>,
    reason: Interruption,
) {
    if invocation.interrupt(reason) == Noted::TakeUp {
        queue.push(invocation.clone());
    }
}

fn wall_time_error(limit: Duration) -> FunctionError {
    FunctionError::limit_exceeded(
        ErrorCode::Timeout,
        "the invocation",
        LimitExceeded::wall_time(limit),
    )
}

/// CPU time of the calling thread.
fn thread_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}
