//! `penstock new`: what it makes is sound, and it takes nobody's place.

use std::collections::BTreeSet;
use std::path::Path;

use crate::command::Files;

const TEMPLATES: [&str; 4] = ["batch", "default", "enrich", "filter"];

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names
        .map(|name| name.into_string().expect("a plain name"))
        .collect()
}

/// A new function of this name passes its tests and is without fault; it has these files.
#[track_caller]
fn check(name: &str, arguments: &[&str], files: &[&str]) {
    let made = Files::of("new", &[]);
    let run = made.run(&[&[name], arguments].concat()).exits(0);
    for command in ["penstock test", "penstock check"] {
        assert!(
            run.stdout.contains(command),
            "it tells of {command}: {run:#?}"
        );
    }
    let found = names(&made.path(name));
    assert!(found.iter().eq(files), "{found:?}");
    let tested = made.run_command("test", &[name]).exits(0);
    let tests = names(&made.path(name).join("tests")).len();
    assert!(
        tested.stdout.ends_with(&format!("\n{tests} passed\n")),
        "{tested:#?}"
    );
    let checked = made.run_command("check", &[name]).exits(0);
    assert!(checked.stdout.ends_with("\nno errors\n"), "{checked:#?}");
    assert!(
        checked.stdout.contains(&format!("name      {name}")),
        "{checked:#?}"
    );
}

#[test]
fn every_template_passes_its_tests_in_both_languages() {
    let common = ["README.md", "function.json"];
    let javascript = [
        &common[..],
        &["index.js", "jsconfig.json", "penstock.d.ts", "tests"],
    ]
    .concat();
    let typescript = [
        &common[..],
        &["index.ts", "penstock.d.ts", "tests", "tsconfig.json"],
    ]
    .concat();
    check("plain", &[], &javascript);
    for template in TEMPLATES {
        check("a \"b\" 'c'", &["--template", template], &javascript);
        check(
            "typed",
            &["--template", template, "--typescript"],
            &typescript,
        );
    }
}

#[test]
fn all_that_a_template_has_is_made() {
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    for template in TEMPLATES {
        let made = Files::of("new", &[]);
        made.run(&["f", "--template", template]).exits(0);
        assert_eq!(
            names(&made.path("f/tests")),
            names(&templates.join(template).join("tests"))
        );
    }
}

#[test]
fn nothing_is_overwritten() {
    let files = Files::of("new", &[("there/index.js", "mine"), ("file", "mine")]);
    let long = "x".repeat(121);
    for (name, told, code) in [
        (
            "there",
            "there: is there already, and nothing is overwritten",
            2,
        ),
        ("file", "file: is there already", 2),
        (".", "has no name", 2),
        (&long, "has no name", 2),
        ("no/such/place", "no/such/place: No such file", 3),
    ] {
        let run = files.run(&[name]).exits(code);
        assert!(
            run.stderr.contains(told) && run.stdout.is_empty(),
            "{run:#?}"
        );
    }
    assert_eq!(
        names(&files.path("there")),
        BTreeSet::from(["index.js".to_owned()])
    );
    assert_eq!(files.read("there/index.js"), "mine");
}
