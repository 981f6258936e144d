//! Batches through `onBatch`: what it returns is matched with the events; and the bounds of every batch.

use penstock::api::event_result::Outcome;
use tonic::Code as StatusCode;
use tonic_types::StatusExt;

use crate::batch::{Batch, batch};
use crate::check::Code;
use crate::json;
use crate::service::Service;

const A: &str = r#"{"type":"track","messageId":"a"}"#;
const B: &str = r#"{"type":"page","messageId":"b"}"#;
const C: &str = r#"{"type":"track","messageId":"c"}"#;
const PLAIN: &str = r#"{"type":"track"}"#;

const INVALID: &str =
    "INVALID_RESULT onBatch must return an array of events, objects that JSON can carry: ";

#[track_caller]
fn on_batch(body: &str, events: &[&str], expected: &[&str]) {
    batch(
        &format!("function onBatch(events, settings) {{ {body} }}"),
        events,
        expected,
    );
    batch(
        &format!("async function onBatch(events, settings) {{ await 0; {body} }}"),
        events,
        expected,
    );
}

#[track_caller]
fn on_batch_invalid(body: &str, events: &[&str], fault: &str) {
    let expected = format!("{INVALID}{fault}");
    on_batch(body, events, &vec![expected.as_str(); events.len()]);
}

#[test]
fn an_output_belongs_to_the_input_it_is() {
    on_batch("return events", &[A, B], &[A, B]);
    on_batch("return events.reverse()", &[A, B, C], &[A, B, C]);
    on_batch(
        "return events.filter(e => e.type !== 'page')",
        &[A, B, C],
        &[A, "filtered NOT_RETURNED", C],
    );
    on_batch(
        "return [events[1]]",
        &[PLAIN, PLAIN],
        &["filtered NOT_RETURNED", PLAIN],
    );
    on_batch(
        "for (const e of events) { e.messageId = 'same'; e.type = 't' } return events",
        &[A, B],
        &[
            r#"{"type":"t","messageId":"same"}"#,
            r#"{"type":"t","messageId":"same"}"#,
        ],
    );
    on_batch(
        "const kept = events.slice(); events.length = 0; events.push({}, {}, {}); return kept",
        &[A, B],
        &[A, B],
    );
}

#[test]
fn a_new_object_belongs_to_the_input_with_its_message_id() {
    on_batch(
        "return events.map(e => ({ ...e, seen: true })).reverse()",
        &[A, B],
        &[
            r#"{"type":"track","messageId":"a","seen":true}"#,
            r#"{"type":"page","messageId":"b","seen":true}"#,
        ],
    );
    on_batch(
        "events.forEach(e => { e.messageId = 'changed' }); return [{ messageId: 'b', new: 1 }]",
        &[A, B],
        &["filtered NOT_RETURNED", r#"{"messageId":"b","new":1}"#],
    );
    // Of events with one id, each gets one of the outputs.
    on_batch(
        "return events.map((e, n) => ({ messageId: e.messageId, n }))",
        &[A, A, A],
        &[
            r#"{"messageId":"a","n":0}"#,
            r#"{"messageId":"a","n":1}"#,
            r#"{"messageId":"a","n":2}"#,
        ],
    );
    let numbered = r#"{"type":"track","messageId":7}"#;
    on_batch(
        "return [{ messageId: 7, n: 1 }]",
        &[PLAIN, numbered],
        &["filtered NOT_RETURNED", r#"{"messageId":7,"n":1}"#],
    );
    on_batch_invalid(
        "return [{ messageId: '7' }]",
        &[numbered],
        "result[0] has messageId '7', which no event of the batch has",
    );
}

#[test]
fn without_any_message_id_the_place_counts() {
    on_batch(
        "return events.map((e, n) => ({ n }))",
        &[PLAIN, A],
        &[r#"{"n":0}"#, r#"{"n":1}"#],
    );
    on_batch(
        "return events.map((e, n) => n ? { n } : null)",
        &[A, A],
        &["filtered NOT_RETURNED", r#"{"n":1}"#],
    );
    on_batch(
        "return [undefined, , null]",
        &[A, B, C],
        &["filtered NOT_RETURNED"; 3],
    );
    on_batch_invalid(
        "return [{}]",
        &[A, B],
        "result[0] belongs to no event: it is none of them and has no messageId, and the result has 1 elements for 2 events",
    );
    on_batch_invalid(
        "return [{ n: 1 }, events[0]]",
        &[A, B],
        "result[0] belongs to no event: it is none of them and has no messageId, though others have",
    );
}

#[test]
fn an_output_of_nobody_or_two_of_one_fail_the_batch() {
    on_batch_invalid(
        "return [...events, { messageId: 'x' }]",
        &[A, B],
        "result[2] has messageId 'x', which no event of the batch has",
    );
    on_batch_invalid(
        "return [events[0], events[0]]",
        &[A, B],
        "result[1] is for the same event as result[0]",
    );
    on_batch_invalid(
        "return [events[0], { messageId: 'a' }]",
        &[A, B],
        "result[1] is for the same event as result[0]",
    );
    on_batch_invalid(
        "return [{ messageId: 'a' }, { messageId: 'a' }]",
        &[A, B],
        "result[1] is for the same event as result[0]",
    );
    on_batch_invalid(
        "return [{ status: 200 }, events[0]]",
        &[A, B],
        "result[1] is for the same event as result[0]",
    );
}

#[test]
fn a_status_speaks_of_the_event_at_its_place() {
    on_batch(
        "events[0].seen = 1; return [{ status: 200 }, { status: 400, errormessage: 'no name' }, { status: 429 }, { status: 503, errormessage: 'busy' }, events[4]]",
        &[A, B, C, PLAIN, PLAIN],
        &[
            r#"{"type":"track","messageId":"a","seen":1}"#,
            "BAD_REQUEST no name",
            "RETRY status 429",
            "RETRY busy",
            PLAIN,
        ],
    );
    on_batch(
        "return [{ type: 'track', status: 500 }]",
        &[PLAIN],
        &[r#"{"type":"track","status":500}"#],
    );
    on_batch(
        "return [{ status: 'ok' }]",
        &[PLAIN],
        &[r#"{"status":"ok"}"#],
    );
    on_batch_invalid(
        "return [{ status: 200 }]",
        &[A, B],
        "result[0] is a status, but the result has 1 elements for 2 events",
    );
    on_batch_invalid(
        "return [{ status: 302 }]",
        &[A],
        "result[0] has status 302, which is none of 2xx, 4xx and 5xx",
    );
}

#[test]
fn what_is_no_array_of_events_fails_the_batch() {
    for nothing in ["return", "return null", "return undefined"] {
        on_batch(
            nothing,
            &[A, B],
            &["filtered NO_RETURN", "filtered NO_RETURN"],
        );
    }
    on_batch_invalid("return {}", &[A, B], "result is an object, not an array");
    on_batch_invalid("return 'x'", &[A], "result is a string, not an array");
    on_batch_invalid(
        "return new Set(events)",
        &[A],
        "result is an object, not an array",
    );
    on_batch_invalid("return ['x']", &[A], "result[0] is a string, not an object");
    on_batch_invalid(
        "return [() => 1]",
        &[A],
        "result[0] is a function, not an object",
    );
    on_batch_invalid(
        "return [[events[0]]]",
        &[A],
        "result[0] is an array, not an object",
    );
}

#[test]
fn an_event_that_cannot_become_json_fails_alone() {
    let fault = format!(
        "{INVALID}result[0].n is a BigInt, which JSON cannot carry; convert it with Number() or String()"
    );
    on_batch("events[0].n = 1n; return events", &[A, B], &[&fault, B]);
    let fault = format!("{INVALID}result[1] becomes 5 as JSON, not an object");
    on_batch(
        "events[1].toJSON = () => 5; return events",
        &[A, B],
        &[A, &fault],
    );
    let fault = format!("{INVALID}result[1].self is an object that contains itself");
    on_batch(
        "events[0].self = events[0]; return events.reverse()",
        &[A, B],
        &[&fault, B],
    );
}

#[test]
fn what_on_batch_throws_is_every_events_error() {
    on_batch(
        "throw new RetryError('later', { retryAfter: 1500 })",
        &[A, B],
        &["RETRY later"; 2],
    );
    on_batch(
        "throw new DropEvent('not today')",
        &[A, B],
        &["filtered DROP_EVENT not today"; 2],
    );
    on_batch(
        "throw new ValidationError('bad')",
        &[A],
        &["MESSAGE_REJECTED bad"],
    );
    on_batch(
        "events.x.y",
        &[A, B],
        &["BAD_REQUEST Cannot read properties of undefined (reading 'y')"; 2],
    );
    on_batch(
        "return new Proxy([{}], { get() { throw new Error('trap') } })",
        &[A],
        &["BAD_REQUEST trap"],
    );
    on_batch(
        "return [{ get messageId() { throw new Error('getter') } }]",
        &[A],
        &["BAD_REQUEST getter"],
    );
    let source = "async function onBatch() { setTimeout(() => { throw new Error('in a timer') }); await new Promise(() => {}) }";
    batch(source, &[A, B], &["BAD_REQUEST in a timer"; 2]);
}

#[test]
fn on_batch_wins_over_the_handlers() {
    let source = "function onTrack(e) { return { single: true } } function onBatch(events) { return events }";
    batch(source, &[A, C], &[A, C]);
    let source = "export default { onBatch(events, settings) { return events.map(() => ({ prefix: settings.prefix ?? this.prefix })) }, prefix: 'own' }";
    batch(source, &[A], &[r#"{"prefix":"own"}"#]);
    let reply = Batch::of(source)
        .events(&[A])
        .settings(r#"{"prefix":"given"}"#)
        .run();
    reply.comes_to(&[r#"{"prefix":"given"}"#]);
}

#[test]
fn a_source_that_cannot_run_fails_every_event() {
    batch("function onTrack(", &[A, B], &["INVALID_FUNCTION"; 2]);
    batch(
        "throw new Error('at top')",
        &[A, B],
        &["INVALID_FUNCTION at top"; 2],
    );
}

#[test]
fn batches_in_structs_come_back_in_structs() {
    let source = "function onTrack(e) { e.seen = [true]; return e } function onPage() {}";
    let events = vec![json::to_struct(A), json::to_struct(B)];
    let reply = Batch::of(source).structured(events).run();
    reply.comes_to(&[
        r#"{"messageId":"a","seen":[true],"type":"track"}"#,
        "filtered NO_RETURN",
    ]);
}

#[test]
fn results_are_bounded_one_by_one_and_together() {
    let source = "function onTrack(e) { return { pad: 'x'.repeat(e.n === 1 ? 2 ** 20 : 1000) } }";
    let reply = Batch::of(source).numbered(3).run();
    assert_eq!(reply.error(1).code(), Code::ResultTooLarge, "{reply}");
    assert_eq!(
        reply
            .error(1)
            .limit
            .as_ref()
            .map(|limit| limit.knob.as_str()),
        Some("--result-bytes")
    );
    let source = "function onTrack(e) { return { pad: 'x'.repeat(e.n < 7 ? 900_000 : 10) } }";
    let reply = Batch::of(source).numbered(8).run();
    assert_eq!(
        reply
            .error(6)
            .limit
            .as_ref()
            .map(|limit| limit.knob.as_str()),
        Some("--batch-result-bytes"),
        "{reply}"
    );
    assert_eq!(
        reply
            .outcomes()
            .iter()
            .filter(|outcome| matches!(outcome, Outcome::EventJson(_)))
            .count(),
        7
    );
}

/// More than the socket between the processes takes at once, of a cell where nothing else happens.
#[test]
fn a_large_result_arrives_whole() {
    let service = Service::start(&["--cells", "1", "--cell-threads", "2"]);
    let batch =
        Batch::of("function onTrack(e) { return { pad: 'x'.repeat(900_000) } }").numbered(6);
    for _ in 0..3 {
        let reply = batch.clone().run_on(&service);
        let outcomes = reply.outcomes();
        assert_eq!(outcomes.len(), 6);
        let whole = |outcome: &&Outcome| matches!(outcome, Outcome::EventJson(json) if json.len() > 900_000);
        assert!(outcomes.iter().all(whole), "{reply}");
    }
}

#[test]
fn faults_of_a_request_name_the_event() {
    let base = Batch::of("function onBatch(events) { return events }");
    let large = format!(r#"{{"type":"track","pad":"{}"}}"#, "x".repeat(1 << 20));
    let bulky = format!(r#"{{"type":"track","pad":"{}"}}"#, "x".repeat(1_000_000));
    let rejected = |batch: Batch, field: &str, description: &str| {
        let reply = batch.run();
        let status = reply.result.as_ref().expect_err("a refusal");
        assert_eq!(status.code(), StatusCode::InvalidArgument, "{reply}");
        let faults = status
            .get_details_bad_request()
            .expect("details")
            .field_violations;
        let found = faults
            .iter()
            .find(|fault| fault.field == field && fault.description.contains(description));
        assert!(found.is_some(), "no {field} {description} in {faults:#?}");
        faults.len()
    };
    rejected(
        base.clone(),
        "events",
        "is empty: a batch has 1 to 400 events",
    );
    rejected(
        base.clone().numbered(401),
        "events_json",
        "has 401 events, over the limit of 400 (knob --batch-events)",
    );
    rejected(
        base.clone().events(&[A, "nonsense"]),
        "events_json[1]",
        "is not JSON",
    );
    rejected(
        base.clone().events(&[A, "[]"]),
        "events_json[1]",
        "must be a JSON object",
    );
    rejected(
        base.clone().events(&["{}", A]),
        "events_json[0].type",
        "is missing",
    );
    rejected(
        base.clone().events(&[A, &large]),
        "events_json[1]",
        "over the limit of 1048576 (knob --event-bytes)",
    );
    rejected(
        base.clone().events(&[&bulky; 7]),
        "events_json",
        "over the limit of 6291456 (knob --batch-bytes)",
    );
    rejected(
        base.clone()
            .structured(vec![json::to_struct(A), json::to_struct("{}")]),
        "events[1].type",
        "is missing",
    );
    let both = base
        .clone()
        .events(&[A])
        .structured(vec![json::to_struct(A)]);
    rejected(both, "events", "give one of the two");
    let many = rejected(
        base.clone().events(&["{}"; 400]),
        "events_json",
        "has 384 more events at fault",
    );
    assert_eq!(many, 17);
    base.numbered(400).run().outcomes();
}

#[test]
fn a_batch_of_one_is_a_batch() {
    on_batch("return events", &[A], &[A]);
    batch("function onTrack(e) { return e }", &[A], &[A]);
}
