//! `penstock invoke`: a function and an event from files, the outcome on stdout and in the exit code.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::command::{Files, Run};
use crate::processes::{self, cells_of, wait_until};
use crate::service::penstock;

const BOUND: Duration = Duration::from_mins(1);

fn files(source: &str, event: &str) -> Files {
    Files::of("invoke", &[("function.js", source), ("event.json", event)])
}

/// The JSON outcome, with what every one has.
#[track_caller]
fn outcome(run: &Run, name: &str) -> Value {
    let json = run.json();
    assert_eq!(json["outcome"], name, "{json:#}");
    assert!(
        json["logs"].is_array() && json["usage"].is_object(),
        "logs and usage are there: {json:#}"
    );
    json
}

const AS_JSON: [&str; 5] = ["function.js", "--event", "event.json", "--output", "json"];

#[test]
fn nothing_that_a_function_says_acts_on_the_terminal() {
    for source in [
        "function onTrack() { console.log('\\x1b[2J\\u202e'); throw new Error('\\x1b]0;t\\x07') }",
        "function onTrack() { throw new DropEvent('\\x1b[2J\\u202e') }",
        "function onTrack(e) { e.a = '\\x1b[2J\\u202e\\x9b'; return e }",
        "const say = '\\x1b[2J\\u202e'; globalThis.o = { [say]() { throw new Error() } }; function onTrack() { o[say]() }",
        "function onTrack() { const e = new Error(); e.name = '\\x1b[2J'; throw e }",
    ] {
        let files = files(source, r#"{"type":"track"}"#);
        let run = files.run(&["function.js", "--event", "event.json"]);
        let acts = |letter: char| letter != '\n' && (letter.is_control() || letter == '\u{202e}');
        assert!(!run.stdout.contains(acts), "{source}: {run:#?}");
    }
}

#[test]
fn a_delivered_event() {
    let source = "function onTrack(e, settings) { console.log('hello', e.name); e.key = settings.key; return e }";
    let files = files(source, r#"{"type":"track","name":"Ada"}"#);
    files.write("settings.json", r#"{"key":"k-1"}"#);
    let arguments: Vec<&str> = AS_JSON
        .into_iter()
        .chain(["--settings", "settings.json"])
        .collect();
    let json = outcome(&files.run(&arguments).exits(0), "delivered");
    assert_eq!(
        json["event"],
        serde_json::json!({"type": "track", "name": "Ada", "key": "k-1"}),
        "{json:#}"
    );
    assert!(json["logs"].to_string().contains("hello Ada"), "{json:#}");

    let run = files
        .run(&[
            "function.js",
            "--event",
            "event.json",
            "--settings",
            "settings.json",
        ])
        .exits(0);
    for text in ["hello Ada", "k-1"] {
        assert!(run.stdout.contains(text), "people read {text:?}: {run:#?}");
    }
}

#[test]
fn a_batch() {
    let source = "function onBatch(events) { console.log(events.length); return [events[1], { messageId: 'c', status: 5 }] }";
    let events = r#"[{"type":"track"},{"type":"page","n":1},{"type":"track","messageId":"c"}]"#;
    let files = files(source, events);
    let json = files.run(&AS_JSON).exits(0).json();
    let results = json["results"].as_array().expect("results");
    let outcomes: Vec<_> = results.iter().map(|result| &result["outcome"]).collect();
    assert_eq!(outcomes, ["filtered", "delivered", "delivered"], "{json:#}");
    assert_eq!(results[1]["event"]["n"], 1, "{json:#}");
    let run = files
        .run(&["function.js", "--event", "event.json"])
        .exits(0);
    for text in [
        "event 0: filtered",
        "event 2: delivered",
        "2 delivered, 1 filtered, 0 failed",
    ] {
        assert!(run.stdout.contains(text), "people read {text:?}: {run:#?}");
    }
}

#[test]
fn a_batch_with_a_failure_or_a_fault() {
    let source = "function onTrack(e) { console.log('line of', e.n); if (e.n) throw new Error('no'); return e }";
    let files = files(source, r#"[{"type":"track","n":0},{"type":"track","n":1}]"#);
    let run = files
        .run(&["function.js", "--event", "event.json"])
        .exits(1);
    for text in [
        "info event 1 | line of 1",
        "event 1: Bad Request: Error: no",
        "1 delivered, 0 filtered, 1 failed",
    ] {
        assert!(run.stdout.contains(text), "people read {text:?}: {run:#?}");
    }
    for (events, fault) in [
        (
            "[]",
            "a batch has 1 to 400 events (knob --batch-events), this one 0",
        ),
        (r#"[{"type":"track"},{}]"#, "event 1 is missing"),
        (r#"[{"type":"track"}"#, "the batch is not JSON"),
    ] {
        files.write("event.json", events);
        let run = files.run(&AS_JSON).exits(2);
        assert!(run.stderr.contains(fault), "{fault} is told: {run:#?}");
    }
}

#[test]
fn the_manifest_beside_the_source_holds() {
    let source =
        "function onTrack(e, settings) { console.log(settings); return { got: settings } }";
    let files = files(source, r#"{"type":"track"}"#);
    files.write(
        "function.json",
        r#"{"settings":[{"name":"key","type":"string","required":true,"encrypted":true},
                        {"name":"rate","type":"number","default":2}]}"#,
    );
    let json = outcome(&files.run(&AS_JSON).exits(1), "error");
    assert_eq!(json["error"]["code"], "INVALID_SETTINGS", "{json:#}");
    assert_eq!(
        json["error"]["violations"][0]["field"], "settings.key",
        "{json:#}"
    );

    files.write("settings.json", r#"{"key":"hunter22"}"#);
    let arguments = [&AS_JSON[..], &["--settings", "settings.json"]].concat();
    let json = outcome(&files.run(&arguments).exits(0), "delivered");
    assert_eq!(
        json["event"]["got"],
        serde_json::json!({"key": "hunter22", "rate": 2})
    );
    let logs = json["logs"].to_string();
    assert!(
        logs.contains("[redacted:key]") && !logs.contains("hunter22"),
        "{logs}"
    );

    files.write("function.json", "{\n\"settings\": 7}");
    let json = outcome(&files.run(&arguments).exits(1), "error");
    assert_eq!(json["error"]["code"], "INVALID_FUNCTION", "{json:#}");
    files.write("settings.json", r#"{"key": "hunter22"#);
    let run = files.run(&arguments).exits(2);
    assert!(
        !run.stderr.contains("hunter22") && run.stderr.contains("line 1"),
        "{run:#?}"
    );
}

#[test]
fn typescript_and_a_map_beside_the_source() {
    let files = files("", r#"{"type":"track"}"#);
    let run = |file: &str, code, expect| {
        let arguments = [file, "--event", "event.json", "--output", "json"];
        outcome(&files.run(&arguments).exits(code), expect)
    };
    files.write(
        "typed.ts",
        "export const onTrack = (e: { n?: number }) => ({ ...e, n: 1 as number });",
    );
    let json = run("typed.ts", 0, "delivered");
    assert_eq!(json["event"]["n"], 1, "{json:#}");
    files.write("enum.ts", "\nenum Plan { Free }");
    let json = run("enum.ts", 1, "error");
    assert_eq!(json["error"]["code"], "INVALID_FUNCTION", "{json:#}");
    let message = json["error"]["message"].to_string();
    assert!(message.contains("(enum.ts:2:1)"), "{message}");

    files.write("built.js", "function onTrack() { throw new Error('so') }");
    let map = r#"{"version":3,"sources":["src/own.ts"],"mappings":"AAKA"}"#;
    files.write("built.js.map", map);
    let json = run("built.js", 1, "error");
    let stack = json["error"]["stack"].to_string();
    assert!(stack.contains("(src/own.ts:6:1)"), "{stack}");
}

#[test]
fn nobody_has_to_read_to_the_end() {
    let functions = files("function onTrack(e) { return e }", r#"{"type":"track"}"#);
    let function = functions.path("function.js").display().to_string();
    let event = functions.path("event.json").display().to_string();
    for arguments in [
        &["serve", "--print-config"][..],
        &["check", &function],
        &["invoke", &function, "--event", &event],
        &["token", "router"],
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = penstock()
            .args(arguments)
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .expect("it runs");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {told}");
    }
}

#[test]
fn a_filtered_event() {
    let files = files(
        "function onTrack() { throw new DropEvent('not for us') }",
        r#"{"type":"track"}"#,
    );
    let json = outcome(&files.run(&AS_JSON).exits(0), "filtered");
    assert_eq!(json["message"], "not for us", "{json:#}");
    assert!(
        json["reason"]
            .as_str()
            .is_some_and(|reason| reason.ends_with("DROP_EVENT")),
        "{json:#}"
    );
    let run = files
        .run(&["function.js", "--event", "event.json"])
        .exits(0);
    assert!(run.stdout.contains("not for us"), "{run:#?}");
}

#[test]
fn a_function_error() {
    let source = "function onTrack() {\n  console.warn('about to fail')\n  throw new RangeError('too far')\n}";
    let files = files(source, r#"{"type":"track"}"#);
    let json = outcome(&files.run(&AS_JSON).exits(1), "error");
    let error = &json["error"];
    assert!(
        error["code"]
            .as_str()
            .is_some_and(|code| code.ends_with("BAD_REQUEST")),
        "{json:#}"
    );
    assert_eq!(
        (&error["label"], &error["message"]),
        (&"Bad Request".into(), &"too far".into()),
        "{json:#}"
    );
    assert!(
        error["stack"]
            .as_str()
            .is_some_and(|stack| stack.contains(".js:3")),
        "{json:#}"
    );
    assert!(
        json["logs"].to_string().contains("about to fail"),
        "{json:#}"
    );

    let run = files
        .run(&["function.js", "--event", "event.json"])
        .exits(1);
    let text = run.stdout.clone() + &run.stderr;
    for part in ["about to fail", "too far", "Bad Request"] {
        assert!(text.contains(part), "people read {part:?}: {run:#?}");
    }
}

#[test]
fn a_function_that_does_not_compile() {
    let files = files(
        "function onTrack(e) {\n  return e e\n}",
        r#"{"type":"track"}"#,
    );
    let json = outcome(&files.run(&AS_JSON).exits(1), "error");
    let code = json["error"]["code"].as_str();
    assert!(
        code.is_some_and(|code| code.ends_with("INVALID_FUNCTION")),
        "{json:#}"
    );
}

#[test]
fn bad_input_is_named() {
    let files = files("function onTrack(e) { return e }", r#"{"type":"track"}"#);
    files.write("broken.json", "{");
    files.write("list.json", "[]");
    files.write("no-type.json", "{}");
    for (arguments, named) in [
        (
            ["missing.js", "--event", "event.json"].as_slice(),
            "missing.js",
        ),
        (&["function.js", "--event", "missing.json"], "missing.json"),
        (&["function.js", "--event", "broken.json"], "broken.json"),
        (&["function.js", "--event", "list.json"], "event"),
        (&["function.js", "--event", "no-type.json"], "type"),
        (
            &[
                "function.js",
                "--event",
                "event.json",
                "--settings",
                "missing.json",
            ],
            "missing.json",
        ),
        (
            &[
                "function.js",
                "--event",
                "event.json",
                "--settings",
                "broken.json",
            ],
            "broken.json",
        ),
        (
            &[
                "function.js",
                "--event",
                "event.json",
                "--settings",
                "list.json",
            ],
            "list.json",
        ),
        (
            &["function.js", "--event", "event.json", "--output", "xml"],
            "xml",
        ),
        (
            &["function.js", "--event", "event.json", "--no-such-flag"],
            "--no-such-flag",
        ),
        (&["function.js"], "--event"),
    ] {
        let run = files.run(arguments).exits(2);
        assert!(run.stderr.contains(named), "it names {named:?}: {run:#?}");
        assert!(run.stdout.is_empty(), "nothing on stdout: {run:#?}");
    }
}

#[test]
fn a_lost_cell_is_an_executor_failure() {
    const WORK_TICKS: u64 = 100;
    let files = files(
        "function onTrack() { while (true) {} }",
        r#"{"type":"track"}"#,
    );
    // Time enough on a machine that is busy with others.
    let patience = ["--wall-time-ms", "600000", "--cpu-time-ms", "600000"];
    let process = files.start(&[&AS_JSON[..], &patience].concat());
    let mut busy = None;
    // Kills a cell only once it must be running the function.
    wait_until(BOUND, || {
        let works =
            |cell: &u32| processes::stat(*cell).is_some_and(|stat| stat.cpu_ticks >= WORK_TICKS);
        busy = cells_of(process.id()).into_iter().find(works);
        busy.is_some() || !processes::is_alive(process.id())
    });
    let Some(cell) = busy else {
        panic!("no cell worked for a second: {:#?}", files.finish(process));
    };
    processes::signal(cell, Signal::KILL);
    let run = files.finish(process).exits(3);
    let code = run.json()["error"]["code"].clone();
    assert!(
        code.as_str()
            .is_some_and(|code| code.ends_with("EXECUTOR_LOST")),
        "{run:#?}"
    );
}
