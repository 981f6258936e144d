//! What the router may be told, with its defaults.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
    time::Duration,
};

use clap::{Parser, ValueEnum};

use super::functions::FunctionOption;

/// Runs functions on events through Penstock executors: one JSON object a line in, one outcome each.
#[derive(Clone, Debug, Parser)]
#[command(name = "router")]
pub struct Options {
    /// An executor, or a name that resolves to several; repeatable
    #[arg(long = "executor", value_name = "HOST:PORT", required = true)]
    pub executors: Vec<String>,

    /// A function that every event goes through: id@version[#instance][,source=FILE][,settings=FILE]; repeatable
    #[arg(long = "function", value_name = "FUNCTION", required = true)]
    pub functions: Vec<FunctionOption>,

    /// JSON lines, one event each; - is stdin
    #[arg(
        long,
        value_name = "FILE",
        default_value = "-",
        conflicts_with = "generate"
    )]
    pub events: PathBuf,

    /// Makes so many events a second instead of reading any
    #[arg(long, value_name = "RATE")]
    pub generate: Option<NonZeroU32>,

    /// For so many seconds [default: until interrupted]
    #[arg(long, value_name = "SECONDS", requires = "generate")]
    pub seconds: Option<u64>,

    /// How an executor is chosen for a call
    #[arg(long, value_enum, default_value_t = Balance::Hash)]
    pub balance: Balance,

    /// Calls under way at which an executor may be passed over for the function's next choice
    #[arg(long, value_name = "CALLS", default_value = "64")]
    pub spill_at: NonZeroUsize,

    /// Events of a batch, for functions that take batches; at most 400
    #[arg(long, value_name = "EVENTS", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=400))]
    pub batch_events: u32,

    /// Longest that an event waits for others to make a batch with
    #[arg(long, value_name = "MS", default_value = "10000", value_parser = milliseconds)]
    pub batch_wait_ms: Duration,

    /// Bytes of the events of a batch; the executor's own knob has the same name
    #[arg(long, value_name = "BYTES", default_value_t = 6 << 20)]
    pub batch_bytes: usize,

    /// Events of a function that are taken and not at their end; beyond, nothing is read
    #[arg(long, value_name = "EVENTS", default_value = "1000", value_parser = places)]
    pub in_flight: usize,

    /// Calls of a function under way at once
    #[arg(long, value_name = "CALLS", default_value = "64", value_parser = places)]
    pub calls: usize,

    /// Longest that a call may take; above the executors' --wall-time-ms, or they are cut short
    #[arg(long, value_name = "MS", default_value = "10000", value_parser = milliseconds)]
    pub deadline_ms: Duration,

    /// Longest that an event is tried again after its first try
    #[arg(long, value_name = "SECONDS", default_value = "14400", value_parser = seconds)]
    pub retry_for_s: Duration,

    /// The wait before the first retry; it doubles from one to the next
    #[arg(long, value_name = "MS", default_value = "500", value_parser = milliseconds)]
    pub retry_first_ms: Duration,

    /// Longest wait between two tries, unless the function asks for more
    #[arg(long, value_name = "MS", default_value = "300000", value_parser = milliseconds)]
    pub retry_longest_ms: Duration,

    /// Between two looks at an executor's health
    #[arg(long, value_name = "MS", default_value = "500", value_parser = period)]
    pub health_ms: Duration,

    /// Between two looks at which addresses the executors' names have
    #[arg(long, value_name = "MS", default_value = "5000", value_parser = period)]
    pub resolve_ms: Duration,

    /// Longest that what is in flight may take after an interrupt
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub grace_s: Duration,

    /// Gets a JSON line for every event's end, with the event that goes on to the destination
    #[arg(long, value_name = "FILE")]
    pub outcomes: Option<PathBuf>,

    /// Gets the final report as JSON
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

/// How an executor is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Balance {
    /// By the function's key: its isolates and cached values are warm in one place
    Hash,
    /// In turn, for comparison: every function ends up everywhere
    RoundRobin,
}

fn milliseconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_millis)
}

/// Like [`milliseconds`], and not 0, which would be a busy loop.
fn period(text: &str) -> Result<Duration, std::num::ParseIntError> {
    let milliseconds: NonZeroU32 = text.parse()?;
    Ok(Duration::from_millis(milliseconds.get().into()))
}

fn seconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_secs)
}

/// A number of places that can be had: 0 would be a router that never calls, and a semaphore has its bound.
fn places(text: &str) -> Result<usize, std::num::ParseIntError> {
    let places: NonZeroU32 = text.parse()?;
    Ok(places.get() as usize)
}
