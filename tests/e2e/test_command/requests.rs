//! The requests of a function that is tested: answered out of the case, failing where it says so, recorded.

use serde_json::{Value, json};

use super::{check, files, says};
use crate::origin::{Request, of_json, respond};
use crate::scripted::{Answer, Scripted};

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
