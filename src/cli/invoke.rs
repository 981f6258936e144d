//! `penstock invoke`: one event through one function file, in a cell of its own.

use std::{
    fs, io,
    num::NonZeroU32,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use bytes::Bytes;
use clap::{Args, ValueEnum};
use tokio::runtime::Runtime;

use super::{exit, render};
use crate::{
    config::{CellsConfig, LimitsConfig},
    front::{
        admission::Admission,
        cells::Call,
        dispatch::{DispatchError, Dispatcher},
        event::{self, EventFault},
        functions::FunctionVersion,
        quarantine::Quarantine,
        server::{self, ServeError},
        settings,
    },
    invocation::{ErrorCode, Finished, InvocationLimits, Outcome, SettingsJson, VersionKey},
};

#[derive(Args, Debug)]
pub struct InvokeArguments {
    /// The function's JavaScript
    file: PathBuf,

    /// The event, a JSON object with a `type`
    #[arg(long, value_name = "FILE")]
    event: PathBuf,

    /// The settings, a JSON object [default: {}]
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,

    #[command(flatten)]
    limits: LimitsConfig,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For a person
    Text,
    /// For a program: one JSON object
    Json,
}

/// Why nothing could be run.
#[derive(Debug, thiserror::Error)]
enum InvokeError {
    #[error("{}: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{}: the source is over the limit of {limit} bytes (knob --source-bytes)", path.display())]
    SourceTooLarge { path: PathBuf, limit: u64 },
    #[error("{}: the source is not UTF-8", .0.display())]
    SourceNotUtf8(PathBuf),
    #[error("{}: the event {error}", path.display())]
    Event { path: PathBuf, error: EventFault },
    #[error("{}: the settings must be a JSON object, and are none at line {line}, column {column}", path.display())]
    Settings {
        path: PathBuf,
        line: usize,
        column: usize,
    },
    #[error("the executor could not be started: {0}")]
    Runtime(io::Error),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Dispatch(#[from] DispatchError),
}

impl InvokeError {
    fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Runtime(_) | Self::Serve(_) | Self::Dispatch(_) => exit::EXECUTOR,
            _ => exit::USAGE,
        })
    }
}

pub fn run(arguments: &InvokeArguments) -> ExitCode {
    match invoke(arguments) {
        Ok(finished) => {
            let text = match arguments.output {
                Output::Text => render::text(&finished),
                Output::Json => render::json(&finished),
            };
            println!("{text}");
            exit_code(&finished.outcome)
        }
        Err(error) => {
            eprintln!("penstock invoke: {error}");
            error.exit_code()
        }
    }
}

fn exit_code(outcome: &Outcome) -> ExitCode {
    match outcome {
        Outcome::Delivered(_) | Outcome::Filtered { .. } => ExitCode::SUCCESS,
        Outcome::Failed(error) if error.code == ErrorCode::ExecutorLost => {
            ExitCode::from(exit::EXECUTOR)
        }
        Outcome::Failed(_) => ExitCode::from(exit::FUNCTION_ERROR),
    }
}

fn invoke(arguments: &InvokeArguments) -> Result<Finished, InvokeError> {
    let mut call = read_call(arguments)?;
    let redactor = match settings::prepare(&call.version, call.settings, &[]) {
        Ok(prepared) => {
            call.settings = prepared.settings;
            prepared.redactor
        }
        Err(error) => return Ok(Finished::without_running(error)),
    };
    let cells = CellsConfig {
        cells: NonZeroU32::MIN,
        cell_threads: Some(NonZeroU32::MIN),
        cell_isolates: NonZeroU32::MIN,
        memory: None,
        require_lockdown: false,
        max_in_flight: NonZeroU32::MIN,
    };
    let runtime = Runtime::new().map_err(InvokeError::Runtime)?;
    runtime.block_on(async {
        let quarantine = Arc::new(Quarantine::default());
        let started = server::start_cells(&cells, &arguments.limits, 0, quarantine.clone()).await?;
        let dispatcher = Dispatcher::new(Admission::new(cells.max_in_flight), quarantine, started);
        let mut finished = dispatcher.dispatch(call).await?;
        redactor.apply(&mut finished);
        Ok(finished)
    })
}

fn read_call(arguments: &InvokeArguments) -> Result<Call, InvokeError> {
    let limits = &arguments.limits;
    let path = &arguments.event;
    let event = read(path)?;
    let event_type =
        event::type_of(&event, limits.event_bytes).map_err(|error| InvokeError::Event {
            path: path.clone(),
            error,
        })?;
    let version = read_function(&arguments.file, limits.source_bytes)?;
    Ok(Call {
        instance_id: "".into(),
        event_type,
        event,
        settings: read_settings(arguments.settings.as_deref())?,
        limits: version.lowered(InvocationLimits {
            wall_time: limits.wall_time(),
            cpu_time: limits.cpu_time(),
            result_bytes: limits.result_bytes,
            log_bytes: limits.log_bytes,
        }),
        version: Arc::new(version),
    })
}

fn read_function(path: &Path, limit: u64) -> Result<FunctionVersion, InvokeError> {
    let source = read(path)?;
    if source.len() as u64 > limit {
        return Err(InvokeError::SourceTooLarge {
            path: path.to_owned(),
            limit,
        });
    }
    if std::str::from_utf8(&source).is_err() {
        return Err(InvokeError::SourceNotUtf8(path.to_owned()));
    }
    let key = VersionKey {
        function_id: "local".into(),
        version: "local".into(),
    };
    let manifest = read_manifest(&path.with_file_name("function.json"))?;
    Ok(FunctionVersion {
        file_name: path.display().to_string(),
        ..FunctionVersion::new(0, key, source, manifest.as_deref())
    })
}

/// The manifest beside a source; there need be none.
fn read_manifest(path: &Path) -> Result<Option<Bytes>, InvokeError> {
    match fs::read(path) {
        Ok(manifest) => Ok(Some(manifest.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(InvokeError::Unreadable {
            path: path.to_owned(),
            error,
        }),
    }
}

fn read_settings(path: Option<&Path>) -> Result<SettingsJson, InvokeError> {
    let Some(path) = path else {
        return Ok(SettingsJson::empty());
    };
    let settings = read(path)?;
    serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&settings).map_err(
        // The error itself may quote a value.
        |error| InvokeError::Settings {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
        },
    )?;
    Ok(SettingsJson::new(settings))
}

fn read(path: &Path) -> Result<Bytes, InvokeError> {
    let contents = fs::read(path);
    contents
        .map(Bytes::from)
        .map_err(|error| InvokeError::Unreadable {
            path: path.to_owned(),
            error,
        })
}
