//! `penstock test`: what passes, what fails and how it is told, what is written where that is asked for.

use serde_json::{Value, json};

use crate::command::{Files, Run};
use crate::origin::{Request, of_json, respond};
use crate::scripted::{Answer, Scripted};

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

const ASKS: &str = "async function onTrack(event) {
    for (const [url, options] of event.requests) {
      const response = await fetch(url, options)
      event.answers = [...event.answers ?? [], [response.status, await response.text(), response.headers.get('x-a')]]
    }
    delete event.requests
    return event
}";

#[test]
fn requests_are_answered_in_order_out_of_the_case() {
    check(
        ASKS,
        r#"{
            "event": {"type": "track", "requests": [["https://a.example/x"], ["https://a.example/x"],
              ["https://a.example/y?q=a%20b#part", {"method": "post", "body": "{\"a\":1}", "headers": {"X-Key": "k"}}],
              ["https://a.example/moved"], ["https://a.example/bytes"]]},
            "responses": [
              {"request": {"url": "https://a.example/x"}, "status": 429, "headers": {"x-a": ["1", "2"]}, "body": "later"},
              {"request": {"method": "POST", "url": "https://a.example/y?q=a b", "headers": {"x-key": "k"}, "body": {"a": 1}},
               "body": {"b": [2]}},
              {"request": {"url": "https://a.example/x"}},
              {"request": {"url": "https://a.example/moved"}, "status": 302, "headers": {"location": "/to"}},
              {"request": {"url": "https://a.example/to"}, "status": 203, "body": "there"},
              {"request": {"url": "https://a.example/bytes"}, "base64": "4pyT"}
            ],
            "expect": {"event": {"type": "track", "answers": [[429, "later", "1, 2"], [200, "", null],
              [200, "{\"b\":[2]}", null], [203, "there", null], [200, "✓", null]]}}
        }"#,
        0,
        &["1 passed"],
    );
}

#[test]
fn whoever_makes_no_requests_has_answers_all_the_same() {
    let case = r#"{
        "event": {"type": "track", "requests": [["https://a.example/"]]},
        "responses": [{"request": {"url": "https://a.example/"}, "body": "a"}],
        "expect": {"event": {"type": "track", "answers": [[200, "a", null]]}}
    }"#;
    let files = files(ASKS, &[("case", case)]);
    says(&files.run(&["--egress-off"]).exits(0), &["1 passed"]);
    files.write(
        "tests/case.json",
        &case.replace("responses", "description").replace(
            "[{\"request\": {\"url\": \"https://a.example/\"}, \"body\": \"a\"}]",
            "\"d\"",
        ),
    );
    let told = [
        "GET https://a.example/: outgoing requests are switched off here",
        "nothing was recorded",
    ];
    says(&files.run(&["--egress-off", "--record"]).exits(1), &told);
}

#[test]
fn requests_fail_where_the_case_says_so() {
    let source = "async function onTrack(event) {
        const failed = url => fetch(url).then(() => null, ({ name, type, code, message }) => [name, type, code ?? null, message])
        event.failed = [await failed('https://a.example/1'), await failed('https://a.example/2'), await failed('https://a.example/3')]
        return event
    }";
    check(
        source,
        r#"{
            "event": {"type": "track"},
            "responses": [
              {"request": {"url": "https://a.example/1"}, "error": "ECONNREFUSED"},
              {"request": {"url": "https://a.example/2"}, "error": "request-timeout"},
              {"request": {"url": "https://a.example/3"}, "error": "ENOTFOUND"}
            ],
            "expect": {"event": {"type": "track", "failed": [
              ["FetchError", "system", "ECONNREFUSED", "request to https://a.example/1 failed, reason: connect ECONNREFUSED"],
              ["FetchError", "request-timeout", null, "network timeout at: https://a.example/2"],
              ["FetchError", "system", "ENOTFOUND", "request to https://a.example/3 failed, reason: getaddrinfo ENOTFOUND"]
            ]}}
        }"#,
        0,
        &["1 passed"],
    );
    check(
        source,
        r#"{"event": {"type": "track"}, "responses": [
            {"request": {"url": "https://a.example/1"}, "error": "EOOPS"},
            {"request": {"url": "https://a.example/1"}, "error": "ENOTFOUND", "status": 200}]}"#,
        2,
        &[
            "responses[0].error must be one of request-timeout, ECONNREFUSED, ",
            "responses[1].error is there beside a response",
        ],
    );
}

#[test]
fn requests_that_are_not_as_the_case_has_them_fail_it() {
    let case = |responses: &str| {
        format!(
            r#"{{"event": {{"type": "track", "requests": [["https://a.example/x", {{"method": "PUT", "body": "sent"}}]]}},
                 "responses": {responses}, "expect": {{"error": {{"code": "BAD_REQUEST"}}}}}}"#
        )
    };
    // Of a host that there is not; whoever asked the network would say so.
    check(
        ASKS,
        &case("[]"),
        1,
        &[
            "PUT https://a.example/x: the case has no response for it",
            "no response is there for it",
        ],
    );
    check(
        ASKS,
        &case(r#"[{"request": {"url": "https://a.example/x"}}]"#),
        1,
        &[
            "PUT https://a.example/x: the case has no response",
            "GET https://a.example/x: the case has a response",
        ],
    );
    check(
        ASKS,
        &case(
            r#"[{"request": {"method": "PUT", "url": "https://a.example/x", "body": "other", "headers": {"a": "b"}}}]"#,
        ),
        1,
        &[
            "responses[0].request.body\n      - \"other\"\n      + \"sent\"\n",
            "responses[0].request.headers[\"a\"]\n      - \"b\"\n      + null\n",
        ],
    );
}

#[test]
fn a_manifest_counts_in_tests_too() {
    let files = files(
        ASKS,
        &[(
            "case",
            r#"{"event": {"type": "track", "requests": [["https://b.example/"]]},
                "responses": [], "settings": {"key": 5}, "expect": {"error": {"code": "INVALID_SETTINGS"}}}"#,
        )],
    );
    files.write(
        "function.json",
        r#"{"settings": [{"name": "key", "type": "string"}], "allowedHosts": ["a.example"]}"#,
    );
    says(&files.run(&[]).exits(0), &["1 passed"]);
    files.write(
        "tests/case.json",
        r#"{"event": {"type": "track", "requests": [["https://b.example/"]]}, "expect": {"filtered": {}}}"#,
    );
    let told = "b.example is not among the hosts this function may reach";
    says(&files.run(&[]).exits(1), &[told]);
}

#[test]
fn what_was_sent_is_told_without_secrets() {
    let source = "async function onTrack(event, { key }) {
        await fetch('https://a.example/?key=' + key, { headers: { authorization: key } }).catch(() => {})
        await fetch('https://a.example/?key=' + key)
        return event
    }";
    let case = r#"{
        "event": {"type": "track"},
        "settings": {"key": "hunter22"},
        "responses": [{"request": {"url": "https://a.example/?key=hunter22", "headers": {"authorization": "other"}}}],
        "expect": {"filtered": {}}
    }"#;
    let files = files(source, &[("case", case)]);
    files.write(
        "function.json",
        r#"{"settings": [{"name": "key", "type": "string", "encrypted": true}]}"#,
    );
    let run = files.run(&["--junit", "report.xml"]).exits(1);
    says(
        &run,
        &[
            "+ \"[redacted:key]\"",
            "GET https://a.example/?key=[redacted:key]: the case has no response",
        ],
    );
    let all = run.stdout + &files.read("report.xml");
    assert!(!all.contains("hunter22"), "{all}");
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

/// Answers with what it was asked, and with a cookie.
fn echo(request: &Request) -> Answer {
    if request.path == "/moved" {
        return Answer::Bytes(respond("302 Found", &[("location", "/token")], b""));
    }
    let told = json!({"key": request.header("x-key"), "access_token": "tok-1", "n": 1});
    match request.path.as_str() {
        "/text" => Answer::Bytes(respond("418 Told So", &[("set-cookie", "sid=1")], b"plain")),
        _ => Answer::Bytes(of_json(&told)),
    }
}

#[test]
fn requests_are_recorded_without_secrets_and_replayed() {
    let server = Scripted::start(|request, _| echo(request));
    let source = "async function onTrack(event, settings) {
        const ask = async path => {
          const response = await fetch(settings.base + path, { headers: { 'x-key': settings.key, authorization: 'Bearer ' + settings.key } })
          return [response.status, await response.text()]
        }
        event.answers = [await ask('/text'), await ask('/moved'), await ask('/q?key=' + settings.key)]
        return event
    }";
    let base = server.url();
    let case = format!(
        r#"{{"event": {{"type": "track"}}, "settings": {{"base": "{base}", "key": "key-of-the-tests"}}}}"#
    );
    let files = files(source, &[("case", &case)]);
    files.write(
        "function.json",
        r#"{"settings": [{"name": "key", "type": "string", "encrypted": true}]}"#,
    );
    files.write("real.json", r#"{"key": "hunter22-hunter22"}"#);
    let record = ["--record", "--update", "--settings", "real.json"];
    let denied = files.run(&record).exits(1);
    says(
        &denied,
        &[
            "/text: request to",
            "denied by policy (--egress-allow CIDR lets it through); nothing was recorded",
        ],
    );
    assert_eq!(files.read("tests/case.json"), case, "{denied:#?}");

    let allowed = [&record[..], &["--egress-allow", "127.0.0.0/8"]].concat();
    says(
        &files.run(&allowed).exits(0),
        &["updated  case (4 responses recorded)"],
    );
    let recorded = files.read("tests/case.json");
    for secret in ["hunter22", "tok-1", "sid=1"] {
        assert!(!recorded.contains(secret), "{secret} is in {recorded}");
    }
    let written: Value = serde_json::from_str(&recorded).expect("JSON");
    assert_eq!(
        written["responses"][3],
        json!({
            "request": {"method": "GET", "url": format!("{base}/q?key=[redacted:key]")},
            "status": 200,
            "headers": {"content-type": "application/json"},
            "body": {"key": "[redacted:key]", "access_token": "[redacted]", "n": 1},
        }),
        "{recorded}"
    );
    assert_eq!(
        written["responses"][0]["headers"],
        json!({"set-cookie": "[redacted]"})
    );
    assert_eq!(written["responses"][1]["status"], 302);

    // What is expected is what comes of the recorded, so that nobody has to be asked any more.
    let asked = server.asked();
    says(&files.run(&[]).exits(0), &["1 passed"]);
    says(&files.run(&allowed).exits(0), &["1 passed"]);
    assert_eq!(server.asked(), asked);
}
