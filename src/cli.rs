//! The command line: which subcommand runs, and with which exit code it ends.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{LogConfig, LogFormat, ServeConfig};

mod invoke;
mod log;
mod render;
mod serve;

/// Exit codes; 0 is success.
mod exit {
    /// The function failed.
    pub const FUNCTION_ERROR: u8 = 1;
    /// The command was given what it can't use.
    pub const USAGE: u8 = 2;
    /// The executor could not do its part.
    pub const EXECUTOR: u8 = 3;
}

/// Runs customers' JavaScript functions on pipeline events, each in a V8 isolate under limits.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    serve: ServeConfig,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the gRPC API (what runs without a command, too)
    Serve(Box<ServeConfig>),
    /// Run an event or a batch through a function and print the outcome, logs and usage
    ///
    /// Exit code: 0 delivered or filtered, 1 the function failed, 2 unusable arguments or files, 3 the
    /// executor failed.
    Invoke(Box<invoke::InvokeArguments>),
    /// Run JavaScript for a front; started by `serve`, never by hand
    #[command(hide = true)]
    Cell(LogConfig),
}

/// Parses the command line and runs what it asks for.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        None => serve::run(cli.serve),
        Some(Command::Serve(config)) => serve::run(*config),
        Some(Command::Invoke(arguments)) => {
            log::start(LogFormat::Text, "error", None);
            invoke::run(&arguments)
        }
        Some(Command::Cell(log)) => {
            log::start(log.log_format, "warn", None);
            run_cell()
        }
    }
}

fn run_cell() -> ExitCode {
    match crate::cell::serve() {
        Ok(()) => crate::cell::leave(0),
        Err(error) => {
            tracing::error!(%error, "cell");
            crate::cell::leave(exit::EXECUTOR.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_knob_out_of_its_range_is_refused_by_name() {
        #[track_caller]
        fn check(arguments: &[&str], expect: &str) {
            let error = Cli::try_parse_from([&["penstock"], arguments].concat()).unwrap_err();
            assert!(error.to_string().contains(expect), "{error}");
        }
        check(&["--wall-time-ms", "0"], "--wall-time-ms");
        check(&["--event-bytes", "99999999999"], "--event-bytes");
        check(&["serve", "--cells", "0"], "--cells");
        check(&["--admin", "nowhere"], "--admin");
        check(&["serve", "--heap-bytes", "1"], "--heap-bytes");
    }
}
