//! `penstock invoke`: one event, or a batch, through one function file, in a cell of its own.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use serde_json::value::RawValue;

use super::{
    exit,
    local::{self, ExecutorError, FileError, Output, OutputArguments},
    output::finish,
    render::{self, Given},
};
use crate::{
    config::{EgressConfig, LibrariesConfig, LimitsConfig, TypeScriptConfig},
    front::{
        cells::{Answered, Call},
        event::{self, EventFault},
        settings::{self, GivenSettings},
        source_maps::SourceMaps,
    },
    invocation::{Finished, Input, Outcome, SettingsJson},
};

mod sealed;

use sealed::{SealedArguments, SealedArgumentsError};

#[derive(Args, Debug)]
pub struct InvokeArguments {
    /// The function's JavaScript, or TypeScript in a file that ends with .ts; a source map FILE.map may be
    /// beside it
    file: PathBuf,

    /// The event, a JSON object with a `type`; or a batch, a JSON array of them
    #[arg(long, value_name = "FILE")]
    event: PathBuf,

    /// The settings, a JSON object [default: {}]
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,

    #[command(flatten)]
    sealed: SealedArguments,

    #[command(flatten)]
    output: OutputArguments,

    #[command(flatten)]
    limits: LimitsConfig,

    #[command(flatten)]
    typescript: TypeScriptConfig,

    #[command(flatten)]
    libraries: LibrariesConfig,

    #[command(flatten)]
    egress: EgressConfig,
}

/// Why nothing could be run.
#[derive(Debug, thiserror::Error)]
enum InvokeError {
    #[error(transparent)]
    File(#[from] FileError),
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
    #[error(transparent)]
    Executor(#[from] ExecutorError),
}

impl InvokeError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Executor(_) => exit::EXECUTOR,
            _ => exit::USAGE,
        }
    }
}

pub fn run(arguments: &InvokeArguments) -> ExitCode {
    let invoked = invoke(arguments).map(|(answered, given)| {
        let text = match arguments.output.output() {
            Output::Text => render::text(&answered, given),
            Output::Json => render::json(&answered, given),
        };
        let outcomes = answered.finished.outcomes.iter();
        let codes = outcomes.filter_map(|outcome| match outcome {
            Outcome::Failed(error) => Some(error.code),
            Outcome::Delivered(_) | Outcome::Filtered { .. } | Outcome::Described(_) => None,
        });
        (text, exit::of_codes(codes))
    });
    finish("invoke", invoked, InvokeError::exit_code)
}

fn invoke(arguments: &InvokeArguments) -> Result<(Answered, Given), InvokeError> {
    let runtime = local::runtime()?;
    let mut call = runtime.block_on(read_call(arguments))?;
    let given = match call.input {
        Input::Batch { .. } => Given::Batch,
        Input::Event(_) | Input::Describe => Given::Event,
    };
    let version = call.version.clone();
    let given_settings = GivenSettings {
        settings: call.settings,
        secret_names: Vec::new(),
        sealed: runtime.block_on(arguments.sealed.open())?,
    };
    let settings_bytes = arguments.limits.settings_bytes;
    let prepared = version
        .check()
        .and_then(|()| settings::prepare(&version, given_settings, settings_bytes));
    let redactor = match prepared {
        Ok(prepared) => {
            call.settings = prepared.settings;
            prepared.redactor
        }
        Err(error) => {
            let finished = Finished::without_running(Outcome::Failed(error), call.input.outcomes());
            return Ok((Answered::without_running(finished), given));
        }
    };
    let call = local::run_in_own_cell(
        call,
        &arguments.limits,
        &arguments.libraries,
        &arguments.egress,
    );
    let mut answered = runtime.block_on(call)?;
    let maps = SourceMaps::new(arguments.limits.source_map_bytes);
    runtime.block_on(maps.apply(&version, &mut answered.finished));
    redactor.apply(&mut answered);
    Ok((answered, given))
}

async fn read_call(arguments: &InvokeArguments) -> Result<Call, InvokeError> {
    let limits = &arguments.limits;
    let version = local::read_function(&arguments.file, limits)?;
    let version = local::without_types(version, arguments.typescript).await?;
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
    let json = local::read(path)?;
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

fn read_settings(path: Option<&Path>) -> Result<SettingsJson, InvokeError> {
    let Some(path) = path else {
        return Ok(SettingsJson::empty());
    };
    let settings = local::read(path)?;
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
