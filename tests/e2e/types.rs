//! types/test/surface.ts: what a function finds, as a test that TypeScript runs on what types/ declares.
//!
//! The file is held against the runtime here, and types/ against the file by `.ci/types`. So neither needs the other's
//! tools, and nothing can be added, or go away, on one side alone.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::check::{Call, TRACK};

const DOCUMENT: &str = "types/test/surface.ts";

const TABLE: &str = include_str!("facts/typed_surface.txt");

/// What a function lists the names of a value by: all that it and its prototypes have, but those that every object or
/// function has.
const LISTING: &str = r"
const own = value => Object.getOwnPropertyNames(value).filter(name => !name.startsWith('_'));
const ofAll = new Set([...own(Object.prototype), 'constructor']);
const ofFunctions = new Set(['length', 'name', 'prototype', 'arguments', 'caller']);
const without = (value, parent) =>
  Object.fromEntries(namesOf(value).filter(name => !(name in parent)).map(name => [name, 0]));

function namesOf(value) {
  const names = new Set();
  for (let holder = value; holder && holder !== Object.prototype && holder !== Function.prototype;) {
    for (const name of own(holder)) names.add(name);
    holder = Object.getPrototypeOf(holder);
  }
  const isFunction = typeof value === 'function';
  return [...names].filter(name => !ofAll.has(name) && !(isFunction && ofFunctions.has(name))).sort();
}
";

const INTRODUCTION: &str = "\
// Made by looking into a function: `UPDATE=1 cargo test --test e2e types` writes it anew. What a function finds has to be
// what is declared, but for what tests/e2e/facts/typed_surface.txt leaves out.

type Everywhere = keyof Object | 'constructor' | 'prototype' | `_${string}`;
type Names<T> = Exclude<Extract<keyof T, string>, Everywhere>;
type Difference<T, Found extends string> = { undeclared: Exclude<Found, Names<T>>; missing: Exclude<Names<T>, Found> };
type None = { undeclared: never; missing: never };

declare function difference<T, Found extends string>(): Difference<T, Found>;
";

/// A line of the table.
struct Row {
    declared: &'static str,
    expression: &'static str,
    /// There and not declared; `*` at the end stands for anything.
    undeclared: Vec<&'static str>,
    /// Declared and not there.
    missing: Vec<&'static str>,
}

impl Row {
    fn of(line: &'static str) -> Self {
        let parts: Vec<_> = line.splitn(3, " | ").collect();
        let (declared, expression, names) = match parts[..] {
            [declared, expression] => (declared, expression, ""),
            [declared, expression, names] => (declared, expression, names),
            _ => panic!("no row: {line}"),
        };
        let marked = |mark| {
            let names = names.split_whitespace();
            names.filter_map(move |name| name.strip_prefix(mark))
        };
        Self {
            declared,
            expression,
            undeclared: marked('-').collect(),
            missing: marked('+').collect(),
        }
    }

    fn leaves_out(&self, name: &str) -> bool {
        self.undeclared.iter().any(|pattern| fits(pattern, name))
    }
}

fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}

fn rows() -> Vec<Row> {
    let lines = TABLE.lines().filter(|line| !line.starts_with("//"));
    lines.filter(|line| !line.is_empty()).map(Row::of).collect()
}

/// Of each row the names that a function finds. Its own are in a scope that is no part of them.
fn found(rows: &[Row]) -> Vec<Vec<String>> {
    let lists: String = rows
        .iter()
        .map(|row| ["namesOf(", row.expression, "),\n"].concat())
        .collect();
    let source = format!("const onTrack = () => {{ {LISTING} return {{ found: [{lists}] }} }};");
    let found = Call::of(&source).event(TRACK).run().delivered();
    let found: serde_json::Value = serde_json::from_str(&found).expect("JSON");
    serde_json::from_value(found["found"].clone()).expect("lists of names")
}

fn document() -> String {
    let rows = rows();
    let mut text = INTRODUCTION.to_owned();
    for (row, found) in rows.iter().zip(found(&rows)) {
        for pattern in &row.undeclared {
            let is_there = found.iter().any(|name| fits(pattern, name));
            assert!(is_there, "{}: no {pattern}", row.declared);
        }
        let there = found.iter().filter(|name| !row.leaves_out(name));
        let names = there.map(String::as_str).chain(row.missing.clone());
        let names: BTreeSet<_> = names.map(|name| format!("\n  | '{name}'")).collect();
        let (declared, names) = (row.declared, names.into_iter().collect::<String>());
        writeln!(text, "\ndifference<{declared},{names}\n>() satisfies None;")
            .expect("a text grows");
    }
    text
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT)
}

#[test]
fn the_declared_surface_is_what_a_function_finds() {
    let made = document();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path(), &made).expect("it is written");
    }
    let written = std::fs::read_to_string(path()).unwrap_or_default();
    assert!(
        written == made,
        "{DOCUMENT} is not what functions find: UPDATE=1 writes it anew; then .ci/types tells what types/ lacks"
    );
}
