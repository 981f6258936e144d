use std::sync::LazyLock;

use clap::Parser;
use jsonschema::Validator;

use super::*;
use crate::{
    cli::{render::code_name, test::canned::Reply},
    invocation::ErrorCode,
};

const SCHEMA: &str = include_str!("../../../../docs/test-case.schema.json");

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(SCHEMA).unwrap();
    jsonschema::validator_for(&schema).unwrap()
});

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    limits: LimitsConfig,
}

fn read_text(text: &str) -> Result<Parts, Vec<Fault>> {
    let limits = Flags::parse_from([""]).limits;
    json_file::read(
        text.as_bytes(),
        "the case",
        MAX_CASE_BYTES,
        |reader, root| parts(reader, root, &limits),
    )
}

fn schema_takes(text: &str) -> bool {
    VALIDATOR.is_valid(&serde_json::from_str(text).unwrap())
}

/// Both the reader and the schema for editors take it.
#[track_caller]
fn good(text: &str) -> Parts {
    assert!(schema_takes(text), "the schema refuses {text}");
    read_text(text).unwrap_or_else(|faults| panic!("{text}: {faults:?}"))
}

/// The reader says this of it, and no more.
#[track_caller]
fn refused(text: &str, expect: &str) {
    let faults = read_text(text).err().expect(text);
    let told: Vec<_> = faults.iter().map(Fault::told).collect();
    assert!(
        told.len() == 1 && told[0].contains(expect),
        "{text}: {told:?}"
    );
}

/// Both refuse it.
#[track_caller]
fn bad(text: &str, expect: &str) {
    assert!(!schema_takes(text), "the schema takes {text}");
    refused(text, expect);
}

const EVENT: &str = r#""event": {"type": "track"}"#;

#[test]
fn an_event_stays_as_it_is_written() {
    let parts = good(
        r#"{"event": {"n": 1.50,  "type": "track", "a": 1e2}, "description": "d", "$schema": "s"}"#,
    );
    let Some(Input::Event(event)) = parts.input else {
        panic!("{:?}", parts.input);
    };
    assert_eq!(event, r#"{"n": 1.50,  "type": "track", "a": 1e2}"#);
    assert_eq!(parts.expect, None);
}

#[test]
fn a_case_has_one_input() {
    bad("{}", "event is missing");
    bad(
        &format!(r#"{{{EVENT}, "events": [{{"type": "a"}}]}}"#),
        "events is there beside event",
    );
    bad(r#"{"events": []}"#, "must have an event at least");
    bad(
        r#"{"events": [{"type": "a"}, 1]}"#,
        "events[1] must be a JSON object",
    );
    bad(r#"{"event": {"type": 1}}"#, "event.type must be a string");
    bad(
        &format!(r#"{{{EVENT}, "settings": []}}"#),
        "settings must be an object",
    );
    bad(
        &format!(r#"{{{EVENT}, "event_": 1}}"#),
        "has no key \"event_\"",
    );
}

#[test]
fn places_are_of_what_is_expected() {
    let case = |ignore: &str| format!(r#"{{{EVENT}, "ignore": {ignore}}}"#);
    let parts = good(&case(r#"["expect.event.at", "expect[0].event"]"#));
    assert_eq!(parts.ignore.len(), 2);
    bad(
        &case(r#"["event.at"]"#),
        "ignore[0] must be a place such as expect.event.context.at",
    );
    bad(&case(r#""expect.event""#), "ignore must be a list");
}

#[test]
fn responses() {
    let case = |response: &str| format!(r#"{{{EVENT}, "responses": [{response}]}}"#);
    let of = |rest: &str| {
        case(&format!(
            r#"{{"request": {{"url": "https://a.example"}}, {rest}}}"#
        ))
    };
    let parts = good(&of(
        r#""status": 201, "headers": {"X-A": ["1", "2"]}, "body": [1]"#,
    ));
    let response = &parts.responses[0];
    assert_eq!(
        (&*response.method, &*response.url),
        ("GET", "https://a.example/")
    );
    let Reply::Response(told) = &response.reply else {
        panic!("{response:?}");
    };
    assert_eq!((told.status.as_u16(), &*told.body), (201, &b"[1]"[..]));
    assert_eq!(told.headers.get_all("x-a").iter().count(), 2);
    assert_eq!(told.headers["content-type"], "application/json");
    good(&of(r#""error": "ENOTFOUND""#));
    good(&of(r#""base64": "AA==""#));

    bad(
        &of(r#""status": 199"#),
        "responses[0].status must be a whole number from 200",
    );
    bad(&of(r#""status": "200""#), "responses[0].status must be");
    bad(
        &of(r#""headers": {"a b": ""}"#),
        "responses[0].headers[\"a b\"] is no header's name",
    );
    bad(
        &of(r#""headers": {"a": 1}"#),
        "must be a string, not a number",
    );
    bad(
        &of(r#""body": "", "base64": """#),
        "body is there beside base64",
    );
    bad(
        &of(r#""error": "NO""#),
        "error must be one of request-timeout, ECONNREFUSED",
    );
    bad(
        &of(r#""error": "ENOTFOUND", "status": 200"#),
        "error is there beside a response",
    );
    bad(&case("{}"), "responses[0].request is missing");
    bad(
        &case(r#"{"request": {}}"#),
        "responses[0].request.url is missing",
    );
    bad(&case(r#"{"request": {"url": ""}}"#), "must have 1 to");
    refused(&of(r#""base64": "?""#), "responses[0].base64 is not base64");
    refused(&of(r#""headers": {"a": "\n"}"#), "is no header's value");
    for url in ["a.example", "ftp://a.example/"] {
        let request = format!(r#"{{"request": {{"url": "{url}"}}}}"#);
        refused(&case(&request), "must be a URL such as https://");
    }
}

#[test]
fn expectations() {
    let case = |expect: &str| format!(r#"{{{EVENT}, "expect": {expect}}}"#);
    for end in [
        r#"{"event": {}}"#,
        r#"{"filtered": {}}"#,
        r#"{"filtered": {"reason": "NOT_RETURNED", "message": ""}}"#,
        r#"{"error": {"code": "RETRY", "name": "", "message": "", "retryable": true, "retryAfterMs": 5}}"#,
    ] {
        good(&case(end));
        good(&format!(
            r#"{{"events": [{{"type": "a"}}], "expect": [{end}]}}"#
        ));
    }
    for code in ErrorCode::ALL.map(code_name) {
        good(&case(&format!(r#"{{"error": {{"code": "{code}"}}}}"#)));
    }
    bad(&case("{}"), "must have one of event, filtered, error");
    bad(
        &case(r#"{"event": {}, "error": {}}"#),
        "must have one of event, filtered, error",
    );
    bad(&case(r#"{"even": {}}"#), "expect has no key \"even\"");
    bad(&case("[]"), "expect must be an object, not a list");
    bad(&case(r#"{"event": 1}"#), "expect.event must be an object");
    bad(
        &case(r#"{"filtered": {"reason": "NO"}}"#),
        "expect.filtered.reason must be one of NO_RETURN, ",
    );
    bad(
        &case(r#"{"error": {"code": "NO"}}"#),
        "expect.error.code must be one of BAD_REQUEST, ",
    );
    bad(
        &case(r#"{"error": {"retryAfterMs": -1}}"#),
        "expect.error.retryAfterMs must be a whole number",
    );
    bad(
        &case(r#"{"error": {"retryable": 1}}"#),
        "must be true or false",
    );
    let batch = r#"{"events": [{"type": "a"}, {"type": "b"}], "expect": [{"filtered": {}}]}"#;
    refused(
        batch,
        "must have an outcome for each of the 2 events, not 1",
    );
    bad(
        r#"{"events": [{"type": "a"}], "expect": {"filtered": {}}}"#,
        "expect must be a list",
    );
}
