//! `penstock completions` and `penstock man`: the command line told to shells and to readers, of its definition.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use super::{exit, output};

#[derive(Args, Debug)]
pub struct CompletionsArguments {
    /// The shell that completes
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Args, Debug)]
pub struct ManArguments {
    /// The command that the page is of [default: penstock itself]
    command: Option<String>,

    /// Write all pages into this directory, which is made if it is not there
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    directory: Option<PathBuf>,
}

/// What the command line begins with.
const NAME: &str = "penstock";

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
enum ManError {
    #[error("there is no command {name}; there are {}", known.join(", "))]
    NoSuchCommand { name: String, known: Vec<String> },
    #[error("{}: {error}", path.display())]
    Unwritable { path: PathBuf, error: io::Error },
    #[error("the page could not be made: {0}")]
    Unmade(#[from] io::Error),
}

impl ManError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::NoSuchCommand { .. } => exit::USAGE,
            Self::Unwritable { .. } | Self::Unmade(_) => exit::EXECUTOR,
        }
    }
}

pub fn run_completions(arguments: &CompletionsArguments, command: Command) -> ExitCode {
    let mut command = visible(command);
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, NAME, &mut script);
    output::print(&String::from_utf8_lossy(&script), ExitCode::SUCCESS)
}

pub fn run_man(arguments: &ManArguments, command: Command) -> ExitCode {
    let mut command = visible(command).disable_help_subcommand(true);
    // So that each knows its whole name.
    command.build();
    let told = match &arguments.directory {
        Some(directory) => write(directory, &command),
        None => page(&command, arguments.command.as_deref()),
    };
    let told = told.map(|text| (text, ExitCode::SUCCESS));
    output::finish("man", told, ManError::exit_code)
}

/// Without what nobody calls by hand: completions would have it.
fn visible(command: Command) -> Command {
    let commands = command.get_subcommands();
    let shown: Vec<_> = commands.filter(|one| !one.is_hide_set()).cloned().collect();
    let arguments: Vec<_> = command.get_arguments().cloned().collect();
    Command::new(NAME)
        .version(env!("CARGO_PKG_VERSION"))
        .about(command.get_about().cloned().unwrap_or_default())
        .args(arguments)
        .subcommands(shown)
}

/// The page of a command, or of the whole.
fn page(whole: &Command, name: Option<&str>) -> Result<String, ManError> {
    let command = match name {
        None => whole,
        Some(name) => {
            let mut commands = whole.get_subcommands();
            let command = commands.find(|command| command.get_name() == name);
            command.ok_or_else(|| no_such_command(whole, name))?
        }
    };
    let mut page = Vec::new();
    man(command).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).trim_end().to_owned())
}

fn man(command: &Command) -> Man {
    Man::new(command.clone()).source(concat!("penstock ", env!("CARGO_PKG_VERSION")))
}

fn no_such_command(whole: &Command, name: &str) -> ManError {
    let known = whole.get_subcommands().map(Command::get_name);
    ManError::NoSuchCommand {
        name: name.to_owned(),
        known: known.map(str::to_owned).collect(),
    }
}

/// All pages as files, and which.
fn write(directory: &Path, whole: &Command) -> Result<String, ManError> {
    let unwritable = |error| ManError::Unwritable {
        path: directory.to_owned(),
        error,
    };
    fs::create_dir_all(directory).map_err(unwritable)?;
    let mut written = Vec::new();
    for command in [whole].into_iter().chain(whole.get_subcommands()) {
        let path = man(command).generate_to(directory);
        written.push(path.map_err(unwritable)?.display().to_string());
    }
    Ok(written.join("\n"))
}
