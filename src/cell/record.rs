//! What an invocation has come to so far: the outcome of each event and the log lines. Shared by the
//! isolate that runs it and by whoever answers when the isolate can't be asked any more.

use super::logs::Logs;
use crate::{
    invocation::{Description, FunctionError, LogLevel, LogLine, Outcome},
    lock::Lock,
};

/// How often a lock that is taken is tried: longer than a line takes to be written.
const PATIENCE: usize = 1_000;

#[derive(Debug)]
pub struct Record(Lock<State>);

#[derive(Debug)]
struct State {
    /// By event; `None` until it has settled.
    outcomes: Vec<Option<Outcome>>,
    unsettled: usize,
    /// Bytes of all events delivered so far.
    delivered_bytes: u64,
    logs: Logs,
}

impl Record {
    /// For an invocation of `events` events that may log `log_bytes` bytes.
    pub fn new(events: usize, log_bytes: u64) -> Self {
        Self(Lock::new(State {
            outcomes: vec![None; events],
            unsettled: events,
            delivered_bytes: 0,
            logs: Logs::with_limit(log_bytes),
        }))
    }

    /// Records what became of an event. The first word counts: what a function does after its handler has
    /// settled changes nothing.
    pub fn settle(&self, event: usize, outcome: Outcome) {
        let mut state = self.0.lock();
        let Some(place @ None) = state.outcomes.get_mut(event) else {
            return;
        };
        let bytes = match &outcome {
            Outcome::Delivered(json) => json.len() as u64,
            Outcome::Filtered { .. } | Outcome::Failed(_) | Outcome::Described(_) => 0,
        };
        *place = Some(outcome);
        state.delivered_bytes += bytes;
        state.unsettled -= 1;
    }

    /// The same outcome for every event that has none.
    pub fn settle_rest(&self, outcome: &Outcome) {
        let mut state = self.0.lock();
        for place in state.outcomes.iter_mut().filter(|place| place.is_none()) {
            *place = Some(outcome.clone());
        }
        state.unsettled = 0;
    }

    /// Whether every event has its outcome.
    pub fn is_settled(&self) -> bool {
        self.0.lock().unsettled == 0
    }

    pub fn delivered_bytes(&self) -> u64 {
        self.0.lock().delivered_bytes
    }

    /// Changes outcomes that are there.
    pub fn revise(&self, mut change: impl FnMut(&mut Outcome)) {
        for outcome in self.0.lock().outcomes.iter_mut().flatten() {
            change(outcome);
        }
    }

    /// Changes the errors among the outcomes that are there.
    pub fn revise_error(&self, mut change: impl FnMut(&mut FunctionError)) {
        self.revise(|outcome| {
            if let Outcome::Failed(error) = outcome {
                change(error);
            }
        });
    }

    /// The outcome of a description. What the source has failed with by now is its fault.
    pub fn settle_described(&self, mut description: Description) {
        let mut state = self.0.lock();
        state.unsettled = 0;
        for place in &mut state.outcomes {
            if let Some(Outcome::Failed(fault)) = place.take() {
                description.fault = Some(fault);
            }
            *place = Some(Outcome::Described(Box::new(description.clone())));
        }
    }

    pub fn log(&self, level: LogLevel, message: String, event: Option<u32>) {
        self.0.lock().logs.push(level, message, event);
    }

    /// All there is, with what `rest` makes for the events that have no outcome. Empty afterwards. Hardly waits: of a
    /// thread that was stopped for good in the middle of a line, nothing is known.
    pub fn take(&self, events: usize, rest: impl Fn() -> Outcome) -> (Vec<Outcome>, Vec<LogLine>) {
        let mut tries = (0..PATIENCE).map(|_| {
            std::hint::spin_loop();
            self.0.try_lock()
        });
        let Some(mut state) = tries.find_map(|state| state) else {
            return (vec![rest(); events], Vec::new());
        };
        let outcomes = std::mem::take(&mut state.outcomes).into_iter();
        let outcomes = outcomes.map(|outcome| outcome.unwrap_or_else(&rest));
        (outcomes.collect(), state.logs.take())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invocation::{ErrorCode, FilterReason, FunctionError};

    fn delivered(json: &'static str) -> Outcome {
        Outcome::Delivered(json.into())
    }

    fn timed_out() -> Outcome {
        FunctionError::new(ErrorCode::Timeout, "late").into()
    }

    #[test]
    fn the_first_outcome_counts() {
        let record = Record::new(1, 0);
        record.settle(0, delivered("{}"));
        record.settle(0, timed_out());
        assert!(record.is_settled());
        assert_eq!(record.delivered_bytes(), 2);
        assert_eq!(record.take(1, timed_out).0, [delivered("{}")]);
    }

    #[test]
    fn what_has_settled_stays_and_the_rest_gets_the_invocations_end() {
        let record = Record::new(3, 0);
        record.settle(1, delivered("{}"));
        record.settle(3, delivered("{}"));
        assert!(!record.is_settled());
        let (outcomes, _) = record.take(3, timed_out);
        assert_eq!(outcomes, [timed_out(), delivered("{}"), timed_out()]);
    }

    #[test]
    fn the_rest_settles_alike() {
        let record = Record::new(2, 0);
        let dropped = Outcome::Filtered {
            reason: FilterReason::DropEvent,
            message: String::new(),
        };
        record.settle(0, delivered("{}"));
        record.settle_rest(&dropped);
        assert!(record.is_settled());
        record.revise(|outcome| {
            if matches!(outcome, Outcome::Filtered { .. }) {
                *outcome = delivered("{\"revised\":1}");
            }
        });
        let (outcomes, _) = record.take(2, timed_out);
        assert_eq!(outcomes, [delivered("{}"), delivered("{\"revised\":1}")]);
    }
}
