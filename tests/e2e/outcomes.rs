//! What a handler's end means: one case per way to end.

use std::time::Duration;

use penstock::api::invoke_response::Outcome;

use crate::check::{Call, Code, Reason, TRACK, assert_at, delivers, fails, filtered, fresh_id};

const SHORT: Duration = Duration::from_millis(200);

#[test]
fn an_object_goes_on() {
    delivers(
        "function onTrack(e) { e.added = 1; return e }",
        TRACK,
        r#"{"type":"track","added":1}"#,
    );
    delivers(
        "function onTrack(e) { delete e.a; return e }",
        r#"{"type":"track","a":1}"#,
        TRACK,
    );
    delivers(
        "function onTrack() { return { other: [true, null] } }",
        TRACK,
        r#"{"other":[true,null]}"#,
    );
    delivers(
        "function onTrack(e) { return { ...e, type: 'page' } }",
        TRACK,
        r#"{"type":"page"}"#,
    );
    delivers("function onTrack() { return {} }", TRACK, "{}");
    delivers(
        "function onTrack() { return { a: undefined, b: Symbol('s'), c() {} } }",
        TRACK,
        "{}",
    );
    delivers(
        "function onTrack() { return Object.create(null, { a: { value: 1, enumerable: true } }) }",
        TRACK,
        r#"{"a":1}"#,
    );
    delivers(
        "function onTrack() { return { toJSON() { return { made: true } } } }",
        TRACK,
        r#"{"made":true}"#,
    );
    delivers(
        "function onTrack(e) { return Object.freeze(e) }",
        TRACK,
        TRACK,
    );
}

#[test]
fn nothing_returned_filters() {
    for source in [
        "function onTrack() {}",
        "async function onTrack() {}",
        "function onTrack() { return null }",
        "function onTrack() { return undefined }",
        "function onTrack() { return Promise.resolve(null) }",
    ] {
        filtered(source, TRACK, Reason::NoReturn, "");
    }
}

#[test]
fn drop_event_filters_with_its_message() {
    filtered(
        "function onTrack() { throw new DropEvent('not for us') }",
        TRACK,
        Reason::DropEvent,
        "not for us",
    );
    filtered(
        "async function onTrack() { throw new DropEvent('später') }",
        TRACK,
        Reason::DropEvent,
        "später",
    );
    filtered(
        "function onTrack() { throw new DropEvent() }",
        TRACK,
        Reason::DropEvent,
        "",
    );
}

#[test]
fn a_type_without_a_handler_is_unsupported() {
    let source = "function onTrack(e) { return e }\nconst onPage = onTrack";
    let error = fails(
        source,
        r#"{"type":"group"}"#,
        Code::UnsupportedEventType,
        "onGroup",
    );
    for defined in ["onTrack", "onPage"] {
        assert!(
            error.message.contains(defined),
            "it names what is defined: {error:#?}"
        );
    }
    fails(
        source,
        r#"{"type":"purchase"}"#,
        Code::UnsupportedEventType,
        "purchase",
    );
    fails(
        source,
        r#"{"type":"batch"}"#,
        Code::UnsupportedEventType,
        "",
    );
    fails(
        source,
        r#"{"type":"__proto__"}"#,
        Code::UnsupportedEventType,
        "__proto__",
    );
}

#[test]
fn the_platforms_errors_have_their_codes() {
    for (class, code) in [
        ("EventNotSupported", Code::UnsupportedEventType),
        ("InvalidEventPayload", Code::MessageRejected),
        ("ValidationError", Code::MessageRejected),
        ("RetryError", Code::Retry),
    ] {
        let source = format!("function onTrack() {{\n  throw new {class}('said so')\n}}");
        let error = fails(&source, TRACK, code, "said so");
        assert_eq!(error.name, class, "{error:#?}");
        assert_eq!(error.retry_after, None, "{error:#?}");
        assert_at(&error, 2, 9);
        let source =
            format!("async function onTrack() {{ await null; throw new {class}('said so') }}");
        fails(&source, TRACK, code, "said so");
        let source =
            format!("function onTrack() {{ return Promise.reject(new {class}('said so')) }}");
        fails(&source, TRACK, code, "said so");
    }
}

#[test]
fn the_platforms_errors_are_errors() {
    let source = "const classes = { EventNotSupported, InvalidEventPayload, ValidationError, RetryError, DropEvent }
        function onTrack(e) {
          for (const [name, Class] of Object.entries(classes)) {
            const error = new Class('m')
            e[name] = error instanceof Error && error instanceof Class && error.name === name && error.message === 'm'
              && String(error) === `${name}: m` && globalThis[name] === Class
          }
          return e
        }";
    let expected = r#"{"type":"track","EventNotSupported":true,"InvalidEventPayload":true,"ValidationError":true,
        "RetryError":true,"DropEvent":true}"#;
    delivers(source, TRACK, expected);
}

#[test]
fn a_retry_error_may_set_the_delay() {
    let source = "function onTrack() { throw new RetryError('busy', { retryAfter: 1500 }) }";
    let error = fails(source, TRACK, Code::Retry, "busy");
    let delay = error.retry_after.map(|delay| (delay.seconds, delay.nanos));
    assert_eq!(delay, Some((1, 500_000_000)), "{error:#?}");
    for options in [
        "{}",
        "null",
        "{ retryAfter: 'soon' }",
        "{ retryAfter: -1 }",
        "{ retryAfter: NaN }",
    ] {
        let source = format!("function onTrack() {{ throw new RetryError('busy', {options}) }}");
        assert_eq!(
            fails(&source, TRACK, Code::Retry, "busy").retry_after,
            None,
            "for {options}"
        );
    }
}

#[test]
fn an_error_that_crossed_a_library_counts_by_its_name() {
    let source = "class Foreign extends Error { constructor(message) { super(message); this.name = 'RetryError' } }
        function onTrack() { throw new Foreign('from afar') }";
    fails(source, TRACK, Code::Retry, "from afar");
    let source =
        "function onTrack() { throw Object.assign(new Error('from afar'), { name: 'DropEvent' }) }";
    filtered(source, TRACK, Reason::DropEvent, "from afar");
}

#[test]
fn a_subclass_counts_as_its_parent() {
    let source = "class Throttled extends RetryError {}
        function onTrack() { throw new Throttled('slow down', { retryAfter: 10 }) }";
    let error = fails(source, TRACK, Code::Retry, "slow down");
    assert_eq!(error.name, "Throttled", "{error:#?}");
    assert!(error.retry_after.is_some(), "{error:#?}");
}

#[test]
fn overwritten_globals_deceive_nobody() {
    let source = "const Original = RetryError
        globalThis.RetryError = class Impostor {}
        function onTrack() { throw new Original('still a retry') }";
    fails(source, TRACK, Code::Retry, "still a retry");
    let source = "globalThis.RetryError = Error
        function onTrack() { throw new RetryError('plain') }";
    fails(source, TRACK, Code::BadRequest, "plain");
    let source = "Object.prototype.retryAfter = 5; Error.prototype.code = 'x'; Promise = Object = JSON = Error = null
        function onTrack(e) { return e }";
    delivers(source, TRACK, TRACK);
    let source = "JSON.parse = JSON.stringify = Promise.prototype.then = Array.prototype.push = () => { throw 1 }
        Array.prototype[Symbol.iterator] = null
        async function onTrack(e) { return e }";
    delivers(source, TRACK, TRACK);
}

#[test]
fn anything_else_thrown_is_a_bad_request() {
    let error = fails(
        "function onTrack() {\n  throw new Error('plain')\n}",
        TRACK,
        Code::BadRequest,
        "plain",
    );
    assert_eq!(error.name, "Error", "{error:#?}");
    assert_at(&error, 2, 9);
    let source =
        "function onTrack(e) {\n  return inner(e)\n}\nfunction inner(e) {\n  return e.a.b\n}";
    let error = fails(
        source,
        TRACK,
        Code::BadRequest,
        "Cannot read properties of undefined (reading 'b')",
    );
    assert_eq!(error.name, "TypeError", "{error:#?}");
    assert_at(&error, 5, 14);
    let places: Vec<_> = error
        .frames
        .iter()
        .map(|frame| (frame.function.as_str(), frame.line))
        .collect();
    assert_eq!(places, [("inner", 5), ("onTrack", 2)], "{error:#?}");
    let source = "class PaymentError extends Error {}\nasync function onTrack() {\n  await null\n  throw new PaymentError('declined')\n}";
    let error = fails(source, TRACK, Code::BadRequest, "declined");
    assert_eq!(error.name, "PaymentError", "{error:#?}");
    assert_at(&error, 4, 9);
}

#[test]
fn things_that_are_no_errors_may_be_thrown() {
    for (thrown, message) in [
        ("'just text'", "just text"),
        ("null", "null"),
        ("undefined", "undefined"),
        ("42", "42"),
        ("10n", "10"),
        ("Symbol('mark')", "mark"),
        ("{ reason: 'by object' }", "by object"),
        ("{ message: 'by message' }", "by message"),
        ("Object.create(null)", ""),
        ("() => 1", ""),
        ("{ get message() { throw new Error('trap') } }", ""),
        (
            "new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } })",
            "",
        ),
        (
            "Object.assign(new Error('odd'), { stack: 5, name: {} })",
            "odd",
        ),
        (
            "Object.assign(new Error('x'), { message: { toString() { throw 1 } } })",
            "",
        ),
    ] {
        fails(
            &format!("function onTrack() {{ throw {thrown} }}"),
            TRACK,
            Code::BadRequest,
            message,
        );
        fails(
            &format!("async function onTrack() {{ throw {thrown} }}"),
            TRACK,
            Code::BadRequest,
            message,
        );
    }
}

#[test]
fn no_json_object_is_an_invalid_result() {
    for result in [
        "'text'",
        "42",
        "NaN",
        "true",
        "false",
        "[e]",
        "() => e",
        "10n",
        "Symbol('s')",
        "new Date(0)",
        "{ toJSON() { return 'text' } }",
        "Promise.resolve('text')",
    ] {
        let error = fails(
            &format!("function onTrack(e) {{ return {result} }}"),
            TRACK,
            Code::InvalidResult,
            "",
        );
        assert!(!error.message.is_empty(), "for {result}: {error:#?}");
    }
}

#[test]
fn what_json_cannot_hold_is_found_by_its_path() {
    for (body, place) in [
        ("return { properties: { total: 10n } }", "properties.total"),
        (
            "e.properties = { items: [1, { price: 2n }] }; return e",
            "price",
        ),
        (
            "e.properties = {}; e.properties.self = e; return e",
            "properties.self",
        ),
        ("const list = []; list.push(list); return { list }", "list"),
    ] {
        let error = fails(
            &format!("function onTrack(e) {{ {body} }}"),
            TRACK,
            Code::InvalidResult,
            "",
        );
        let found = error
            .violations
            .iter()
            .any(|violation| violation.field.contains(place));
        assert!(found, "a violation at {place}: {error:#?}");
    }
}

#[test]
fn time_over_is_a_timeout() {
    for source in [
        "function onTrack() { while (true) {} }",
        "async function onTrack() { await null; for (;;) {} }",
        "function onTrack() { return new Promise(() => {}) }",
        "async function onTrack(e) { await new Promise(resolve => setTimeout(resolve, 30_000)); return e }",
        "async function onTrack() { for (;;) await null }",
        "function onTrack() { return { get endless() { for (;;) {} } } }",
        "function onTrack() { return { toJSON() { for (;;) {} } } }",
        "function onTrack() { try { for (;;) {} } catch {} finally { return {} } }",
        "async function onTrack(e) { for (;;) await new Promise(resolve => setImmediate(resolve)) }",
    ] {
        let error = Call::of(source).wall(SHORT).run().failed(Code::Timeout, "");
        let limit = error
            .limit
            .as_ref()
            .unwrap_or_else(|| panic!("for {source}: {error:#?}"));
        let found = (
            limit.name.as_str(),
            limit.value,
            limit.unit.as_str(),
            limit.knob.as_str(),
        );
        assert_eq!(
            found,
            ("wall_time", 200, "ms", "--wall-time-ms"),
            "for {source}"
        );
        assert!(error.message.contains("200"), "for {source}: {error:#?}");
    }
}

#[test]
fn a_trap_in_what_is_thrown_ends() {
    for thrown in [
        "{ get message() { for (;;) {} } }",
        "{ get name() { for (;;) {} } }",
        "{ toString() { for (;;) {} } }",
    ] {
        let reply = Call::of(&format!("function onTrack() {{ throw {thrown} }}"))
            .wall(SHORT)
            .run();
        let Outcome::Error(error) = reply.outcome() else {
            panic!("no error\n{reply}")
        };
        assert!(
            matches!(error.code(), Code::BadRequest | Code::Timeout),
            "{reply}"
        );
    }
}

#[test]
fn a_spin_at_top_level_ends() {
    let id = fresh_id();
    for attempt in ["first", "second"] {
        let call = Call::of("while (true) {}\nfunction onTrack(e) { return e }").id(&id);
        let reply = call.run();
        let Outcome::Error(error) = reply.outcome() else {
            panic!("the {attempt} call did not fail\n{reply}")
        };
        assert!(
            matches!(error.code(), Code::InvalidFunction | Code::Timeout),
            "{reply}"
        );
        assert!(error.limit.is_some(), "it names the limit\n{reply}");
    }
}

#[test]
fn a_result_may_be_too_large() {
    let source = "function onTrack(e) { e.text = 'x'.repeat(e.length); return e }";
    let reply = Call::of(source)
        .event(r#"{"type":"track","length":1048576}"#)
        .run();
    let error = reply.failed(Code::ResultTooLarge, "");
    let limit = error.limit.unwrap_or_else(|| panic!("no limit\n{reply}"));
    assert_eq!(
        (limit.value, limit.unit.as_str()),
        (1_048_576, "bytes"),
        "{reply}"
    );
    let call = Call::of(source).limits(|limits| limits.result_bytes = 500);
    call.clone()
        .event(r#"{"type":"track","length":100}"#)
        .run()
        .delivered();
    let reply = call.event(r#"{"type":"track","length":600}"#).run();
    let error = reply.failed(Code::ResultTooLarge, "500");
    assert_eq!(error.limit.map(|limit| limit.value), Some(500), "{reply}");
}

#[test]
fn endless_recursion_is_an_ordinary_error() {
    let source = "function onTrack(e) { return onTrack(e) }";
    let error = fails(source, TRACK, Code::BadRequest, "call stack");
    assert_eq!(error.name, "RangeError", "{error:#?}");
    fails(
        "function onTrack() { eval('('.repeat(1e6)) }",
        TRACK,
        Code::BadRequest,
        "",
    );
}
