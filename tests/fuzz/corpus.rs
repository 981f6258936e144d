//! Valid inputs to start from, made anew for every round: frames, requests and events.

use bytes::{Bytes, BytesMut};
use penstock::{
    api::{FunctionRef, InvokeRequest, Limits, invoke_request::Payload},
    wire::{
        Cancel, CancelFetch, CellFrame, Configure, Demoted, Fetch, Finished, Forget, FrameCodec,
        FrontFrame, Load, Ready, Start, ToCell, ToFront, Unfit, WireCacheUse, WireDescription,
        WireFiltered, WireFunctionError, WireHeader, WireLimit, WireLogLine, WireOutcome,
        WireResult, WireSourceWarning, WireStackFrame, WireUsage, WireViolation,
    },
};
use prost_types::{Duration, ListValue, Struct, Value, value::Kind};
use tokio_util::codec::Encoder;

use crate::targets::random::Random;

const NUMBERS: [u64; 8] = [0, 1, 2, 127, 128, 1 << 32, u64::MAX >> 1, u64::MAX];

const SECONDS: [i64; 7] = [0, 1, 5, -1, 315_576_000_001, i64::MAX, i64::MIN];

const NANOS: [i32; 7] = [0, 1, 999_999_999, 1_000_000_000, -1, i32::MAX, i32::MIN];

const DOUBLES: [f64; 10] = [
    0.0,
    -0.0,
    1.0,
    -2.5,
    9_007_199_254_740_993.0,
    5e-324,
    f64::MAX,
    0.1,
    f64::INFINITY,
    f64::NAN,
];

const TEXTS: [&str; 12] = [
    "",
    "type",
    "track",
    "a",
    "identify",
    "__proto__",
    "\u{0}\n\u{7f}",
    "é😀\u{2028}\u{fffd}",
    "\"\\/",
    "x.y[0]",
    ".hidden",
    "toJSON",
];

/// JSON pieces; also what mutations of events insert.
pub const JSON_WORDS: [&[u8]; 22] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b" \t\r\n",
    b"\"type\":",
    b"\"type\":\"track\"",
    b"\"t\\u0079pe\":\"page\"",
    b"\"\\ud83d\\ude00\"",
    b"\\ud800",
    b"\\udc00",
    b"\\u00e9",
    b"1e999",
    b"-0.0",
    b"01",
    b"1E+2",
    b"null",
    b"true",
    b"9007199254740993",
    b"\xef\xbb\xbf",
];

fn number(random: &mut Random) -> u64 {
    random.pick(&NUMBERS)
}

fn small(random: &mut Random) -> u32 {
    random.below(12) as u32
}

fn text(random: &mut Random) -> String {
    random.pick(&TEXTS).to_owned()
}

fn some<T>(random: &mut Random, make: impl Fn(&mut Random) -> T) -> Vec<T> {
    (0..random.below(4)).map(|_| make(random)).collect()
}

/// The byte for the split, then frames of either direction.
pub fn frames(random: &mut Random) -> Vec<u8> {
    let mut stream = BytesMut::from(&[random.below(256) as u8][..]);
    let to_front = random.one_in(2);
    for _ in 0..=random.below(3) {
        let written = if to_front {
            FrameCodec::<ToFront, ToCell>::default().encode(frame_to_front(random), &mut stream)
        } else {
            FrameCodec::<ToCell, ToFront>::default().encode(frame_to_cell(random), &mut stream)
        };
        written.expect("small frames can be written");
    }
    stream.to_vec()
}

fn frame_to_cell(random: &mut Random) -> ToCell {
    let frame = match random.below(5) {
        0 => CellFrame::Configure(Configure {
            threads: small(random),
            max_isolates: small(random),
            heap_bytes: number(random),
            ..Configure::default()
        }),
        1 => CellFrame::Load(Load {
            handle: number(random),
            function_id: text(random),
            version: text(random),
            source: text(random).into(),
            file_name: text(random),
        }),
        2 => CellFrame::Forget(Forget {
            handle: number(random),
        }),
        3 => CellFrame::Start(Start {
            invocation: number(random),
            handle: number(random),
            instance_id: text(random),
            input: event(random).into(),
            batch_events: random.one_in(2).then(|| small(random)),
            wall_nanos: number(random),
            ..Start::default()
        }),
        _ => CellFrame::Cancel(Cancel {
            invocation: number(random),
        }),
    };
    frame.into()
}

fn frame_to_front(random: &mut Random) -> ToFront {
    match random.below(12) {
        0 => FrontFrame::Ready(Ready {
            v8_version: text(random),
            not_locked_down: text(random),
        }),
        2 => FrontFrame::Fetch(Box::new(Fetch {
            invocation: number(random),
            id: number(random),
            method: text(random),
            url: text(random),
            headers: some(random, |random| WireHeader {
                name: text(random),
                value: text(random),
            }),
            body: text(random).into(),
            redirect: i32::try_from(random.below(5)).unwrap_or(0),
            timeout_millis: number(random),
            ..Fetch::default()
        })),
        3 => FrontFrame::CancelFetch(CancelFetch {
            invocation: number(random),
            id: number(random),
        }),
        4 => FrontFrame::CacheUse(WireCacheUse {
            hits: number(random),
            bytes: number(random),
            ..WireCacheUse::default()
        }),
        5 => FrontFrame::Demoted(Demoted {
            at_work: random.one_in(2),
        }),
        1 => FrontFrame::Unfit(Unfit {
            handle: random.one_in(2).then(|| number(random)),
            reason: text(random),
            // One more than there are, so that unknown ones come too.
            cause: i32::try_from(random.below(4)).unwrap_or_default(),
        }),
        _ => FrontFrame::Finished(Box::new(finished(random))),
    }
    .into()
}

fn finished(random: &mut Random) -> Finished {
    Finished {
        invocation: number(random),
        results: some(random, |random| WireResult {
            outcome: (!random.one_in(8)).then(|| wire_outcome(random)),
        }),
        logs: some(random, |random| WireLogLine {
            unix_nanos: number(random),
            level: random.below(6) as u32,
            message: text(random),
            event: random.one_in(3).then(|| random.below(3) as u32),
        }),
        usage: WireUsage {
            wall_nanos: number(random),
            cpu_nanos: number(random),
            cold_start: random.one_in(2),
            ..WireUsage::default()
        },
    }
}

fn wire_outcome(random: &mut Random) -> WireOutcome {
    match random.below(4) {
        0 => WireOutcome::Delivered(event(random).into()),
        2 => WireOutcome::Described(Box::new(wire_description(random))),
        1 => WireOutcome::Filtered(WireFiltered {
            reason: random.below(4) as u32,
            message: text(random),
        }),
        _ => WireOutcome::Failed(Box::new(wire_error(random))),
    }
}

fn wire_description(random: &mut Random) -> WireDescription {
    let fault = random.one_in(2).then(|| Box::new(wire_error(random)));
    WireDescription {
        kind: random.below(3) as u32,
        // One more than there are, in any order.
        handlers: some(random, |random| random.below(9) as u32),
        fault,
        warnings: some(random, |random| WireSourceWarning {
            message: text(random),
            line: random.below(3) as u32,
            column: number(random) as u32,
        }),
    }
}

fn wire_error(random: &mut Random) -> WireFunctionError {
    WireFunctionError {
        code: small(random),
        name: text(random),
        message: text(random),
        stack: text(random),
        frames: some(random, |random| WireStackFrame {
            function: text(random),
            file: text(random),
            line: small(random),
            column: number(random) as u32,
        }),
        retry_after_nanos: random.one_in(2).then(|| number(random)),
        limit: random.one_in(2).then(|| WireLimit {
            kind: random.below(4) as u32,
            value: number(random),
        }),
        violations: some(random, |random| WireViolation {
            field: text(random),
            description: text(random),
        }),
    }
}

pub fn request(random: &mut Random) -> InvokeRequest {
    let function = FunctionRef {
        function_id: "f".to_owned() + if random.one_in(4) { "/ä" } else { "" },
        version: if random.one_in(8) {
            text(random)
        } else {
            "1".to_owned()
        },
        instance_id: if random.one_in(8) {
            text(random)
        } else {
            String::new()
        },
        source: text(random),
        source_sha256: match random.below(8) {
            0 => text(random),
            1 => "0aF5".repeat(16),
            _ => String::new(),
        },
        language: [0, 1, 2, 3][random.below(4)],
    };
    let limits = Limits {
        wall_time: random.one_in(2).then(|| Duration {
            seconds: random.pick(&SECONDS),
            nanos: random.pick(&NANOS),
        }),
        result_bytes: number(random),
        log_bytes: number(random),
        ..Limits::default()
    };
    let payload = match random.below(8) {
        0 => None,
        1..=3 => Some(Payload::EventJson(Bytes::from(event(random)))),
        _ => Some(Payload::Event(structured_event(random).into())),
    };
    InvokeRequest {
        function: Some(function),
        payload,
        settings: random.one_in(2).then(|| structure(random, 3).into()),
        limits: random.one_in(2).then_some(limits),
        capture: random.one_in(2),
        ..InvokeRequest::default()
    }
}

fn structured_event(random: &mut Random) -> Struct {
    // Around 45 nested objects are what a message may hold.
    let deepest = if random.one_in(4) { 60 } else { 3 };
    let mut event = structure(random, deepest);
    if !random.one_in(8) {
        let name = Some(Kind::StringValue(text(random)));
        event.fields.insert("type".to_owned(), Value { kind: name });
    }
    event
}

fn structure(random: &mut Random, depth: usize) -> Struct {
    let count = if depth > 3 { 1 } else { random.below(4) };
    let fields = (0..count).map(|_| (text(random), value(random, depth.saturating_sub(1))));
    Struct {
        fields: fields.collect(),
    }
}

fn value(random: &mut Random, depth: usize) -> Value {
    let leaf = depth == 0;
    // A deep one goes on until it is spent or, now and then, ends early.
    let kind = match random.below(if depth > 3 { 40 } else { 16 }) {
        0 if random.one_in(4) => return Value { kind: None },
        0..=2 => Kind::NullValue(random.pick(&NANOS)),
        3 => Kind::BoolValue(random.one_in(2)),
        4 => Kind::NumberValue(random.pick(&DOUBLES)),
        5 => Kind::NumberValue(f64::from_bits(random.number())),
        6..=9 => Kind::StringValue(text(random)),
        _ if leaf => Kind::NumberValue(1.0),
        number if number % 2 == 0 => Kind::ListValue(ListValue {
            values: (0..=random.below(if depth > 3 { 1 } else { 3 }))
                .map(|_| value(random, depth - 1))
                .collect(),
        }),
        _ => Kind::StructValue(structure(random, depth)),
    };
    Value { kind: Some(kind) }
}

/// Mostly a JSON object with a type.
pub fn event(random: &mut Random) -> Vec<u8> {
    let mut json = Vec::new();
    if random.one_in(8) {
        json.extend_from_slice(b" ");
    }
    if random.one_in(8) {
        write_json(random, 4, &mut json);
        return json;
    }
    json.extend_from_slice(b"{\"type\":");
    if random.one_in(8) {
        write_json(random, 2, &mut json);
    } else {
        write_text(random, &mut json);
    }
    for _ in 0..random.below(4) {
        json.push(b',');
        write_text(random, &mut json);
        json.push(b':');
        write_json(random, 4, &mut json);
    }
    json.push(b'}');
    json
}

fn write_json(random: &mut Random, depth: usize, json: &mut Vec<u8>) {
    const ATOMS: [&[u8]; 11] = [
        b"null",
        b"true",
        b"false",
        b"0",
        b"-0",
        b"1.50",
        b"1e300",
        b"1E-7",
        b"[]",
        b"{}",
        b"123456789012345678901234567890",
    ];
    match random.below(if depth == 0 { 2 } else { 5 }) {
        0 => json.extend_from_slice(random.pick(&ATOMS)),
        1 => write_text(random, json),
        kind => {
            let is_array = kind % 2 == 0;
            json.push(if is_array { b'[' } else { b'{' });
            for place in 0..random.below(4) {
                if place > 0 {
                    json.extend_from_slice(b", ");
                }
                if !is_array {
                    write_text(random, json);
                    json.push(b':');
                }
                write_json(random, depth - 1, json);
            }
            json.push(if is_array { b']' } else { b'}' });
        }
    }
}

fn write_text(random: &mut Random, json: &mut Vec<u8>) {
    const ESCAPED: [&str; 6] = [
        r#""t\u0079pe""#,
        r#""\ud83d\ude00""#,
        r#""\n\/\b""#,
        r#""\ud800""#,
        r#""\\ud800""#,
        r#""\udc00\ud800x""#,
    ];
    if random.one_in(3) {
        json.extend_from_slice(random.pick(&ESCAPED).as_bytes());
    } else {
        let text = serde_json::to_string(random.pick(&TEXTS)).expect("a text is JSON");
        json.extend_from_slice(text.as_bytes());
    }
}
