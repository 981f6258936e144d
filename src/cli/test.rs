//! `penstock test`: a function run on the events of its test files, and what comes out held against what they
//! expect.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use serde_json::{Map, Value as Json};
use tokio::runtime::{Handle, Runtime};

use super::{
    exit,
    local::{self, ExecutorError, FileError, OwnCell},
    output::finish,
    paint::Paint,
};
use crate::{
    config::{EgressConfig, LibrariesConfig, LimitsConfig, TypeScriptConfig},
    front::{
        egress::Egress,
        functions::FunctionVersion,
        server::{self, ServeError},
        source_maps::SourceMaps,
    },
};

mod canned;
mod case;
mod difference;
mod edit;
mod junit;
mod outcome;
mod recording;
mod report;
mod running;
mod script;

use case::{Case, CaseError};
use running::{Bench, Ran, Recording};
use script::Script;

/// Where the cases of a function are, below its own directory.
const FOLDER: &str = "tests";

#[derive(Args, Debug)]
pub struct TestArguments {
    /// The function's directory, with index.js or index.ts and tests/*.json in it; or its source, with tests beside it
    #[arg(value_name = "DIR", default_value = ".")]
    function: PathBuf,

    /// Run only the cases that have this in their name
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,

    /// Where something else came out than was expected, write it into the case's file
    #[arg(long)]
    update: bool,

    /// Make the requests that a case has no response for, write what came into its file, and run the case on that
    ///
    /// Requests go where the flags below let them. Secret settings, cookies, authorization and tokens that servers
    /// hand out are not written; look the file over nevertheless before others see it.
    #[arg(long)]
    record: bool,

    /// The real settings, a JSON object, to make the requests of --record with; what a case has itself are
    /// stand-ins then
    #[arg(long, value_name = "FILE", requires = "record")]
    settings: Option<PathBuf>,

    #[arg(
        long,
        value_name = "FILE",
        help = "Write the results into this file, too, as build servers read them (JUnit)"
    )]
    junit: Option<PathBuf>,

    #[command(flatten)]
    limits: LimitsConfig,

    #[command(flatten)]
    typescript: TypeScriptConfig,

    #[command(flatten)]
    libraries: LibrariesConfig,

    #[command(flatten)]
    egress: EgressConfig,
}

/// Why nothing could be tested, or told.
#[derive(Debug, thiserror::Error)]
enum TestError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{}", told(faults))]
    Cases { faults: Vec<CaseError> },
    #[error(
        "{}: there is no case; a file such as {{\"event\": {{\"type\": \"track\"}}}} makes one, and --update says what \
         comes out", directory.join("*.json").display()
    )]
    NoCases { directory: PathBuf },
    #[error("no case has \"{filter}\" in its name; there are {}", names.join(", "))]
    NoneLeft { filter: String, names: Vec<String> },
    #[error(
        "{}: expect is missing; run with --update to have what comes out written there",
        paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
    )]
    NothingExpected { paths: Vec<PathBuf> },
    #[error("{}: the settings must be a JSON object, and are none at line {line}, column {column}", path.display())]
    Settings {
        path: PathBuf,
        line: usize,
        column: usize,
    },
    #[error("{}: {error}", path.display())]
    Unwritable { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Executor(#[from] ExecutorError),
}

fn told(faults: &[CaseError]) -> String {
    let lines: Vec<_> = faults.iter().map(CaseError::to_string).collect();
    match &lines[..] {
        [line] if !line.contains('\n') => line.clone(),
        _ => format!("these cases can't be used:\n{}", lines.join("\n")),
    }
}

impl TestError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Executor(_) | Self::Unwritable { .. } => exit::EXECUTOR,
            _ => exit::USAGE,
        }
    }
}

pub fn run(arguments: &TestArguments) -> ExitCode {
    let tested = test(arguments).map(|ran| {
        let code = match ran.iter().all(Ran::is_good) {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(exit::FUNCTION_ERROR),
        };
        (report::text(&ran, Paint::of_output()), code)
    });
    finish("test", tested, TestError::exit_code)
}

fn test(arguments: &TestArguments) -> Result<Vec<Ran>, TestError> {
    let limits = &arguments.limits;
    let source = local::source_file(&arguments.function)?;
    let version = local::read_function(&source, limits)?;
    let directory = source.parent().unwrap_or(&source);
    let cases = chosen(arguments, cases(directory, limits)?)?;
    let settings = settings(arguments.settings.as_deref())?;
    let runtime = local::runtime()?;
    let version = runtime.block_on(local::without_types(version, arguments.typescript))?;
    let bench = bench(arguments, &runtime, version)?;
    let mut ran = Vec::new();
    for mut case in cases {
        let mut recorded = Recording::default();
        if arguments.record {
            recorded = runtime.block_on(bench.record(&case, &settings))?;
            case = with_responses(case, &recorded.elements, limits)?;
        }
        let mut one = runtime.block_on(bench.run(&case))?;
        one.add(recorded);
        if arguments.update && one.can_be_accepted() {
            accept(&case, &mut one)?;
        }
        ran.push(one);
    }
    if let Some(path) = &arguments.junit {
        write(path, &junit::text(&name(&source), &ran))?;
    }
    Ok(ran)
}

/// The case with what was recorded, in its file as well.
fn with_responses(case: Case, elements: &[Json], limits: &LimitsConfig) -> Result<Case, TestError> {
    if elements.is_empty() {
        return Ok(case);
    }
    let Some(text) = edit::with_elements(&case.text, "responses", elements) else {
        return Ok(case);
    };
    write(&case.path, &text)?;
    case::read(&case.path, limits).map_err(|fault| TestError::Cases {
        faults: vec![fault],
    })
}

/// Has the case expect what came out.
fn accept(case: &Case, ran: &mut Ran) -> Result<(), TestError> {
    if let Some(text) = edit::with_value(&case.text, "expect", &ran.renewed) {
        write(&case.path, &text)?;
        ran.accept();
    }
    Ok(())
}

/// All cases, in the order of their names.
fn cases(directory: &Path, limits: &LimitsConfig) -> Result<Vec<Case>, TestError> {
    let folder = directory.join(FOLDER);
    let paths = files(&folder).map_err(|error| FileError::Unreadable {
        path: folder.clone(),
        error,
    })?;
    if paths.is_empty() {
        return Err(TestError::NoCases { directory: folder });
    }
    let (mut cases, mut faults) = (Vec::new(), Vec::new());
    for path in &paths {
        match case::read(path, limits) {
            Ok(case) => cases.push(case),
            Err(fault) => faults.push(fault),
        }
    }
    match faults.is_empty() {
        true => Ok(cases),
        false => Err(TestError::Cases { faults }),
    }
}

/// The JSON files in a folder, sorted; none where there is no folder.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let paths = entries.map(|entry| Ok(entry?.path()));
    let mut paths = paths.collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|end| end == "json"));
    paths.sort();
    Ok(paths)
}

/// The cases that are to be run.
fn chosen(arguments: &TestArguments, mut cases: Vec<Case>) -> Result<Vec<Case>, TestError> {
    if let Some(filter) = &arguments.filter {
        let names = cases.iter().map(|case| case.name.clone()).collect();
        cases.retain(|case| case.name.contains(filter));
        if cases.is_empty() {
            let filter = filter.clone();
            return Err(TestError::NoneLeft { filter, names });
        }
    }
    let lacking = cases.iter().filter(|case| case.expect.is_none());
    let paths: Vec<_> = lacking.map(|case| case.path.clone()).collect();
    match paths.is_empty() || arguments.update {
        true => Ok(cases),
        false => Err(TestError::NothingExpected { paths }),
    }
}

fn settings(path: Option<&Path>) -> Result<Map<String, Json>, TestError> {
    let Some(path) = path else {
        return Ok(Map::new());
    };
    let text = local::read(path)?;
    // The error itself may quote a value.
    serde_json::from_slice(&text).map_err(|error| TestError::Settings {
        path: path.to_owned(),
        line: error.line(),
        column: error.column(),
    })
}

/// What cases are run on.
fn bench(
    arguments: &TestArguments,
    runtime: &Runtime,
    version: FunctionVersion,
) -> Result<Bench, ExecutorError> {
    let script = Arc::new(Script::default());
    let cell = runtime.block_on(async {
        let egress = Egress::new(&arguments.egress, &Handle::current());
        let egress = egress.map_err(ServeError::from)?;
        let fetcher = server::fetcher_over(egress.answered_by(script.clone()), &arguments.egress);
        OwnCell::start(&arguments.limits, &arguments.libraries, fetcher).await
    })?;
    Ok(Bench {
        cell,
        script,
        version: Arc::new(version),
        limits: arguments.limits.clone(),
        maps: SourceMaps::new(arguments.limits.source_map_bytes),
    })
}

/// A source's directory as it is called, wherever it is named from.
fn name(source: &Path) -> String {
    let whole = fs::canonicalize(source).unwrap_or_else(|_| source.to_owned());
    let name = whole.parent().and_then(Path::file_name);
    name.unwrap_or_default().to_string_lossy().into_owned()
}

fn write(path: &Path, text: &str) -> Result<(), TestError> {
    fs::write(path, text).map_err(|error| TestError::Unwritable {
        path: path.to_owned(),
        error,
    })
}
