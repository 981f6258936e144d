//! docs/node-api.md: what a function finds of Node's API, made by looking.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::check::{Call, TRACK};

const DOCUMENT: &str = "docs/node-api.md";

/// Lists the names there are in Node, and looks for them in a function.
const SURFACE: &str = include_str!("facts/surface.js");

/// What [`SURFACE`] found in Node 20.
const NODE: &str = include_str!("facts/node20_surface.json");

const NOTES: &str = include_str!("facts/node_api_notes.txt");

/// How a note begins that is of what no prototype has.
const OWN: &str = "a property of each instance";

const INTRODUCTION: &str = "\
# Node's API in functions

<!-- Made by looking into a function: `UPDATE=1 cargo test --test e2e node_api` writes it anew. -->

Every name that Node 20 has in the modules and globals of functions, `Class#member` for what instances have. Those that
begin with `_`, constants' names and the language's own are left out. What is there does what Node's does, as the tables of facts
in `tests/e2e/facts` hold, but for what is said to differ; what is absent is `undefined`. Names of ours alone are not listed: see
the README and [web-platform.md](web-platform.md).
";

type Surface = BTreeMap<String, BTreeSet<String>>;

/// How names differ, by module.
type Notes = BTreeMap<(&'static str, &'static str), &'static str>;

fn surface_of_functions() -> Surface {
    let source = format!("{SURFACE}\nfunction onTrack() {{ return present(require, {NODE}) }}");
    let found = Call::of(&source).event(TRACK).run().delivered();
    serde_json::from_str(&found).expect("lists of names")
}

fn notes() -> Notes {
    let lines = NOTES.lines().filter(|line| !line.starts_with("//"));
    let parts = lines.map(|line| line.splitn(3, " | ").collect::<Vec<_>>());
    let noted = parts.map(|parts| match parts[..] {
        [module, name, how] => ((module, name), how),
        _ => panic!("no note: {parts:?}"),
    });
    noted.collect()
}

/// Characters of a line of the document.
const WIDTH: usize = 120;

fn list<'a>(text: &mut String, heading: &str, names: impl Iterator<Item = &'a String>) {
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        return;
    }
    let mut line = format!("**{heading}:**");
    text.push('\n');
    for word in names.join(", ").split(' ') {
        if line.len() + 1 + word.len() > WIDTH {
            writeln!(text, "{line}").expect("a text grows");
            word.clone_into(&mut line);
        } else {
            write!(line, " {word}").expect("a text grows");
        }
    }
    writeln!(text, "{line}").expect("a text grows");
}

/// A class that is absent stands for its members.
fn is_member_of_absent(name: &str, absent: &[&String]) -> bool {
    let owner = name.split(['#', '.']).next();
    name.contains(['#', '.']) && absent.iter().any(|absent| Some(absent.as_str()) == owner)
}

fn section(text: &mut String, module: &str, node: &BTreeSet<String>, found: &BTreeSet<String>) {
    let notes = notes();
    let differs = |name: &str| notes.get(&(module, name)).copied();
    let is_there = |name: &&String| found.contains(*name) || differs(name).is_some();
    let (there, absent): (Vec<_>, Vec<_>) = node.iter().partition(is_there);
    writeln!(text, "\n## {module}").expect("a text grows");
    let same = there.iter().filter(|name| differs(name).is_none());
    list(text, "Supported", same.copied());
    let different: Vec<_> = there
        .iter()
        .filter_map(|name| Some((name, differs(name)?)))
        .collect();
    if !different.is_empty() {
        writeln!(text, "\n| differs | how |\n|---|---|").expect("a text grows");
    }
    for (name, how) in different {
        writeln!(text, "| `{name}` | {how} |").expect("a text grows");
    }
    let top = absent
        .iter()
        .filter(|name| !is_member_of_absent(name, &absent));
    list(text, "Absent", top.copied());
}

fn document(node: &Surface, found: &Surface) -> String {
    let mut text = INTRODUCTION.to_owned();
    for (module, names) in node {
        section(&mut text, module, names, &found[module]);
    }
    text
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT)
}

#[test]
fn the_document_is_what_a_function_finds() {
    let node: Surface = serde_json::from_str(NODE).expect("lists of names");
    let made = document(&node, &surface_of_functions());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path(), &made).expect("it is written");
    }
    let written = std::fs::read_to_string(path()).unwrap_or_default();
    assert!(
        written == made,
        "{DOCUMENT} is not what functions find: UPDATE=1 writes it anew"
    );
}

#[test]
fn notes_are_of_names_that_are_there() {
    let found = surface_of_functions();
    for ((module, name), how) in notes() {
        assert!(
            found[module].contains(name) != how.starts_with(OWN),
            "{module} {name}: {how}"
        );
    }
}
