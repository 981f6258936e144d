//! Source maps: errors and logs told in the author's files, and maps that are none.
//!
//! `source_maps/` has the files of one function and what esbuild made of them:
//! `esbuild orders.ts --bundle --format=esm --minify --sourcemap --outfile=index.js`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use penstock::api::{FunctionError, LogLevel};

use crate::batch::Batch;
use crate::check::{Call, Code, Reply};
use crate::service::Service;
use crate::stored::StoredFunctions;

const BUNDLE: &str = include_str!("source_maps/index.js");
const MAP: &str = include_str!("source_maps/index.js.map");

const FREE: &str = r#"{"type":"track","properties":{"lines":[{"price":1,"count":2},{"count":1}]}}"#;

/// The bundle with its map in the comment at its end.
fn inline_bundle() -> String {
    with_map(BUNDLE.trim_end(), MAP)
}

fn with_map(source: &str, map: &str) -> String {
    let map = STANDARD.encode(map);
    format!("{source}\n//# sourceMappingURL=data:application/json;base64,{map}\n")
}

/// A map of a source whose lines are those of `file` from line 6 on.
fn shifted(file: &str) -> String {
    let file = serde_json::Value::from(file);
    format!(r#"{{"version":3,"sources":[{file}],"mappings":"AAKA;AACA;AACA;AACA"}}"#)
}

/// Where the error's innermost frames are.
fn places(error: &FunctionError) -> Vec<String> {
    let frames = error.frames.iter();
    frames
        .map(|frame| {
            let (function, file) = (&frame.function, &frame.file);
            format!("{function} {file}:{}:{}", frame.line, frame.column)
        })
        .collect()
}

/// The price that is missing, told in the files the bundle was made of. `total` is named where it is called; what
/// `map` and the executor call keeps the bundle's names.
#[track_caller]
fn assert_told_in_the_authors_files(reply: &Reply) {
    let error = reply.failed(Code::BadRequest, "a price of undefined");
    let expect = [
        "c lib/money.ts:5:33",
        "total lib/money.ts:11:6",
        "i orders.ts:17:50",
    ];
    assert_eq!(places(&error), expect, "{error:#?}");
    let stack = "RangeError: a price of undefined\n    at c (lib/money.ts:5:33)\n    at Array.map (<anonymous>)\n    \
                 at total (lib/money.ts:11:6)\n    at i (orders.ts:17:50)";
    assert_eq!(error.stack, stack, "{error:#?}");
}

#[test]
fn errors_are_told_in_the_files_of_a_map_in_the_source() {
    assert_told_in_the_authors_files(&Call::of(&inline_bundle()).event(FREE).run());
}

#[test]
fn errors_are_told_in_the_files_of_a_map_in_the_store() {
    let store = StoredFunctions::new();
    store.put("bundle", "1", "index.js.map", MAP);
    store.put("bundle", "1", "index.js", BUNDLE);
    let service = Service::start(&["--functions", store.location()]);
    for _ in 0..2 {
        let reply = Call::stored("bundle").event(FREE).run_on(&service);
        assert_told_in_the_authors_files(&reply);
    }
}

#[test]
fn causes_in_logs_are_told_in_the_authors_files() {
    let event = FREE.replace("track", "page");
    let reply = Call::of(&inline_bundle()).event(&event).run();
    let error = reply.failed(Code::BadRequest, "order rejected: no total");
    assert_eq!(places(&error)[0], "s orders.ts:26:11", "{error:#?}");
    let [logged] = &reply.logs()[..] else {
        panic!("one line: {reply}");
    };
    for part in [
        "order rejected: no total",
        "    at s (orders.ts:25:32) {\n",
        "[cause]: RangeError: a price of undefined",
        "at c (lib/money.ts:5:33)",
    ] {
        assert!(logged.contains(part), "{part:?} is in {logged}");
    }
    assert!(!logged.contains("index.js"), "{logged}");
}

#[test]
fn each_event_of_a_batch_is_told_in_the_authors_files() {
    let reply = Batch::of(&inline_bundle()).events(&[FREE, FREE]).run();
    let response = reply.response();
    for result in &response.results {
        let Some(penstock::api::event_result::Outcome::Error(error)) = &result.outcome else {
            panic!("no error: {reply}");
        };
        assert_eq!(places(error)[0], "c lib/money.ts:5:33", "{error:#?}");
    }
    assert_eq!(response.results.len(), 2, "{reply}");
}

#[test]
fn what_keeps_a_function_from_running_is_told_in_the_authors_files() {
    for (source, place) in [
        ("function onTrack() {}\n  let a = ;", "own.ts:7"),
        (
            "function onTrack() {}\n\nthrow new Error('at the top')",
            "own.ts:8",
        ),
        (
            "export function onTrack() {}\nimport a from 'nowhere'",
            "own.ts:7",
        ),
    ] {
        let reply = Call::of(&with_map(source, &shifted("own.ts"))).run();
        let error = reply.failed(Code::InvalidFunction, "");
        let told = format!("{} {}", error.message, error.stack);
        assert!(told.contains(place), "{place} is told in {error:#?}");
        assert!(!told.contains("index.js"), "{error:#?}");
        let frame = error.frames.first();
        assert!(
            frame.is_some_and(|frame| frame.file == "own.ts"),
            "{error:#?}"
        );
    }
}

#[test]
fn a_map_that_is_broken_is_told_once_and_breaks_nothing() {
    let source = "function onTrack(event) { console.log('ran'); if (event.fail) throw new Error('so') ; return event }";
    let deep = "[".repeat(100_000);
    for map in [
        "",
        "{",
        "null",
        "[1]",
        r#"{"version":2,"mappings":""}"#,
        r#"{"mappings":"!"}"#,
        &deep,
    ] {
        let call = Call::of(&with_map(source, map)).capture();
        call.clone().event(r#"{"type":"track"}"#).run().delivered();
        let failing = call.event(r#"{"type":"track","fail":true}"#);
        for lines in [2, 1, 1] {
            let reply = failing.clone().run();
            let error = reply.failed(Code::BadRequest, "so");
            assert!(error.frames[0].file.ends_with("/index.js"), "{reply}");
            let told = reply.logs();
            assert_eq!(told.len(), lines, "{reply}");
            if let [_, last] = &told[..] {
                assert!(last.starts_with("the source map is not used, "), "{last}");
                let level = reply
                    .response()
                    .logs
                    .last()
                    .map(penstock::api::LogLine::level);
                assert_eq!(level, Some(LogLevel::Warn), "{reply}");
            }
        }
    }
}

#[test]
fn a_map_over_its_limit_is_not_used() {
    let service = Service::start(&["--source-map-bytes", "50"]);
    let source = with_map(
        "function onTrack() { throw new Error('so') }",
        &shifted("own.ts"),
    );
    let reply = Call::of(&source).run_on(&service);
    let error = reply.failed(Code::BadRequest, "so");
    assert!(error.frames[0].file.ends_with("/index.js"), "{reply}");
    let limit = "over the limit of 50 bytes (knob --source-map-bytes)";
    assert!(reply.logs().concat().contains(limit), "{reply}");
}

#[test]
fn names_of_files_break_no_stack_and_tell_no_secret() {
    let source = "function onTrack() { throw new Error('so') }";
    let fail = |file: &str| {
        let call = Call::of(&with_map(source, &shifted(file))).settings(r#"{"key":"hunter22"}"#);
        let call = call.change(|request| request.secret_settings = vec!["key".to_owned()]);
        call.run().failed(Code::BadRequest, "so")
    };
    let error = fail("a\n    at evil (b.ts:1:1)\r\u{1b}[31m");
    assert_eq!(error.stack.lines().count(), 2, "{error:#?}");
    assert_eq!(error.frames.len(), 1, "{error:#?}");
    assert!(!error.stack.contains('\u{1b}'), "{error:#?}");

    let error = fail("src/hunter22.ts");
    assert_eq!(error.frames[0].file, "src/[redacted:key].ts", "{error:#?}");
    assert!(!error.stack.contains("hunter22"), "{error:#?}");

    let error = fail(&"long/".repeat(10_000));
    assert!(error.stack.len() < 500, "{} bytes", error.stack.len());
}
