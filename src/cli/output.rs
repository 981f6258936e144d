//! What commands say, to whoever still listens: a reader that has gone, as `head` has, is no fault.

use std::{
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use super::exit;

/// Prints what a command is for, and ends it with this code; with another one when the text is lost.
pub fn print(text: &str, code: ExitCode) -> ExitCode {
    let mut output = io::stdout().lock();
    let written = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            complain(&format!("standard output: {error}"));
            ExitCode::from(exit::EXECUTOR)
        }
        _ => code,
    }
}

/// A line on standard error, beside which there is nowhere to tell of failures.
pub fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
