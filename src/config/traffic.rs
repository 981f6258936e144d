//! What is taken from callers: connections, calls, and how long either may take.

use std::{num::NonZeroU32, time::Duration};

use clap::{Args, builder::RangedU64ValueParser};

use super::{LimitsConfig, MAX_PAYLOAD_BYTES, MAX_TIME_MS, nonzero};

/// The message limit may not be set above this: three payloads at their highest, three times as large.
pub const MAX_MESSAGE_KNOB: u64 = 9 * MAX_PAYLOAD_BYTES;

/// What the gRPC listener takes, and when it lets go.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Traffic")]
pub struct TrafficConfig {
    /// Invocations that may wait for a place in flight; the next is refused with RESOURCE_EXHAUSTED, or, when
    /// other functions have more waiting, one of theirs; 0 lets none wait
    #[arg(long, env = "PENSTOCK_QUEUE", value_name = "N", default_value_t = 1024)]
    pub queue: u32,

    /// Longest that an invocation waits for a place in flight, in milliseconds, from 1; a caller's shorter
    /// deadline wins
    #[arg(long, env = "PENSTOCK_QUEUE_MS", value_name = "MS", default_value_t = 1_000,
          value_parser = RangedU64ValueParser::<u64>::new().range(1..=MAX_TIME_MS))]
    pub queue_ms: u64,

    /// Connections of callers at once, from 1; others are closed as they come
    #[arg(long, env = "PENSTOCK_MAX_CONNECTIONS", value_name = "N", default_value_t = nonzero(1024))]
    pub max_connections: NonZeroU32,

    /// Calls at once on one connection, from 1; a client holds the rest back
    #[arg(long, env = "PENSTOCK_CONNECTION_CALLS", value_name = "N", default_value_t = nonzero(1024))]
    pub connection_calls: NonZeroU32,

    /// Bytes of the headers of a call, from 1 KiB; beyond, it is refused with HTTP status 431
    #[arg(long, env = "PENSTOCK_HEADER_BYTES", value_name = "BYTES", default_value_t = 16 << 10,
          value_parser = RangedU64ValueParser::<u32>::new().range(1 << 10..=1 << 20))]
    pub header_bytes: u32,

    /// Bytes of the message of a call, from 64 KiB; it has to hold a batch, its settings and a source
    /// [default: three times what their limits allow together, for the API's own form of them is larger]
    #[arg(long, env = "PENSTOCK_MESSAGE_BYTES", value_name = "BYTES",
          value_parser = RangedU64ValueParser::<u64>::new().range(64 << 10..=MAX_MESSAGE_KNOB))]
    pub message_bytes: Option<u64>,

    /// Bytes of the messages of all calls under way together, from 64 KiB; one that finds no room is refused with
    /// RESOURCE_EXHAUSTED; there is room for one of --message-bytes in any case
    #[arg(long, env = "PENSTOCK_MESSAGES_BYTES", value_name = "BYTES", default_value_t = 512 << 20,
          value_parser = RangedU64ValueParser::<u64>::new().range(64 << 10..=1 << 40))]
    pub messages_bytes: u64,

    /// How long the message of a call may take to arrive, in milliseconds, from 1
    #[arg(long, env = "PENSTOCK_RECEIVE_MS", value_name = "MS", default_value_t = 10_000,
          value_parser = RangedU64ValueParser::<u64>::new().range(1..=MAX_TIME_MS))]
    pub receive_ms: u64,

    /// After how long without a sign of life a client is asked for one, in milliseconds; one that is silent
    /// for 10 s more is disconnected; 0 never asks
    #[arg(long, env = "PENSTOCK_KEEP_ALIVE_MS", value_name = "MS", default_value_t = 30_000,
          value_parser = RangedU64ValueParser::<u64>::new().range(0..=MAX_TIME_MS))]
    pub keep_alive_ms: u64,

    /// How long a connection is kept without a call, in milliseconds; 0 keeps it for ever
    #[arg(long, env = "PENSTOCK_CONNECTION_IDLE_MS", value_name = "MS", default_value_t = 600_000,
          value_parser = RangedU64ValueParser::<u64>::new().range(0..=86_400_000))]
    pub connection_idle_ms: u64,

    /// How long a connection lives, in milliseconds, a tenth more or less: then its client is asked to open
    /// another, which a balancer may send elsewhere, and calls under way finish, for as long as --drain-ms
    /// has it; 0 lets it live for ever
    #[arg(long, env = "PENSTOCK_CONNECTION_AGE_MS", value_name = "MS", default_value_t = 1_800_000,
          value_parser = RangedU64ValueParser::<u64>::new().range(0..=86_400_000))]
    pub connection_age_ms: u64,

    /// How long calls are still taken after SIGTERM, while health says NOT_SERVING, in milliseconds: until
    /// balancers send no more; 0 takes none
    #[arg(long, env = "PENSTOCK_DRAIN_DELAY_MS", value_name = "MS", default_value_t = 0,
          value_parser = RangedU64ValueParser::<u64>::new().range(0..=MAX_TIME_MS))]
    pub drain_delay_ms: u64,

    /// Longest that calls under way may take after that, in milliseconds; what is left then is dropped, as by
    /// a second SIGTERM, and the exit code is 4; 0 drops them at once
    #[arg(long, env = "PENSTOCK_DRAIN_MS", value_name = "MS", default_value_t = 30_000,
          value_parser = RangedU64ValueParser::<u64>::new().range(0..=MAX_TIME_MS))]
    pub drain_ms: u64,
}

impl TrafficConfig {
    /// Longest wait for a place in flight.
    pub fn longest_wait(&self) -> Duration {
        Duration::from_millis(self.queue_ms)
    }

    /// Bytes of a call's message.
    pub fn message_bytes(&self, limits: &LimitsConfig) -> u32 {
        let input = limits.event_bytes.max(limits.batch_bytes);
        let payload = input + limits.settings_bytes + limits.source_bytes;
        let bytes = self.message_bytes.unwrap_or(3 * payload);
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }

    /// How long a call's message may take to arrive.
    pub fn receive_time(&self) -> Duration {
        Duration::from_millis(self.receive_ms)
    }

    /// When a silent client is asked whether it is there; `None` when never.
    pub fn keep_alive(&self) -> Option<Duration> {
        unless_zero(self.keep_alive_ms)
    }

    /// How long a connection is kept without a call; `None` when for ever.
    pub fn connection_idle(&self) -> Option<Duration> {
        unless_zero(self.connection_idle_ms)
    }

    /// How long a connection lives; `None` when for ever.
    pub fn connection_age(&self) -> Option<Duration> {
        unless_zero(self.connection_age_ms)
    }

    /// How long calls are taken while the drain is announced.
    pub fn drain_delay(&self) -> Duration {
        Duration::from_millis(self.drain_delay_ms)
    }

    /// How long calls under way get when their connection, or the executor, is to end.
    pub fn drain_grace(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }
}

fn unless_zero(milliseconds: u64) -> Option<Duration> {
    (milliseconds > 0).then(|| Duration::from_millis(milliseconds))
}
