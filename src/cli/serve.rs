//! `penstock serve`: the executor until a signal ends it.

use std::{env, ffi::OsString, process::ExitCode, sync::Arc, time::Duration};

use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};

use super::{exit, log};
use crate::{
    config::{Effective, ServeConfig},
    front::{
        server::{self, Addresses, ServeError},
        telemetry::Telemetry,
    },
};

/// What is logged unless `PENSTOCK_LOG` says otherwise.
const LEVEL: &str = "info";

/// How long the exit may wait for a collector.
const FLUSH: Duration = Duration::from_secs(3);

/// Serves on what the flags, the environment and the file come to, or only shows that.
pub fn run(flags: &[OsString]) -> ExitCode {
    let variables: Vec<_> = env::vars_os().collect();
    let effective = match Effective::read(flags, &variables) {
        Ok(effective) => effective,
        Err(faults) => {
            eprintln!("error: {faults}\n\nSee penstock serve --help");
            return ExitCode::from(exit::USAGE);
        }
    };
    if effective.config.source.print_config {
        print!("{effective}");
        return ExitCode::SUCCESS;
    }
    serve(effective.config)
}

fn serve(config: ServeConfig) -> ExitCode {
    let format = config.log.log_format;
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            log::start(format, LEVEL, None);
            tracing::error!(%error, "no runtime");
            return ExitCode::from(exit::EXECUTOR);
        }
    };
    let started = runtime.block_on(async { Telemetry::start() });
    let exported = started.as_ref().ok().and_then(Telemetry::logs);
    log::start(format, LEVEL, exported);
    for doubt in config.doubts() {
        tracing::warn!("{doubt}");
    }
    let served = started.map_err(ServeError::from).and_then(|telemetry| {
        let telemetry = Arc::new(telemetry);
        let trying = config.functions.location.is_none()
            && config.security.tls_cert.is_none()
            && config.security.access.is_none();
        let served = runtime.block_on(server::serve(
            config,
            telemetry.clone(),
            |addresses| announce(addresses, trying),
            stop_signal(),
        ));
        telemetry.stop(FLUSH);
        served
    });
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
