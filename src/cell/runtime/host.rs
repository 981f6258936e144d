//! What the ops keep for the invocation that holds the isolate: its record, timers, rejections.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    cell::record::Record,
    invocation::{
        ErrorCode, FunctionError, Input, InvocationLimits, LimitExceeded, LogLevel, Outcome,
    },
};

mod caching;
pub mod fetches;

pub use caching::Caching;
pub use fetches::Fetches;

/// Timers one invocation may have pending; the next one is refused with a `RangeError`. A bound for our
/// own memory, far above any use.
const MAX_TIMERS: usize = 10_000;

/// Unhandled rejections of one turn that are reported; a bound for our own memory.
pub const MAX_REJECTIONS: usize = 256;

/// Async contexts are numbered up to here in an isolate, then from 1 again; V8's small integers go further.
const MOST_CONTEXTS: u32 = 1 << 30;

/// A promise that was rejected while nobody listened.
#[derive(Debug)]
pub struct UnhandledRejection {
    pub promise: v8::Global<v8::Promise>,
    pub reason: v8::Global<v8::Value>,
    /// The async context it was rejected in.
    pub context: Option<u32>,
}

/// The numbers of the async contexts that the events of a batch run in, as V8 carries them from await to
/// continuation. No two invocations of an isolate share one, so that what an earlier one left behind
/// counts for none of the events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventContexts {
    first: u32,
    events: u32,
}

impl EventContexts {
    /// Those of the isolate's next invocation.
    #[must_use]
    pub fn next(self, input: &Input) -> Self {
        let first = self.first + self.events;
        let first = if first < MOST_CONTEXTS {
            first.max(1)
        } else {
            1
        };
        let events = match input {
            Input::Event(_) | Input::Describe => 0,
            Input::Batch { events, .. } => *events,
        };
        Self { first, events }
    }

    /// The context of the first event.
    pub fn first(self) -> u32 {
        self.first
    }

    /// The event that a context is of.
    pub fn event_of(self, context: u32) -> Option<u32> {
        let event = context.checked_sub(self.first)?;
        (event < self.events).then_some(event)
    }
}

/// The state behind the ops, in a slot of the isolate; emptied when an invocation begins and ends.
#[derive(Debug)]
pub struct HostState {
    pub rejections: Vec<UnhandledRejection>,
    pub timers: Timers,
    pub fetches: Fetches,
    pub caching: Caching,
    pub record: Arc<Record>,
    pub contexts: EventContexts,
    /// Bytes of JSON an event out may have.
    result_bytes: u64,
    /// Bytes of JSON all events out may have.
    all_result_bytes: u64,
}

impl HostState {
    /// The state for one invocation.
    pub fn new(
        record: Arc<Record>,
        fetches: Fetches,
        caching: Caching,
        input: &Input,
        limits: &InvocationLimits,
    ) -> Self {
        Self {
            rejections: Vec::new(),
            timers: Timers::default(),
            fetches,
            caching,
            record,
            contexts: EventContexts::default(),
            result_bytes: limits.result_bytes,
            all_result_bytes: match input {
                Input::Event(_) | Input::Describe => u64::MAX,
                Input::Batch { .. } => limits.batch_result_bytes,
            },
        }
    }

    /// Whether an event of `bytes` bytes of JSON may be delivered now.
    ///
    /// # Errors
    /// What it fails with.
    pub fn check_result(&self, bytes: u64) -> Result<(), Box<FunctionError>> {
        let code = ErrorCode::ResultTooLarge;
        if bytes > self.result_bytes {
            let what = format!("the returned event, {bytes} bytes of JSON,");
            let limit = LimitExceeded::result(self.result_bytes);
            return Err(FunctionError::limit_exceeded(code, &what, limit).into());
        }
        let before = self.record.delivered_bytes();
        if bytes > self.all_result_bytes.saturating_sub(before) {
            let what =
                format!("the returned event, {bytes} bytes of JSON after {before} of others,");
            let limit = LimitExceeded::batch_result(self.all_result_bytes);
            return Err(FunctionError::limit_exceeded(code, &what, limit).into());
        }
        Ok(())
    }

    /// Records what became of an event, or of all that have no outcome yet.
    pub fn settle(&self, event: Option<usize>, outcome: Outcome) {
        match event {
            Some(event) => self.record.settle(event, outcome),
            None => self.record.settle_rest(&outcome),
        }
    }

    pub fn log(&self, level: LogLevel, message: String, context: Option<u32>) {
        let event = context.and_then(|context| self.contexts.event_of(context));
        self.record.log(level, message, event);
    }

    /// Ends the invocation's part in this isolate: cancels what is pending, with a line that says so.
    pub fn close(&mut self) {
        let timers = self.timers.clear();
        self.log_cancelled(timers, "timer", "timers");
        let requests = self.fetches.clear();
        self.log_cancelled(requests, "request", "requests");
        self.rejections.clear();
    }

    fn log_cancelled(&self, pending: usize, one: &str, many: &str) {
        let (what, were) = match pending {
            0 => return,
            1 => (one, "was"),
            _ => (many, "were"),
        };
        let line =
            format!("{pending} {what} still pending when the invocation ended {were} cancelled");
        self.log(LogLevel::Warn, line, None);
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
    use crate::{
        cell::{
            cache::{Cache, CacheLimits},
            outbox,
        },
        invocation::{FunctionKey, VersionKey},
    };

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
    fn pending_timers_are_told_at_the_end() {
        let record = Arc::new(Record::new(1, 1000));
        let input = Input::Event("{}".into());
        let mut state = HostState::new(record.clone(), no_fetches(), no_cache(), &input, &limits());
        state.timers.start(Duration::from_mins(1), LOGGED).unwrap();
        let quiet = state
            .timers
            .start(Duration::from_mins(1), LeftoverNotice::None);
        quiet.unwrap();
        state.close();
        let (_, lines) = record.take(1, || Outcome::Delivered("{}".into()));
        assert_eq!(lines.len(), 1);
        assert_eq!(
            lines[0].message,
            "1 timer still pending when the invocation ended was cancelled"
        );
    }

    fn limits() -> InvocationLimits {
        InvocationLimits {
            wall_time: Duration::ZERO,
            cpu_time: Duration::ZERO,
            result_bytes: 10,
            batch_result_bytes: 15,
            log_bytes: 0,
            requests: 0,
        }
    }

    fn no_cache() -> Caching {
        let limits = CacheLimits {
            instance_bytes: 0,
            process_bytes: 0,
        };
        let key = FunctionKey {
            version: VersionKey {
                function_id: "".into(),
                version: "".into(),
            },
            instance_id: "".into(),
        };
        Caching::new(Arc::new(Cache::new(limits, |_, _| false)), key, 0)
    }

    fn no_fetches() -> Fetches {
        Fetches::new(outbox::tests::heard().0, 0, 0)
    }

    fn batch(events: u32) -> Input {
        let json = "[]".into();
        Input::Batch { events, json }
    }

    #[test]
    fn results_are_bounded_one_by_one_and_in_a_batch_together() {
        let record = Arc::new(Record::new(2, 0));
        let alone = HostState::new(
            record.clone(),
            no_fetches(),
            no_cache(),
            &Input::Event("{}".into()),
            &limits(),
        );
        let state = HostState::new(record, no_fetches(), no_cache(), &batch(2), &limits());
        assert_eq!(state.check_result(10), Ok(()));
        let error = state.check_result(11).unwrap_err();
        assert_eq!(error.limit, Some(LimitExceeded::result(10)));
        state.settle(Some(0), Outcome::Delivered("0123456789".into()));
        assert_eq!(state.check_result(5), Ok(()));
        let error = state.check_result(6).unwrap_err();
        assert_eq!(error.limit, Some(LimitExceeded::batch_result(15)));
        assert_eq!(alone.check_result(6), Ok(()));
    }

    #[test]
    fn no_two_invocations_share_a_context() {
        let first = EventContexts::default().next(&batch(3));
        let second = first.next(&Input::Event("{}".into()));
        let third = second.next(&batch(2));
        assert_eq!((first.first(), third.first()), (1, 4));
        assert_eq!(first.event_of(3), Some(2));
        assert_eq!(first.event_of(4), None);
        assert_eq!(second.event_of(4), None);
        assert_eq!(third.event_of(3), None);
        assert_eq!(third.event_of(5), Some(1));
        let last = EventContexts {
            first: MOST_CONTEXTS - 1,
            events: 5,
        };
        assert_eq!(last.next(&batch(1)).first(), 1);
    }
}
