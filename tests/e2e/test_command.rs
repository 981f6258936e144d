//! `penstock test`: what passes, what fails and how it is told, what is written where that is asked for; in `requests` what its
//! requests come to.

use serde_json::{Value, json};

use crate::command::{Files, Run};

mod requests;

/// A function, and cases by their names.
fn files(source: &str, cases: &[(&str, &str)]) -> Files {
    let files = Files::of("test", &[("index.js", source)]);
    for (name, case) in cases {
        files.write(&format!("tests/{name}.json"), case);
    }
    files
}

/// One case of a function comes to this exit code, and all of these texts are told.
#[track_caller]
fn check(source: &str, case: &str, code: i32, told: &[&str]) {
    let run = files(source, &[("case", case)]).run(&[]).exits(code);
    says(&run, told);
}

#[track_caller]
fn says(run: &Run, told: &[&str]) {
    let text = run.stdout.clone() + &run.stderr;
    for part in told {
        assert!(text.contains(part), "it says {part:?}: {run:#?}");
    }
}

const PASS_ON: &str = "function onTrack(event) { return event }";

#[test]
fn an_event_has_to_come_out_whole() {
    let source = "function onTrack(e) { e.properties = { plan: 'gold', n: 2 }; return e }";
    check(
        source,
        r#"{"event": {"type": "track"},
            "expect": {"event": {"properties": {"n": 2.0, "plan": "gold"}, "type": "track"}}}"#,
        0,
        &["ok  case", "1 passed"],
    );
    check(
        source,
        r#"{"event": {"type": "track"},
            "expect": {"event": {"type": "track", "properties": {"plan": "free", "seats": 1}}}}"#,
        1,
        &[
            "FAILED  case",
            "expect.event.properties.plan\n      - \"free\"\n      + \"gold\"\n",
            "expect.event.properties.seats\n      - 1\n      + (nothing)\n",
            "expect.event.properties.n\n      - (nothing)\n      + 2\n",
            "1 failed",
        ],
    );
}

#[test]
fn what_differs_each_time_can_be_ignored() {
    let source = "function onTrack(e) { e.at = { id: crypto.randomUUID() }; e.n = 1; return e }";
    let case = |ignore: &str| {
        format!(
            r#"{{"event": {{"type": "track"}}, "ignore": ["{ignore}"],
                 "expect": {{"event": {{"type": "track", "at": {{"id": "-"}}, "n": 1}}}}}}"#
        )
    };
    check(source, &case("expect.event.at"), 0, &["1 passed"]);
    check(source, &case("expect.event.at.id"), 0, &["1 passed"]);
    check(source, &case("expect.event.a"), 1, &["expect.event.at.id"]);
}

#[test]
fn a_source_has_its_tests_beside_it() {
    let case = r#"{"event": {"type": "track"}, "expect": {"event": {"type": "track"}}}"#;
    let files = files(PASS_ON, &[("case", case)]);
    says(&files.run(&["index.js"]).exits(0), &["1 passed"]);
    says(&files.run(&["./"]).exits(0), &["1 passed"]);
}

#[test]
fn of_errors_and_filtered_events_what_is_spoken_of_has_to_fit() {
    let retry = "function onTrack() { throw new RetryError('busy', { retryAfter: 2500 }) }";
    let event = r#"{"event": {"type": "track"}, "expect": "#;
    for (source, expect, code, told) in [
        (retry, r#"{"error": {"code": "RETRY"}}"#, 0, "1 passed"),
        (
            retry,
            r#"{"error": {"code": "RETRY", "name": "RetryError", "message": "busy", "retryable": true, "retryAfterMs": 2500}}"#,
            0,
            "1 passed",
        ),
        (
            retry,
            r#"{"error": {"code": "RETRY", "retryAfterMs": 1}}"#,
            1,
            "expect.error.retryAfterMs",
        ),
        (retry, r#"{"filtered": {}}"#, 1, "index.js:1:28"),
        (
            "function onTrack() { throw new DropEvent('no') }",
            r#"{"filtered": {"reason": "DROP_EVENT", "message": "no"}}"#,
            0,
            "1 passed",
        ),
        (
            "function onTrack() { console.log('\x1b[2J looked at') }",
            r#"{"filtered": {"reason": "DROP_EVENT"}}"#,
            1,
            "\u{fffd}[2J looked at",
        ),
        (
            PASS_ON,
            r#"{"filtered": {}}"#,
            1,
            "expect\n      - {\n      -   \"filtered\": {}\n",
        ),
    ] {
        check(source, &format!("{event}{expect}}}"), code, &[told]);
    }
}

#[test]
fn a_batch_has_an_outcome_for_each_event() {
    let source = "function onTrack(e) { return e }
        function onPage() { throw new EventNotSupported('no pages') }";
    let case = |expect: &str| {
        format!(r#"{{"events": [{{"type": "track"}}, {{"type": "page"}}], "expect": {expect}}}"#)
    };
    let right = r#"[{"event": {"type": "track"}}, {"error": {"code": "UNSUPPORTED_EVENT_TYPE"}}]"#;
    check(source, &case(right), 0, &["1 passed"]);
    let wrong = r#"[{"event": {"type": "track", "a": 1}}, {"filtered": {}}]"#;
    check(
        source,
        &case(wrong),
        1,
        &["expect[0].event.a", "expect[1]\n"],
    );
    check(
        source,
        &case("[]"),
        2,
        &["must have an outcome for each of the 2 events, not 0"],
    );
}

#[test]
fn cases_share_nothing_and_the_limits_are_real() {
    let source = "let calls = 0
        async function onTrack(e) { e.calls = ++calls; e.cached = await cache.load('k', -1, () => e.id); return e }
        function onPage() { while (true) {} }";
    let event = |id: u32| {
        format!(
            r#"{{"event": {{"type": "track", "id": {id}}},
                 "expect": {{"event": {{"type": "track", "id": {id}, "calls": 1, "cached": {id}}}}}}}"#
        )
    };
    let page =
        r#"{"event": {"type": "page"}, "expect": {"error": {"code": "CPU_LIMIT_EXCEEDED"}}}"#;
    let files = files(source, &[("a", &event(1)), ("b", &event(2)), ("c", page)]);
    let run = files.run(&["--cpu-time-ms", "100", "--wall-time-ms", "60000"]);
    says(&run.exits(0), &["3 passed"]);
}

#[test]
fn bad_use_is_told_by_file_line_and_field() {
    check(PASS_ON, "{", 2, &["tests/case.json:1:1: is not JSON"]);
    check(
        PASS_ON,
        "{\n \"setings\": {},\n \"event\": {\"type\": 1}, \"events\": [],\n \"responses\": [{\"status\": 99}]\n}",
        2,
        &[
            "tests/case.json:2:2: the case has no key \"setings\"; there are",
            "tests/case.json:3:24: events is there beside event",
            "tests/case.json:4:16: responses[0].request is missing",
            "tests/case.json:4:27: responses[0].status must be a whole number from 200 to 599",
        ],
    );
    check(
        PASS_ON,
        r#"{"event": {"type": "track"}, "expect": {"error": {"code": "NO"}, "event": {}}}"#,
        2,
        &["expect must have one of event, filtered, error"],
    );
    check(
        PASS_ON,
        r#"{"event": {}, "expect": {"error": {"code": "NO", "mesage": ""}}}"#,
        2,
        &[
            "event.type is missing",
            "expect.error.code must be one of BAD_REQUEST, ",
            "has no key \"mesage\"",
        ],
    );
    check(
        PASS_ON,
        r#"{"event": {"type": "track"}}"#,
        2,
        &["expect is missing; run with --update"],
    );

    let none = Files::of("test", &[("index.js", PASS_ON)]);
    says(&none.run(&[]).exits(2), &["tests/*.json: there is no case"]);
    says(
        &none.run(&["elsewhere"]).exits(2),
        &["elsewhere: No such file"],
    );
    let files = files(
        PASS_ON,
        &[(
            "one",
            r#"{"event": {"type": "track"}, "expect": {"filtered": {}}}"#,
        )],
    );
    says(
        &files.run(&["--filter", "two"]).exits(2),
        &["no case has \"two\" in its name; there are one"],
    );
    says(
        &files.run(&["--record", "--settings", "none.json"]).exits(2),
        &["none.json"],
    );
}

#[test]
fn only_the_cases_that_are_asked_for_are_run() {
    let case = r#"{"event": {"type": "track"}, "expect": {"event": {"type": "track"}}}"#;
    let files = files(
        PASS_ON,
        &[
            ("good", case),
            ("bad", &case.replace("{\"type\": \"track\"}}}", "{}}}")),
        ],
    );
    files.write("tests/notes.txt", "no case");
    says(&files.run(&["--filter", "good"]).exits(0), &["1 passed"]);
    let run = files.run(&[]).exits(1);
    says(&run, &["1 passed, 1 failed"]);
    assert!(
        run.stdout.find("bad") < run.stdout.find("good"),
        "in order: {run:#?}"
    );
}

#[test]
fn what_came_out_is_written_where_that_is_asked_for_and_nothing_else() {
    let source = "function onTrack(e) { e.a = [1]; return e }\nfunction onPage() { throw new RetryError('r') }";
    let good =
        "{\"event\":{\"type\":\"track\"},  \"expect\":{\"event\":{\"type\":\"track\",\"a\":[1]}}}";
    let files = files(
        source,
        &[
            ("good", good),
            (
                "new",
                "{\n  \"description\": \"d\",\n  \"event\": { \"type\":  \"track\" }\n}\n",
            ),
            (
                "page",
                r#"{"event": {"type": "page"}, "expect": {"error": {"code": "TIMEOUT"}}}"#,
            ),
            (
                "asks",
                r#"{"event": {"type": "screen"}, "expect": {"filtered": {}}}"#,
            ),
        ],
    );
    files.write(
        "index.js",
        &format!("{source}\nconst onScreen = () => fetch('http://a.example/')"),
    );
    let run = files.run(&["--update"]).exits(1);
    says(
        &run,
        &[
            "updated  new",
            "updated  page",
            "1 passed, 2 updated, 1 failed",
        ],
    );
    assert_eq!(files.read("tests/good.json"), good);
    let new = "{\n  \"description\": \"d\",\n  \"event\": { \"type\":  \"track\" },\n  \"expect\": {\n    \"event\": {\n      \
               \"type\": \"track\",\n      \"a\": [\n        1\n      ]\n    }\n  }\n}\n";
    assert_eq!(files.read("tests/new.json"), new);
    let page: Value = serde_json::from_str(&files.read("tests/page.json")).expect("JSON");
    assert_eq!(page["expect"], json!({"error": {"code": "RETRY"}}));
    // A request that came to nothing is no outcome to go by.
    assert!(files.read("tests/asks.json").contains("filtered"));
    says(&files.run(&["--filter", "e"]).exits(0), &["2 passed"]);
}

#[test]
fn build_servers_can_read_the_results() {
    let source = "function onTrack(e) { console.log('<&\\x01>'); return e }";
    let case = r#"{"event": {"type": "track"}, "expect": {"filtered": {}}}"#;
    let files = files(
        source,
        &[
            ("a<b", case),
            (
                "ok",
                &case.replace("{\"filtered\": {}}", "{\"event\": {\"type\": \"track\"}}"),
            ),
        ],
    );
    files.run(&["index.js", "--junit", "report.xml"]).exits(1);
    let report = files.read("report.xml");
    assert!(!report.contains("name=\"\""), "{report}");
    for part in [
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
        "tests=\"2\" failures=\"1\"",
        "name=\"a&lt;b\"",
        "<failure message=\"expect is otherwise\">",
        "info | &lt;&amp;\u{fffd}&gt;",
        "name=\"ok\"",
    ] {
        assert!(report.contains(part), "{part} in {report}");
    }
}
