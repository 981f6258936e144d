//! Settings that only the executor can open, and what of them is kept.

use std::path::PathBuf;

use clap::Args;

use super::MIB;

/// Settings that only the executor can open.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Sealed settings")]
pub struct SealedConfig {
    /// Files with the keys that open sealed settings, as age-keygen writes them; any number of keys in each.
    /// They are read again when they change (--reload-ms). Repeatable, comma-separated in the environment
    /// [default: none, and sealed settings are refused]
    #[arg(
        long,
        env = "PENSTOCK_SEALED_IDENTITIES",
        value_name = "FILE",
        value_delimiter = ','
    )]
    pub sealed_identities: Vec<PathBuf>,

    /// Refuse sealed settings that are not bound to a function and an instance, as `penstock seal` does with
    /// --function-id and --instance-id
    #[arg(long, env = "PENSTOCK_REQUIRE_BOUND_SEALS")]
    pub require_bound_seals: bool,

    /// Bytes of opened settings kept in memory; the least used go, and are opened again; 0 keeps none
    #[arg(long, env = "PENSTOCK_SEALED_CACHE_BYTES", value_name = "BYTES", default_value_t = 16 * MIB)]
    pub sealed_cache_bytes: u64,
}
