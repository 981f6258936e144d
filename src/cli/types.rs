//! `penstock types`: the TypeScript types of functions, which the binary brings along, as one file.

use std::process::ExitCode;

use super::output::print;

/// Names the others, in the order in which they follow.
const FIRST: &str = include_str!("../../types/penstock.d.ts");

/// How a line begins that names one.
const REFERENCE: &str = "/// <reference path=\"";

macro_rules! parts {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../types/", $path)))),*]
    };
}

const PARTS: &[(&str, &str)] = parts![
    "events.d.ts",
    "libraries.d.ts",
    "runtime/assert.d.ts",
    "runtime/buffer.d.ts",
    "runtime/console.d.ts",
    "runtime/crypto.d.ts",
    "runtime/crypto_keys.d.ts",
    "runtime/encoding.d.ts",
    "runtime/events.d.ts",
    "runtime/fetch.d.ts",
    "runtime/http.d.ts",
    "runtime/modules.d.ts",
    "runtime/process.d.ts",
    "runtime/stream.d.ts",
    "runtime/text.d.ts",
    "runtime/timers.d.ts",
    "runtime/url.d.ts",
    "runtime/util.d.ts",
    "runtime/web.d.ts",
    "runtime/zlib.d.ts",
];

pub fn run() -> ExitCode {
    print(&text(), ExitCode::SUCCESS)
}

/// All parts in one, without what names them.
pub fn text() -> String {
    let lines = FIRST.lines().filter(|line| !line.starts_with(REFERENCE));
    let mut text: String = lines.flat_map(|line| [line, "\n"]).collect();
    for (_, part) in PARTS {
        text.push('\n');
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_those_that_the_first_names() {
        let named = FIRST.lines().filter_map(|line| {
            let path = line.strip_prefix(REFERENCE)?;
            path.strip_suffix("\" />")
        });
        assert!(named.eq(PARTS.iter().map(|(path, _)| *path)));
    }

    #[test]
    fn what_is_printed_names_no_other_file() {
        let text = text();
        assert!(!text.contains("<reference"));
        assert!(text.contains("declare var RetryError"));
        assert!(text.contains("declare module 'zlib'"));
    }
}
