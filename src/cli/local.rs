//! What commands that run one function where they are have in common: the function's files, and one cell.

use std::{
    fs, io,
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use clap::{Args, ValueEnum};
use tokio::runtime::Runtime;

use crate::{
    config::{
        CellsConfig, EgressConfig, LibrariesConfig, LimitsConfig, LogFormat, TypeScriptConfig,
    },
    front::{
        admission::{Admission, WaitingRoom},
        arrival::Arrival,
        cells::{Answered, Call, Fetcher},
        dispatch::{DispatchError, Dispatcher},
        functions::{self, FunctionVersion, Language, SourceFault, Stored, StripFailed, manifest},
        quarantine::Quarantine,
        server::{self, CellProvision, ServeError},
    },
    invocation::VersionKey,
};

#[derive(Args, Debug)]
pub struct OutputArguments {
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,

    /// As `--output json`
    #[arg(long, conflicts_with = "output")]
    json: bool,
}

impl OutputArguments {
    pub fn output(&self) -> Output {
        match self.json {
            true => Output::Json,
            false => self.output,
        }
    }
}

/// How a command prints what it found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For a person
    Text,
    /// For a program: one JSON object
    Json,
}

/// A function's files that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{}: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{}: the source {fault}", path.display())]
    Source { path: PathBuf, fault: SourceFault },
}

/// The executor could not do its part.
#[derive(Debug, thiserror::Error)]
pub enum ExecutorError {
    #[error("the executor could not be started: {0}")]
    Runtime(io::Error),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Dispatch(#[from] DispatchError),
    #[error(transparent)]
    Strip(#[from] StripFailed),
}

/// The source in a directory, or the file itself.
///
/// # Errors
/// [`SourceFault::Twice`] when a directory has two.
pub fn source_file(path: &Path) -> Result<PathBuf, FileError> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let in_language = |language: Language| path.join(language.file_name());
    let [javascript, typescript] = [Language::JavaScript, Language::TypeScript].map(in_language);
    match (javascript.is_file(), typescript.is_file()) {
        (true, true) => Err(FileError::Source {
            path: path.to_owned(),
            fault: SourceFault::Twice,
        }),
        (false, true) => Ok(typescript),
        _ => Ok(javascript),
    }
}

/// The function in a source file, with manifest and source map beside it if there are any.
///
/// # Errors
/// [`FileError`] when a file can't be read, or the source is none.
pub fn read_function(path: &Path, limits: &LimitsConfig) -> Result<FunctionVersion, FileError> {
    Ok(version_in(path, read_files(path, limits)?))
}

/// A source file, and what is beside it.
///
/// # Errors
/// [`FileError`] when a file can't be read, or the source is none.
pub fn read_files(path: &Path, limits: &LimitsConfig) -> Result<Stored, FileError> {
    let source = read(path)?;
    functions::check_source(&source, limits.source_bytes).map_err(|fault| FileError::Source {
        path: path.to_owned(),
        fault,
    })?;
    let file_name = path.display().to_string();
    let manifest = read_beside(Path::new(&manifest::name_beside(&file_name)))?;
    let source_map = match limits.source_map_bytes {
        0 => None,
        _ => read_beside(Path::new(&format!("{file_name}.map")))?,
    };
    Ok(Stored {
        source,
        language: language(path),
        manifest,
        source_map,
    })
}

/// The function that such files are, told by the name of its source.
pub fn version_in(path: &Path, files: Stored) -> FunctionVersion {
    let key = VersionKey {
        function_id: "local".into(),
        version: "local".into(),
    };
    let version = FunctionVersion::new(0, key, files.source, files.manifest.as_deref());
    FunctionVersion {
        language: files.language,
        file_name: path.display().to_string(),
        ..version.with_map(files.source_map)
    }
}

/// By the end of a file's name.
fn language(path: &Path) -> Language {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("ts" | "mts" | "cts") => Language::TypeScript,
        _ => Language::JavaScript,
    }
}

/// The same as JavaScript, if it is not already.
///
/// # Errors
/// [`ExecutorError::Strip`] when nobody could tell what it is without its types.
pub async fn without_types(
    version: FunctionVersion,
    typescript: TypeScriptConfig,
) -> Result<FunctionVersion, ExecutorError> {
    if version.language == Language::JavaScript {
        return Ok(version);
    }
    let stripper = server::stripper(typescript, &one_cell())?;
    let code = stripper.strip(&version.source).await?;
    Ok(version.in_typescript(code))
}

/// A file beside a source; there need be none.
fn read_beside(path: &Path) -> Result<Option<Bytes>, FileError> {
    match fs::read(path) {
        Ok(contents) => Ok(Some(contents.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::Unreadable {
            path: path.to_owned(),
            error,
        }),
    }
}

/// # Errors
/// [`FileError::Unreadable`].
pub fn read(path: &Path) -> Result<Bytes, FileError> {
    let contents = fs::read(path);
    contents
        .map(Bytes::from)
        .map_err(|error| FileError::Unreadable {
            path: path.to_owned(),
            error,
        })
}

/// What a command waits in.
///
/// # Errors
/// [`ExecutorError::Runtime`].
pub fn runtime() -> Result<Runtime, ExecutorError> {
    Runtime::new().map_err(ExecutorError::Runtime)
}

/// Runs one call in a cell of its own, which ends with it.
///
/// # Errors
/// [`ExecutorError`] when it could not be run at all.
pub async fn run_in_own_cell(
    call: Call,
    limits: &LimitsConfig,
    libraries: &LibrariesConfig,
    egress: &EgressConfig,
) -> Result<Answered, ExecutorError> {
    let cell = OwnCell::start(limits, libraries, server::fetcher(egress)?).await?;
    cell.run(call).await
}

/// A cell for the calls of one command, which ends with it.
#[derive(Debug)]
pub struct OwnCell(Dispatcher);

impl OwnCell {
    /// # Errors
    /// [`ExecutorError`] when it can't be started.
    pub async fn start(
        limits: &LimitsConfig,
        libraries: &LibrariesConfig,
        fetcher: Fetcher,
    ) -> Result<Self, ExecutorError> {
        let cells = one_cell();
        let quarantine = Arc::new(Quarantine::default());
        let provision = CellProvision {
            log_format: LogFormat::Text,
            fetcher,
            libraries: server::read_libraries(libraries).map_err(ServeError::from)?,
            spares: 0,
            // What was used last stays.
            source_bytes: 0,
        };
        let started = server::start_cells(&cells, limits, provision, quarantine.clone()).await?;
        let nobody_waits = WaitingRoom {
            queue: 0,
            longest_wait: Duration::ZERO,
        };
        let admission = Admission::new(cells.max_in_flight, nobody_waits);
        Ok(Self(Dispatcher::new(admission, quarantine, started)))
    }

    /// Runs one call. Only one at a time finds a place.
    ///
    /// # Errors
    /// [`ExecutorError`] when it could not be run at all.
    pub async fn run(&self, call: Call) -> Result<Answered, ExecutorError> {
        let dispatched = self.0.dispatch(call, Arrival::of_ourselves());
        Ok(dispatched.await?.answered)
    }
}

/// As much as one call needs.
fn one_cell() -> CellsConfig {
    CellsConfig {
        cells: NonZeroU32::MIN,
        cell_threads: Some(NonZeroU32::MIN),
        cell_isolates: NonZeroU32::MIN,
        memory: None,
        cache_bytes: 8 << 20,
        cache_instance_bytes: 8 << 20,
        require_lockdown: false,
        max_in_flight: NonZeroU32::MIN,
    }
}
