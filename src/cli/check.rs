//! `penstock check`: what a function is and what is wrong with it, as `Describe` says it.

use std::{num::NonZeroU32, path::PathBuf, process::ExitCode, sync::Arc};

use clap::Args;

use super::{
    exit,
    local::{self, ExecutorError, FileError, Output, OutputArguments},
    output::finish,
    paint::Paint,
};
use crate::{
    config::{EgressConfig, LibrariesConfig, LimitsConfig, TypeScriptConfig},
    front::{
        describe::{self, Report},
        functions::FunctionVersion,
        source_maps::SourceMaps,
    },
};

mod json;
pub mod text;

#[derive(Args, Debug)]
pub struct CheckArguments {
    /// The function's source, with function.json beside it if it has one; or the directory of both
    #[arg(value_name = "FILE|DIR", default_value = ".")]
    path: PathBuf,

    #[command(flatten)]
    output: OutputArguments,

    #[command(flatten)]
    limits: LimitsConfig,

    #[command(flatten)]
    typescript: TypeScriptConfig,

    #[command(flatten)]
    libraries: LibrariesConfig,
}

/// Why nothing could be said.
#[derive(Debug, thiserror::Error)]
enum CheckError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Executor(#[from] ExecutorError),
}

impl CheckError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::File(_) => exit::USAGE,
            Self::Executor(_) => exit::EXECUTOR,
        }
    }
}

pub fn run(arguments: &CheckArguments) -> ExitCode {
    let checked = check(arguments).map(|report| {
        let text = match arguments.output.output() {
            Output::Text => text::of(&report, Paint::of_output()),
            Output::Json => json::of(&report),
        };
        let codes = report.diagnostics.iter().filter_map(|told| told.code);
        (text, exit::of_codes(codes))
    });
    finish("check", checked, CheckError::exit_code)
}

fn check(arguments: &CheckArguments) -> Result<Report, CheckError> {
    let limits = &arguments.limits;
    let version = local::read_function(&local::source_file(&arguments.path)?, limits)?;
    let (typescript, libraries) = (arguments.typescript, &arguments.libraries);
    Ok(report(version, limits, typescript, libraries)?)
}

/// What there is to say of a function, found out in a cell of its own.
///
/// # Errors
/// [`ExecutorError`] when that could not be found out.
pub fn report(
    version: FunctionVersion,
    limits: &LimitsConfig,
    typescript: TypeScriptConfig,
    libraries: &LibrariesConfig,
) -> Result<Report, ExecutorError> {
    let runtime = local::runtime()?;
    let version = runtime.block_on(local::without_types(version, typescript))?;
    let version = Arc::new(version);
    if version.code.is_err() {
        return Ok(describe::unrunnable(version));
    }
    let call = describe::call(version.clone(), "".into(), limits.of_invocation());
    let egress = no_requests();
    let answered = local::run_in_own_cell(call, limits, libraries, &egress);
    let answered = runtime.block_on(answered)?;
    let maps = SourceMaps::new(limits.source_map_bytes);
    Ok(runtime.block_on(describe::report(version, answered, &maps)))
}

/// The top level's requests never leave the cell.
fn no_requests() -> EgressConfig {
    EgressConfig {
        egress_off: true,
        egress_allow: Vec::new(),
        egress_deny: Vec::new(),
        egress_ca: None,
        egress_dns: Vec::new(),
        egress_at_once: NonZeroU32::MIN,
        egress_host_requests: NonZeroU32::MIN,
        egress_function_requests: NonZeroU32::MIN,
        egress_connections: Some(NonZeroU32::MIN),
        egress_queue: 0,
        egress_idle_connections: 0,
        egress_idle_ms: 0,
        egress_connect_ms: 1,
        egress_body_bytes: 0,
        egress_buffer_bytes: 1,
        egress_propagate_trace: false,
    }
}
