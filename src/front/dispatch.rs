//! From an invocation to its end: admission → a cell → the answer, or what is known without one.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    admission::{Admission, Refused},
    arrival::Arrival,
    cells::{Answered, Call, Cells, Lost, NoCell},
    quarantine::Quarantine,
};
use crate::invocation::{Finished, FunctionError, FunctionKey};

/// How long an invocation waits for a cell when none is up; a cell starts in tens of milliseconds.
const CELL_PATIENCE: Duration = Duration::from_secs(5);

/// Cells tried with an invocation that never reached the one before.
const ATTEMPTS: usize = 4;

/// What is kept of a caller's remaining time to bring it the outcome: a tenth, within these bounds. So a
/// function that takes too long for its caller comes back as the outcome `TIMEOUT`, with its logs, and not
/// as the caller's own `DEADLINE_EXCEEDED`, which tells nothing.
const SHORTEST_RETURN: Duration = Duration::from_millis(2);
const LONGEST_RETURN: Duration = Duration::from_millis(50);

/// Runs invocations in cells.
#[derive(Debug)]
pub struct Dispatcher {
    admission: Admission,
    quarantine: Arc<Quarantine>,
    cells: Cells,
}

/// The invocation did not run, and not for the function's doing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DispatchError {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    NoCell(#[from] NoCell),
}

/// An invocation that had a place, and how it ended.
#[derive(Clone, Debug)]
pub struct Dispatched {
    pub answered: Answered,
    /// How long it had to wait for its place; `None` when it did not.
    pub waited: Option<Duration>,
}

impl Dispatcher {
    pub fn new(admission: Admission, quarantine: Arc<Quarantine>, cells: Cells) -> Self {
        Self {
            admission,
            quarantine,
            cells,
        }
    }

    /// Runs one invocation, for no longer than its caller waits. Dropping the future cancels it.
    /// `call.useful_until` is set here.
    ///
    /// # Errors
    /// [`DispatchError`] when it could not be run at all.
    pub async fn dispatch(
        &self,
        mut call: Call,
        arrival: Arrival,
    ) -> Result<Dispatched, DispatchError> {
        let events = call.input.outcomes();
        if let Some(error) = self.quarantine.check(&call.version.key) {
            return Ok(Dispatched::unrun(error, events));
        }
        let tenant = &call.version.key.function_id;
        let admitted = self.admission.admit(tenant, arrival.deadline).await?;
        let key = FunctionKey {
            version: call.version.key.clone(),
            instance_id: call.instance_id.clone(),
        };
        call.useful_until = useful_until(arrival);
        for _ in 0..ATTEMPTS {
            let link = self.cells.route(&key, CELL_PATIENCE).await?;
            let before = Instant::now().saturating_duration_since(arrival.at);
            match link.invoke(call.clone()).await {
                Ok(mut answered) => {
                    answered.finished.usage.queue += before;
                    return Ok(Dispatched {
                        answered,
                        waited: admitted.waited,
                    });
                }
                Err(Lost::NotSent) => {}
                Err(Lost::InFlight) => {
                    return Ok(Dispatched::unrun(FunctionError::executor_lost(), events));
                }
            }
        }
        Err(NoCell.into())
    }
}

impl Dispatched {
    fn unrun(error: FunctionError, events: usize) -> Self {
        let finished = Finished::without_running(error, events);
        Self {
            answered: Answered::without_running(finished),
            waited: None,
        }
    }
}

/// When an outcome has to leave its cell to reach its caller in time.
fn useful_until(arrival: Arrival) -> Option<Instant> {
    let (deadline, remaining) = (arrival.deadline?, arrival.remaining()?);
    let way_back = (remaining / 10).clamp(SHORTEST_RETURN, LONGEST_RETURN);
    deadline.checked_sub(way_back)
}
