//! Texts and frames of a version's generated file, told in its author's files.

use super::{
    decode::{Original, SourceMap},
    file_name,
};
use crate::invocation::{
    ErrorCode, Finished, FunctionError, Outcome, StackFrame,
    stack::{self, FrameLine, MAX_FRAMES},
};

/// Whether a text may have places of the file.
pub fn mentions(text: &str, file: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), file.as_bytes()).is_some()
}

/// Turns places of one generated file back.
#[derive(Clone, Copy, Debug)]
pub struct Rewriter<'m> {
    pub map: &'m SourceMap,
    /// The generated file's name in stacks.
    pub file: &'m str,
}

impl Rewriter<'_> {
    /// Turns back all that is told of an invocation.
    pub fn finished(&self, finished: &mut Finished) {
        for outcome in &mut finished.outcomes {
            match outcome {
                Outcome::Failed(error) => self.error(error),
                Outcome::Described(description) => {
                    if let Some(fault) = &mut description.fault {
                        self.error(fault);
                    }
                }
                Outcome::Delivered(_) | Outcome::Filtered { .. } => {}
            }
        }
        for line in &mut finished.logs {
            self.lines(&mut line.message);
        }
    }

    /// Turns back the error's frames and stack, and the place that an `INVALID_FUNCTION` message ends with.
    fn error(&self, error: &mut FunctionError) {
        let of_stack = stack::frames(&error.stack) == error.frames;
        self.lines(&mut error.stack);
        if of_stack {
            error.frames = stack::frames(&error.stack);
        } else {
            error.frames.iter_mut().for_each(|frame| self.frame(frame));
        }
        if error.code == ErrorCode::InvalidFunction {
            self.end_of_message(&mut error.message);
        }
    }

    /// Turns back those lines of a text that are frames of the file, up to the most that a stack has.
    fn lines(&self, text: &mut String) {
        if !mentions(text, self.file) {
            return;
        }
        let lines: Vec<&str> = text.split('\n').collect();
        let mut left = MAX_FRAMES;
        let turned = lines.iter().enumerate().map(|(number, line)| {
            let (line, end) = without_inspected(line);
            let caller = lines.get(number + 1).and_then(|line| {
                let (line, _) = without_inspected(line);
                FrameLine::parse(line)
            });
            let turned = match left {
                0 => None,
                _ => FrameLine::parse(line).and_then(|frame| self.line(frame, caller)),
            };
            left -= usize::from(turned.is_some());
            turned.unwrap_or_else(|| line.to_owned()) + end
        });
        *text = turned.collect::<Vec<_>>().join("\n");
    }

    fn line(&self, frame: FrameLine<'_>, caller: Option<FrameLine<'_>>) -> Option<String> {
        let original = self.original(frame.file, frame.line, frame.column)?;
        let file = file_name::tidy(original.root, original.source);
        let function = caller.and_then(|caller| self.function_name(frame.function, caller));
        let turned = FrameLine {
            function: function.as_deref().unwrap_or(frame.function),
            file: &file,
            line: original.line,
            column: original.column,
            ..frame
        };
        Some(turned.to_string())
    }

    /// What the author called a function that is called right where its caller stands, if the map has the
    /// name. Methods keep what V8 says, which is their class and their property; so does what was not
    /// called from there, such as a getter or what an `await` went on with.
    fn function_name(&self, function: &str, caller: FrameLine<'_>) -> Option<String> {
        let (new, name) = match function.strip_prefix("new ") {
            Some(name) => ("new ", name),
            None => ("", function),
        };
        let is_plain = !name.is_empty() && !name.contains([' ', '.', '[', '<']);
        if !is_plain || caller.is_awaited() {
            return None;
        }
        let place = self.original(caller.file, caller.line, caller.column)?;
        let name = place.name?;
        let is_identifier =
            |character: char| character.is_alphanumeric() || "$_#…".contains(character);
        name.chars()
            .all(is_identifier)
            .then(|| format!("{new}{name}"))
    }

    fn frame(&self, frame: &mut StackFrame) {
        let Some(original) = self.original(&frame.file, frame.line, frame.column) else {
            return;
        };
        frame.file = file_name::tidy(original.root, original.source);
        (frame.line, frame.column) = (original.line, original.column);
    }

    /// The compiler's faults end with `(file:line:column)`.
    fn end_of_message(&self, message: &mut String) {
        let Some((before, place)) = message
            .strip_suffix(')')
            .and_then(|message| message.rsplit_once('('))
        else {
            return;
        };
        let line = format!("at {place}");
        let turned = FrameLine::parse(&line).and_then(|frame| self.line(frame, None));
        if let Some(place) = turned.as_deref().and_then(|line| line.strip_prefix("at ")) {
            *message = format!("{before}({place})");
        }
    }

    fn original(&self, file: &str, line: u32, column: u32) -> Option<Original<'_>> {
        match file == self.file {
            true => self.map.original(line, column),
            false => None,
        }
    }
}

/// Splits a line where an inspected error goes on, or what it is in: after a stack may stand ` {` or `,`.
fn without_inspected(line: &str) -> (&str, &str) {
    let kept = line.trim_end_matches([' ', '{', '}', '[', ']', ',']);
    line.split_at(kept.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1:1 is a.ts 1:1, there called `alpha`; 1:5 is 1:3; 1:9 is nowhere; 3:3 is src/b.ts 2:1.
    const MAP: &str = r#"{"version":3,"sources":["webpack:///./a.ts","src/b.ts"],"names":["alpha"],
        "mappings":"AAAAA,IAAE,I;;ECCF"}"#;

    fn with_rewriter(check: impl FnOnce(Rewriter<'_>)) {
        let map = SourceMap::parse(MAP.as_bytes()).unwrap();
        let file = "f/index.js";
        check(Rewriter { map: &map, file });
    }

    #[track_caller]
    fn check(text: &str, expect: &str) {
        with_rewriter(|rewriter| {
            let mut text = text.to_owned();
            rewriter.lines(&mut text);
            assert_eq!(text, expect);
        });
    }

    #[test]
    fn frames_of_the_file_are_turned_back_and_no_others() {
        check(
            "Error: at f/index.js:1:1\n    at t (f/index.js:1:5)\n    at async onTrack (f/index.js:3:4)",
            "Error: at f/index.js:1:1\n    at t (a.ts:1:3)\n    at async onTrack (src/b.ts:2:1)",
        );
        for same in [
            "    at t (g/index.js:1:1)",
            "    at t (f/index.js:1:9)",
            "    at t (f/index.js:2:1)",
            "    at Array.map (<anonymous>)",
            "f/index.js:1:1",
            "see (f/index.js:1:1) ",
            "",
        ] {
            check(same, same);
        }
        check("at f/index.js:1:1\n", "at a.ts:1:1\n");
        for end in [" {", ",", " ],", " }", ""] {
            check(
                &format!("    at t (f/index.js:1:5){end}\n  x"),
                &format!("    at t (a.ts:1:3){end}\n  x"),
            );
        }
    }

    #[test]
    fn functions_get_the_name_that_stands_where_they_are_called() {
        let named = |function: &str, caller: &str| {
            format!("at {function} (f/index.js:1:5)\nat {caller} (f/index.js:1:1)")
        };
        let turned = |function: &str, caller: &str| {
            format!("at {function} (a.ts:1:3)\nat {caller} (a.ts:1:1)")
        };
        check(&named("t", "n"), &turned("alpha", "n"));
        check(&named("new t", "n"), &turned("new alpha", "n"));
        for kept in ["Foo.t", "get t", "Object.<anonymous>", "t [as x]"] {
            check(&named(kept, "n"), &turned(kept, "n"));
        }
        let awaited = |line: &str| line.replace("at n", "at async n");
        check(&awaited(&named("t", "n")), &awaited(&turned("t", "n")));
        check(
            "at t (f/index.js:1:5)\nat Array.map (<anonymous>)\nat n (f/index.js:1:1)",
            "at t (a.ts:1:3)\nat Array.map (<anonymous>)\nat n (a.ts:1:1)",
        );
    }

    #[test]
    fn a_text_has_no_more_frames_turned_than_a_stack() {
        let line = "at f/index.js:1:1\n";
        let expect = ["at a.ts:1:1\n".repeat(MAX_FRAMES), line.repeat(9)].concat();
        check(&line.repeat(MAX_FRAMES + 9), &expect);
    }

    #[test]
    fn an_error_is_turned_back_whole() {
        with_rewriter(|rewriter| {
            let mut error = FunctionError::new(
                ErrorCode::InvalidFunction,
                "Unexpected token (f/index.js:1:5)",
            );
            error.stack = "SyntaxError: Unexpected token\n    at f/index.js:1:5".to_owned();
            error.frames = stack::frames(&error.stack);
            rewriter.error(&mut error);
            assert_eq!(error.message, "Unexpected token (a.ts:1:3)");
            assert_eq!(
                error.stack,
                "SyntaxError: Unexpected token\n    at a.ts:1:3"
            );
            assert_eq!(error.frames, stack::frames(&error.stack));

            let mut other = FunctionError::new(ErrorCode::BadRequest, "x (f/index.js:1:5)");
            other.frames = stack::frames("at t (f/index.js:3:3)");
            rewriter.error(&mut other);
            assert_eq!(other.message, "x (f/index.js:1:5)");
            assert_eq!(other.frames, stack::frames("at t (src/b.ts:2:1)"));
        });
    }
}
