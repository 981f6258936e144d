//! What the ops keep for the invocation that holds the isolate: logs, timers, rejections, the outcome.

use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::invocation::{InvocationLimits, LogLevel, LogLine, Outcome};

/// Timers one invocation may have pending; the next one is refused with a `RangeError`. A bound for our
/// own memory, far above any use.
const MAX_TIMERS: usize = 10_000;

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
    logs: Logs,
    outcome: Option<Outcome>,
    /// Bytes of JSON an event out may have.
    result_bytes: u64,
}

impl HostState {
    /// The state for one invocation under `limits`.
    pub fn new(limits: &InvocationLimits) -> Self {
        Self {
            rejections: Vec::new(),
            timers: Timers::default(),
            logs: Logs::with_limit(limits.log_bytes),
            outcome: None,
            result_bytes: limits.result_bytes,
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

    pub fn log(&mut self, level: LogLevel, message: String) {
        self.logs.push(level, message);
    }

    /// Ends the invocation's part in this isolate: cancels what is pending, with a line that says so,
    /// and hands out the logs.
    pub fn close(&mut self) -> Vec<LogLine> {
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
        self.logs.take()
    }
}

/// Pending timers in the order they are due; of equal times the earlier made first.
#[derive(Debug, Default)]
pub struct Timers {
    due: BTreeSet<(Instant, u64)>,
    due_by_id: HashMap<u64, Instant>,
    last_id: u64,
}

/// The invocation has as many timers as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an invocation may have at most {MAX_TIMERS} timers pending")]
pub struct TooManyTimers;

impl Timers {
    /// # Errors
    /// [`TooManyTimers`] at the bound.
    pub fn start(&mut self, delay: Duration) -> Result<u64, TooManyTimers> {
        if self.due.len() >= MAX_TIMERS {
            return Err(TooManyTimers);
        }
        self.last_id += 1;
        let due = Instant::now() + delay;
        self.due.insert((due, self.last_id));
        self.due_by_id.insert(self.last_id, due);
        Ok(self.last_id)
    }

    /// Does nothing for a timer that has fired or never was.
    pub fn cancel(&mut self, id: u64) {
        if let Some(due) = self.due_by_id.remove(&id) {
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
        self.due_by_id.remove(&id);
        Some(id)
    }

    /// When the next timer is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.due.first().map(|&(due, _)| due)
    }

    fn clear(&mut self) -> usize {
        let pending = self.due.len();
        self.due.clear();
        self.due_by_id.clear();
        pending
    }
}

/// Log lines up to a number of bytes; beyond it they are only counted.
#[derive(Debug)]
struct Logs {
    lines: Vec<LogLine>,
    limit: u64,
    kept_bytes: u64,
    cut_bytes: u64,
}

impl Logs {
    fn with_limit(limit: u64) -> Self {
        Self {
            lines: Vec::new(),
            limit,
            kept_bytes: 0,
            cut_bytes: 0,
        }
    }

    fn push(&mut self, level: LogLevel, mut message: String) {
        let keep = message.floor_char_boundary(self.room());
        if keep < message.len() {
            self.cut_bytes += (message.len() - keep) as u64;
            message.truncate(keep);
            if keep == 0 {
                return;
            }
        }
        // An empty line costs a byte, so that their number is bounded too.
        self.kept_bytes += message.len().max(1) as u64;
        self.lines.push(LogLine {
            time: unix_time(),
            level,
            message,
        });
    }

    /// Bytes the next line may have: none once anything was cut, even if it were short enough to fit.
    fn room(&self) -> usize {
        if self.cut_bytes > 0 {
            return 0;
        }
        usize::try_from(self.limit.saturating_sub(self.kept_bytes)).unwrap_or(usize::MAX)
    }

    fn take(&mut self) -> Vec<LogLine> {
        let mut lines = std::mem::take(&mut self.lines);
        if self.cut_bytes > 0 {
            lines.push(LogLine {
                time: unix_time(),
                level: LogLevel::Warn,
                message: format!(
                    "{} bytes of logs were cut: an invocation may log {} bytes (knob --log-bytes)",
                    self.cut_bytes, self.limit
                ),
            });
        }
        lines
    }
}

fn unix_time() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(log_bytes: u64) -> HostState {
        HostState::new(&InvocationLimits {
            wall_time: Duration::from_secs(1),
            result_bytes: 10,
            log_bytes,
        })
    }

    #[track_caller]
    fn logs(limit: u64, messages: &[&str], expect: &[&str]) {
        let mut state = state(limit);
        for message in messages {
            state.log(LogLevel::Info, (*message).to_owned());
        }
        let lines: Vec<_> = state.close().into_iter().map(|line| line.message).collect();
        assert_eq!(lines, expect);
    }

    #[test]
    fn logs_are_cut_at_the_limit_and_the_rest_is_counted() {
        logs(10, &["12345", "67890"], &["12345", "67890"]);
        let last = "3 bytes of logs were cut: an invocation may log 10 bytes (knob --log-bytes)";
        logs(10, &["12345", "67890abc"], &["12345", "67890", last]);
        logs(10, &["12345", "67890", "abc"], &["12345", "67890", last]);
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        let last = "2 bytes of logs were cut: an invocation may log 3 bytes (knob --log-bytes)";
        logs(3, &["aaé"], &["aa", last]);
    }

    #[test]
    fn timers_fire_in_order_and_not_after_cancellation() {
        let mut timers = Timers::default();
        let later = timers.start(Duration::from_mins(1)).unwrap();
        let first = timers.start(Duration::ZERO).unwrap();
        let second = timers.start(Duration::ZERO).unwrap();
        let cancelled = timers.start(Duration::ZERO).unwrap();
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
            timers.start(Duration::from_mins(1)).unwrap();
        }
        assert_eq!(timers.start(Duration::ZERO), Err(TooManyTimers));
    }

    #[test]
    fn the_first_outcome_counts_and_pending_timers_are_told() {
        let mut state = state(1000);
        state.timers.start(Duration::from_mins(1)).unwrap();
        state.settle(Outcome::Delivered("{}".into()));
        state.settle(Outcome::Delivered("{\"late\":1}".into()));
        assert_eq!(state.take_outcome(), Some(Outcome::Delivered("{}".into())));
        let lines = state.close();
        assert_eq!(lines.len(), 1);
        assert_eq!(
            lines[0].message,
            "1 timer still pending when the invocation ended was cancelled"
        );
    }
}
