//! V8's stack text, taken apart into frames.

use std::{fmt, num::NonZeroU32};

use super::StackFrame;

/// The most frames reported; V8 records ten unless a function raises `Error.stackTraceLimit`.
pub const MAX_FRAMES: usize = 64;

/// The frames of a stack as V8 prints it, innermost first. Lines that name no place are left out, so a
/// stack that a function wrote itself costs only its own frames.
pub fn frames(stack: &str) -> Vec<StackFrame> {
    let lines = stack.lines().filter_map(FrameLine::parse);
    lines.map(StackFrame::from).take(MAX_FRAMES).collect()
}

/// A line of a stack that names a place. Printed, it is the line again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameLine<'l> {
    /// What comes before the function, or before the place: `    at ` or `    at async `.
    pub lead: &'l str,
    /// Empty where V8 names none.
    pub function: &'l str,
    pub file: &'l str,
    /// From 1, as the column.
    pub line: u32,
    pub column: u32,
}

impl<'l> FrameLine<'l> {
    /// `at [async ]name (file:line:column)` or `at [async ]file:line:column`, indented or not.
    pub fn parse(line: &'l str) -> Option<Self> {
        let call = line.trim_start().strip_prefix("at ")?;
        let call = call.strip_prefix("async ").unwrap_or(call);
        let lead = line.strip_suffix(call)?;
        let (function, place) = match call
            .strip_suffix(')')
            .and_then(|call| call.rsplit_once(" ("))
        {
            Some((function, place)) => (function, place),
            None => ("", call),
        };
        let (rest, column) = place.rsplit_once(':')?;
        let (file, line) = rest.rsplit_once(':')?;
        Some(Self {
            lead,
            function,
            file,
            line: line.parse::<NonZeroU32>().ok()?.get(),
            column: column.parse::<NonZeroU32>().ok()?.get(),
        })
    }

    /// Whether the frame is one that was awaited, and so did not call the frame above it.
    pub fn is_awaited(&self) -> bool {
        self.lead.ends_with("async ")
    }
}

impl fmt::Display for FrameLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            lead,
            function,
            file,
            line,
            column,
        } = self;
        match function.is_empty() {
            true => write!(f, "{lead}{file}:{line}:{column}"),
            false => write!(f, "{lead}{function} ({file}:{line}:{column})"),
        }
    }
}

impl From<FrameLine<'_>> for StackFrame {
    fn from(frame: FrameLine<'_>) -> Self {
        Self {
            function: frame.function.to_owned(),
            file: frame.file.to_owned(),
            line: frame.line,
            column: frame.column,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expect: Option<(&str, &str, u32, u32)>) {
        let frames = frames(line);
        let frame = frames.first().map(|frame| {
            (
                frame.function.as_str(),
                frame.file.as_str(),
                frame.line,
                frame.column,
            )
        });
        assert_eq!(frame, expect, "{line}");
        if let Some(parsed) = FrameLine::parse(line) {
            assert_eq!(parsed.to_string(), line);
        }
    }

    #[test]
    fn lines_are_taken_apart_and_printed_as_they_were() {
        check(
            "    at onTrack (f/index.js:3:9)",
            Some(("onTrack", "f/index.js", 3, 9)),
        );
        check("    at f/index.js:3:9", Some(("", "f/index.js", 3, 9)));
        check(
            "    at async onTrack (f/index.js:3:9)",
            Some(("onTrack", "f/index.js", 3, 9)),
        );
        check(
            "    at async f/index.js:3:9",
            Some(("", "f/index.js", 3, 9)),
        );
        check(
            "    at new Foo (f/index.js:1:2)",
            Some(("new Foo", "f/index.js", 1, 2)),
        );
        check(
            "    at A.b [as c] (f/index.js:1:2)",
            Some(("A.b [as c]", "f/index.js", 1, 2)),
        );
        check("    at Array.map (<anonymous>)", None);
        check("Error: at noon:1:2", None);
        check("    at x (f:99999999999:1)", None);
        check("    at x (f:0:1)", None);
    }
}
