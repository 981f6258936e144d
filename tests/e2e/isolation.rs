//! Who shares what: functions, versions and instances, and how each is named.

use tonic::Code as StatusCode;

use crate::check::{Call, Code, fresh_id};
use crate::service::{Service, block_on};

const COUNTER: &str = "let count = 0
function onTrack(e) { globalThis.seen = (globalThis.seen ?? 0) + 1; return { count: ++count, seen: globalThis.seen } }";

#[test]
fn instances_never_see_each_others_globals() {
    let source = "let owner = null
        function onTrack(e, settings) {
          owner ??= settings.name; globalThis.kept ??= settings.name; Array.kept ??= settings.name
          return { name: settings.name, strangers: [owner, globalThis.kept, Array.kept].filter(n => n !== settings.name) }
        }";
    let call = Call::of(source);
    for round in 0..5 {
        for name in ["a", "b", "c", ""] {
            let settings = format!(r#"{{"name":"{name}"}}"#);
            let reply = call.clone().instance(name).settings(&settings).run();
            reply.delivers(&format!(r#"{{"name":"{name}","strangers":[]}}"#));
            assert!(reply.result.is_ok(), "round {round}");
        }
    }
}

#[test]
fn concurrent_instances_stay_apart() {
    let source = "let owner = null
        async function onTrack(e, settings) {
          owner ??= settings.name
          await new Promise(resolve => setTimeout(resolve, 1))
          return { mine: owner === settings.name }
        }";
    let call = Call::of(source);
    block_on(async {
        let tasks: Vec<_> = (0..60)
            .map(|number| {
                let name = format!("copy-{}", number % 6);
                let call = call
                    .clone()
                    .instance(&name)
                    .settings(&format!(r#"{{"name":"{name}"}}"#));
                tokio::spawn(call.send(Service::shared().client()))
            })
            .collect();
        for task in tasks {
            task.await
                .expect("the call ends")
                .delivers(r#"{"mine":true}"#);
        }
    });
}

#[test]
fn an_instance_keeps_its_globals() {
    let call = Call::of(COUNTER).instance("one");
    let counts: Vec<String> = (0..10).map(|_| call.clone().run().delivered()).collect();
    assert!(
        counts.iter().any(|count| count != &counts[0]),
        "calls in a row share an isolate: {counts:?}"
    );
    call.instance("two")
        .run()
        .delivers(r#"{"count":1,"seen":1}"#);
}

#[test]
fn versions_stay_apart() {
    let id = fresh_id();
    let version = |number: &str| {
        let source = format!(
            "globalThis.last ??= '{number}'; function onTrack() {{ return {{ last: globalThis.last }} }}"
        );
        Call::of(&source).id(&id).version(number)
    };
    for number in ["1", "2", "1.0.3-rc_1", "1", "2"] {
        version(number)
            .run()
            .delivers(&format!(r#"{{"last":"{number}"}}"#));
    }
}

#[test]
fn a_versions_source_never_changes() {
    let id = fresh_id();
    let first = Call::of("function onTrack() { return { source: 1 } }").id(&id);
    first.clone().run().delivers(r#"{"source":1}"#);
    let other = Call::of("function onTrack() { return { source: 2 } }").id(&id);
    other
        .clone()
        .run()
        .refused(StatusCode::FailedPrecondition, "VERSION_CONFLICT");
    other
        .clone()
        .instance("another")
        .run()
        .refused(StatusCode::FailedPrecondition, "VERSION_CONFLICT");
    first.run().delivers(r#"{"source":1}"#);
    other.version("2").run().delivers(r#"{"source":2}"#);
}

#[test]
fn a_source_need_be_sent_only_once() {
    let id = fresh_id();
    let known = Call::stored(&id);
    known
        .clone()
        .run()
        .refused(StatusCode::NotFound, "FUNCTION_NOT_FOUND");
    Call::of("function onTrack() { return { known: true } }")
        .id(&id)
        .run()
        .delivers(r#"{"known":true}"#);
    known.clone().run().delivers(r#"{"known":true}"#);
    known
        .clone()
        .instance("another")
        .run()
        .delivers(r#"{"known":true}"#);
    known
        .version("2")
        .run()
        .refused(StatusCode::NotFound, "FUNCTION_NOT_FOUND");
}

#[test]
fn a_broken_source_is_known_too() {
    let id = fresh_id();
    Call::of("function onTrack( {")
        .id(&id)
        .run()
        .failed(Code::InvalidFunction, "");
    Call::stored(&id).run().failed(Code::InvalidFunction, "");
}

#[test]
fn bad_names_are_refused_by_field() {
    let long = "x".repeat(129);
    for name in [
        "", "../x", ".hidden", "a/b", "a b", "é", "a\n", "a\0", "..", &long,
    ] {
        Call::of(COUNTER)
            .id(name)
            .run()
            .rejected("function.function_id");
        Call::of(COUNTER)
            .version(name)
            .run()
            .rejected("function.version");
    }
    for instance in ["é", "a b", "a\nb", "a\0", &long] {
        Call::of(COUNTER)
            .instance(instance)
            .run()
            .rejected("function.instance_id");
    }
    Call::of(COUNTER)
        .change(|request| request.function = None)
        .run()
        .rejected("function");
}

#[test]
fn all_faults_of_a_request_are_told_at_once() {
    let reply = Call::of(COUNTER).id("../x").version("").event("{}").run();
    for field in ["function.function_id", "function.version"] {
        reply.rejected(field);
    }
}

#[test]
fn good_names_are_taken() {
    let long = "x".repeat(128);
    for name in ["a", "A-Z_0.9", "-", "_x", "0", &long] {
        Call::of(COUNTER)
            .id(name)
            .version(name)
            .instance(name)
            .run()
            .delivered();
    }
    Call::of(COUNTER).instance("a/b:c,{d}~!").run().delivered();
}

#[test]
fn the_examples_are_there() {
    let reply = Call::stored("hello")
        .event(r#"{"type":"track","event":"Signed Up"}"#)
        .run();
    reply.delivered();
}

#[test]
fn a_function_reaches_no_host() {
    let source = "function onTrack() {
          const names = ['Deno', 'penstock', 'module', 'exports', 'WebAssembly', 'gc', 'd8']
          return { found: names.filter(name => typeof globalThis[name] !== 'undefined') }
        }";
    Call::of(source).run().delivers(r#"{"found":[]}"#);
    let source = "async function onTrack() { return { value: await import('node:fs').then(() => 'got it', () => 'refused') } }";
    Call::of(source).run().delivers(r#"{"value":"refused"}"#);
}
