//! What commands say, to whoever still listens: a reader that has gone, as `head` has, is no fault.

use std::{
    fmt::Display,
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use super::exit;
use crate::source_text::printable;

/// Ends a command: with what it found and the code of that, or with why it found nothing.
pub fn finish<E: Display>(
    command: &str,
    found: Result<(String, ExitCode), E>,
    failed: impl FnOnce(&E) -> u8,
) -> ExitCode {
    match found {
        Ok((text, code)) => print(&(text + "\n"), code),
        Err(error) => {
            complain(&format!("penstock {command}: {error}"));
            ExitCode::from(failed(&error))
        }
    }
}

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

/// A text that anybody may have written: its lines below each other, and nothing in them that acts on the terminal.
pub fn shown(text: &str, margin: &str) -> String {
    let lines = text.split('\n');
    let lines = lines.map(|line| line.chars().map(printable).collect::<String>());
    lines.collect::<Vec<_>>().join(&format!("\n{margin}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_does_not_act_on_the_terminal() {
        assert_eq!(
            shown("a\u{1b}[2J\rb\n\tc", "  "),
            "a\u{fffd}[2J\u{fffd}b\n  \tc"
        );
    }
}
