//! `penstock new`: a directory with a function to start from, its tests, and what editors need.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, ValueEnum};
use serde_json::Value as Json;

use super::{exit, output, types};

#[derive(Args, Debug)]
pub struct NewArguments {
    /// The directory that is made, and by its last part the function's name
    #[arg(value_name = "NAME")]
    directory: PathBuf,

    /// What it starts from
    #[arg(long, value_enum, default_value_t = Template::Default)]
    template: Template,

    /// Write the function in TypeScript
    #[arg(long)]
    typescript: bool,
}

/// What a function starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Template {
    /// All handlers, passing events on
    Default,
    /// A whole batch in one request
    Batch,
    /// Something added that an API knows, cached
    Enrich,
    /// Some events filtered
    Filter,
}

/// The files of a template: the two sources, the manifest, and the tests by name.
struct Files {
    javascript: &'static str,
    typescript: &'static str,
    manifest: &'static str,
    tests: &'static [(&'static str, &'static str)],
}

macro_rules! files {
    ($template:literal: $($test:literal),*) => {{
        macro_rules! text {
            ($file:literal) => {
                include_str!(concat!("../../templates/", $template, "/", $file))
            };
        }
        Files {
            javascript: text!("index.js"),
            typescript: text!("index.ts"),
            manifest: text!("function.json"),
            tests: &[$((
                concat!("tests/", $test),
                include_str!(concat!("../../templates/", $template, "/tests/", $test)),
            )),*],
        }
    }};
}

impl Template {
    fn files(self) -> Files {
        match self {
            Self::Default => files!("default": "nobody.json", "others.json", "track.json"),
            Self::Batch => files!("batch": "alone.json", "batch.json", "busy.json"),
            Self::Enrich => {
                files!("enrich": "busy.json", "known.json", "twice.json", "unknown.json")
            }
            Self::Filter => files!("filter": "dropped.json", "kept.json"),
        }
    }
}

/// Characters of a function's name.
const MAX_NAME: usize = 120;

/// What stands for the function's name in a template; in JSON, where a string is.
const NAME: &str = "NAME";

/// Why there is no new function.
#[derive(Debug, thiserror::Error)]
enum NewError {
    #[error("{}: is there already, and nothing is overwritten", .0.display())]
    Exists(PathBuf),
    #[error("{}: has no name at its end that a function could have", .0.display())]
    Nameless(PathBuf),
    #[error("{}: {error}", path.display())]
    Unwritable { path: PathBuf, error: io::Error },
}

impl NewError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Exists(_) | Self::Nameless(_) => exit::USAGE,
            Self::Unwritable { .. } => exit::EXECUTOR,
        }
    }
}

pub fn run(arguments: &NewArguments) -> ExitCode {
    let made = make(arguments).map(|files| (next(&arguments.directory, &files), ExitCode::SUCCESS));
    output::finish("new", made, NewError::exit_code)
}

/// Makes the directory, and tells the files in it.
fn make(arguments: &NewArguments) -> Result<Vec<&'static str>, NewError> {
    let directory = &arguments.directory;
    let name = directory.file_name().map(|name| name.to_string_lossy());
    let name = name.filter(|name| name.chars().count() <= MAX_NAME);
    let name = name.ok_or_else(|| NewError::Nameless(directory.clone()))?;
    fs::create_dir(directory).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => NewError::Exists(directory.clone()),
        _ => unwritable(directory, error),
    })?;
    let tests = directory.join("tests");
    fs::create_dir(&tests).map_err(|error| unwritable(&tests, error))?;
    let files = files(arguments, &name);
    for (file, text) in &files {
        let path = directory.join(file);
        fs::write(&path, text).map_err(|error| unwritable(&path, error))?;
    }
    Ok(files.into_iter().map(|(file, _)| file).collect())
}

fn unwritable(path: &Path, error: io::Error) -> NewError {
    NewError::Unwritable {
        path: path.to_owned(),
        error,
    }
}

fn files(arguments: &NewArguments, name: &str) -> Vec<(&'static str, String)> {
    let template = arguments.template.files();
    let (source, text, project, settings) = match arguments.typescript {
        false => (
            "index.js",
            template.javascript,
            "jsconfig.json",
            include_str!("../../templates/jsconfig.json"),
        ),
        true => (
            "index.ts",
            template.typescript,
            "tsconfig.json",
            include_str!("../../templates/tsconfig.json"),
        ),
    };
    let manifest = template
        .manifest
        .replace(NAME, &Json::from(name).to_string());
    let readme = include_str!("../../templates/README.md");
    let readme = readme.replace(NAME, name).replace("SOURCE", source);
    let mut files = vec![
        (source, text.to_owned()),
        ("function.json", manifest),
        ("README.md", readme),
        ("penstock.d.ts", types::text()),
        (project, settings.to_owned()),
    ];
    let tests = template.tests.iter();
    files.extend(tests.map(|(file, text)| (*file, (*text).to_owned())));
    files
}

/// What there is now, and what to do with it.
fn next(directory: &Path, files: &[&str]) -> String {
    let directory = output::shown(&directory.display().to_string(), "");
    let quoted = match directory.contains(|letter: char| !is_plain(letter)) {
        true => format!("'{}'", directory.replace('\'', r"'\''")),
        false => directory.clone(),
    };
    format!(
        "{directory}: {files}

Run its tests, now and whenever you changed it:
  penstock test {quoted}

More:
  penstock dev {quoted}              serves it, with a page to try it on, and each save anew
  penstock test {quoted} --update    has the tests expect what comes out
  penstock check {quoted}            says what is wrong with it",
        files = files.join(", "),
    )
}

/// Whether a shell takes the letter for what it is.
fn is_plain(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.' | '/')
}
