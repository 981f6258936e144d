//! `Describe`: what a function is and what is wrong with it, without an event. What that takes and touches is in
//! `running`.

use std::time::Duration;

use penstock::api::{
    DescribeRequest, DescribeResponse, Diagnostic, FunctionRef, SettingType, SourceKind,
    diagnostic::Severity,
};
use tonic::{Code as StatusCode, Status};
use tonic_types::StatusExt;

use crate::check::{Call, fresh_id};
use crate::service::{Client, Service, block_on};
use crate::store::sha256;
use crate::stored::StoredFunctions;

mod running;

/// No call may hang; far beyond any time that a case asks for.
const CALL_BOUND: Duration = Duration::from_mins(1);

fn inline(source: &str) -> FunctionRef {
    FunctionRef {
        source: source.to_owned(),
        ..stored(&fresh_id())
    }
}

fn stored(function_id: &str) -> FunctionRef {
    FunctionRef {
        function_id: function_id.to_owned(),
        version: "1".to_owned(),
        ..FunctionRef::default()
    }
}

async fn ask(mut client: Client, function: FunctionRef) -> Result<DescribeResponse, Status> {
    let function = Some(function);
    let answer = client.describe(DescribeRequest { function });
    let answer = tokio::time::timeout(CALL_BOUND, answer).await;
    answer.expect("an answer").map(tonic::Response::into_inner)
}

#[track_caller]
fn described_by(service: &Service, function: FunctionRef) -> DescribeResponse {
    block_on(ask(service.client(), function)).expect("no status for what a function is")
}

#[track_caller]
fn described(source: &str) -> DescribeResponse {
    described_by(Service::shared(), inline(source))
}

/// The source has these handlers, and nothing is wrong with it.
#[track_caller]
fn defines(source: &str, kind: SourceKind, handlers: &[&str]) {
    let found = described(source);
    assert_eq!(found.handlers, handlers, "{found:#?}");
    assert_eq!(found.source_kind(), kind, "{found:#?}");
    assert_eq!(found.supports_batch, handlers.contains(&"onBatch"));
    assert_eq!(told(&found), [""; 0], "{source}");
}

/// What is wrong with the source: severity or code, place and message of each.
#[track_caller]
fn says(source: &str, expected: &[&str]) {
    assert_eq!(told(&described(source)), expected, "{source}");
}

fn told(found: &DescribeResponse) -> Vec<String> {
    found.diagnostics.iter().map(line_of).collect()
}

fn line_of(told: &Diagnostic) -> String {
    let kind = match told.severity() {
        Severity::Unspecified => "of no severity",
        Severity::Error => told.code().as_str_name(),
        Severity::Warning => "warning",
    };
    let kind = kind.trim_start_matches("ERROR_CODE_");
    match told.line {
        0 => format!("{kind} {}", told.message),
        line => format!("{kind} {line}:{} {}", told.column, told.message),
    }
}

/// The frame of the only thing that is wrong.
#[track_caller]
fn shows(source: &str, expected: &str) {
    let found = described(source);
    let [told] = &found.diagnostics[..] else {
        panic!("not one diagnostic in {found:#?}");
    };
    assert_eq!(told.code_frame, expected, "\n{}\n", told.code_frame);
}

#[test]
fn handlers_are_found_in_scripts_and_modules() {
    use SourceKind::{Module, Script};
    defines("function onTrack(e) { return e }", Script, &["onTrack"]);
    defines(
        "let onBatch = async (e) => e; const onAlias = onBatch; var onDelete = onBatch; class A {}",
        Script,
        &["onAlias", "onDelete", "onBatch"],
    );
    defines(
        "if (new Date() > 0) globalThis.onPage = function () {}",
        Script,
        &["onPage"],
    );
    defines(
        "export const onTrack = () => {}; export default { onIdentify() {} }",
        Module,
        &["onIdentify", "onTrack"],
    );
    defines(
        "await null; export async function onBatch(events) { return events }",
        Module,
        &["onBatch"],
    );
}

#[test]
fn size_and_digest_are_told_whatever_the_source() {
    for source in [
        "function onTrack() { return 'ü' }",
        "function onTrack( {",
        "ü",
    ] {
        let found = described(source);
        assert_eq!(found.source_bytes, source.len() as u64, "{found:#?}");
        assert_eq!(found.source_sha256, sha256(source), "{found:#?}");
        assert!(found.file.ends_with("/index.js"), "{found:#?}");
    }
}

const MANIFEST: &str = r#"{
    "displayName": "Enrich",
    "description": "Asks the CRM.",
    "settings": [
        {"name": "key", "label": "API key", "type": "string", "required": true, "encrypted": true},
        {"name": "tiers", "type": "map", "default": {"gold": [1, null]}, "description": "By plan."},
        {"name": "tags", "type": "string[]"}
    ],
    "limits": {"wallTimeMs": 1500, "requests": 0},
    "allowedHosts": ["api.example.com", "*.example.org"]
}"#;

#[test]
fn the_manifest_is_told() {
    let functions = StoredFunctions::new().with("whole", "function onTrack() {}", MANIFEST);
    functions.put("plain", "1", "index.js", "function onTrack() {}");
    let service = Service::start(&["--functions", functions.location()]);
    let found = described_by(&service, stored("whole"));
    assert_eq!(told(&found), [""; 0]);
    assert_eq!(found.file, "whole/index.js");
    assert_eq!(
        (&*found.display_name, &*found.description),
        ("Enrich", "Asks the CRM.")
    );
    let settings = found.settings.iter();
    let settings: Vec<_> = settings
        .map(|setting| {
            (
                &*setting.name,
                setting.r#type(),
                setting.required,
                setting.encrypted,
            )
        })
        .collect();
    let expected = [
        ("key", SettingType::String, true, true),
        ("tiers", SettingType::Map, false, false),
        ("tags", SettingType::StringList, false, false),
    ];
    assert_eq!(settings, expected);
    assert_eq!(found.settings[0].label, "API key");
    assert_eq!(found.settings[1].description, "By plan.");
    let default = format!("{:?}", found.settings[1].default);
    assert!(
        default.contains("gold") && default.contains("NullValue"),
        "{default}"
    );
    assert_eq!(found.settings[2].default, None);
    let limits = found.limits.expect("limits");
    let wall_time = limits.wall_time.expect("a wall time");
    assert_eq!((wall_time.seconds, wall_time.nanos), (1, 500_000_000));
    assert_eq!(
        (limits.requests, limits.cpu_time, limits.log_bytes),
        (Some(0), None, None)
    );
    let hosts = found.allowed_hosts.expect("hosts").hosts;
    assert_eq!(hosts, ["api.example.com", "*.example.org"]);

    let plain = described_by(&service, stored("plain"));
    assert_eq!((plain.allowed_hosts, plain.limits), (None, None));
    assert_eq!(plain.settings, []);
}

#[test]
fn faults_of_a_manifest_are_told_where_they_are() {
    let manifest = "{\n  \"displayName\": 7,\n\t\"setings\": []\n}";
    let functions = StoredFunctions::new()
        .with("faulty", "function onTrack() {}", manifest)
        .with("cut", "function onTrack( {", "{\n");
    let service = Service::start(&["--functions", functions.location()]);
    let found = described_by(&service, stored("faulty"));
    let expected = [
        "INVALID_FUNCTION 2:18 displayName must be a string, not a number",
        "INVALID_FUNCTION 3:2 the manifest has no key \"setings\"; there are $schema, displayName, \
         description, settings, limits, allowedHosts",
    ];
    assert_eq!(told(&found), expected);
    assert_eq!(found.diagnostics[0].file, "faulty/function.json");
    assert_eq!(
        found.diagnostics[1].code_frame,
        "  1 | {\n  2 |   \"displayName\": 7,\n> 3 | \t\"setings\": []\n    | \t^\n  4 | }"
    );
    assert_eq!(
        found.handlers,
        ["onTrack"],
        "the source is told all the same"
    );

    let both = described_by(&service, stored("cut"));
    let files: Vec<_> = both.diagnostics.iter().map(|told| &*told.file).collect();
    assert_eq!(files, ["cut/index.js", "cut/function.json"], "{both:#?}");
}

#[test]
fn what_does_not_run_is_told_with_its_place() {
    says(
        "function onTrack(e) {\n  return e e\n}",
        &["INVALID_FUNCTION 2:12 SyntaxError: Unexpected identifier 'e'"],
    );
    says(
        "export function onTrack(e) {\n  return e e\n}",
        &["INVALID_FUNCTION 2:12 SyntaxError: Unexpected identifier 'e'"],
    );
    says(
        "const a = {}\n\nfunction f() { return a.b.c }\nf()",
        &["INVALID_FUNCTION 3:27 TypeError: Cannot read properties of undefined (reading 'c')"],
    );
    says("\n  throw 'odd'", &["INVALID_FUNCTION 2:3 odd"]);
    says(
        "import pad from 'left-pad'; export const onTrack = pad",
        &["INVALID_FUNCTION 1:17 import of \"left-pad\" is not available: a function is one file"],
    );
    says(
        "await new Promise(() => {}); export const onTrack = 1",
        &[
            "INVALID_FUNCTION the module's top level awaits what does not come by itself; await timers and \
           requests in a handler",
        ],
    );
    says(
        "const handle = 1",
        &[
            "INVALID_FUNCTION the script defines no handler: none of onIdentify, onTrack, onPage, onScreen, \
           onGroup, onAlias, onDelete, onBatch is a function in it",
        ],
    );
}

#[test]
fn a_handler_under_another_name_is_suspected() {
    let track = "function onTrack() {}\n";
    let near = |rest: &str, expected: &[&str]| says(&format!("{track}{rest}"), expected);
    near(
        "const onpage = () => {}",
        &["warning 2:7 no onPage; this function defines onpage: did you mean onPage?"],
    );
    near(
        "function  onIdentfy() {}\nlet onbatch = 1",
        &[
            "warning 2:11 no onIdentify; this function defines onIdentfy: did you mean onIdentify?",
            "warning no onBatch; this function defines onbatch, of type number: did you mean onBatch?",
        ],
    );
    near(
        "function onPages(e) {} // 1onPage, or 2onPage",
        &["warning 2:10 no onPage; this function defines onPages: did you mean onPage?"],
    );
    near(
        "let onPage = {}",
        &["warning no onPage; onPage is of type object, not a function"],
    );
    near(
        "function onTracks() {}; const onMatch = () => {} // onPages",
        &[],
    );
    says(
        "export const onTrack = 1; export default { onBach() {}, onBatch() {}, onpage() {} }",
        &[
            "warning no onTrack; onTrack is of type number, not a function",
            "warning 1:71 no onPage; this function defines onpage: did you mean onPage?",
        ],
    );
    says(
        "\nfunction onTrak() {}",
        &[
            "INVALID_FUNCTION 2:10 the script defines no handler: none of onIdentify, onTrack, onPage, \
           onScreen, onGroup, onAlias, onDelete, onBatch is a function in it; this function defines onTrak: \
           did you mean onTrack?",
        ],
    );
}

#[test]
fn the_place_is_shown_in_its_lines() {
    shows(
        "// one\r\n// two\r\n// three\r\n\tconst  a = b\r\nfunction onTrack() {}",
        "  2 | // two\n  3 | // three\n> 4 | \tconst  a = b\n    | \t           ^\n  5 | function onTrack() {}",
    );
    shows(
        "let 日本 = '😀'; \u{200b}let b",
        "> 1 | let 日本 = '😀'; \u{fffd}let b\n    |                  ^",
    );
    shows(
        "/*\u{1b}[2J*/ throw 1",
        "> 1 | /*\u{fffd}[2J*/ throw 1\n    |          ^",
    );
}

/// A source as large as they may be, in one line, is shown in a few hundred bytes.
#[test]
fn a_frame_is_small_whatever_the_source() {
    const SOURCE_LIMIT: usize = 1 << 20;
    let fill = |with: &str, bytes: usize| with.repeat(bytes / with.len());
    for filler in ["x", "\u{1b}", "日", "e\u{301}", "\t"] {
        let before = fill(filler, SOURCE_LIMIT / 2);
        let after = fill(filler, SOURCE_LIMIT / 2 - 100);
        let found = described(&format!("/*{before}*/ let a = b c /*{after}*/"));
        let [told] = &found.diagnostics[..] else {
            panic!("not one diagnostic: {:#?}", found.diagnostics);
        };
        assert_eq!(told.message, "SyntaxError: Unexpected identifier 'c'");
        let frame = &told.code_frame;
        assert!(frame.len() < 800 && frame.lines().count() == 2, "{frame}");
        assert!(frame.contains(" let a = b c "), "{frame}");
        assert!(!frame.contains('\u{1b}'), "{frame}");
    }
    // Nested too deep for the parser.
    let found = described(&"[".repeat(SOURCE_LIMIT));
    let told = &found.diagnostics[0];
    assert!(told.message.starts_with("RangeError: "), "{told:#?}");
    assert_eq!((&*told.code_frame, told.line), ("", 0), "{told:#?}");
}

#[track_caller]
fn refused(function: Option<FunctionRef>, code: StatusCode) -> Status {
    let request = DescribeRequest { function };
    let mut client = Service::shared().client();
    let status = block_on(client.describe(request)).expect_err("a status");
    assert_eq!(status.code(), code, "{status:?}");
    status
}

#[test]
fn what_is_no_fault_of_the_function_is_a_status() {
    let missing = refused(Some(stored("nobodys")), StatusCode::NotFound);
    let reason = missing.get_details_error_info().map(|info| info.reason);
    assert_eq!(reason.as_deref(), Some("FUNCTION_NOT_FOUND"));

    let named = |function, field: &str| {
        let details = refused(function, StatusCode::InvalidArgument).get_details_bad_request();
        let violations = details.expect("details").field_violations;
        assert!(
            violations.iter().any(|violation| violation.field == field),
            "{field}: {violations:?}"
        );
    };
    named(None, "function.function_id");
    named(Some(stored("a/b")), "function.function_id");
    let digest = FunctionRef {
        source_sha256: "0".into(),
        ..inline("x")
    };
    named(Some(digest), "function.source_sha256");
    let large = inline(&"x".repeat((1 << 20) + 1));
    named(Some(large), "function.source");

    let id = fresh_id();
    Call::of("function onTrack(e) { return e }")
        .id(&id)
        .run()
        .delivered();
    let other = FunctionRef {
        source: "function onPage() {}".into(),
        ..stored(&id)
    };
    refused(Some(other), StatusCode::FailedPrecondition);
}

/// Who may describe a version does not decide what is run as it, or whether.
#[test]
fn a_source_that_is_sent_is_not_kept() {
    let service = Service::start(&["--cells", "1"]);
    let id = fresh_id();
    let draft = |source: &str| FunctionRef {
        source: source.into(),
        ..stored(&id)
    };
    let costs_a_cell = draft("[].sort.call({length: Infinity})");
    for _ in 0..3 {
        described_by(&service, costs_a_cell.clone());
    }
    assert_eq!(
        told(&described_by(&service, costs_a_cell))[0]
            .split(' ')
            .next(),
        Some("QUARANTINED")
    );
    let found = described_by(&service, draft("function onPage() {}"));
    assert_eq!(found.handlers, ["onPage"]);
    Call::stored(&id)
        .run_on(&service)
        .refused(StatusCode::NotFound, "FUNCTION_NOT_FOUND");
    Call::of("function onTrack(e) { return e }")
        .id(&id)
        .run_on(&service)
        .delivered();
    let found = described_by(&service, stored(&id));
    assert_eq!(found.handlers, ["onTrack"]);
}
