//! That events arrive and leave as they are, and that what is no event is refused by name.

use penstock::api::{WireStruct, invoke_request::Payload};
use prost_types::value::Kind;
use prost_types::{ListValue, Value as ProtoValue};
use tonic::Code as StatusCode;

use crate::check::{Call, Code, delivers, delivers_text, fails};
use crate::json;

const SAME: &str = "function onTrack(e) { return e }";
const MEBIBYTE: usize = 1 << 20;

#[track_caller]
fn survives(event: &str) {
    delivers_text(SAME, event, event);
}

#[test]
fn json_text_survives() {
    for event in [
        r#"{"type":"track"}"#,
        r#"{"type":"track","empty":{},"list":[],"text":"","null":null}"#,
        r#"{"z":1,"type":"track","a":2,"m":{"y":1,"b":2}}"#,
        r#"{"type":"track","emoji":"👩‍👩‍👧‍👦 🇩🇪","cjk":"漢字かな","rtl":"שלום مرحبا","e":"é"}"#,
        "{\"type\":\"track\",\"separators\":\"\u{2028}\u{2029}\u{feff}\u{fffd}\u{7f}\u{80}\"}",
        r#"{"type":"track","escapes":"\"\\\b\f\n\r\t\u0000\u001f/"}"#,
        r#"{"type":"track","日本":{"ключ":"Ünïcödé"}}"#,
        r#"{"type":"track","latin":"déjà vu ÿ"}"#,
        r#"{"type":"track","high":"\ud800","low":"\udc00 x","swapped":"\udc00\ud800"}"#,
        r#"{"type":"track","__proto__":{"polluted":true},"constructor":1,"toString":null,"then":5}"#,
        r#"{"type":"track","":"no name"," ":1}"#,
        r#"{"type":"track","n":[0,1,-1,0.1,1e-7,1e+21,5e-324,1.7976931348623157e+308,9007199254740991]}"#,
    ] {
        survives(event);
    }
}

#[test]
fn numbers_are_doubles() {
    for (written, read) in [
        ("9007199254740992", "9007199254740992"),
        ("9007199254740993", "9007199254740992"),
        ("18446744073709551615", "18446744073709552000"),
        ("1e21", "1e+21"),
        ("100000000000000000000", "100000000000000000000"),
        ("-0", "0"),
        ("1.0", "1"),
        ("1E2", "100"),
        ("0.30000000000000004", "0.30000000000000004"),
    ] {
        let event = format!(r#"{{"type":"track","n":{written}}}"#);
        delivers_text(SAME, &event, &format!(r#"{{"type":"track","n":{read}}}"#));
    }
    let source = "function onTrack(e) { return { negative: Object.is(e.n, -0) } }";
    delivers(source, r#"{"type":"track","n":-0}"#, r#"{"negative":true}"#);
}

#[test]
fn a_proto_key_is_a_key_like_any_other() {
    let source = "function onTrack(e) {
          const own = Object.hasOwn(e, '__proto__'), plain = Object.getPrototypeOf(e) === Object.prototype
          return { own, plain, clean: ({}).polluted === undefined && e.polluted === undefined }
        }";
    let event = r#"{"type":"track","__proto__":{"polluted":true}}"#;
    let expected = r#"{"own":true,"plain":true,"clean":true}"#;
    delivers(source, event, expected);
    let reply = Call::of(source).structured(json::to_struct(event)).run();
    assert_eq!(
        json::from_struct(reply.delivered_struct()).to_string(),
        r#"{"clean":true,"own":true,"plain":true}"#
    );
}

#[test]
fn the_last_of_equal_keys_counts() {
    let source = "function onTrack(e) { e.by = 'onTrack'; return e }\nfunction onPage(e) { e.by = 'onPage'; return e }";
    delivers(
        source,
        r#"{"type":"page","a":1,"type":"track","a":2}"#,
        r#"{"type":"track","a":2,"by":"onTrack"}"#,
    );
    delivers(
        source,
        r#"{"\u0074ype":"track"}"#,
        r#"{"type":"track","by":"onTrack"}"#,
    );
    delivers(
        source,
        r#"{"type":"\u0074rack"}"#,
        r#"{"type":"track","by":"onTrack"}"#,
    );
    delivers(
        source,
        r#"{"properties":{"type":"page"},"type":"track"}"#,
        r#"{"properties":{"type":"page"},"type":"track","by":"onTrack"}"#,
    );
    delivers(
        source,
        "\r\n\t {\"type\" : \"track\"} \n",
        r#"{"type":"track","by":"onTrack"}"#,
    );
}

#[test]
fn deep_nesting_survives() {
    const DEPTH: usize = 5_000;
    survives(&format!(
        r#"{{"type":"track","deep":{}{}}}"#,
        "[".repeat(DEPTH),
        "]".repeat(DEPTH)
    ));
    survives(&format!(
        r#"{{"type":"track","deep":{}1{}}}"#,
        r#"{"a":"#.repeat(DEPTH),
        "}".repeat(DEPTH)
    ));
}

#[test]
fn an_event_may_have_a_mebibyte() {
    for filler in ["x", "é", "漢", "👍"] {
        let frame = r#"{"type":"track","text":""}"#;
        let text = filler.repeat((MEBIBYTE - frame.len()) / filler.len());
        survives(&frame.replace(r#""""#, &format!(r#""{text}""#)));
    }
    let text = "x".repeat(MEBIBYTE);
    let reply = Call::of(SAME)
        .event(&format!(r#"{{"type":"track","text":"{text}"}}"#))
        .run();
    let why = reply.rejected("event_json");
    assert!(why.contains("1048576"), "it names the limit: {why}");
    let reply = Call::of(SAME)
        .structured(json::track_with("text", Kind::StringValue(text)))
        .run();
    let why = reply.rejected("event");
    assert!(why.contains("1048576"), "it names the limit: {why}");
}

#[test]
fn a_source_may_have_a_mebibyte() {
    let source = format!("{SAME}\n// {}", "x".repeat(MEBIBYTE - SAME.len() - 4));
    delivers_text(&source, r#"{"type":"track"}"#, r#"{"type":"track"}"#);
    let why = Call::of(&format!("{source}x"))
        .run()
        .rejected("function.source");
    assert!(why.contains("1048576"), "it names the limit: {why}");
}

#[test]
fn structs_survive() {
    for event in [
        r#"{"type":"track"}"#,
        r#"{"type":"track","null":null,"yes":true,"no":false,"text":"漢字 👍 \u2028","empty":{},"list":[]}"#,
        r#"{"type":"track","n":[0,1,-1,0.1,1e-7,1e21,5e-324,1.7976931348623157e308,9007199254740991]}"#,
        r#"{"type":"track","a":{"b":[{"c":[[1],[2,[3]]]}]},"constructor":1,"toString":null}"#,
        r#"{"type":"track","__proto__":{"polluted":true}}"#,
    ] {
        let event = json::to_struct(event);
        let reply = Call::of(SAME).structured(event.clone()).run();
        assert_eq!(reply.delivered_struct().fields(), event.fields(), "{reply}");
    }
}

#[test]
fn a_struct_comes_back_changed() {
    let source = "function onTrack(e) { return { type: e.type.length, big: 2 ** 53, list: [e.n + 1, 'é'] } }";
    let reply = Call::of(source)
        .structured(json::to_struct(r#"{"type":"track","n":0.5}"#))
        .run();
    let expected = json::to_struct(r#"{"type":5,"big":9007199254740992,"list":[1.5,"é"]}"#);
    assert_eq!(
        reply.delivered_struct().fields(),
        expected.fields(),
        "{reply}"
    );
}

#[test]
fn deep_structs_survive_or_are_refused() {
    for depth in [20, 40, 200] {
        let nested = (0..depth).fold(Kind::NumberValue(1.0), |kind, _| {
            Kind::ListValue(ListValue {
                values: vec![ProtoValue { kind: Some(kind) }],
            })
        });
        let event = json::track_with("deep", nested);
        let reply = Call::of(SAME).structured(event.clone()).run();
        match &reply.result {
            Ok(_) => assert!(
                reply.delivered_struct().fields() == event.fields(),
                "depth {depth} comes back as it was"
            ),
            // Protobuf's decoders refuse messages nested deeper than a hundred.
            Err(status) => assert!(depth > 40, "depth {depth}: {status:?}"),
        }
    }
}

#[test]
fn a_struct_too_deep_for_a_decoder_is_an_invalid_result() {
    let source = "function onTrack(e) { for (let i = 0; i < 500; i++) e = { e }; return e }";
    Call::of(source)
        .structured(json::to_struct(r#"{"type":"track"}"#))
        .run()
        .failed(Code::InvalidResult, "");
}

#[test]
fn what_is_no_event_is_refused_by_name() {
    for (event, field) in [
        ("", "event_json"),
        ("{", "event_json"),
        (r#"{"type":"track"} x"#, "event_json"),
        (r#"{"type":"track",}"#, "event_json"),
        (r#"{type:"track"}"#, "event_json"),
        (r#"{"type":"track","n":01}"#, "event_json"),
        (r#"{"type":"track","n":NaN}"#, "event_json"),
        (
            "{\"type\":\"track\",\"text\":\"line\nbreak\"}",
            "event_json",
        ),
        ("{}", "event.type"),
        (r#"{"event":"Signed Up"}"#, "event.type"),
        (r#"{"properties":{"type":"track"}}"#, "event.type"),
        (r#"{"type":5}"#, "event.type"),
        (r#"{"type":null}"#, "event.type"),
        (r#"{"type":["track"]}"#, "event.type"),
        (r#"{"type":"track","type":1}"#, "event.type"),
        ("[]", "event"),
        ("null", "event"),
        ("5", "event"),
        (r#""track""#, "event"),
        (r#"[{"type":"track"}]"#, "event"),
    ] {
        let reply = Call::of(SAME).event(event).run();
        reply.status(StatusCode::InvalidArgument);
        reply.rejected(field);
    }
}

#[test]
fn text_that_is_no_utf8_is_refused() {
    for event in [
        &b"{\"type\":\"track\",\"text\":\"\xff\"}"[..],
        &b"{\"type\":\"track\",\"text\":\"\xed\xa0\x80\"}"[..],
        &b"{\"type\":\"track\",\"text\":\"\xc3\"}"[..],
    ] {
        let call = Call::of(SAME).payload(Some(Payload::EventJson(event.into())));
        call.run().rejected("event_json");
    }
}

#[test]
fn structs_that_are_no_events_are_refused() {
    Call::of(SAME).payload(None).run().rejected("event");
    Call::of(SAME)
        .structured(WireStruct::default())
        .run()
        .rejected("event.type");
    Call::of(SAME)
        .structured(json::to_struct(r#"{"type":7}"#))
        .run()
        .rejected("event.type");
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        Call::of(SAME)
            .structured(json::track_with("total", Kind::NumberValue(number)))
            .run()
            .rejected("event.total");
        let list = ListValue {
            values: vec![ProtoValue {
                kind: Some(Kind::NumberValue(number)),
            }],
        };
        Call::of(SAME)
            .structured(json::track_with("list", Kind::ListValue(list)))
            .run()
            .rejected("event.list");
        let settings = json::track_with("rate", Kind::NumberValue(number));
        Call::of(SAME)
            .change(|request| request.settings = Some(settings))
            .run()
            .rejected("settings.rate");
    }
}

#[test]
fn a_refused_event_harms_no_later_one() {
    let call = Call::of(SAME);
    call.clone().event("{").run().rejected("event_json");
    call.clone().run().delivers(r#"{"type":"track"}"#);
    call.event("[]").run().rejected("event");
    fails(
        "function onTrack(e) { return e.list.map(x => x.y.z) }",
        r#"{"type":"track","list":[{}]}"#,
        Code::BadRequest,
        "reading 'z'",
    );
}
