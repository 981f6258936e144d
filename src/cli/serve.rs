//! `penstock serve`: the executor until a signal ends it.

use std::{
    env, ffi::OsString, fmt::Write, net::SocketAddr, process::ExitCode, sync::Arc, time::Duration,
};

use futures_util::{Stream, stream};
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};

use super::{
    exit, log,
    output::{complain, print},
};
use crate::{
    config::{Effective, ServeConfig},
    front::{
        functions::{Drafts, Store},
        server::{self, Addresses, Farewell, ServeError},
        telemetry::Telemetry,
    },
};

/// What is logged unless `PENSTOCK_LOG` says otherwise.
const LEVEL: &str = "info";

/// How long the exit may wait for a collector.
const FLUSH: Duration = Duration::from_secs(3);

/// How long threads that read files, or look up names, may hold up the end.
const LAST_TASKS: Duration = Duration::from_secs(1);

/// Serves on what the flags, the environment and the file come to, or only shows that.
pub fn run(flags: &[OsString]) -> ExitCode {
    let config = match read(flags, "serve") {
        Ok(config) => config,
        Err(code) => return code,
    };
    let trying = config.functions.location.is_none()
        && config.security.tls_cert.is_none()
        && config.security.access.is_none();
    let has_playground = config.admin.has_playground(&config.security);
    serve(config, None, LEVEL, |addresses| {
        announce(addresses);
        if trying {
            suggest(addresses.grpc, addresses.admin.filter(|_| has_playground));
        }
    })
}

/// What flags, environment and file come to; or how the command ends that has shown that, or what is wrong with it.
///
/// # Errors
/// The exit code.
pub fn read(flags: &[OsString], command: &str) -> Result<ServeConfig, ExitCode> {
    let variables: Vec<_> = env::vars_os().collect();
    let effective = Effective::read(flags, &variables).map_err(|faults| {
        complain(&format!("error: {faults}\n\nSee penstock {command} --help"));
        ExitCode::from(exit::USAGE)
    })?;
    match effective.config.source.print_config {
        true => Err(print(&effective.to_string(), ExitCode::SUCCESS)),
        false => Ok(effective.config),
    }
}

/// Serves until a signal ends it: what is being written, or the functions that the configuration names. Logs what is
/// of `level` unless `PENSTOCK_LOG` says otherwise.
pub fn serve(
    config: ServeConfig,
    drafts: Option<Drafts>,
    level: &str,
    announce: impl FnOnce(&Addresses),
) -> ExitCode {
    server::log_panics();
    let format = config.log.log_format;
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            log::start(format, level, None);
            tracing::error!(%error, "no runtime");
            return ExitCode::from(exit::EXECUTOR);
        }
    };
    let started = runtime.block_on(async { Telemetry::start() });
    let exported = started.as_ref().ok().and_then(Telemetry::logs);
    log::start(format, level, exported);
    for doubt in config.doubts() {
        tracing::warn!("{doubt}");
    }
    let served = started.map_err(ServeError::from).and_then(|telemetry| {
        let telemetry = Arc::new(telemetry);
        let store = match drafts {
            Some(drafts) => Ok(Store::drafts(drafts)),
            None => server::store(&config.functions),
        };
        let served = runtime.block_on(async {
            let store = store?;
            server::serve(config, store, telemetry.clone(), announce, stop_signals()).await
        });
        telemetry.stop(FLUSH);
        served
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

/// Tells the log where we listen.
fn announce(addresses: &Addresses) {
    let grpc = addresses.grpc;
    match addresses.admin {
        Some(admin) => tracing::info!(%grpc, %admin, "listening"),
        None => tracing::info!(%grpc, "listening"),
    }
}

/// Tells a person who started us by hand what to try.
fn suggest(grpc: SocketAddr, playground: Option<SocketAddr>) {
    let mut hint = format!(
        "Penstock is up, with its examples as functions. Try one:\n\n  \
         grpcurl -plaintext -d '{}' \\\n    \
         {grpc} penstock.executor.v1.ExecutorService/Invoke\n\n",
        try_request()
    );
    if let Some(playground) = playground {
        let _ = writeln!(hint, "Or open http://{playground}/playground\n");
    }
    // It is served whether this is read or not.
    let _ = print(&hint, ExitCode::SUCCESS);
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
