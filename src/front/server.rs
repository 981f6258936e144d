//! The gRPC listener: the services on it, readiness, and the way out.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::Serialize;
use tokio::{net::TcpListener, sync::watch, time};
use tonic::transport::{Server, server::TcpIncoming};
use tonic_health::{ServingStatus, server::HealthReporter};
use tonic_reflection::server::Builder as ReflectionBuilder;

use super::{
    admission::Admission,
    cells::{CellPlan, Cells, own_program},
    dispatch::Dispatcher,
    functions::{Functions, Store, UnusableLocation},
    grpc::Executor,
    memory,
    quarantine::Quarantine,
};
use crate::{
    api::{FILE_DESCRIPTOR_SET, executor_service_server::ExecutorServiceServer},
    config::{CellsConfig, LimitsConfig, MAX_PAYLOAD_BYTES, ServeConfig},
    wire::Configure,
};

/// The largest message taken or sent: every payload at its highest knob, and room for what is around
/// them. Our own checks, which name field and knob, are met long before.
const MAX_MESSAGE_BYTES: usize = 3 * MAX_PAYLOAD_BYTES as usize;

/// Cells kept ready to take the place of one that goes.
const SPARES: usize = 1;

/// What a cell that is being replaced gets beyond the longest wall time to finish what it has.
const DRAIN_MARGIN: Duration = Duration::from_secs(1);

/// Why the executor does not serve, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Functions(#[from] UnusableLocation),
    #[error("--listen {address}: {error}")]
    Listen {
        address: SocketAddr,
        error: io::Error,
    },
    #[error("the cells could not be started: {0}")]
    Cells(String),
    #[error("--ready-file {}: {error}", path.display())]
    ReadyFile { path: PathBuf, error: io::Error },
    #[error("the API's descriptor is unusable: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    #[error("the gRPC server failed: {0}")]
    Transport(#[from] tonic::transport::Error),
}

/// What the ready file tells.
#[derive(Serialize)]
struct Ready {
    /// Address of the gRPC listener.
    grpc: SocketAddr,
    pid: u32,
}

/// Serves until `stop` resolves and calls under way are answered, or their grace is over.
/// `announce` is called with the listener's address once calls are taken.
///
/// # Errors
/// [`ServeError`] when something the configuration names can't be had.
pub async fn serve(
    config: ServeConfig,
    announce: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let store = match &config.functions.location {
        Some(location) => Store::open(location, config.functions.store_timeout())?,
        None => Store::examples(),
    };
    let listen_error = |error| ServeError::Listen {
        address: config.listen,
        error,
    };
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(listen_error)?;
    let address = listener.local_addr().map_err(listen_error)?;
    let quarantine = Arc::new(Quarantine::default());
    let cells = start_cells(&config.cells, &config.limits, SPARES, quarantine.clone()).await?;
    let (health, health_service) = tonic_health::server::health_reporter();
    let live = cells.watch();
    let dispatcher = Arc::new(Dispatcher::new(
        Admission::new(config.cells.max_in_flight),
        quarantine,
        cells,
    ));
    let functions = Functions::new(
        store,
        &config.functions,
        config.limits.source_bytes,
        config.cells.max_in_flight.get() as usize,
    );
    let executor = ExecutorServiceServer::new(Executor::new(functions, dispatcher, config.limits))
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    let (drain, drained) = watch::channel(false);
    let mut stopping = drained.clone();
    // Answers are small and whole: waiting to fill a segment would only delay them.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let server = Server::builder()
        .add_service(health_service)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .add_service(executor)
        .serve_with_incoming_shutdown(incoming, async move {
            // An error means that the sender is gone, which stops us too.
            let _ = stopping.wait_for(|draining| *draining).await;
        });
    tokio::pin!(server);
    let health_task = tokio::spawn(report_health(health, live, drained));
    if let Some(path) = &config.ready_file {
        write_ready_file(path, address)?;
    }
    announce(address);
    tokio::select! {
        ended = &mut server => return Ok(ended?),
        () = stop => {}
    }
    tracing::info!(
        grace_ms = config.drain_ms,
        "draining: no new connections, calls under way finish"
    );
    let _ = drain.send(true);
    let finished = time::timeout(Duration::from_millis(config.drain_ms), server).await;
    health_task.abort();
    match finished {
        Ok(ended) => ended?,
        Err(_) => tracing::warn!("the grace is over; calls still under way are dropped"),
    }
    Ok(())
}

/// What a client can ask about: the API, health, and the details of statuses, so that tools show them in
/// words.
fn reflection() -> ReflectionBuilder<'static> {
    ReflectionBuilder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
}

/// Starts the cells a configuration asks for.
///
/// # Errors
/// [`ServeError::Cells`] when they can't be started.
pub async fn start_cells(
    cells: &CellsConfig,
    limits: &LimitsConfig,
    spares: usize,
    quarantine: Arc<Quarantine>,
) -> Result<Cells, ServeError> {
    let failed = |error: String| ServeError::Cells(error);
    let plan = CellPlan {
        program: own_program().map_err(|error| failed(error.to_string()))?,
        cells: cells.cells.get() as usize,
        spares,
        drain: limits.wall_time() + DRAIN_MARGIN,
        configure: Configure {
            threads: cells.threads().get(),
            max_isolates: cells.cell_isolates.get(),
            heap_bytes: limits.heap_bytes,
            idle_bytes: memory::idle_bytes(cells.memory, u64::from(cells.cells.get())),
            top_level_nanos: u64::try_from(limits.top_level_time().as_nanos()).unwrap_or(u64::MAX),
            require_lockdown: cells.require_lockdown,
        },
    };
    Cells::start(plan, quarantine)
        .await
        .map_err(|error| failed(error.to_string()))
}

/// Serving while a cell is up and nobody has asked to stop.
async fn report_health(
    health: HealthReporter,
    mut live: watch::Receiver<super::cells::Places>,
    mut draining: watch::Receiver<bool>,
) {
    loop {
        let up = live.borrow_and_update().iter().any(Option::is_some);
        let status = match up && !*draining.borrow_and_update() {
            true => ServingStatus::Serving,
            false => ServingStatus::NotServing,
        };
        health.set_service_status("", status).await;
        let name = <ExecutorServiceServer<Executor> as tonic::server::NamedService>::NAME;
        health.set_service_status(name, status).await;
        let changed = tokio::select! {
            changed = live.changed() => changed,
            changed = draining.changed() => changed,
        };
        if changed.is_err() {
            return;
        }
    }
}

/// Written aside and renamed, so that who waits for the file never reads half of it.
fn write_ready_file(path: &Path, grpc: SocketAddr) -> Result<(), ServeError> {
    let error = |error| ServeError::ReadyFile {
        path: path.to_owned(),
        error,
    };
    let ready = Ready {
        grpc,
        pid: std::process::id(),
    };
    let text = serde_json::to_vec(&ready).map_err(|fault| error(fault.into()))?;
    let aside = path.with_extension("part");
    std::fs::write(&aside, text).map_err(error)?;
    std::fs::rename(&aside, path).map_err(error)
}
