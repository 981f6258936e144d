//! V8's stack text, taken apart into frames.

use std::num::NonZeroU32;

use crate::invocation::StackFrame;

/// The most frames reported; V8 records ten unless a function raises `Error.stackTraceLimit`.
const MAX_FRAMES: usize = 64;

/// The frames of a stack as V8 prints it, innermost first. Lines that name no place are left out, so a
/// stack that a function wrote itself costs only its own frames.
pub fn parse(stack: &str) -> Vec<StackFrame> {
    stack.lines().filter_map(frame).take(MAX_FRAMES).collect()
}

/// `at [async ][new ]name (file:line:column)` or `at [async ]file:line:column`.
fn frame(line: &str) -> Option<StackFrame> {
    let call = line.trim_start().strip_prefix("at ")?;
    let call = call.strip_prefix("async ").unwrap_or(call);
    let (function, place) = match call
        .strip_suffix(')')
        .and_then(|call| call.rsplit_once(" ("))
    {
        Some((function, place)) => (function, place),
        None => ("", call),
    };
    let (rest, column) = place.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    Some(StackFrame {
        function: function.to_owned(),
        file: file.to_owned(),
        line: line.parse::<NonZeroU32>().ok()?.get(),
        column: column.parse::<NonZeroU32>().ok()?.get(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expect: Option<(&str, &str, u32, u32)>) {
        let frames = parse(line);
        let frame = frames.first().map(|frame| {
            (
                frame.function.as_str(),
                frame.file.as_str(),
                frame.line,
                frame.column,
            )
        });
        assert_eq!(frame, expect, "{line}");
    }

    #[test]
    fn frames() {
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
