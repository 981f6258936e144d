//! What the ops keep for the invocation that holds the isolate: logs, timers, rejections, the outcome.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    cell::logs::InvocationLogs,
    invocation::{LogLevel, Outcome},
};

/// Timers one invocation may have pending; the next one is refused with a `RangeError`. A bound for our
/// own memory, far above any use.
const MAX_TIMERS: usize = 10_000;

/// Unhandled rejections of one turn that are reported; a bound for our own memory.
pub const MAX_REJECTIONS: usize = 256;

/// A promise that was rejected while nobody listened.
#[derive(Debug)]
pub struct UnhandledRejection {
    pub promise: v8::Global<v8::Promise>,
    pub reason: v8::Global<v8::Value>,
}

/// The state behind the ops, in a slot of the isolate; emptied when an invocation begins and ends.
#[derive(Debug)]
pub struct HostState {
    pub rejections: Vec<UnhandledRejection>,
    pub timers: Timers,
    logs: Arc<InvocationLogs>,
    outcome: Option<Outcome>,
    /// Bytes of JSON an event out may have.
    result_bytes: u64,
}

impl HostState {
    /// The state for one invocation.
    pub fn new(logs: Arc<InvocationLogs>, result_bytes: u64) -> Self {
        Self {
            rejections: Vec::new(),
            timers: Timers::default(),
            logs,
            outcome: None,
            result_bytes,
        }
    }

    /// Records how the invocation ends. The first call counts: what a function does after its handler
    /// has settled changes nothing.
    pub fn settle(&mut self, outcome: Outcome) {
        self.outcome.get_or_insert(outcome);
    }

    pub fn take_outcome(&mut self) -> Option<Outcome> {
        self.outcome.take()
    }

    pub fn result_bytes(&self) -> u64 {
        self.result_bytes
    }

    pub fn log(&self, level: LogLevel, message: String) {
        self.logs.push(level, message);
    }

    /// Ends the invocation's part in this isolate: cancels what is pending, with a line that says so.
    pub fn close(&mut self) {
        let pending = self.timers.clear();
        if pending > 0 {
            let (timers, were) = if pending == 1 {
                ("timer", "was")
            } else {
                ("timers", "were")
            };
            self.log(
                LogLevel::Warn,
                format!(
                    "{pending} {timers} still pending when the invocation ended {were} cancelled"
                ),
            );
        }
        self.rejections.clear();
    }
}

/// Pending timers in the order they are due; of equal times the earlier made first.
#[derive(Debug, Default)]
pub struct Timers {
    due: BTreeSet<(Instant, u64)>,
    by_id: HashMap<u64, (Instant, LeftoverNotice)>,
    last_id: u64,
}

/// Whether a line is logged for a timer that is left when its invocation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftoverNotice {
    Logged,
    /// For those that the function did not start as such: the time limit of an operation that is over.
    None,
}

/// The invocation has as many timers as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an invocation may have at most {MAX_TIMERS} timers pending")]
pub struct TooManyTimers;

impl Timers {
    /// # Errors
    /// [`TooManyTimers`] at the bound.
    pub fn start(&mut self, delay: Duration, notice: LeftoverNotice) -> Result<u64, TooManyTimers> {
        if self.due.len() >= MAX_TIMERS {
            return Err(TooManyTimers);
        }
        self.last_id += 1;
        let due = Instant::now() + delay;
        self.due.insert((due, self.last_id));
        self.by_id.insert(self.last_id, (due, notice));
        Ok(self.last_id)
    }

    /// Does nothing for a timer that has fired or never was.
    pub fn cancel(&mut self, id: u64) {
        if let Some((due, _)) = self.by_id.remove(&id) {
            self.due.remove(&(due, id));
        }
    }

    /// Takes the first timer that is due at `now`.
    pub fn pop_due(&mut self, now: Instant) -> Option<u64> {
        let &(due, id) = self.due.first()?;
        if due > now {
            return None;
        }
        self.due.pop_first();
        self.by_id.remove(&id);
        Some(id)
    }

    /// When the next timer is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.due.first().map(|&(due, _)| due)
    }

    /// Forgets all of them and returns how many of those were pending that a line is owed for.
    fn clear(&mut self) -> usize {
        let owed = |(_, notice): &&(Instant, LeftoverNotice)| *notice == LeftoverNotice::Logged;
        let pending = self.by_id.values().filter(owed).count();
        self.due.clear();
        self.by_id.clear();
        pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGGED: LeftoverNotice = LeftoverNotice::Logged;

    #[test]
    fn timers_fire_in_order_and_not_after_cancellation() {
        let mut timers = Timers::default();
        let later = timers.start(Duration::from_mins(1), LOGGED).unwrap();
        let first = timers.start(Duration::ZERO, LOGGED).unwrap();
        let second = timers.start(Duration::ZERO, LOGGED).unwrap();
        let cancelled = timers.start(Duration::ZERO, LOGGED).unwrap();
        timers.cancel(cancelled);
        let now = Instant::now();
        assert_eq!(timers.pop_due(now), Some(first));
        assert_eq!(timers.pop_due(now), Some(second));
        assert_eq!(timers.pop_due(now), None);
        assert_eq!(timers.pop_due(now + Duration::from_secs(61)), Some(later));
        assert_eq!(timers.next_due(), None);
    }

    #[test]
    fn timers_are_bounded() {
        let mut timers = Timers::default();
        for _ in 0..MAX_TIMERS {
            timers.start(Duration::from_mins(1), LOGGED).unwrap();
        }
        assert_eq!(timers.start(Duration::ZERO, LOGGED), Err(TooManyTimers));
    }

    #[test]
    fn the_first_outcome_counts_and_pending_timers_are_told() {
        let logs = Arc::new(InvocationLogs::with_limit(1000));
        let mut state = HostState::new(logs.clone(), 10);
        state.timers.start(Duration::from_mins(1), LOGGED).unwrap();
        let quiet = state
            .timers
            .start(Duration::from_mins(1), LeftoverNotice::None);
        quiet.unwrap();
        state.settle(Outcome::Delivered("{}".into()));
        state.settle(Outcome::Delivered("{\"late\":1}".into()));
        assert_eq!(state.take_outcome(), Some(Outcome::Delivered("{}".into())));
        state.close();
        let lines = logs.take();
        assert_eq!(lines.len(), 1);
        assert_eq!(
            lines[0].message,
            "1 timer still pending when the invocation ended was cancelled"
        );
    }
}
