//! `penstock serve`: the executor until a signal ends it.

use std::{process::ExitCode, time::Duration};

use futures_util::{Stream, stream};
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};

use super::exit;
use crate::{
    config::ServeConfig,
    front::server::{self, Addresses, Farewell},
};

/// How long threads that read files, or look up names, may hold up the end.
const LAST_TASKS: Duration = Duration::from_secs(1);

pub fn run(config: ServeConfig) -> ExitCode {
    server::log_panics();
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "no runtime");
            return ExitCode::from(exit::EXECUTOR);
        }
    };
    let embedded = config.functions.location.is_none();
    let served = runtime.block_on(async {
        let announce = |addresses: &Addresses| announce(addresses, embedded);
        server::serve(config, announce, stop_signals()).await
    });
    // What still runs is of no use to anybody.
    runtime.shutdown_timeout(LAST_TASKS);
    match served {
        Ok(Farewell { dropped: 0 }) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(exit::DROPPED),
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::from(exit::USAGE)
        }
    }
}

/// Tells the log where we listen, and a person who started us by hand what to try.
fn announce(addresses: &Addresses, embedded: bool) {
    let grpc = addresses.grpc;
    match addresses.admin {
        Some(admin) => tracing::info!(%grpc, %admin, "listening"),
        None => tracing::info!(%grpc, "listening"),
    }
    if !embedded {
        return;
    }
    println!("Penstock is up, with its examples as functions. Try one:\n");
    println!("  grpcurl -plaintext -d '{}' \\", try_request());
    println!("    {grpc} penstock.executor.v1.ExecutorService/Invoke\n");
}

fn try_request() -> serde_json::Value {
    serde_json::json!({
        "function": {"function_id": "mask-pii", "version": "1"},
        "event": {
            "type": "identify",
            "userId": "usr_8412",
            "traits": {"email": "jane@example.com", "card": "4242 4242 4242 4242"},
        },
        "capture": true,
    })
}

/// Each SIGTERM or SIGINT from now on. To be called inside of a Tokio runtime.
fn stop_signals() -> impl Stream<Item = ()> {
    let (terminate, interrupt) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    );
    // Without handlers the signals end the process by themselves.
    let handlers = terminate.ok().zip(interrupt.ok());
    stream::unfold(handlers, |handlers| async {
        let (mut terminate, mut interrupt) = handlers?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Some(((), Some((terminate, interrupt))))
    })
}
