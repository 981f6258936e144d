//! The `penstock` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    penstock::cli::run()
}
