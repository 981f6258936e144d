//! From an invocation to its end: admission → a cell → the answer, or what is known without one.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    admission::{Admission, Full},
    cells::{Answered, Call, Cells, Lost, NoCell},
    quarantine::Quarantine,
};
use crate::invocation::{Finished, FunctionError, FunctionKey};

/// How long an invocation waits for a cell when none is up; a cell starts in tens of milliseconds.
const CELL_PATIENCE: Duration = Duration::from_secs(5);

/// Cells tried with an invocation that never reached the one before.
const ATTEMPTS: usize = 4;

/// Runs invocations in cells.
#[derive(Debug)]
pub struct Dispatcher {
    admission: Admission,
    quarantine: Arc<Quarantine>,
    cells: Cells,
}

/// The invocation did not run, and not for the function's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DispatchError {
    #[error(transparent)]
    Full(#[from] Full),
    #[error(transparent)]
    NoCell(#[from] NoCell),
}

impl Dispatcher {
    pub fn new(admission: Admission, quarantine: Arc<Quarantine>, cells: Cells) -> Self {
        Self {
            admission,
            quarantine,
            cells,
        }
    }

    /// Runs one invocation. Dropping the future cancels it.
    ///
    /// # Errors
    /// [`DispatchError`] when it could not be run at all.
    pub async fn dispatch(&self, call: Call) -> Result<Answered, DispatchError> {
        let events = call.input.outcomes();
        if let Some(error) = self.quarantine.check(&call.version.key) {
            let finished = Finished::without_running(error, events);
            return Ok(Answered::without_running(finished));
        }
        let arrived = Instant::now();
        let _admitted = self.admission.admit()?;
        let key = FunctionKey {
            version: call.version.key.clone(),
            instance_id: call.instance_id.clone(),
        };
        for _ in 0..ATTEMPTS {
            let link = self.cells.route(&key, CELL_PATIENCE).await?;
            let waited = arrived.elapsed();
            match link.invoke(call.clone()).await {
                Ok(mut answered) => {
                    answered.finished.usage.queue += waited;
                    return Ok(answered);
                }
                Err(Lost::NotSent) => {}
                Err(Lost::InFlight) => {
                    let lost = FunctionError::executor_lost();
                    let finished = Finished::without_running(lost, events);
                    return Ok(Answered::without_running(finished));
                }
            }
        }
        Err(NoCell.into())
    }
}
