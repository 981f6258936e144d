//! TypeScript: types are taken out, places stay, and a source that harms its parser harms nobody else.

use std::io::Write;
use std::process::Stdio;

use penstock::api::{FunctionError, FunctionRef};
use tonic::Code as StatusCode;

use crate::check::{Call, Code, Reply, TRACK};
use crate::service::{Service, block_on, penstock};
use crate::store::{sha256, with_sha256};
use crate::stored::StoredFunctions;

const TYPED: &str = "type Event = { type: string; n?: number };
export function onTrack(event: Event): Event {
  return { ...event, n: (event.n as number) + 1 } satisfies Event;
}
";

fn typed(source: &str) -> Call {
    Call::of(source).in_typescript()
}

#[track_caller]
fn refused(source: &str, messages: &[&str], places: &[(u32, u32)]) -> FunctionError {
    let reply = typed(source).run();
    let error = reply.failed(Code::InvalidFunction, "the TypeScript can't be run: ");
    for message in messages {
        assert!(
            error.message.contains(message),
            "{message:?} is in {error:#?}"
        );
    }
    let frames = error.frames.iter();
    let found: Vec<_> = frames.map(|frame| (frame.line, frame.column)).collect();
    assert_eq!(found, places, "{error:#?}");
    assert_eq!(error.violations.len(), messages.len(), "{error:#?}");
    assert!(
        error
            .frames
            .iter()
            .all(|frame| frame.file.ends_with("/index.ts")),
        "{error:#?}"
    );
    error
}

#[test]
fn what_is_typed_runs() {
    let event = r#"{"type":"track","n":1}"#;
    typed(TYPED)
        .event(event)
        .run()
        .delivers(r#"{"type":"track","n":2}"#);
    let script = "const add = <T extends number>(a: T, b?: T): number => a + (b ?? 1);
        async function onTrack(this: unknown, event: any) { event.n = add<number>(event.n!); return event }";
    typed(script)
        .event(event)
        .run()
        .delivers(r#"{"type":"track","n":2}"#);
    typed("function onTrack(e) { return e }")
        .run()
        .delivers(TRACK);
    let example = Call::stored("typed-enrich")
        .event(r#"{"type":"track","event":"e","properties":{"plan":"growth"}}"#)
        .settings(r#"{"plans":{"growth":{"tier":"silver","seats":25}}}"#);
    let expected =
        r#"{"type":"track","event":"e","properties":{"plan":"growth","tier":"silver","seats":25}}"#;
    example.run().delivers(expected);
}

#[test]
fn places_are_those_of_the_source() {
    let source = "interface Settings {\n  key: 'é𝒳';\n}\nfunction onTrack(event: { a: '𝒳' }, settings: Settings): never {\n  throw new Error('so');\n}";
    let error = typed(source).run().failed(Code::BadRequest, "so");
    let frame = &error.frames[0];
    assert!(frame.file.ends_with("/index.ts"), "{error:#?}");
    assert_eq!((frame.line, frame.column), (5, 9), "{error:#?}");
    assert!(error.stack.contains("/index.ts:5:9"), "{error:#?}");
    // What is no TypeScript of ours is V8's to tell, at its place in the source.
    let error = typed("type A = 1;\n\nthrow new Error('at the top')").run();
    let error = error.failed(Code::InvalidFunction, "at the top");
    assert_eq!(
        (error.frames[0].line, error.frames[0].column),
        (3, 7),
        "{error:#?}"
    );
}

#[test]
fn what_is_more_than_types_is_refused_with_its_place() {
    refused(
        "\n  enum Plan { Free }\nfunction onTrack() {}",
        &["an enum is more than a type"],
        &[(2, 3)],
    );
    refused(
        "namespace A { export const b = 1 }",
        &["a namespace with values"],
        &[(1, 1)],
    );
    refused(
        "class A { constructor(private b: string) {} }\nenum C {}",
        &["a parameter property", "an enum"],
        &[(1, 31), (2, 1)],
    );
    refused("@sealed class A {}", &["a decorator"], &[(1, 1)]);
    let error = refused("function onTrack( {\n  let x: = 5", &[""], &[(2, 7)]);
    assert!(error.message.contains("/index.ts:2:7)"), "{error:#?}");
}

#[test]
fn the_language_of_what_is_sent_is_told() {
    // The same text is another program in another language.
    Call::of(TYPED)
        .run()
        .failed(Code::InvalidFunction, "Unexpected identifier 'Event'");
    let call = typed("function onTrack(e) { return e }").id("language-told");
    call.clone().run().delivers(TRACK);
    let untold = |function: &mut FunctionRef| function.language = 0;
    let other = call
        .clone()
        .change(|request| untold(request.function.get_or_insert_default()));
    other
        .run()
        .refused(StatusCode::FailedPrecondition, "VERSION_CONFLICT");
    Call::stored("language-told").run().delivers(TRACK);
    let unknown = |function: &mut FunctionRef| function.language = 3;
    let unknown = call.change(|request| unknown(request.function.get_or_insert_default()));
    let told = unknown.run().rejected("function.language");
    assert!(told.contains("SOURCE_LANGUAGE_TYPESCRIPT"), "{told}");
}

#[test]
fn the_digest_is_of_what_the_author_wrote() {
    let store = StoredFunctions::new();
    store.put("f", "1", "index.ts", TYPED);
    let service = Service::start(&["--functions", store.location()]);
    let call = |digest: &str| with_sha256(digest).event(r#"{"type":"track","n":1}"#);
    let reply = call(&sha256(TYPED)).run_on(&service);
    reply.delivers(r#"{"type":"track","n":2}"#);
    let other = call(&sha256("other")).run_on(&service);
    other.refused(StatusCode::FailedPrecondition, "SOURCE_MISMATCH");
}

#[test]
fn a_version_has_one_source() {
    let store = StoredFunctions::new();
    store.put("f", "1", "index.ts", TYPED);
    store.put("f", "1", "index.js", "function onTrack() {}");
    let service = Service::start(&["--functions", store.location()]);
    let reply = Call::stored("f").run_on(&service);
    reply.refused(StatusCode::FailedPrecondition, "SOURCE_UNUSABLE");
    let message = reply.status(StatusCode::FailedPrecondition).message();
    assert!(message.contains("index.js and as index.ts"), "{message}");
}

#[test]
fn the_limit_of_sources_holds() {
    let service = Service::start(&["--source-bytes", "100"]);
    let large = format!("{TYPED}// {}", "x".repeat(100));
    let told = typed(&large).run_on(&service).rejected("function.source");
    assert!(told.contains("limit of 100 bytes"), "{told}");
}

/// Sources of 1 MiB that a parser calls itself for at every byte; and one of 171 bytes that it goes over more
/// than 16 million times.
fn hostile() -> Vec<(&'static str, String)> {
    let fill = |text: &str| text.repeat((1 << 20) / text.len());
    vec![
        ("brackets", fill("(")),
        ("lists", fill("[")),
        ("blocks", fill("{")),
        (
            "types",
            "type A = ".to_owned() + &fill("A<")[..(1 << 20) - 9],
        ),
        ("arrows", fill("a=>")),
        (
            "conditions",
            "type A = ".to_owned() + &fill("A extends B ? ")[..(1 << 20) - 20],
        ),
        ("guesses", fill("(a, b = (")),
        ("templates", fill("`${")),
        ("signs", "a".to_owned() + &fill("!")[1..]),
        ("unary", fill("- ")),
        ("doubling", format!("f({}c", "a<(b = ".repeat(24))),
    ]
}

fn sorted(mut cells: Vec<u32>) -> Vec<u32> {
    cells.sort_unstable();
    cells
}

#[test]
fn what_harms_the_parser_harms_nobody_else() {
    let service = Service::start(&["--require-lockdown"]);
    let bystander = typed(TYPED).event(r#"{"type":"track","n":1}"#);
    let alive = |reply: &Reply| reply.delivers(r#"{"type":"track","n":2}"#);
    let cells = sorted(service.cells());
    block_on(async {
        let calls = hostile()
            .into_iter()
            .map(|(name, source)| (name, tokio::spawn(typed(&source).send(service.client()))));
        let calls: Vec<_> = calls.collect();
        alive(&bystander.clone().send(service.client()).await);
        for (name, call) in calls {
            let reply = call.await.expect("the call ends");
            let error = reply.failed(Code::InvalidFunction, "the TypeScript can't be run: ");
            let names_knob = error.message.contains("(knob --typescript-");
            assert!(names_knob, "{name}: {error:#?}");
        }
    });
    alive(&bystander.run_on(&service));
    assert_eq!(sorted(service.cells()), cells, "no cell had to do with it");
    assert!(
        !service.stderr().contains("panicked"),
        "{}",
        service.stderr()
    );
}

#[test]
fn its_limits_are_told() {
    let memory = (96 << 20).to_string();
    let arguments = [
        "--typescript-memory-bytes",
        &memory,
        "--typescript-cpu-seconds",
        "1",
    ];
    let service = Service::start(&arguments);
    let told = |source: &str, limit| {
        let reply = typed(source).run_on(&service);
        reply.failed(Code::InvalidFunction, limit);
    };
    let large = "let a: A = 1;\n".repeat((1 << 20) / 14);
    told(&large, "bytes (knob --typescript-memory-bytes)");
    // Each may be a call with types or two comparisons, which the parser tries one after the other.
    let ambiguous = format!("f({}c", "a<(b = ".repeat(24));
    told(&ambiguous, "1 s (knob --typescript-cpu-seconds)");
}

/// What takes types out, spoken to without a front.
#[test]
fn the_process_is_locked_down() {
    let limits = ["--cpu-seconds", "10", "--memory-bytes", "402653184"];
    let mut process = penstock()
        .arg("strip")
        .args(limits)
        .arg("--require-lockdown")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut source = process.stdin.take().expect("a pipe");
    source.write_all(b"let a: string").expect("it reads");
    drop(source);
    let output = process.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{output:?}");
    let answer: penstock::wire::Stripped =
        prost::Message::decode(&output.stdout[..]).expect("an answer");
    assert_eq!(answer.not_locked_down, "");
    let code = penstock::wire::StripOutcome::JavaScript("let a        ".into());
    assert_eq!(answer.outcome, Some(code));
}
