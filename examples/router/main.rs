//! A small pipeline router: takes events, has Penstock run functions on them, says what became of each.
//!
//! It is there to be read by whoever writes a router of his own. An event's way, file by file:
//!
//! 1. `source.rs` reads it and refuses what no executor would take,
//! 2. `lane.rs` queues it for each function, one lane a function, and bounds what is in flight,
//! 3. `batches.rs` puts it with others, when the function has an `onBatch`,
//! 4. `executors.rs` knows which executors are up, `balance.rs` chooses one for the function's key,
//! 5. `delivery.rs` sees it to its end: `call.rs` makes the calls, `classify.rs` says what an answer means, `backoff.rs` when to try again,
//! 6. `ledger.rs` writes down how it ended, `report.rs` tells at the end.
//!
//! ```sh
//! cargo run --example router -- --executor 127.0.0.1:50051 --function hello@1 --generate 100 --seconds 5
//! ```

use std::process::ExitCode;

use clap::Parser;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

mod backoff;
pub mod balance;
mod batches;
mod call;
mod classify;
mod delivery;
mod executors;
mod functions;
mod lane;
mod ledger;
mod options;
mod pipeline;
mod report;
mod source;

pub use options::Options;
pub use pipeline::{RouterError, run};
pub use report::Report;

/// Some event did not come to its end: nothing is lost, but something is left to do.
const UNFINISHED: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let level = EnvFilter::try_from_env("ROUTER_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(level)
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
    let stop = CancellationToken::new();
    tokio::spawn(stop_on_interrupt(stop.clone()));
    match run(options, stop).await {
        Ok(report) => {
            print!("{report}");
            match report.is_complete() {
                true => ExitCode::SUCCESS,
                false => ExitCode::from(UNFINISHED),
            }
        }
        Err(error) => {
            eprintln!("router: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn stop_on_interrupt(stop: CancellationToken) {
    if tokio::signal::ctrl_c().await.is_ok() {
        tracing::info!("interrupted: reading no more, finishing what is in flight");
        stop.cancel();
    }
}
