//! Which handler is called, how a source may define it, and what is wrong with one that can't run.

use crate::check::{Call, Code, Reason, TRACK, assert_at, delivers, fails, filtered};

const DONE: &str = r#"{"done":true}"#;

#[test]
fn each_type_has_its_handler() {
    let types = [
        "identify", "track", "page", "screen", "group", "alias", "delete",
    ];
    let handlers: Vec<String> = types
        .iter()
        .map(|kind| {
            let name = format!("on{}{}", kind[..1].to_uppercase(), &kind[1..]);
            format!("function {name}(e) {{ e.handler = '{name}'; return e }}")
        })
        .collect();
    let call = Call::of(&handlers.join("\n"));
    for kind in types {
        let name = format!("on{}{}", kind[..1].to_uppercase(), &kind[1..]);
        let reply = call.clone().event(&format!(r#"{{"type":"{kind}"}}"#)).run();
        reply.delivers(&format!(r#"{{"type":"{kind}","handler":"{name}"}}"#));
    }
}

#[test]
fn a_types_case_does_not_matter() {
    let source = "function onTrack(e) { return e }";
    delivers(source, r#"{"type":"TRACK"}"#, r#"{"type":"TRACK"}"#);
    delivers(source, r#"{"type":"tRaCk"}"#, r#"{"type":"tRaCk"}"#);
    fails(
        source,
        r#"{"type":" track"}"#,
        Code::UnsupportedEventType,
        "",
    );
}

#[test]
fn handlers_are_found_however_they_are_defined() {
    for source in [
        "function onTrack() { return { done: true } }",
        "async function onTrack() { return { done: true } }",
        "var onTrack = function () { return { done: true } }",
        "let onTrack = () => ({ done: true })",
        "const onTrack = () => ({ done: true })",
        "const onTrack = async () => { await null; return { done: true } }",
        "globalThis.onTrack = () => ({ done: true })",
        "global.onTrack = () => ({ done: true })",
        "onTrack = () => ({ done: true })",
        "const { onTrack } = { onTrack() { return { done: true } } }",
        "function onTrack() { return Promise.resolve({ done: true }) }",
        "function onTrack() { return { then(resolve) { resolve({ done: true }) } } }",
        "function onTrack() { return new Promise(resolve => setTimeout(resolve, 1, { done: true })) }",
        "var onTrack = function () { return this.result }.bind({ result: { done: true } })",
        "const onTrack = new Proxy(() => ({ done: true }), {})",
        "#!/usr/bin/env node\nfunction onTrack() { return { done: true } }",
        "'use strict'\nfunction onTrack() { return { done: true } }",
        "\u{feff}function onTrack() { return { done: true } }",
        "function onTrack() { return { done: true } } // the end",
        "function onTrack() { return { done: true } } <!-- sloppy",
        "with ({ done: true }) { var onTrack = () => ({ done }) }",
        "/* export default */ const text = 'export function onPage() {}'; function onTrack() { return { done: true } }",
    ] {
        delivers(source, TRACK, DONE);
    }
}

#[test]
fn modules_export_their_handlers() {
    for source in [
        "export function onTrack() { return { done: true } }",
        "export async function onTrack() { return { done: true } }",
        "export const onTrack = () => ({ done: true })",
        "function handle() { return { done: true } }\nexport { handle as onTrack }",
        "export default { onTrack() { return { done: true } } }",
        "const handlers = { async onTrack() { return { done: true } } }\nexport { handlers as default }",
        "export function onPage() {}\nexport default { onTrack() { return { done: true } } }",
        "export default { onPage() {} }\nexport function onTrack() { return { done: true } }",
        "const strict = (function () { return this === undefined })()\nexport const onTrack = () => ({ done: strict })",
    ] {
        delivers(source, TRACK, DONE);
    }
}

#[test]
fn an_import_that_is_not_bundled_is_named() {
    for name in [
        "left-pad",
        "./other.js",
        "fs",
        "node:fs",
        "https://example.com/a.js",
    ] {
        let source =
            format!("import thing from '{name}'\nexport function onTrack(e) {{ return e }}");
        fails(&source, TRACK, Code::InvalidFunction, name);
    }
}

#[test]
fn what_require_finds_may_be_imported() {
    let source = "import path, { join as joined } from 'node:path'
        import * as crypto from 'crypto'
        import { EventEmitter } from 'events'
        export const onTrack = () => ({ same: path.join === joined, joined: joined('/a', '../b'), hash: crypto.createHash('md5').update('').digest('hex'),
          default: crypto.default.createHash === crypto.createHash, emitter: typeof new EventEmitter().on })";
    delivers(
        source,
        TRACK,
        r#"{"same":true,"joined":"/b","hash":"d41d8cd98f00b204e9800998ecf8427e","default":true,"emitter":"function"}"#,
    );
    let error = fails(
        "export const onTrack = 1\nimport { nothing } from 'path'",
        TRACK,
        Code::InvalidFunction,
        "does not provide an export named 'nothing'",
    );
    assert_at(&error, 2, 10);
    let error = fails(
        "import _ from 'lodash'\nexport const onTrack = _.noop",
        TRACK,
        Code::InvalidFunction,
        "lodash is not installed here: start penstock with --libraries DIRECTORY",
    );
    assert_at(&error, 1, 15);
}

#[test]
fn an_error_in_a_module_has_its_place() {
    let source = "export async function onTrack() {\n  await null\n    throw new Error('here')\n}";
    assert_at(&fails(source, TRACK, Code::BadRequest, "here"), 3, 11);
}

#[test]
fn settings_are_the_second_argument() {
    let source = "function onTrack(e, settings) { return { settings } }";
    let settings = r#"{"key":"k","on":true,"n":1.5,"list":["a","b"],"map":{"x":"y"},"none":null}"#;
    let reply = Call::of(source).settings(settings).run();
    reply.delivers(&format!(r#"{{"settings":{settings}}}"#));
    delivers(source, TRACK, r#"{"settings":{}}"#);
    Call::of(source)
        .settings(r#"{"__proto__":{"x":1},"constructor":2}"#)
        .run()
        .delivers(r#"{"settings":{"__proto__":{"x":1},"constructor":2}}"#);
}

#[test]
fn what_does_not_compile_is_named_with_its_place() {
    for (source, message, line, column) in [
        (
            "function onTrack(e) {\n  return e e\n}",
            "Unexpected identifier",
            2,
            12,
        ),
        (
            "function onTrack(e) {\n  return e\n",
            "Unexpected end of input",
            3,
            1,
        ),
        ("const a = 1\nlet a = 2", "already been declared", 2, 5),
        (
            "function onTrack(e) {\n  return (",
            "Unexpected end of input",
            2,
            11,
        ),
        (
            "function onTrack(e) { return '",
            "Invalid or unexpected token",
            1,
            30,
        ),
        (
            "let onTrack = async e => {\n\n    await = 1 }",
            "Unexpected token",
            3,
            11,
        ),
        (
            "export function onTrack(e) {\n  return e e\n}",
            "Unexpected identifier",
            2,
            12,
        ),
    ] {
        let error = fails(source, TRACK, Code::InvalidFunction, message);
        assert_eq!(error.name, "SyntaxError", "{error:#?}");
        assert_at(&error, line, column);
    }
}

#[test]
fn what_throws_at_top_level_is_an_invalid_function() {
    let source = "let a = 1\n  throw new TypeError('at the top')\nfunction onTrack(e) { return e }";
    let error = fails(source, TRACK, Code::InvalidFunction, "at the top");
    assert_eq!(error.name, "TypeError", "{error:#?}");
    assert_at(&error, 2, 9);
    let source = "function onTrack(e) { return e }\nmissing.thing()";
    let error = fails(
        source,
        TRACK,
        Code::InvalidFunction,
        "missing is not defined",
    );
    assert_at(&error, 2, 1);
    let source = "export function onTrack(e) { return e }\n throw new Error('in a module')";
    let error = fails(source, TRACK, Code::InvalidFunction, "in a module");
    assert_at(&error, 2, 8);
    // What is thrown that is no Error has no stack of its own.
    let source = "function onTrack(e) { return e }\n  throw null";
    assert_at(&fails(source, TRACK, Code::InvalidFunction, "null"), 2, 3);
    let source = "\n\nthrow { odd: 1 }";
    assert_at(&fails(source, TRACK, Code::InvalidFunction, "odd: 1"), 3, 1);
    let source = "export function onTrack(e) { return e }\n  throw 'odd'";
    fails(source, TRACK, Code::InvalidFunction, "odd");
    // The platform's own errors mean an event's end only inside a handler.
    fails(
        "function onTrack(e) { return e }\nthrow new RetryError('no')",
        TRACK,
        Code::InvalidFunction,
        "no",
    );
}

#[test]
fn a_source_without_handlers_is_an_invalid_function() {
    for source in [
        "const answer = 42",
        "// nothing here",
        " ",
        "var onTrack = 5",
        "function ontrack() {}",
        "class Handlers { static onTrack(e) { return e } }",
        "{ let onTrack = e => e }",
        "export const answer = 42",
        "export default 42",
        "module.exports = {}",
    ] {
        let reply = Call::of(source).run();
        reply.failed(Code::InvalidFunction, "");
    }
    fails("const answer = 42", TRACK, Code::InvalidFunction, "onTrack");
}

#[test]
fn a_broken_function_stays_broken_and_logs_why() {
    let call = Call::of("console.log('loading')\nthrow new Error('broken')");
    for attempt in 1..=3 {
        let reply = call.clone().run();
        reply.failed(Code::InvalidFunction, "broken");
        assert!(
            reply.logs().iter().any(|line| line == "loading"),
            "attempt {attempt}\n{reply}"
        );
    }
}

#[test]
fn the_last_definition_counts() {
    let source =
        "function onTrack(e) { return e }\nfunction onTrack(e) { return { second: true } }";
    delivers(source, TRACK, r#"{"second":true}"#);
    let source = "function onTrack(e) { return e }\nonTrack = e => ({ second: true })";
    delivers(source, TRACK, r#"{"second":true}"#);
}

#[test]
fn a_thenable_is_awaited() {
    filtered(
        "function onTrack() { return { then(resolve) { resolve() } } }",
        TRACK,
        Reason::NoReturn,
        "",
    );
    let source =
        "function onTrack() { return { then(_, reject) { reject(new RetryError('later')) } } }";
    fails(source, TRACK, Code::Retry, "later");
    let source = "function onTrack() { return { get then() { throw new Error('no then') } } }";
    fails(source, TRACK, Code::BadRequest, "no then");
}

#[test]
fn a_missing_handler_is_told_with_what_is_there_in_its_stead() {
    #[track_caller]
    fn check(source: &str, told: &str) {
        fails(source, TRACK, Code::UnsupportedEventType, told);
    }
    let begins = "no onTrack for event.type \"track\"; this function defines onPage";
    let page = "function onPage(e) { return e }";
    check(page, begins);
    for (source, slip) in [
        ("function onTrak() {}", "onTrak: did you mean onTrack?"),
        ("const ontrack = () => {}", "ontrack: did you mean onTrack?"),
        (
            "let onTracks = 5",
            "onTracks, of type number: did you mean onTrack?",
        ),
        (
            "const onTrack = {}",
            "onTrack, which is of type object, not a function",
        ),
    ] {
        check(
            &format!("{page}\n{source}"),
            &format!("{begins}, and {slip}"),
        );
    }
    for module in [
        "export const onPage = e => e\nexport function onTrak() {}",
        "export default { onPage: e => e, onTrak() {} }",
    ] {
        check(
            module,
            &format!("{begins}, and onTrak: did you mean onTrack?"),
        );
    }
    for other in [
        "// onTrak",
        "const text = 'onTrak'",
        "function onIdentfy() {}",
    ] {
        let error = fails(
            &format!("{page}\n{other}"),
            TRACK,
            Code::UnsupportedEventType,
            begins,
        );
        assert!(
            error.message.ends_with("defines onPage"),
            "{}",
            error.message
        );
    }
}
