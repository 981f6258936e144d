//! Settings against a function's schema, before any JavaScript runs.

use std::sync::LazyLock;

use penstock::api::FunctionError;

use crate::check::{Call, Code, Reply};
use crate::service::Service;
use crate::stored::StoredFunctions;

const ECHO: &str = "function onTrack(event, settings) { return settings }";
const SCHEMA: &str = r#"{
    "settings": [
        {"name": "key", "type": "string", "required": true, "encrypted": true},
        {"name": "rate", "type": "number", "required": true},
        {"name": "tags", "type": "string[]", "default": ["none"]},
        {"name": "flags", "type": "map"},
        {"name": "dry", "type": "boolean"}
    ]
}"#;
const LIMITED: &str = r#"{"limits": {"wallTimeMs": 100, "resultBytes": 50, "logBytes": 5}}"#;

/// The functions above, each in a store of its own service.
static SERVICE: LazyLock<(Service, StoredFunctions)> = LazyLock::new(|| {
    let stored = StoredFunctions::new()
        .with("checked", ECHO, SCHEMA)
        .with("broken", ECHO, "{\n  \"setings\": [],\n  \"limits\": 1\n}")
        .with(
            "slow",
            "function onTrack() { return new Promise(() => {}) }",
            LIMITED,
        )
        .with("large", "function onTrack(e) { return { e } }", LIMITED)
        .with(
            "wordy",
            "function onTrack() { console.log('0123456789') }",
            LIMITED,
        );
    let service = Service::start(&["--functions", stored.location()]);
    (service, stored)
});

fn run(function_id: &str, settings: &str) -> Reply {
    Call::stored(function_id)
        .settings(settings)
        .capture()
        .run_on(&SERVICE.0)
}

#[track_caller]
fn invalid(settings: &str, expect: &[(&str, &str)]) -> FunctionError {
    let error = run("checked", settings).failed(Code::InvalidSettings, "do not fit the function");
    let found: Vec<_> = error
        .violations
        .iter()
        .map(|violation| (violation.field.as_str(), violation.description.as_str()))
        .collect();
    assert_eq!(found, expect, "{settings}");
    error
}

#[test]
fn settings_that_fit_arrive_with_defaults() {
    run("checked", r#"{"key":"k","rate":2,"extra":[1]}"#)
        .delivers(r#"{"key":"k","rate":2,"extra":[1],"tags":["none"]}"#);
    run(
        "checked",
        r#"{"key":"k","rate":-0.5,"tags":[],"flags":{"a":null},"dry":false}"#,
    )
    .delivers(r#"{"key":"k","rate":-0.5,"tags":[],"flags":{"a":null},"dry":false}"#);
}

#[test]
fn every_setting_that_does_not_fit_is_told() {
    invalid(
        "{}",
        &[
            ("settings.key", "is required: expected a string, found none"),
            (
                "settings.rate",
                "is required: expected a number, found none",
            ),
        ],
    );
    let error = invalid(
        r#"{"key":["hunter22"],"rate":"1","tags":["a",1],"flags":"x","dry":0}"#,
        &[
            ("settings.key", "expected a string, found a list"),
            ("settings.rate", "expected a number, found a string"),
            ("settings.tags[1]", "expected a string, found a number"),
            (
                "settings.flags",
                "expected a map (an object), found a string",
            ),
            ("settings.dry", "expected a boolean, found a number"),
        ],
    );
    assert!(!format!("{error:?}").contains("hunter22"), "{error:?}");
    assert!(error.stack.is_empty() && error.name.is_empty(), "{error:?}");
}

#[test]
fn a_call_without_settings_is_checked_too() {
    Call::stored("checked")
        .run_on(&SERVICE.0)
        .failed(Code::InvalidSettings, "settings.key: is required");
}

#[test]
fn a_manifest_that_cant_be_used_is_the_functions_fault() {
    let error = run("broken", "{}").failed(Code::InvalidFunction, "has no key \"setings\"");
    let frames: Vec<_> = error
        .frames
        .iter()
        .map(|frame| (frame.file.as_str(), frame.line, frame.column))
        .collect();
    let file = "broken/function.json";
    assert_eq!(frames, [(file, 2, 3), (file, 3, 13)], "{error:#?}");
    assert_eq!(error.violations.len(), 2, "{error:#?}");
}

#[test]
fn a_manifests_limits_hold() {
    let error = run("slow", "{}").failed(Code::Timeout, "100 ms");
    assert_eq!(error.limit.map(|limit| limit.value), Some(100));
    let large =
        Call::stored("large").event(&format!(r#"{{"type":"track","a":"{}"}}"#, "x".repeat(50)));
    large
        .run_on(&SERVICE.0)
        .failed(Code::ResultTooLarge, "50 bytes");
    let lines = run("wordy", "{}").logs();
    assert!(
        lines[1].contains("an invocation may log 5 bytes"),
        "{lines:?}"
    );
    // A request may go below them.
    let shorter = Call::stored("slow").wall(std::time::Duration::from_millis(20));
    shorter.run_on(&SERVICE.0).failed(Code::Timeout, "20 ms");
}

#[test]
fn the_examples_have_manifests() {
    Call::stored("tokenise")
        .run()
        .failed(Code::InvalidSettings, "settings.secret: is required");
    Call::stored("filter-by-rule").run().delivered();
}
