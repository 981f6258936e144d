//! Where the configuration comes from, and what is said of one that can't be used.

use std::path::{Path, PathBuf};
use std::process::Output;

use penstock::config::{Effective, Knobs, Origin};
use tempfile::TempDir;

use crate::service::{Service, penstock};

/// `penstock serve` with these arguments and variables, which ends by itself.
#[track_caller]
fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = penstock();
    command
        .arg("serve")
        .args(arguments)
        .envs(variables.iter().copied());
    command.output().expect("it runs")
}

/// What it prints for `--print-config`.
#[track_caller]
fn printed(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let arguments = [&["--print-config"], arguments].concat();
    let output = run(&arguments, variables);
    let fault = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{fault}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn file(text: &str) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("penstock.toml");
    std::fs::write(&path, text).expect("a file");
    (directory, path)
}

fn text_of(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// `line` is what the configuration shows of its knob.
#[track_caller]
fn check(toml: &str, variables: &[(&str, &str)], arguments: &[&str], line: &str) {
    let (_directory, path) = file(toml);
    let config = ["--config", text_of(&path)];
    let printed = printed(&[&config, arguments].concat(), variables);
    let printed = printed.replace(text_of(&path), "FILE");
    assert!(
        printed.lines().any(|printed| printed == line),
        "no {line:?} in\n{printed}"
    );
}

#[test]
fn flags_win_over_the_environment_over_the_file_over_defaults() {
    let (toml, variable) = ("\ncells = 3", ("PENSTOCK_CELLS", "4"));
    check("", &[], &[], "cells = 2  # default");
    check(toml, &[], &[], "cells = 3  # FILE:2");
    check(
        toml,
        &[variable],
        &[],
        "cells = 4  # environment PENSTOCK_CELLS",
    );
    check(
        toml,
        &[variable],
        &["--cells=5"],
        "cells = 5  # flag --cells",
    );
    check(
        "",
        &[variable],
        &["--cells", "5"],
        "cells = 5  # flag --cells",
    );
}

#[test]
fn switches_lists_and_texts() {
    check("", &[], &[], "egress-off = false  # default");
    check("egress-off = true", &[], &[], "egress-off = true  # FILE:1");
    check(
        "egress-off = true",
        &[("PENSTOCK_EGRESS_OFF", "false")],
        &[],
        "egress-off = false  # environment PENSTOCK_EGRESS_OFF",
    );
    check(
        "",
        &[],
        &["--egress-off"],
        "egress-off = true  # flag --egress-off",
    );
    let list = "egress-allow = [\n  \"10.1.0.0/16\",\n  \"fd00::/8\", # two\n]";
    check("", &[], &[], "egress-allow = []  # default");
    check(
        list,
        &[],
        &[],
        "egress-allow = [\"10.1.0.0/16\", \"fd00::/8\"]  # FILE:1",
    );
    check(
        list,
        &[("PENSTOCK_EGRESS_ALLOW", "")],
        &[],
        "egress-allow = []  # environment PENSTOCK_EGRESS_ALLOW",
    );
    check(
        list,
        &[("PENSTOCK_EGRESS_ALLOW", "10.2.0.0/16,10.3.0.0/16")],
        &[],
        "egress-allow = [\"10.2.0.0/16\", \"10.3.0.0/16\"]  # environment PENSTOCK_EGRESS_ALLOW",
    );
    check(
        list,
        &[],
        &[
            "--egress-allow",
            "10.4.0.0/16",
            "--egress-allow=10.5.0.0/16",
        ],
        "egress-allow = [\"10.4.0.0/16\", \"10.5.0.0/16\"]  # flag --egress-allow",
    );
    check("admin = 'off'", &[], &[], "admin = \"off\"  # FILE:1");
    check(
        "heap-bytes = 0x1000_0000",
        &[],
        &[],
        "heap-bytes = 268435456  # FILE:1",
    );
    check(
        "",
        &[],
        &["--functions", r#"/a "b" \c"#],
        r#"functions = '/a "b" \c'  # flag --functions"#,
    );
    check(
        "",
        &[],
        &[],
        "# cell-threads =  # default: the machine's cores",
    );
}

#[test]
fn the_file_may_be_named_by_the_environment() {
    let (_directory, path) = file("cells = 3");
    let variables = [("PENSTOCK_CONFIG", text_of(&path))];
    assert!(printed(&[], &variables).contains("\ncells = 3  # "));
    refused(
        "",
        &[("PENSTOCK_READY_FILE", "")],
        &[],
        &["environment PENSTOCK_READY_FILE: \"\" can't be used: must not be empty"],
    );
}

#[test]
fn what_is_printed_is_a_file_that_comes_to_the_same() {
    let arguments = [
        "--cells=3",
        "--egress-allow=10.1.0.0/16,::1/128",
        "--require-lockdown",
        "--memory=4294967296",
    ];
    let first = printed(&arguments, &[("PENSTOCK_FUNCTIONS", "/some \"where\"")]);
    let (_directory, path) = file(&first);
    let second = printed(&["--config", text_of(&path)], &[]);
    let values = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let values = lines.map(|line| line.split("  # ").next().unwrap_or_default().to_owned());
        values.collect::<Vec<_>>()
    };
    assert_eq!(values(&first), values(&second));
    assert!(second.contains("functions = '/some \"where\"'"), "{second}");
}

#[test]
fn what_could_be_a_secret_is_masked() {
    for url in [
        "https://me:hunter2@host/x",
        "az://account/x?sig=hunter2",
        // No URL, since the port is no number.
        "https://me:hunter2/22@host/x",
    ] {
        let printed = printed(&["--functions", url], &[]);
        assert!(
            printed.contains("functions = \"[masked]\"  # flag"),
            "{printed}"
        );
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}

/// Each of `faults` is told, nothing else is, and the exit code is that of bad usage.
#[track_caller]
fn refused(toml: &str, variables: &[(&str, &str)], arguments: &[&str], faults: &[&str]) {
    let (_directory, path) = file(toml);
    let config = ["--config", text_of(&path)];
    let output = run(&[&config, arguments].concat(), variables);
    let said = String::from_utf8_lossy(&output.stderr).replace(text_of(&path), "FILE");
    assert_eq!(output.status.code(), Some(2), "{said}");
    let told: Vec<_> = said
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .collect();
    assert_eq!(told, faults, "{said}");
}

#[test]
fn every_fault_is_told_at_once() {
    let toml = "cells = 0\ncel-threads = 1\n[limits]\nwall-time-ms = 1";
    refused(
        toml,
        &[
            ("PENSTOCK_HEAP_BYTES", "1"),
            ("PENSTOCK_WALL_TIME", "9"),
            ("PENSTOCK_LOG", "info"),
            ("PENSTOCK_PORT", "tcp://10.0.0.1:50051"),
        ],
        &[
            "--admin",
            "nowhere",
            "--wall-tme-ms",
            "5",
            "--cells=2",
            "--cells=3",
            "more",
            "--listen",
        ],
        &[
            "--wall-tme-ms: there is no such flag; did you mean --wall-time-ms?",
            "flag --cells: is given more than once, and takes one value",
            "\"more\": only flags are taken here",
            "flag --listen: wants a value",
            "environment PENSTOCK_WALL_TIME: nothing is set by it; did you mean PENSTOCK_WALL_TIME_MS?",
            "FILE:2: `cel-threads` is no key; did you mean cell-threads?",
            "FILE:3: [limits]: there are no sections; keys are named as the flags",
            "flag --admin: \"nowhere\" can't be used: invalid socket address syntax",
            "environment PENSTOCK_HEAP_BYTES: \"1\" can't be used: 1 is not in 8388608..=4294967296",
            "FILE:1: \"0\" can't be used: number would be zero for non-zero type",
        ],
    );
}

#[test]
fn a_listener_that_others_reach_is_open_only_when_that_is_said() {
    refused(
        "listen = '0.0.0.0:0'",
        &[],
        &["--tls-client-auth", "optional"],
        &[
            "--tls-client-auth needs --tls-client-ca",
            "--listen 0.0.0.0:0 is reached from other machines, and nothing encrypts what they send: give --tls-cert and --tls-key, or --allow-plaintext",
            "--listen 0.0.0.0:0 is reached from other machines, and whoever connects may call everything: give --access, or --allow-anyone",
        ],
    );
}

#[test]
fn values_of_the_wrong_kind() {
    refused(
        "egress-off = 1",
        &[],
        &[],
        &["FILE:1: egress-off takes true or false, not integer"],
    );
    refused(
        "egress-deny = '10.0.0.0/8'",
        &[],
        &[],
        &["FILE:1: egress-deny takes a list, in brackets, not one value"],
    );
    refused(
        "\n\ncells = [1]",
        &[],
        &[],
        &["FILE:3: cells takes a number, not array"],
    );
    refused(
        "listen = true",
        &[],
        &[],
        &["FILE:1: listen takes a string, not boolean"],
    );
    refused(
        "",
        &[("PENSTOCK_EGRESS_OFF", "1")],
        &[],
        &["environment PENSTOCK_EGRESS_OFF: \"1\" can't be used: must be true or false"],
    );
    refused(
        "",
        &[],
        &["--egress-off=true"],
        &["flag --egress-off: takes no value"],
    );
    refused("config = 'x'", &[], &[], &["FILE:1: `config` is no key"]);
    refused(
        "print-config = true",
        &[],
        &[],
        &["FILE:1: `print-config` is no key"],
    );
    // Another one holds, but not for ever.
    refused(
        "cells = 0",
        &[],
        &["--cells=1"],
        &["FILE:1: \"0\" can't be used: number would be zero for non-zero type"],
    );
}

#[test]
fn files_that_are_no_toml_or_not_there() {
    refused(
        "cells = \nheap-bytes = 5\nlisten = 'x",
        &[],
        &[],
        &[
            "FILE:1: string values must be quoted, expected literal string",
            "FILE:3: invalid literal string, expected `'`",
            "FILE:2: \"5\" can't be used: 5 is not in 8388608..=4294967296",
        ],
    );
    refused("cells = 1\ncells = 2", &[], &[], &["FILE:2: duplicate key"]);
    let output = run(&["--config", "/nowhere/penstock.toml"], &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("/nowhere/penstock.toml: No such file"),
        "{said}"
    );
}

#[test]
fn what_makes_no_sense_together_is_logged() {
    let service = Service::start(&["--drain-ms=10"]);
    let said = service.stderr();
    assert!(
        said.contains("--drain-ms (10) is under --wall-time-ms (5000)"),
        "{said}"
    );
}

#[test]
fn help_and_version_are_answered_wherever_they_stand() {
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["serve", "--help"],
        &["serve", "--cells", "3", "-h"],
    ] {
        let output = penstock().args(arguments).output().expect("it runs");
        assert!(
            output.status.success() && !output.stdout.is_empty(),
            "{arguments:?}: {output:?}"
        );
    }
}

#[test]
fn every_knob_is_settable_alike_and_says_what_0_means() {
    for knob in Knobs::of_serve().settings() {
        let key = knob.key();
        let variable = format!("PENSTOCK_{}", key.to_uppercase().replace('-', "_"));
        assert_eq!(knob.variable(), Some(variable.as_str()), "--{key}");
        let help = knob.help();
        assert!(
            knob.default_in_words().is_some(),
            "--{key} says no default: {help}"
        );
        if let Some("MS" | "BYTES" | "N") = knob.value_name() {
            let told = ["from 1", "from 6", "from 8", "from 96", "0 "];
            let told = told.iter().any(|words| help.contains(words));
            assert!(
                told,
                "--{key} does not say what 0 means, or from where it is taken: {help}"
            );
        }
        assert!(knob.heading().is_some(), "--{key} is in no section");
    }
}

#[test]
fn nothing_set_is_all_defaults() {
    let effective = Effective::read(&[], &[]).expect("defaults are in order");
    let settings = effective.settings().iter();
    assert!(
        settings
            .map(|setting| &setting.given.origin)
            .all(|origin| *origin == Origin::Default)
    );
}
