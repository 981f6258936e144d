//! docs/writing-functions.md: every block of code in it is run, and comes to what it says.
//!
//! A block is a file when the line above it is the file's name. `index.js` and `index.ts` begin a function, which ends where
//! the next begins. Blocks of `sh` are run one after the other in one directory; a block of `text` is what the one before
//! it prints.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use crate::command::Files;
use crate::service::penstock;

const DOCUMENT: &str = include_str!("../../docs/writing-functions.md");

/// One block of code.
#[derive(Debug)]
struct Block<'d> {
    /// From 1.
    line: usize,
    language: &'d str,
    /// The file that it is, if it is one.
    file: Option<&'d str>,
    text: String,
}

fn blocks(document: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut lines = document.lines().enumerate();
    let mut before = "";
    while let Some((number, line)) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let body = lines
                .by_ref()
                .map(|(_, line)| line)
                .take_while(|line| *line != "```");
            let text = body.flat_map(|line| [line, "\n"]).collect();
            let file = before
                .strip_prefix('`')
                .and_then(|name| name.strip_suffix('`'));
            blocks.push(Block {
                line: number + 1,
                language,
                file,
                text,
            });
            before = "";
        } else if !line.is_empty() {
            before = line;
        }
    }
    blocks
}

/// A function with its cases passes them, and nothing is wrong with it.
fn run(function: &[&Block<'_>]) {
    let files = Files::of("test", &[]);
    let line = function[0].line;
    for block in function {
        files.write(block.file.expect("a file"), &block.text);
    }
    let in_tests = |block: &&&Block<'_>| block.file.is_some_and(|file| file.starts_with("tests/"));
    let cases = function.iter().filter(in_tests).count();
    assert!(cases > 0, "the function in line {line} has no case");
    let run = files.run(&[]).exits(0);
    let passed = format!("\n{cases} passed\n");
    assert!(run.stdout.ends_with(&passed), "line {line}: {run:#?}");
    let checked = files.run_command("check", &["."]).exits(0);
    assert!(
        checked.stdout.ends_with("\nno errors\n"),
        "line {line}: {checked:#?}"
    );
}

#[test]
fn every_function_passes_its_cases() {
    let blocks = blocks(DOCUMENT);
    let files: Vec<_> = blocks.iter().filter(|block| block.file.is_some()).collect();
    let begins = |block: &&Block<'_>| block.file.is_some_and(|file| file.starts_with("index."));
    assert!(files.first().is_some_and(begins), "{files:?}");
    let functions: Vec<_> = files.chunk_by(|_, next| !begins(next)).collect();
    assert!(functions.len() > 8, "{} functions", functions.len());
    for function in functions {
        run(function);
    }
}

/// Where the shell finds the binary first.
fn path() -> OsString {
    let binary = penstock().get_program().to_owned();
    let directory = Path::new(&binary).parent().expect("a directory");
    let known = std::env::var_os("PATH").unwrap_or_default();
    let all = std::env::split_paths(&known);
    std::env::join_paths([directory.to_owned()].into_iter().chain(all)).expect("a path")
}

#[test]
fn what_is_typed_prints_what_is_printed_here() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut printed = String::new();
    let (mut commands, mut outputs) = (0, 0);
    for Block {
        line,
        language,
        file,
        text,
    } in blocks(DOCUMENT)
    {
        match (language, file) {
            ("sh", None) => {
                let mut shell = Command::new("sh");
                shell
                    .args(["-euc", &text])
                    .env("PATH", path())
                    .current_dir(directory.path());
                let output = shell.output().expect("a shell");
                printed = String::from_utf8_lossy(&output.stdout).into_owned();
                let told = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "line {line}: {printed}{told}");
                commands += 1;
            }
            ("text", None) => {
                assert!(
                    printed.contains(&text),
                    "line {line}: {text}is not in {printed}"
                );
                outputs += 1;
            }
            ("js" | "ts" | "json", Some(_)) => {}
            _ => panic!("line {line}: a block of {language:?} that nobody runs"),
        }
    }
    assert!(
        commands > 2 && outputs > 2,
        "{commands} commands, {outputs} outputs"
    );
}
