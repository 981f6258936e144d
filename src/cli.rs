//! The command line: which subcommand runs, and with which exit code it ends.

use std::{
    env,
    ffi::{OsStr, OsString},
    process::ExitCode,
};

use clap::{CommandFactory, Parser, Subcommand};

use crate::{
    config::{LogConfig, LogFormat, ServeConfig},
    strip::StripArguments,
};

mod check;
mod dev;
mod invoke;
mod local;
mod log;
mod manual;
mod new;
mod output;
mod paint;
mod render;
mod seal;
mod serve;
mod test;
mod token;
mod types;

/// Exit codes; 0 is success.
mod exit {
    use std::process::ExitCode;

    use crate::invocation::ErrorCode;

    /// The function failed.
    pub const FUNCTION_ERROR: u8 = 1;
    /// The command was given what it can't use.
    pub const USAGE: u8 = 2;
    /// The executor could not do its part.
    pub const EXECUTOR: u8 = 3;
    /// The executor was stopped before it had answered every call it took.
    pub const DROPPED: u8 = 4;

    /// That of the worst error a function came to, if any.
    pub fn of_codes(mut codes: impl Iterator<Item = ErrorCode>) -> ExitCode {
        let Some(first) = codes.next() else {
            return ExitCode::SUCCESS;
        };
        let is_lost =
            first == ErrorCode::ExecutorLost || codes.any(|code| code == ErrorCode::ExecutorLost);
        ExitCode::from(match is_lost {
            true => EXECUTOR,
            false => FUNCTION_ERROR,
        })
    }
}

/// Runs customers' JavaScript functions on pipeline events, each in a V8 isolate under limits.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    /// For help: `serve` reads its flags itself.
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
    /// Serve one function while it is written, with the playground on it
    ///
    /// Each time it is saved, it is checked and served as a new version. It takes the flags of serve, and Ctrl-C
    /// ends it. Exit code: as that of serve; 2 also for a directory without a function.
    Dev(Box<dev::DevArguments>),
    /// Run an event or a batch through a function and print the outcome, logs and usage
    ///
    /// Exit code: 0 delivered or filtered, 1 the function failed, 2 unusable arguments or files, 3 the
    /// executor failed.
    Invoke(Box<invoke::InvokeArguments>),
    /// Say what a function is and what is wrong with it, without an event
    ///
    /// Its top level is run, under the limits of an invocation and without requests. Exit code: 0 fine, 1 something
    /// is wrong, 2 unusable arguments or files, 3 the executor failed.
    Check(Box<check::CheckArguments>),
    /// Make a directory with a function to start from, its tests, and what editors need
    ///
    /// Exit code: 0 made, 2 something of that name is there already, 3 it could not be written.
    New(new::NewArguments),
    /// Run a function on the cases in its directory and hold what comes out against what they expect
    ///
    /// Each tests/NAME.json has an event (or events), settings, responses to the requests that are made, and what to
    /// expect; nothing is ever requested of the network without --record. Exit code: 0 all passed, 1 something else
    /// came out, 2 unusable arguments or files, 3 the executor failed.
    Test(Box<test::TestArguments>),
    /// Seal a setting's value, read from standard input, so that only an executor can open it
    ///
    /// Give function and instance, so that it is of no use to others.
    Seal(seal::SealArguments),
    /// Make a token for a caller, and the entry for it in the file of --access
    ///
    /// The entry goes to standard output, the token to standard error: nothing else has it, and the file needs
    /// only its hash.
    Token(token::TokenArguments),
    /// Print the TypeScript types that functions are written against
    ///
    /// One file, for your editor and for tsc: penstock types > penstock.d.ts
    Types,
    /// Print what a shell completes the command line by
    ///
    /// bash: penstock completions bash > ~/.local/share/bash-completion/completions/penstock
    Completions(manual::CompletionsArguments),
    /// Print the manual page of a command, or write all of them
    ///
    /// man -l <(penstock man test)
    Man(manual::ManArguments),
    /// Run JavaScript for a front; started by `serve`, never by hand
    #[command(hide = true)]
    Cell(LogConfig),
    /// Take the types out of a TypeScript source; started by `serve`, never by hand
    #[command(hide = true)]
    Strip(StripArguments),
}

/// Parses the command line and runs what it asks for.
pub fn run() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    if let Some(flags) = flags_of_serve(&arguments) {
        return serve::run(flags);
    }
    if let Some(arguments) = arguments_of_dev(&arguments) {
        return dev::run(arguments);
    }
    match Cli::parse().command {
        // Their help, or the version, was asked for, which is answered by now.
        None | Some(Command::Serve(_) | Command::Dev(_)) => ExitCode::SUCCESS,
        Some(Command::Invoke(arguments)) => {
            log::start(LogFormat::Text, "error", None);
            invoke::run(&arguments)
        }
        Some(Command::Check(arguments)) => {
            log::start(LogFormat::Text, "error", None);
            check::run(&arguments)
        }
        Some(Command::New(arguments)) => new::run(&arguments),
        Some(Command::Test(arguments)) => {
            log::start(LogFormat::Text, "error", None);
            test::run(&arguments)
        }
        Some(Command::Seal(arguments)) => seal::run(arguments),
        Some(Command::Token(arguments)) => token::run(&arguments),
        Some(Command::Types) => types::run(),
        Some(Command::Completions(arguments)) => {
            manual::run_completions(&arguments, Cli::command())
        }
        Some(Command::Man(arguments)) => manual::run_man(&arguments, Cli::command()),
        Some(Command::Cell(log)) => {
            log::start(log.log_format, "warn", None);
            run_cell()
        }
        Some(Command::Strip(arguments)) => {
            log::start(LogFormat::Text, "warn", None);
            run_strip(arguments)
        }
    }
}

/// What follows `serve`, or stands alone without a command. That is not for clap, which stops at the first
/// fault and knows of no file; help and version are.
fn flags_of_serve(arguments: &[OsString]) -> Option<&[OsString]> {
    let is_flag = |argument: &OsStr| argument.as_encoded_bytes().starts_with(b"-");
    let flags = match arguments {
        [command, flags @ ..] if command == "serve" => flags,
        [command, ..] if !is_flag(command) => return None,
        flags => flags,
    };
    (!flags.iter().any(is_for_clap)).then_some(flags)
}

/// What follows `dev`, whose flags are those of `serve`.
fn arguments_of_dev(arguments: &[OsString]) -> Option<&[OsString]> {
    match arguments {
        [command, rest @ ..] if command == "dev" => (!rest.iter().any(is_for_clap)).then_some(rest),
        _ => None,
    }
}

/// Help or version.
fn is_for_clap(argument: &OsString) -> bool {
    let answered_by_clap = ["-h", "--help", "-V", "--version"];
    answered_by_clap.iter().any(|known| argument == known)
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

fn run_strip(arguments: StripArguments) -> ExitCode {
    match crate::strip::run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "strip");
            ExitCode::from(exit::EXECUTOR)
        }
    }
}

#[cfg(test)]
mod tests {
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
