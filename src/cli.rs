//! The command line: which subcommand runs, and with which exit code it ends.

use std::{io::IsTerminal, process::ExitCode};

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::config::ServeConfig;

mod invoke;
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
    /// The executor was stopped before it had answered every call it took.
    pub const DROPPED: u8 = 4;
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
    ///
    /// SIGTERM or SIGINT drains: health says NOT_SERVING, after --drain-delay-ms new calls are refused, those
    /// under way finish within --drain-ms. A second signal ends it at once.
    ///
    /// Exit code: 0 every call taken was answered, 2 unusable arguments, 3 the system gave no runtime, 4 calls
    /// were dropped, as the log says.
    Serve(Box<ServeConfig>),
    /// Run an event or a batch through a function and print the outcome, logs and usage
    ///
    /// Exit code: 0 delivered or filtered, 1 the function failed, 2 unusable arguments or files, 3 the
    /// executor failed.
    Invoke(Box<invoke::InvokeArguments>),
    /// Run JavaScript for a front; started by `serve`, never by hand
    #[command(hide = true)]
    Cell,
}

/// Parses the command line and runs what it asks for.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        None => with_log("info", || serve::run(cli.serve)),
        Some(Command::Serve(config)) => with_log("info", || serve::run(*config)),
        Some(Command::Invoke(arguments)) => with_log("error", || invoke::run(&arguments)),
        Some(Command::Cell) => with_log("warn", run_cell),
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

/// Libraries that would log what requests carry, secrets among it: names looked up, headers, URLs. They warn,
/// and say more only to who names them, as in `PENSTOCK_LOG=trace,h2=trace`.
const RESERVED: &str = "h2=warn,hickory_net=warn,hickory_proto=warn,hickory_resolver=warn,hyper=warn,\
                        hyper_util=warn,object_store=warn,reqwest=warn,rustls=warn";

/// Logs to standard error, at `level` unless `PENSTOCK_LOG` says otherwise.
fn with_log(level: &str, command: impl FnOnce() -> ExitCode) -> ExitCode {
    let wanted = std::env::var("PENSTOCK_LOG").ok();
    let wanted = wanted.map(|wanted| format!("{RESERVED},{wanted}"));
    let filter = wanted.and_then(|wanted| EnvFilter::try_new(wanted).ok());
    let filter = filter.unwrap_or_else(|| EnvFilter::new(format!("{RESERVED},{level}")));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    command()
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
