//! The gRPC listener: the services on it, readiness, and the way out.

use std::{
    convert::Infallible,
    future::{self, Future},
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use futures_util::StreamExt;
use serde::Serialize;
use tokio::{net::TcpListener, runtime::Handle, sync::watch, time};
use tonic::{
    server::NamedService,
    transport::{Server, server::TcpIncoming},
};
use tonic_health::{ServingStatus, server::HealthReporter};
use tonic_reflection::server::Builder as ReflectionBuilder;

use super::{
    access::AccessLayer,
    admin::{self, AdminError, Bound, Routes},
    admission::Admission,
    audit::Audit,
    cells::{CellPlan, Cells, Fetcher, Places, own_program},
    dispatch::Dispatcher,
    egress::{Egress, EgressError},
    functions::{Functions, Store, StoredBounds, TypeStripper, UnusableLocation},
    grpc::{Executor, METHODS, refused},
    memory,
    quarantine::Quarantine,
    readiness::Readiness,
    sealed::{IdentitiesError, Opener},
    security::{Security, SecurityFaults},
    telemetry::{Observed, Telemetry, TelemetryError},
};
use crate::{
    api::{FILE_DESCRIPTOR_SET, executor_service_server::ExecutorServiceServer},
    config::{
        CellsConfig, EgressConfig, LimitsConfig, LogFormat, MAX_PAYLOAD_BYTES, ServeConfig,
        TypeScriptConfig,
    },
    wire::Configure,
};

mod connected;

/// The largest message taken or sent: every payload at its highest knob, and room for what is around
/// them. Our own checks, which name field and knob, are met long before.
const MAX_MESSAGE_BYTES: usize = 3 * MAX_PAYLOAD_BYTES as usize;

/// The API's service, as clients name it.
const SERVICE: &str = <ExecutorServiceServer<Executor> as NamedService>::NAME;

/// Cells kept ready to take the place of one that goes.
const SPARES: usize = 1;

/// What a cell that is being replaced gets beyond the longest wall time to finish what it has.
const DRAIN_MARGIN: Duration = Duration::from_secs(1);

/// Why the executor does not serve, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Security(#[from] SecurityFaults),
    #[error(transparent)]
    Functions(#[from] UnusableLocation),
    #[error("--listen {address}: {error}")]
    Listen {
        address: SocketAddr,
        error: io::Error,
    },
    #[error(transparent)]
    Egress(#[from] EgressError),
    #[error(transparent)]
    Identities(#[from] IdentitiesError),
    #[error(transparent)]
    Admin(#[from] AdminError),
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    #[error("the cells could not be started: {0}")]
    Cells(String),
    #[error("--ready-file {}: {error}", path.display())]
    ReadyFile { path: PathBuf, error: io::Error },
    #[error("the API's descriptor is unusable: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    #[error("the gRPC server failed: {0}")]
    Transport(#[from] tonic::transport::Error),
}

/// The addresses that were asked for, or chosen.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Addresses {
    /// Of the gRPC listener.
    pub grpc: SocketAddr,
    /// Of the admin endpoint, unless it is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin: Option<SocketAddr>,
}

/// What the ready file tells.
#[derive(Serialize)]
struct Ready {
    #[serde(flatten)]
    addresses: Addresses,
    pid: u32,
}

/// Serves until `stop` resolves and calls under way are answered, or their grace is over.
/// `announce` is called with the listeners' addresses once calls are taken.
///
/// # Errors
/// [`ServeError`] when something the configuration names can't be had.
pub async fn serve(
    config: ServeConfig,
    telemetry: Arc<Telemetry>,
    announce: impl FnOnce(&Addresses),
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let listen_error = |error| ServeError::Listen {
        address: config.listen,
        error,
    };
    let security = Security::open(&config.security, config.listen)?;
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(listen_error)?;
    let grpc = listener.local_addr().map_err(listen_error)?;
    let admin = admin::bind(&config.admin).await?;
    let opener = Opener::new(&config.sealed, config.cells.max_in_flight.get() as usize)?;
    let watched: Vec<_> = security
        .watched()
        .into_iter()
        .chain(opener.watched())
        .collect();
    telemetry.observe_security(&security, watched.clone());
    let started = start_executor(&config, opener, &security.audit, &telemetry);
    let (executor, cells) = started.await?;
    let (health, health_service) = tonic_health::server::health_reporter();
    let (drain, mut draining) = watch::channel(false);
    let readiness = Readiness::new(cells, draining.clone());
    let executor = ExecutorServiceServer::new(executor)
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    // Answers are small and whole: waiting to fill a segment would only delay them.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let incoming = incoming.filter_map(|accepted| future::ready(accepted.ok()));
    let incoming = security.guard(incoming).map(Ok::<_, Infallible>);
    let server = Server::builder()
        // Outermost, so that a call counts however it is refused.
        .layer(telemetry.calls(SERVICE, &METHODS))
        // Before anything of a call is read.
        .layer(AccessLayer::new(security.access.clone(), refused))
        .add_service(health_service)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .add_service(executor)
        .serve_with_incoming_shutdown(incoming, async move {
            // An error means that the sender is gone, which stops us too.
            let _ = draining.wait_for(|draining| *draining).await;
        });
    tokio::pin!(server);
    let addresses = Addresses {
        grpc,
        admin: admin.as_ref().map(Bound::address),
    };
    let routes = Routes {
        telemetry,
        readiness: readiness.clone(),
    };
    let admin = admin.map(|admin| admin.serve(routes));
    let fresh = security.keep_fresh(watched);
    let health_task = tokio::spawn(report_health(health, readiness));
    if let Some(path) = &config.ready_file {
        write_ready_file(path, addresses)?;
    }
    announce(&addresses);
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
    if let Some(fresh) = fresh {
        fresh.abort();
    }
    match finished {
        Ok(ended) => ended?,
        Err(_) => tracing::warn!("the grace is over; calls still under way are dropped"),
    }
    if let Some(admin) = admin {
        admin.stop().await;
    }
    security.audit.flush().await;
    Ok(())
}

/// The service with all that is behind it, and what tells when its cells come and go.
async fn start_executor(
    config: &ServeConfig,
    opener: Opener,
    audit: &Audit,
    telemetry: &Telemetry,
) -> Result<(Executor, watch::Receiver<Places>), ServeError> {
    let store = match &config.functions.location {
        Some(location) => Store::open(location, config.functions.store_timeout())?,
        None => Store::examples(),
    };
    let in_flight = config.cells.max_in_flight.get() as usize;
    let quarantine = Arc::new(Quarantine::audited(audit.clone()));
    let egress = Egress::new(&config.egress, &Handle::current())?.measured(telemetry.egress());
    let connections = egress.connections();
    let cells = start_cells(
        &config.cells,
        config.log.log_format,
        &config.limits,
        fetcher_over(egress, &config.egress),
        SPARES,
        quarantine.clone(),
    );
    let cells = cells.await?;
    let live = cells.watch();
    let admission = Admission::new(config.cells.max_in_flight);
    let functions = Functions::new(
        store,
        stripper(config.typescript, &config.cells)?,
        &config.functions,
        StoredBounds {
            source_bytes: config.limits.source_bytes,
            map_bytes: config.limits.source_map_bytes,
        },
        in_flight,
    );
    let functions = functions.audited(audit.clone()).measured(telemetry.store());
    let functions = Arc::new(functions);
    telemetry.observe(Observed {
        admission: admission.clone(),
        cells: cells.census(),
        cache: cells.cache(),
        quarantine: quarantine.clone(),
        functions: functions.clone(),
        connections,
        memory: memory::total_bytes(config.cells.memory),
    });
    let dispatcher = Arc::new(Dispatcher::new(admission, quarantine, cells));
    let limits = config.limits.clone();
    let executor = Executor::new(functions, dispatcher, Arc::new(opener), limits, telemetry);
    Ok((executor, live))
}

/// What a client can ask about: the API, health, and the details of statuses, so that tools show them in
/// words.
fn reflection() -> ReflectionBuilder<'static> {
    ReflectionBuilder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
}

/// What makes the requests of functions. To be called inside of a Tokio runtime.
///
/// # Errors
/// [`ServeError::Egress`] when a file that the configuration names can't be read.
pub fn fetcher(config: &EgressConfig) -> Result<Fetcher, ServeError> {
    let egress = Egress::new(config, &Handle::current())?;
    Ok(fetcher_over(egress, config))
}

fn fetcher_over(egress: Egress, config: &EgressConfig) -> Fetcher {
    let (at_once, buffer_bytes) = (config.egress_at_once.get(), config.egress_buffer_bytes);
    Fetcher::new(Arc::new(egress), at_once, buffer_bytes)
}

/// What takes types out of TypeScript sources.
///
/// # Errors
/// [`ServeError::Cells`] when this program can't be found.
pub fn stripper(
    typescript: TypeScriptConfig,
    cells: &CellsConfig,
) -> Result<TypeStripper, ServeError> {
    let program = own_program().map_err(|error| ServeError::Cells(error.to_string()))?;
    Ok(TypeStripper::new(
        program,
        typescript,
        cells.require_lockdown,
    ))
}

/// Starts the cells a configuration asks for.
///
/// # Errors
/// [`ServeError::Cells`] when they can't be started.
pub async fn start_cells(
    cells: &CellsConfig,
    log_format: LogFormat,
    limits: &LimitsConfig,
    fetcher: Fetcher,
    spares: usize,
    quarantine: Arc<Quarantine>,
) -> Result<Cells, ServeError> {
    let failed = |error: String| ServeError::Cells(error);
    let plan = CellPlan {
        program: own_program().map_err(|error| failed(error.to_string()))?,
        log_format,
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
            cache_instance_bytes: cells.cache_instance_bytes,
            cache_bytes: cells.cache_bytes,
        },
        fetcher,
        cache: Arc::default(),
    };
    Cells::start(plan, quarantine)
        .await
        .map_err(|error| failed(error.to_string()))
}

/// Serving while a cell is up and nobody has asked to stop.
async fn report_health(health: HealthReporter, mut readiness: Readiness) {
    loop {
        let status = match readiness.check() {
            Ok(()) => ServingStatus::Serving,
            Err(_) => ServingStatus::NotServing,
        };
        health.set_service_status("", status).await;
        health.set_service_status(SERVICE, status).await;
        if !readiness.changed().await {
            return;
        }
    }
}

/// Written aside and renamed, so that who waits for the file never reads half of it.
fn write_ready_file(path: &Path, addresses: Addresses) -> Result<(), ServeError> {
    let error = |error| ServeError::ReadyFile {
        path: path.to_owned(),
        error,
    };
    let ready = Ready {
        addresses,
        pid: std::process::id(),
    };
    let text = serde_json::to_vec(&ready).map_err(|fault| error(fault.into()))?;
    let aside = path.with_extension("part");
    std::fs::write(&aside, text).map_err(error)?;
    std::fs::rename(&aside, path).map_err(error)
}
