//! What an operator may set: one struct per section; flag before environment before default.

use std::{
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    path::PathBuf,
    time::Duration,
};

use clap::{Args, builder::RangedU64ValueParser};

/// No payload knob may be set above this, so that every frame and every response stays within what both
/// ends accept.
pub const MAX_PAYLOAD_BYTES: u64 = 16 << 20;

/// No time limit may be set above this, in milliseconds.
pub const MAX_TIME_MS: u64 = 3_600_000;

const MIB: u64 = 1 << 20;

/// Everything `penstock serve` takes.
#[derive(Args, Clone, Debug)]
pub struct ServeConfig {
    /// Address of the gRPC listener; port 0 picks one
    #[arg(long, env = "PENSTOCK_LISTEN", value_name = "ADDRESS", default_value_t = default_listen())]
    pub listen: SocketAddr,

    /// File that gets the chosen addresses as JSON once serving
    #[arg(long, env = "PENSTOCK_READY_FILE", value_name = "FILE")]
    pub ready_file: Option<PathBuf>,

    /// Longest that calls under way may take after SIGTERM, in milliseconds
    #[arg(
        long,
        env = "PENSTOCK_DRAIN_MS",
        value_name = "MS",
        default_value_t = 30_000
    )]
    pub drain_ms: u64,

    #[command(flatten)]
    pub functions: FunctionsConfig,

    #[command(flatten)]
    pub cells: CellsConfig,

    #[command(flatten)]
    pub limits: LimitsConfig,
}

/// Where functions come from.
#[derive(Args, Clone, Debug)]
pub struct FunctionsConfig {
    /// Function store: a directory, or a URL of file, s3, gs, az or https, with
    /// `<function_id>/<version>/index.js` and `function.json`; credentials come from the environment
    /// [default: the examples built into the executor]
    #[arg(long = "functions", env = "PENSTOCK_FUNCTIONS", value_name = "URL")]
    pub location: Option<String>,

    /// How long a look into the function store may take, in milliseconds
    #[arg(long, env = "PENSTOCK_STORE_TIMEOUT_MS", value_name = "MS", default_value_t = 5_000,
          value_parser = RangedU64ValueParser::<u64>::new().range(1..=30_000))]
    pub store_timeout_ms: u64,

    /// How long a function that the store did not have counts as missing, in milliseconds; 0 asks each time
    #[arg(long, env = "PENSTOCK_STORE_MISSING_MS", value_name = "MS", default_value_t = 2_000,
          value_parser = RangedU64ValueParser::<u64>::new().range(0..=MAX_TIME_MS))]
    pub store_missing_ms: u64,

    /// Bytes of sources kept; the least used go, and are fetched or sent again
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
pub struct CellsConfig {
    /// Cell processes
    #[arg(long, env = "PENSTOCK_CELLS", value_name = "N", default_value_t = nonzero(2))]
    pub cells: NonZeroU32,

    /// JS threads in each cell [default: the machine's cores]
    #[arg(long, env = "PENSTOCK_CELL_THREADS", value_name = "N")]
    pub cell_threads: Option<NonZeroU32>,

    /// Isolates held in each cell, in use and idle; the longest idle goes when another is needed
    #[arg(long, env = "PENSTOCK_CELL_ISOLATES", value_name = "N", default_value_t = nonzero(256))]
    pub cell_isolates: NonZeroU32,

    /// Memory the executor may use in all, in bytes, from which cells know how many isolates to keep
    /// [default: the cgroup's limit, else the machine's memory]
    #[arg(long, env = "PENSTOCK_MEMORY", value_name = "BYTES")]
    pub memory: Option<u64>,

    /// Refuse to serve when cells can't be locked down by seccomp
    #[arg(long, env = "PENSTOCK_REQUIRE_LOCKDOWN")]
    pub require_lockdown: bool,

    /// Invocations in flight, over all cells; the next is refused with RESOURCE_EXHAUSTED
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
pub struct LimitsConfig {
    /// Wall time of an invocation, in milliseconds, from 1; a caller's shorter deadline wins
    #[arg(long, env = "PENSTOCK_WALL_TIME_MS", value_name = "MS", default_value_t = 5_000,
          value_parser = RangedU64ValueParser::<u64>::new().range(1..=MAX_TIME_MS))]
    pub wall_time_ms: u64,

    /// CPU time of an invocation, in milliseconds, from 1
    #[arg(long, env = "PENSTOCK_CPU_TIME_MS", value_name = "MS", default_value_t = 2_000,
          value_parser = RangedU64ValueParser::<u64>::new().range(1..=MAX_TIME_MS))]
    pub cpu_time_ms: u64,

    /// How long a source's top level may run, in milliseconds, from 1
    #[arg(long, env = "PENSTOCK_TOP_LEVEL_MS", value_name = "MS", default_value_t = 1_000,
          value_parser = RangedU64ValueParser::<u64>::new().range(1..=MAX_TIME_MS))]
    pub top_level_ms: u64,

    /// JSON bytes of an event out
    #[arg(long, env = "PENSTOCK_RESULT_BYTES", value_name = "BYTES", default_value_t = MIB,
          value_parser = payload_bytes())]
    pub result_bytes: u64,

    /// Bytes of logs kept for an invocation; 0 keeps none
    #[arg(long, env = "PENSTOCK_LOG_BYTES", value_name = "BYTES", default_value_t = 64 << 10,
          value_parser = RangedU64ValueParser::<u64>::new().range(0..=MAX_PAYLOAD_BYTES))]
    pub log_bytes: u64,

    /// JSON bytes of an event in
    #[arg(long, env = "PENSTOCK_EVENT_BYTES", value_name = "BYTES", default_value_t = MIB,
          value_parser = payload_bytes())]
    pub event_bytes: u64,

    /// JSON bytes of an invocation's settings
    #[arg(long, env = "PENSTOCK_SETTINGS_BYTES", value_name = "BYTES", default_value_t = MIB,
          value_parser = payload_bytes())]
    pub settings_bytes: u64,

    /// Bytes of a function's source
    #[arg(long, env = "PENSTOCK_SOURCE_BYTES", value_name = "BYTES", default_value_t = MIB,
          value_parser = payload_bytes())]
    pub source_bytes: u64,

    /// Heap of one isolate, in bytes, from 8 MiB
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
