//! What came of the cases, for a person.

use std::fmt::Write;

use serde_json::Value as Json;

use super::{
    difference::Difference,
    running::{Failure, Ran, Verdict},
};
use crate::cli::{
    output::shown,
    paint::{Paint, Part},
    render,
};

/// Lines of a value that are shown; what has more is a file to look into.
const MAX_LINES: usize = 60;

/// One line for a case that passed, more for one that did not, and how many of each.
pub fn text(ran: &[Ran], paint: Paint) -> String {
    let mut text = String::new();
    for one in ran {
        let (part, word) = match &one.verdict {
            Verdict::Good => (Part::Good, "ok"),
            Verdict::Updated => (Part::Warning, "updated"),
            Verdict::Bad(_) => (Part::Error, "FAILED"),
        };
        let word = paint.on(part, &format!("{word:>7}"));
        let _ = writeln!(text, "{word}  {}{}", shown(&one.name, ""), recorded(one));
        text.push_str(&details(one, paint));
    }
    let _ = write!(text, "\n{}", counts(ran, paint));
    text
}

fn recorded(ran: &Ran) -> String {
    match ran.recorded {
        0 => String::new(),
        1 => " (1 response recorded)".to_owned(),
        many => format!(" ({many} responses recorded)"),
    }
}

/// Why a case failed, what the function said, and where its errors come from; nothing for one that did not.
pub fn details(ran: &Ran, paint: Paint) -> String {
    let mut text = String::new();
    if ran.failures().is_empty() {
        return text;
    }
    for failure in ran.failures() {
        write_failure(&mut text, failure, paint);
    }
    for line in &ran.logs {
        let message = shown(&line.message, "          | ");
        let _ = writeln!(text, "    {:>5} | {message}", line.level.name());
    }
    for error in &ran.errors {
        let mut told = String::new();
        render::write_error(&mut told, error);
        let _ = writeln!(text, "    {}", told.replace('\n', "\n    "));
    }
    text
}

fn write_failure(text: &mut String, failure: &Failure, paint: Paint) {
    let line = |text: &mut String, line: &str| {
        let _ = writeln!(text, "    {}", shown(line, "    "));
    };
    match failure {
        Failure::Otherwise(difference) | Failure::SentOtherwise(difference) => {
            write_difference(text, difference, paint);
        }
        Failure::Unanswered(request) => line(
            text,
            &format!(
                "{request}: the case has no response for it; add one, or have --record make the request"
            ),
        ),
        Failure::Unused(request) => line(
            text,
            &format!("{request}: the case has a response for it, and it was not made"),
        ),
        Failure::Unrecorded(request) => line(text, &format!("{request}; nothing was recorded")),
    }
}

fn write_difference(text: &mut String, difference: &Difference, paint: Paint) {
    let path = shown(&difference.path, "");
    let _ = writeln!(text, "    {}", paint.on(Part::Strong, &path));
    let sides = [
        (Part::Removed, '-', &difference.expected),
        (Part::Added, '+', &difference.found),
    ];
    for (part, sign, side) in sides {
        for line in lines(side.as_ref()) {
            let line = paint.on(part, &format!("{sign} {line}"));
            let _ = writeln!(text, "      {line}");
        }
    }
}

fn lines(side: Option<&Json>) -> Vec<String> {
    let Some(value) = side else {
        return vec!["(nothing)".to_owned()];
    };
    let printed = render::pretty(value.to_string().as_bytes());
    let mut lines: Vec<_> = printed.lines().map(str::to_owned).collect();
    if lines.len() > MAX_LINES {
        let rest = lines.len() - MAX_LINES;
        lines.truncate(MAX_LINES);
        lines.push(format!("… {rest} lines more"));
    }
    lines
}

fn counts(ran: &[Ran], paint: Paint) -> String {
    let count = |is: fn(&Verdict) -> bool| ran.iter().filter(|one| is(&one.verdict)).count();
    let counts = [
        (
            count(|verdict| matches!(verdict, Verdict::Good)),
            "passed",
            Part::Good,
        ),
        (
            count(|verdict| matches!(verdict, Verdict::Updated)),
            "updated",
            Part::Warning,
        ),
        (
            count(|verdict| matches!(verdict, Verdict::Bad(_))),
            "failed",
            Part::Error,
        ),
    ];
    let told = counts.into_iter().filter(|(number, ..)| *number > 0);
    let told = told.map(|(number, word, part)| paint.on(part, &format!("{number} {word}")));
    let mut text = told.collect::<Vec<_>>().join(", ");
    if ran.iter().any(|one| !one.is_good()) {
        text.push_str(" (- is what was expected, + what came)");
    }
    text
}
