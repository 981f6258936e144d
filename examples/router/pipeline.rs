//! The whole of it: from the options to the report.

use std::{io, path::PathBuf, sync::Arc};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Options,
    executors::Executors,
    functions::Function,
    lane::{self, Entrance, Shared},
    ledger::Ledger,
    report::Report,
    source,
};

/// Why the router does not start, or can't leave its report.
#[derive(Debug, thiserror::Error)]
pub enum RouterError {
    #[error("{}: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{}: {error}", path.display())]
    Unwritable { path: PathBuf, error: io::Error },
    #[error("{}: the settings are no JSON object: {error}", path.display())]
    Settings {
        path: PathBuf,
        error: serde_json::Error,
    },
    #[error("--executor {0}: this can't be an address")]
    Address(String),
}

/// Routes events until there are no more, or until `stop` is cancelled: then what is in flight has a grace to
/// finish in, and what is not at its end after it is said to be unfinished.
///
/// # Errors
/// [`RouterError`] before anything was sent; or after all of it, when the report can't be written.
pub async fn run(options: Options, stop: CancellationToken) -> Result<Report, RouterError> {
    let functions = options.functions.iter().cloned().map(Function::load);
    let functions: Vec<_> = functions.collect::<Result<_, _>>()?;
    let ledger = Arc::new(Ledger::open(options.outcomes.clone())?);
    let shared = Shared {
        executors: Executors::start(&options).await?,
        ledger: ledger.clone(),
        abandon: CancellationToken::new(),
    };
    let events = source::start(&options, ledger.clone())?;
    let lanes = TaskTracker::new();
    let open = |function| lane::open(function, &options, shared.clone(), &lanes);
    let entrances: Vec<_> = functions.into_iter().map(open).collect();
    lanes.close();
    let all = async {
        hand_out(events, &stop, entrances, &ledger).await;
        lanes.wait().await;
    };
    tokio::pin!(all);
    let grace_over = async {
        stop.cancelled().await;
        tokio::time::sleep(options.grace_s).await;
    };
    tokio::select! {
        () = &mut all => {}
        () = grace_over => {
            shared.abandon.cancel();
            // Every delivery hears of it, so this is not long.
            all.await;
        }
    }
    let report = ledger.report();
    if let Some(path) = options.report {
        report
            .write(&path)
            .map_err(|error| RouterError::Unwritable { path, error })?;
    }
    Ok(report)
}

/// Gives every event to every lane. It stops between two events and never within one, so that no event is with some
/// functions only.
async fn hand_out(
    mut events: tokio::sync::mpsc::Receiver<source::Event>,
    stop: &CancellationToken,
    lanes: Vec<Entrance>,
    ledger: &Ledger,
) {
    loop {
        let event = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            event = events.recv() => event,
        };
        let Some(event) = event else {
            return;
        };
        ledger.read();
        for lane in &lanes {
            lane.take(event.clone()).await;
        }
    }
}
