//! What an operator may set: one struct per section; flag before environment before file before default.
//!
//! `effective` reads them all and says where each value came from; it goes by the flags as they are defined
//! here, so that a flag is all there is to write for a new knob.

use std::{
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    path::PathBuf,
    time::Duration,
};

use clap::{Args, builder::RangedU64ValueParser};
use ipnet::IpNet;

use crate::invocation::InvocationLimits;

mod admin;
mod doubts;
mod effective;
mod environment;
mod faults;
mod file;
mod flags;
mod knobs;
mod layers;
mod libraries;
mod log;
mod print;
mod sealed;
mod security;
mod traffic;
mod typescript;

pub use admin::{AdminAddress, AdminConfig, Playground};
pub use doubts::Doubt;
pub use effective::{Effective, Setting};
pub use faults::{Fault, Faults, Origin, Place};
pub use knobs::{Knob, Knobs, Shape};
pub use layers::Given;
pub use libraries::{LibrariesConfig, LibrariesPlace};
pub use log::{LogConfig, LogFormat};
pub use sealed::SealedConfig;
pub use security::{ClientAuth, SecurityConfig};
pub use traffic::{MAX_MESSAGE_KNOB, TrafficConfig};
pub use typescript::TypeScriptConfig;

/// No payload knob may be set above this, so that every frame and every response stays within what both
/// ends accept.
pub const MAX_PAYLOAD_BYTES: u64 = 16 << 20;

/// No time limit may be set above this, in milliseconds.
pub const MAX_TIME_MS: u64 = 3_600_000;

const MIB: u64 = 1 << 20;

/// Everything `penstock serve` takes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Service")]
pub struct ServeConfig {
    /// Address of the gRPC listener; port 0 picks one
    #[arg(long, env = "PENSTOCK_LISTEN", value_name = "ADDRESS", default_value_t = default_listen())]
    pub listen: SocketAddr,

    /// File that gets the chosen addresses as JSON once serving [default: none]
    #[arg(long, env = "PENSTOCK_READY_FILE", value_name = "FILE")]
    pub ready_file: Option<PathBuf>,

    #[command(flatten)]
    pub traffic: TrafficConfig,

    #[command(flatten)]
    pub admin: AdminConfig,

    #[command(flatten)]
    pub log: LogConfig,

    #[command(flatten)]
    pub functions: FunctionsConfig,

    #[command(flatten)]
    pub typescript: TypeScriptConfig,

    #[command(flatten)]
    pub libraries: LibrariesConfig,

    #[command(flatten)]
    pub cells: CellsConfig,

    #[command(flatten)]
    pub limits: LimitsConfig,

    #[command(flatten)]
    pub sealed: SealedConfig,

    #[command(flatten)]
    pub egress: EgressConfig,

    #[command(flatten)]
    pub security: SecurityConfig,

    #[command(flatten)]
    pub source: SourceConfig,
}

/// Where the rest is read from, and whether that is all that is wanted.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Configuration")]
pub struct SourceConfig {
    /// TOML file with any of what follows, its keys named as the flags without their dashes; flags and
    /// environment win over it [default: none]
    #[arg(long, env = "PENSTOCK_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Print what would be served with, as such a file that says where each value came from, and exit
    #[arg(long)]
    pub print_config: bool,
}

/// Where functions come from.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Functions")]
pub struct FunctionsConfig {
    /// Function store: a directory, or a URL of file, s3, gs, az or https, with
    /// `<function_id>/<version>/index.js` or `index.ts`, and `function.json`; credentials come from the environment
    /// [default: the examples built into the executor]
    #[arg(long = "functions", env = "PENSTOCK_FUNCTIONS", value_name = "URL")]
    pub location: Option<String>,

    /// How long a look into the function store may take, in milliseconds, from 1 to 30000
    #[arg(long, env = "PENSTOCK_STORE_TIMEOUT_MS", value_name = "MS", default_value_t = 5_000,
          value_parser = RangedU64ValueParser::<u64>::new().range(1..=30_000))]
    pub store_timeout_ms: u64,

    /// How long a function that the store did not have counts as missing, in milliseconds; 0 asks each time
    #[arg(long, env = "PENSTOCK_STORE_MISSING_MS", value_name = "MS", default_value_t = 2_000,
          value_parser = RangedU64ValueParser::<u64>::new().range(0..=MAX_TIME_MS))]
    pub store_missing_ms: u64,

    /// Bytes of sources kept, from 1 MiB; the least used go, and are fetched or sent again
    #[arg(long, env = "PENSTOCK_FUNCTION_CACHE_BYTES", value_name = "BYTES", default_value_t = 256 * MIB,
          value_parser = RangedU64ValueParser::<u64>::new().range(MIB..))]
    pub function_cache_bytes: u64,
}

impl FunctionsConfig {
    pub fn store_timeout(&self) -> Duration {
        Duration::from_millis(self.store_timeout_ms)
    }

    pub fn missing_time(&self) -> Duration {
        Duration::from_millis(self.store_missing_ms)
    }
}

/// The processes that run JavaScript.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Cells")]
pub struct CellsConfig {
    /// Cell processes, from 1
    #[arg(long, env = "PENSTOCK_CELLS", value_name = "N", default_value_t = nonzero(2))]
    pub cells: NonZeroU32,

    /// JS threads in each cell, from 1 [default: the machine's cores]
    #[arg(long, env = "PENSTOCK_CELL_THREADS", value_name = "N")]
    pub cell_threads: Option<NonZeroU32>,

    /// Isolates held in each cell, in use and idle, from 1; the longest idle goes when another is needed
    #[arg(long, env = "PENSTOCK_CELL_ISOLATES", value_name = "N", default_value_t = nonzero(256))]
    pub cell_isolates: NonZeroU32,

    /// Memory the executor may use in all, in bytes, half of which is for idle isolates; 0 keeps none idle
    /// [default: the cgroup's limit, else the machine's memory]
    #[arg(long, env = "PENSTOCK_MEMORY", value_name = "BYTES")]
    pub memory: Option<u64>,

    /// Bytes that `cache` may keep in each cell, least recently used going first; 0 keeps nothing
    #[arg(long, env = "PENSTOCK_CACHE_BYTES", value_name = "BYTES", default_value_t = 64 * MIB)]
    pub cache_bytes: u64,

    /// Bytes that `cache` may keep of one function instance in a cell; 0 keeps nothing
    #[arg(long, env = "PENSTOCK_CACHE_INSTANCE_BYTES", value_name = "BYTES", default_value_t = 8 * MIB)]
    pub cache_instance_bytes: u64,

    /// Refuse to serve when cells can't be locked down by seccomp
    #[arg(long, env = "PENSTOCK_REQUIRE_LOCKDOWN")]
    pub require_lockdown: bool,

    /// Invocations in flight, over all cells, from 1; the next is refused with RESOURCE_EXHAUSTED
    #[arg(long, env = "PENSTOCK_MAX_IN_FLIGHT", value_name = "N", default_value_t = nonzero(1024))]
    pub max_in_flight: NonZeroU32,
}

impl CellsConfig {
    /// JS threads in each cell.
    pub fn threads(&self) -> NonZeroU32 {
        self.cell_threads.unwrap_or_else(|| {
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            NonZeroU32::new(u32::try_from(cores).unwrap_or(1)).unwrap_or(NonZeroU32::MIN)
        })
    }
}

/// The limits of invocations and isolates. A request may lower times, result and log
/// bytes, never raise them.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Limits")]
pub struct LimitsConfig {
    /// Wall time of an invocation, in milliseconds, from 1 to an hour; a caller's shorter deadline wins
    #[arg(long, env = "PENSTOCK_WALL_TIME_MS", value_name = "MS", default_value_t = 5_000,
          value_parser = RangedU64ValueParser::<u64>::new().range(1..=MAX_TIME_MS))]
    pub wall_time_ms: u64,

    /// CPU time of an invocation, in milliseconds, from 1 to an hour
    #[arg(long, env = "PENSTOCK_CPU_TIME_MS", value_name = "MS", default_value_t = 2_000,
          value_parser = RangedU64ValueParser::<u64>::new().range(1..=MAX_TIME_MS))]
    pub cpu_time_ms: u64,

    /// CPU time that a source's top level may use, in milliseconds, from 1 to an hour
    #[arg(long, env = "PENSTOCK_TOP_LEVEL_MS", value_name = "MS", default_value_t = 1_000,
          value_parser = RangedU64ValueParser::<u64>::new().range(1..=MAX_TIME_MS))]
    pub top_level_ms: u64,

    /// JSON bytes of an event out, from 1 to 16 MiB
    #[arg(long, env = "PENSTOCK_RESULT_BYTES", value_name = "BYTES", default_value_t = MIB,
          value_parser = payload_bytes())]
    pub result_bytes: u64,

    /// Bytes of logs kept for an invocation, to 16 MiB; 0 keeps none
    #[arg(long, env = "PENSTOCK_LOG_BYTES", value_name = "BYTES", default_value_t = 64 << 10,
          value_parser = RangedU64ValueParser::<u64>::new().range(0..=MAX_PAYLOAD_BYTES))]
    pub log_bytes: u64,

    /// Requests one invocation may make, redirects counted; 0 allows none
    #[arg(
        long,
        env = "PENSTOCK_EGRESS_REQUESTS",
        value_name = "N",
        default_value_t = 50
    )]
    pub egress_requests: u32,

    /// JSON bytes of an event in, from 1 to 16 MiB
    #[arg(long, env = "PENSTOCK_EVENT_BYTES", value_name = "BYTES", default_value_t = MIB,
          value_parser = payload_bytes())]
    pub event_bytes: u64,

    /// Events in a batch, from 1 to 10000
    #[arg(long, env = "PENSTOCK_BATCH_EVENTS", value_name = "N", default_value_t = 400,
          value_parser = RangedU64ValueParser::<u64>::new().range(1..=10_000))]
    pub batch_events: u64,

    /// JSON bytes of all events of a batch in, from 1 to 16 MiB
    #[arg(long, env = "PENSTOCK_BATCH_BYTES", value_name = "BYTES", default_value_t = 6 * MIB,
          value_parser = payload_bytes())]
    pub batch_bytes: u64,

    /// JSON bytes of all events of a batch out, from 1 to 16 MiB
    #[arg(long, env = "PENSTOCK_BATCH_RESULT_BYTES", value_name = "BYTES", default_value_t = 6 * MIB,
          value_parser = payload_bytes())]
    pub batch_result_bytes: u64,

    /// JSON bytes of an invocation's settings, and bytes of its sealed ones, from 1 to 16 MiB
    #[arg(long, env = "PENSTOCK_SETTINGS_BYTES", value_name = "BYTES", default_value_t = MIB,
          value_parser = payload_bytes())]
    pub settings_bytes: u64,

    /// Bytes of a function's source, from 1 to 16 MiB
    #[arg(long, env = "PENSTOCK_SOURCE_BYTES", value_name = "BYTES", default_value_t = MIB,
          value_parser = payload_bytes())]
    pub source_bytes: u64,

    /// Bytes of a function's source map, to 16 MiB; with a larger one places stay those of index.js; 0 reads none
    #[arg(long, env = "PENSTOCK_SOURCE_MAP_BYTES", value_name = "BYTES", default_value_t = 4 * MIB,
          value_parser = RangedU64ValueParser::<u64>::new().range(0..=MAX_PAYLOAD_BYTES))]
    pub source_map_bytes: u64,

    /// Heap of one isolate, in bytes, from 8 MiB to 4 GiB
    #[arg(long, env = "PENSTOCK_HEAP_BYTES", value_name = "BYTES", default_value_t = 128 * MIB,
          value_parser = RangedU64ValueParser::<u64>::new().range(8 * MIB..=(4 << 30)))]
    pub heap_bytes: u64,
}

impl LimitsConfig {
    pub fn wall_time(&self) -> Duration {
        Duration::from_millis(self.wall_time_ms)
    }

    pub fn cpu_time(&self) -> Duration {
        Duration::from_millis(self.cpu_time_ms)
    }

    pub fn top_level_time(&self) -> Duration {
        Duration::from_millis(self.top_level_ms)
    }

    /// What an invocation gets that asks for no less.
    pub fn of_invocation(&self) -> InvocationLimits {
        InvocationLimits {
            wall_time: self.wall_time(),
            cpu_time: self.cpu_time(),
            result_bytes: self.result_bytes,
            batch_result_bytes: self.batch_result_bytes,
            log_bytes: self.log_bytes,
            requests: self.egress_requests,
        }
    }
}

/// The requests that functions make. By default they reach public addresses and no others.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Requests of functions")]
pub struct EgressConfig {
    /// Make no requests for functions at all
    #[arg(long, env = "PENSTOCK_EGRESS_OFF")]
    pub egress_off: bool,

    /// Have requests carry the trace they are part of, in `traceparent` and `tracestate`, to whomever they go;
    /// by default third parties learn nothing of it
    #[arg(long, env = "PENSTOCK_EGRESS_PROPAGATE_TRACE")]
    pub egress_propagate_trace: bool,

    /// Addresses that requests may go to although they are not public, or this machine's own, such as
    /// 10.1.0.0/16; repeatable, comma-separated in the environment.
    /// `PENSTOCK_LOG=penstock::front::egress=debug` logs what was denied
    #[arg(
        long,
        env = "PENSTOCK_EGRESS_ALLOW",
        value_name = "CIDR",
        value_delimiter = ','
    )]
    pub egress_allow: Vec<IpNet>,

    /// Addresses that requests may not go to; wins over --egress-allow; repeatable, comma-separated in the
    /// environment
    #[arg(
        long,
        env = "PENSTOCK_EGRESS_DENY",
        value_name = "CIDR",
        value_delimiter = ','
    )]
    pub egress_deny: Vec<IpNet>,

    /// PEM file of certificates to trust for https besides the platform's roots [default: none]
    #[arg(long, env = "PENSTOCK_EGRESS_CA", value_name = "FILE")]
    pub egress_ca: Option<PathBuf>,

    /// Name servers to ask, each with its port, such as 10.96.0.10:53; repeatable, comma-separated in the
    /// environment [default: the system's]
    #[arg(
        long,
        env = "PENSTOCK_EGRESS_DNS",
        value_name = "ADDRESS",
        value_delimiter = ','
    )]
    pub egress_dns: Vec<SocketAddr>,

    /// Requests of one invocation under way at once, from 1; the rest waits
    #[arg(long, env = "PENSTOCK_EGRESS_AT_ONCE", value_name = "N", default_value_t = nonzero(6))]
    pub egress_at_once: NonZeroU32,

    /// Requests of one function instance under way at once to one host, from 1, each with a connection of
    /// its own unless the host speaks HTTP/2; the rest waits
    #[arg(long, env = "PENSTOCK_EGRESS_HOST_REQUESTS", value_name = "N", default_value_t = nonzero(32))]
    pub egress_host_requests: NonZeroU32,

    /// Requests of one function instance under way at once, from 1; the rest waits
    #[arg(long, env = "PENSTOCK_EGRESS_FUNCTION_REQUESTS", value_name = "N", default_value_t = nonzero(128))]
    pub egress_function_requests: NonZeroU32,

    /// Requests under way at once in all, from 1; the rest waits [default: half of the files that the process
    /// may have open]
    #[arg(long, env = "PENSTOCK_EGRESS_CONNECTIONS", value_name = "N")]
    pub egress_connections: Option<NonZeroU32>,

    /// Requests of one function instance that may wait; the next is refused; 0 lets none wait
    #[arg(
        long,
        env = "PENSTOCK_EGRESS_QUEUE",
        value_name = "N",
        default_value_t = 1024
    )]
    pub egress_queue: u32,

    /// Connections kept open without a request, in all; 0 keeps none
    #[arg(
        long,
        env = "PENSTOCK_EGRESS_IDLE_CONNECTIONS",
        value_name = "N",
        default_value_t = 256
    )]
    pub egress_idle_connections: u32,

    /// How long a connection is kept open without a request, in milliseconds, unless the server says shorter;
    /// 0 keeps none
    #[arg(long, env = "PENSTOCK_EGRESS_IDLE_MS", value_name = "MS", default_value_t = 30_000,
          value_parser = RangedU64ValueParser::<u64>::new().range(0..=3_600_000))]
    pub egress_idle_ms: u64,

    /// How long resolving, connecting and TLS may take together, in milliseconds, from 1 to an hour
    #[arg(long, env = "PENSTOCK_EGRESS_CONNECT_MS", value_name = "MS", default_value_t = 10_000,
          value_parser = RangedU64ValueParser::<u64>::new().range(1..=3_600_000))]
    pub egress_connect_ms: u64,

    /// Bytes of a response's body, before and after decompression, to 16 MiB; 0 takes empty ones only
    #[arg(long, env = "PENSTOCK_EGRESS_BODY_BYTES", value_name = "BYTES", default_value_t = 10 * MIB,
          value_parser = RangedU64ValueParser::<u64>::new().range(0..=MAX_PAYLOAD_BYTES))]
    pub egress_body_bytes: u64,

    /// Bytes of bodies held in memory at once in all, from 1; one function instance may hold a quarter
    #[arg(long, env = "PENSTOCK_EGRESS_BUFFER_BYTES", value_name = "BYTES", default_value_t = 512 * MIB,
          value_parser = RangedU64ValueParser::<u64>::new().range(1..))]
    pub egress_buffer_bytes: u64,
}

impl EgressConfig {
    /// How long a connection without a request is kept.
    pub fn idle(&self) -> Duration {
        Duration::from_millis(self.egress_idle_ms)
    }
}

fn payload_bytes() -> RangedU64ValueParser<u64> {
    RangedU64ValueParser::new().range(1..=MAX_PAYLOAD_BYTES)
}

fn default_listen() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 50051).into()
}

const fn nonzero(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}
