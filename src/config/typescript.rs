//! What taking types out of sources may use.

use std::num::NonZeroU32;

use clap::{Args, builder::RangedU64ValueParser};

use super::{MIB, nonzero};

/// What taking the types out of one TypeScript source may use.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "TypeScript")]
pub struct TypeScriptConfig {
    /// CPU time for taking the types out of a TypeScript source, in seconds, from 1
    #[arg(long, env = "PENSTOCK_TYPESCRIPT_CPU_SECONDS", value_name = "SECONDS", default_value_t = nonzero(2))]
    pub typescript_cpu_seconds: NonZeroU32,

    /// Memory for taking the types out of a TypeScript source, in bytes, from 96 MiB to 4 GiB; two are worked
    /// on at a time
    #[arg(long, env = "PENSTOCK_TYPESCRIPT_MEMORY_BYTES", value_name = "BYTES", default_value_t = 256 * MIB,
          value_parser = RangedU64ValueParser::<u64>::new().range(96 * MIB..=(4 << 30)))]
    pub typescript_memory_bytes: u64,
}
