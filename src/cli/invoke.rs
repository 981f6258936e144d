//! `penstock invoke`: one event, or a batch, through one function file, in a cell of its own.

use std::{
    fs, io,
    num::NonZeroU32,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use clap::{Args, ValueEnum};
use serde_json::value::RawValue;
use tokio::runtime::Runtime;

use super::{
    exit,
    render::{self, Given},
};
use crate::{
    config::{CellsConfig, EgressConfig, LimitsConfig, LogFormat},
    front::{
        admission::{Admission, WaitingRoom},
        arrival::Arrival,
        cells::{Answered, Call},
        dispatch::{DispatchError, Dispatcher},
        event::{self, EventFault},
        functions::FunctionVersion,
        quarantine::Quarantine,
        server::{self, ServeError},
        settings::{self, GivenSettings},
    },
    invocation::{ErrorCode, Finished, Input, Outcome, SettingsJson, VersionKey},
};

mod sealed;

use sealed::{SealedArguments, SealedArgumentsError};

#[derive(Args, Debug)]
pub struct InvokeArguments {
    /// The function's JavaScript
    file: PathBuf,

    /// The event, a JSON object with a `type`; or a batch, a JSON array of them
    #[arg(long, value_name = "FILE")]
    event: PathBuf,

    /// The settings, a JSON object [default: {}]
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,

    #[command(flatten)]
    sealed: SealedArguments,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,

    #[command(flatten)]
    limits: LimitsConfig,

    #[command(flatten)]
    egress: EgressConfig,
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
    #[error("{}: {place} {error}", path.display())]
    Event {
        path: PathBuf,
        place: String,
        error: EventFault,
    },
    #[error("{}: the batch is not JSON: {error}", path.display())]
    Batch {
        path: PathBuf,
        error: serde_json::Error,
    },
    #[error("{}: a batch has 1 to {most} events (knob --batch-events), this one {number}", path.display())]
    BatchEvents {
        path: PathBuf,
        number: u64,
        most: u64,
    },
    #[error("{}: the batch is over the limit of {limit} bytes (knob --batch-bytes)", path.display())]
    BatchTooLarge { path: PathBuf, limit: u64 },
    #[error("{}: the settings must be a JSON object, and are none at line {line}, column {column}", path.display())]
    Settings {
        path: PathBuf,
        line: usize,
        column: usize,
    },
    #[error(transparent)]
    Sealed(#[from] SealedArgumentsError),
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
        Ok((answered, given)) => {
            let text = match arguments.output {
                Output::Text => render::text(&answered, given),
                Output::Json => render::json(&answered, given),
            };
            println!("{text}");
            exit_code(&answered.finished.outcomes)
        }
        Err(error) => {
            eprintln!("penstock invoke: {error}");
            error.exit_code()
        }
    }
}

/// That of the worst outcome.
fn exit_code(outcomes: &[Outcome]) -> ExitCode {
    let codes = outcomes.iter().filter_map(|outcome| match outcome {
        Outcome::Failed(error) => Some(error.code),
        Outcome::Delivered(_) | Outcome::Filtered { .. } => None,
    });
    let codes: Vec<_> = codes.collect();
    if codes.contains(&ErrorCode::ExecutorLost) {
        ExitCode::from(exit::EXECUTOR)
    } else if codes.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(exit::FUNCTION_ERROR)
    }
}

fn invoke(arguments: &InvokeArguments) -> Result<(Answered, Given), InvokeError> {
    let mut call = read_call(arguments)?;
    let given = match call.input {
        Input::Event(_) => Given::Event,
        Input::Batch { .. } => Given::Batch,
    };
    let runtime = Runtime::new().map_err(InvokeError::Runtime)?;
    let given_settings = GivenSettings {
        settings: call.settings,
        secret_names: Vec::new(),
        sealed: runtime.block_on(arguments.sealed.open())?,
    };
    let settings_bytes = arguments.limits.settings_bytes;
    let redactor = match settings::prepare(&call.version, given_settings, settings_bytes) {
        Ok(prepared) => {
            call.settings = prepared.settings;
            prepared.redactor
        }
        Err(error) => {
            let finished = Finished::without_running(Outcome::Failed(error), call.input.events());
            return Ok((Answered::without_running(finished), given));
        }
    };
    let cells = CellsConfig {
        cells: NonZeroU32::MIN,
        cell_threads: Some(NonZeroU32::MIN),
        cell_isolates: NonZeroU32::MIN,
        memory: None,
        cache_bytes: 8 << 20,
        cache_instance_bytes: 8 << 20,
        require_lockdown: false,
        max_in_flight: NonZeroU32::MIN,
    };
    runtime.block_on(async {
        let quarantine = Arc::new(Quarantine::default());
        let started = server::start_cells(
            &cells,
            LogFormat::Text,
            &arguments.limits,
            server::fetcher(&arguments.egress)?,
            0,
            quarantine.clone(),
        )
        .await?;
        let nobody_waits = WaitingRoom {
            queue: 0,
            longest_wait: Duration::ZERO,
        };
        let admission = Admission::new(cells.max_in_flight, nobody_waits);
        let dispatcher = Dispatcher::new(admission, quarantine, started);
        let mut answered = dispatcher
            .dispatch(call, Arrival::of_ourselves())
            .await?
            .answered;
        redactor.apply(&mut answered);
        Ok((answered, given))
    })
}

fn read_call(arguments: &InvokeArguments) -> Result<Call, InvokeError> {
    let limits = &arguments.limits;
    let version = read_function(&arguments.file, limits.source_bytes)?;
    Ok(Call {
        instance_id: "".into(),
        input: read_input(&arguments.event, limits)?,
        settings: read_settings(arguments.settings.as_deref())?,
        limits: version.lowered(limits.of_invocation()),
        version: Arc::new(version),
        useful_until: None,
    })
}

/// An array is a batch, anything else an event.
fn read_input(path: &Path, limits: &LimitsConfig) -> Result<Input, InvokeError> {
    let json = read(path)?;
    if !json.trim_ascii_start().starts_with(b"[") {
        return match event::check(&json, limits.event_bytes) {
            Ok(()) => Ok(Input::Event(json)),
            Err(error) => Err(InvokeError::Event {
                path: path.to_owned(),
                place: "the event".to_owned(),
                error,
            }),
        };
    }
    let events: Vec<&RawValue> =
        serde_json::from_slice(&json).map_err(|error| InvokeError::Batch {
            path: path.to_owned(),
            error,
        })?;
    check_batch(path, &events, json.len() as u64, limits)?;
    Ok(Input::Batch {
        events: u32::try_from(events.len()).unwrap_or(u32::MAX),
        json,
    })
}

fn check_batch(
    path: &Path,
    events: &[&RawValue],
    bytes: u64,
    limits: &LimitsConfig,
) -> Result<(), InvokeError> {
    let (number, most) = (events.len() as u64, limits.batch_events);
    if number == 0 || number > most {
        let path = path.to_owned();
        return Err(InvokeError::BatchEvents { path, number, most });
    }
    if bytes > limits.batch_bytes {
        return Err(InvokeError::BatchTooLarge {
            path: path.to_owned(),
            limit: limits.batch_bytes,
        });
    }
    for (index, event) in events.iter().enumerate() {
        event::check(event.get().as_bytes(), limits.event_bytes).map_err(|error| {
            InvokeError::Event {
                path: path.to_owned(),
                place: format!("event {index}"),
                error,
            }
        })?;
    }
    Ok(())
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
