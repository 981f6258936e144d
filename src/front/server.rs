//! The gRPC listener: the services on it, readiness, and the way out.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::Stream;
use http_body_util::Full;
use serde::Serialize;
use tokio::{runtime::Handle, sync::watch};
use tonic::{server::NamedService, service::Routes};
use tonic_health::{ServingStatus, server::HealthReporter};
use tonic_reflection::server::Builder as ReflectionBuilder;
use tower::{Service, ServiceBuilder};

use super::{
    access::AccessLayer,
    admin::{
        self, AdminError, Bound, Routes as AdminRoutes,
        playground::{Playground, PlaygroundPlan},
    },
    admission::{Admission, WaitingRoom},
    audit::Audit,
    cells::{CellPlan, Cells, Fetcher, Places, Ticks, own_program},
    dispatch::Dispatcher,
    egress::{Egress, EgressError},
    functions::{Functions, Store, StoredBounds, TypeStripper, UnusableLocation},
    grpc::{Executor, METHODS, json::JsonCalls, refused},
    libraries::{LibrariesError, LibraryImage},
    listener::{Listener, Occupancy},
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
        CellsConfig, EgressConfig, FunctionsConfig, LibrariesConfig, LimitsConfig, LogFormat,
        MAX_MESSAGE_KNOB, ServeConfig, TypeScriptConfig,
    },
    wire::Configure,
};

mod connected;
mod connections;
mod drain;
mod gate;
mod gathering;
pub mod message;
mod panics;
mod paths;
mod preface;
mod taking;

use connections::ConnectionPlan;
pub use drain::Farewell;
use drain::WayOut;
use gate::Gate;
use message::MessageBounds;
pub use panics::log_panics;
use paths::Paths;
use taking::TakingLayer;

/// The largest message sent, and the largest that any knob lets in. Our own checks, which name field and knob,
/// are met long before.
const MAX_MESSAGE_BYTES: usize = MAX_MESSAGE_KNOB as usize;

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
    #[error(transparent)]
    Libraries(#[from] LibrariesError),
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
    #[error("the API's descriptor is unusable: {0}")]
    Descriptor(#[from] prost_reflect::DescriptorError),
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

/// Where functions come from, as the configuration has it.
///
/// # Errors
/// [`ServeError::Functions`] when that can't be a store.
pub fn store(config: &FunctionsConfig) -> Result<Store, ServeError> {
    match &config.location {
        Some(location) => Ok(Store::open(location, config.store_timeout())?),
        None => Ok(Store::examples()),
    }
}

/// Serves the functions in `store` until the first of `stops` comes, and calls under way are answered, or their
/// grace is over, or the second comes. `announce` is called with the listeners' addresses once calls are taken.
///
/// # Errors
/// [`ServeError`] when something the configuration names can't be had.
pub async fn serve(
    config: ServeConfig,
    store: Store,
    telemetry: Arc<Telemetry>,
    announce: impl FnOnce(&Addresses),
    stops: impl Stream<Item = ()>,
) -> Result<Farewell, ServeError> {
    let listen_error = |error| ServeError::Listen {
        address: config.listen,
        error,
    };
    let security = Security::open(&config.security, config.listen)?;
    let listener = Listener::bind(config.listen, config.traffic.max_connections)
        .await
        .map_err(listen_error)?;
    let grpc = listener.address().map_err(listen_error)?;
    let admin = admin::bind(&config.admin).await?;
    let opener = Opener::new(&config.sealed, config.cells.max_in_flight.get() as usize)?;
    let watched: Vec<_> = security
        .watched()
        .into_iter()
        .chain(opener.watched())
        .collect();
    telemetry.observe_security(&security, watched.clone());
    let occupancy = listener.occupancy();
    let audit = &security.audit;
    let started = start_executor(&config, store.clone(), opener, audit, &telemetry, occupancy);
    let (executor, cells) = started.await?;
    let (health, health_service) = tonic_health::server::health_reporter();
    let way_out = WayOut::new(&config.traffic);
    let readiness = Readiness::new(cells, way_out.announced());
    let service = ServiceBuilder::new()
        // Outermost, so that a call counts however it is refused.
        .layer(telemetry.calls(SERVICE, &METHODS))
        // A panic in anything further in is answered.
        .layer(panics::contain(telemetry.panics()))
        // Before anything of a call is read.
        .layer(AccessLayer::new(security.access.clone(), refused))
        // Last before the method: refuses while draining, notes the deadline, bounds the message.
        .layer(taking(&config, way_out.gate()))
        .service(with_ours(Routes::new(health_service), executor, &config)?);
    let playground = playground(&config, grpc, store, service.clone())?;
    let serving = tokio::spawn(connections::serve(
        security.guard(listener.connections()),
        service,
        ConnectionPlan::new(&config.traffic),
        way_out.closing(),
    ));
    let addresses = Addresses {
        grpc,
        admin: admin.as_ref().map(Bound::address),
    };
    let routes = AdminRoutes {
        telemetry,
        readiness: readiness.clone(),
        playground,
    };
    let admin = admin.map(|admin| admin.serve(routes));
    let fresh = security.keep_fresh(watched);
    let health_task = tokio::spawn(report_health(health, readiness));
    if let Some(path) = &config.ready_file {
        write_ready_file(path, addresses)?;
    }
    announce(&addresses);
    let farewell = way_out.once_asked(serving, stops).await;
    health_task.abort();
    if let Some(fresh) = fresh {
        fresh.abort();
    }
    if let Some(admin) = admin {
        admin.stop().await;
    }
    security.audit.flush().await;
    Ok(farewell)
}

/// The service of the API beside those that are there, and reflection of all.
fn with_ours(
    routes: Routes,
    executor: Executor,
    config: &ServeConfig,
) -> Result<Paths<ExecutorServiceServer<Executor>>, ServeError> {
    // Met only by what follows a first message; that one is judged on its way in.
    let most_in = config.traffic.message_bytes(&config.limits) as usize;
    let executor = ExecutorServiceServer::new(executor)
        .max_decoding_message_size(most_in)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    let routes = routes
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?);
    Ok(Paths::new(api_prefix(), executor, routes.prepare()))
}

/// What paths of the API start with.
fn api_prefix() -> Arc<str> {
    format!("/{SERVICE}/").into()
}

/// The playground, if it is to be had, whose calls `service` answers as it does any other.
fn playground<S, B>(
    config: &ServeConfig,
    grpc: SocketAddr,
    store: Store,
    service: S,
) -> Result<Option<Playground>, ServeError>
where
    S: Service<http::Request<Full<Bytes>>, Response = http::Response<B>, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    B: hyper::body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if !config.admin.has_playground(&config.security) {
        return Ok(None);
    }
    let (traffic, limits) = (&config.traffic, &config.limits);
    let plan = PlaygroundPlan {
        grpc,
        tls: config.security.tls_cert.is_some(),
        token: config.security.access.is_some(),
        body_bytes: traffic.message_bytes(limits),
        receive_time: traffic.receive_time(),
        call_time: traffic.longest_wait() + limits.top_level_time() + limits.wall_time(),
    };
    let calls = JsonCalls::new(service, SERVICE)?;
    Ok(Some(Playground::new(calls, store, plan)))
}

/// What calls of the API go through.
fn taking(config: &ServeConfig, gate: Gate) -> TakingLayer {
    TakingLayer {
        prefix: api_prefix(),
        gate,
        message: MessageBounds::new(
            config.traffic.message_bytes(&config.limits),
            config.traffic.receive_time(),
            config.traffic.messages_bytes,
        ),
    }
}

/// The service with all that is behind it, and what tells when its cells come and go.
async fn start_executor(
    config: &ServeConfig,
    store: Store,
    opener: Opener,
    audit: &Audit,
    telemetry: &Telemetry,
    occupancy: Occupancy,
) -> Result<(Executor, watch::Receiver<Places>), ServeError> {
    let in_flight = config.cells.max_in_flight.get() as usize;
    let quarantine = Arc::new(Quarantine::audited(audit.clone()));
    let egress = Egress::new(&config.egress, &Handle::current())?.measured(telemetry.egress());
    let connections = egress.connections();
    let provision = CellProvision {
        log_format: config.log.log_format,
        fetcher: fetcher_over(egress, &config.egress),
        libraries: read_libraries(&config.libraries)?,
        spares: SPARES,
        source_bytes: config.functions.function_cache_bytes,
    };
    let cells = start_cells(&config.cells, &config.limits, provision, quarantine.clone()).await?;
    let live = cells.watch();
    let room = WaitingRoom {
        queue: config.traffic.queue,
        longest_wait: config.traffic.longest_wait(),
    };
    let admission = Admission::new(config.cells.max_in_flight, room);
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
        occupancy,
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

/// The same over an egress that is there.
pub fn fetcher_over(egress: Egress, config: &EgressConfig) -> Fetcher {
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

/// What cells get from the executor that they belong to.
#[derive(Debug)]
pub struct CellProvision {
    pub log_format: LogFormat,
    pub fetcher: Fetcher,
    /// What functions find besides the runtime's own.
    pub libraries: Option<Arc<LibraryImage>>,
    /// Cells kept ready beside those that work.
    pub spares: usize,
    /// Bytes of sources that the front keeps.
    pub source_bytes: u64,
}

/// Starts the cells a configuration asks for.
///
/// # Errors
/// [`ServeError::Cells`] when they can't be started.
pub async fn start_cells(
    cells: &CellsConfig,
    limits: &LimitsConfig,
    provision: CellProvision,
    quarantine: Arc<Quarantine>,
) -> Result<Cells, ServeError> {
    let failed = |error: String| ServeError::Cells(error);
    let plan = CellPlan {
        program: own_program().map_err(|error| failed(error.to_string()))?,
        log_format: provision.log_format,
        cells: cells.cells.get() as usize,
        spares: provision.spares,
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
            libraries: Vec::new(),
        },
        source_bytes: provision.source_bytes,
        libraries: provision.libraries,
        fetcher: provision.fetcher,
        cache: Arc::default(),
        ticks: Ticks::default(),
    };
    Cells::start(plan, quarantine)
        .await
        .map_err(|error| failed(error.to_string()))
}

/// What functions find besides the runtime's own; said once in the log.
///
/// # Errors
/// [`LibrariesError`] when it can't be read.
pub fn read_libraries(
    config: &LibrariesConfig,
) -> Result<Option<Arc<LibraryImage>>, LibrariesError> {
    let Some(directory) = config.directory() else {
        return Ok(None);
    };
    let image = LibraryImage::read(&directory)?;
    let (number, bytes) = (image.libraries().len(), image.bytes());
    tracing::debug!(directory = %directory.display(), number, bytes, "libraries");
    Ok(Some(Arc::new(image)))
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
