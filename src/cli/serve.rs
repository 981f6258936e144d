//! `penstock serve`: the executor until a signal ends it.

use std::process::ExitCode;

use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};

use super::exit;
use crate::{
    config::ServeConfig,
    front::server::{self, Addresses},
};

pub fn run(config: ServeConfig) -> ExitCode {
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "no runtime");
            return ExitCode::from(exit::EXECUTOR);
        }
    };
    let trying = config.functions.location.is_none()
        && config.security.tls_cert.is_none()
        && config.security.access.is_none();
    let served = runtime.block_on(server::serve(
        config,
        |addresses| announce(addresses, trying),
        stop_signal(),
    ));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::from(exit::USAGE)
        }
    }
}

/// Tells the log where we listen, and a person who started us by hand what to try.
fn announce(addresses: &Addresses, trying: bool) {
    let grpc = addresses.grpc;
    match addresses.admin {
        Some(admin) => tracing::info!(%grpc, %admin, "listening"),
        None => tracing::info!(%grpc, "listening"),
    }
    if !trying {
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

/// Resolves at SIGTERM or SIGINT.
async fn stop_signal() {
    let (terminate, interrupt) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    );
    let (Ok(mut terminate), Ok(mut interrupt)) = (terminate, interrupt) else {
        // Without handlers the signals end the process by themselves.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
