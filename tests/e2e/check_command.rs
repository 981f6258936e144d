//! `penstock check`: what a function is and what is wrong with it, on stdout and in the exit code.

use crate::command::Files;

const WHOLE: &str = "function onTrack(e) { return e }\nconst onBatch = (events) => events";
const MANIFEST: &str = r#"{
    "displayName": "Enrich",
    "description": "Asks the CRM.\nThen goes on.",
    "settings": [
        {"name": "key", "label": "API key", "type": "string", "required": true, "encrypted": true},
        {"name": "tags", "type": "string[]", "default": ["none"]}
    ],
    "limits": {"wallTimeMs": 1500, "requests": 0},
    "allowedHosts": ["api.example.com"]
}"#;

fn source(text: &str) -> Files {
    Files::of("check", &[("index.js", text)])
}

/// The command ends with this code and prints this and no more.
#[track_caller]
fn prints(files: &Files, arguments: &[&str], code: i32, expected: &str) {
    let run = files.run(arguments).exits(code);
    let without_digest = |line: &&str| !line.starts_with("  sha256 ");
    let lines: Vec<_> = run.stdout.lines().filter(without_digest).collect();
    let printed = lines.join("\n");
    assert_eq!(
        printed,
        expected.trim_matches('\n'),
        "\n{printed}\n{}",
        run.stderr
    );
}

#[test]
fn a_whole_function() {
    let files = Files::of("check", &[("index.js", WHOLE), ("function.json", MANIFEST)]);
    let expected = "
index.js: a script of 67 bytes
  handlers  onTrack, onBatch
  batches   whole, by onBatch
  name      Enrich
  about     Asks the CRM.
            Then goes on.
  limits    wall time 1500 ms, requests 0
  hosts     api.example.com
  setting   key: string, required, encrypted
            API key
  setting   tags: string[], [\"none\"] by default

no errors";
    prints(&files, &["index.js"], 0, expected);
    prints(
        &files,
        &["."],
        0,
        &expected.replace("index.js", "./index.js"),
    );
}

#[test]
fn what_is_wrong_comes_first_with_its_lines() {
    prints(
        &source("function onTrack(e) {\n  return e e\n}\n"),
        &["index.js"],
        1,
        "
error: SyntaxError: Unexpected identifier 'e'
  at index.js:2:12
  1 | function onTrack(e) {
> 2 |   return e e
    |            ^
  3 | }
  4 |

index.js: a script of 37 bytes

1 error",
    );
    prints(
        &source("function onTrack() {}\nlet ontrac = 1, onpage = () => {}"),
        &["index.js"],
        0,
        "
warning: no onPage; this function defines onpage: did you mean onPage?
  at index.js:2:17
  1 | function onTrack() {}
> 2 | let ontrac = 1, onpage = () => {}
    |                 ^

index.js: a script of 55 bytes
  handlers  onTrack
  batches   each event by its own handler

1 warning",
    );
}

#[test]
fn faults_of_the_manifest_and_limits_are_told() {
    let endless = ("index.js", "function onTrack() {}\nfor (;;) {}");
    let files = Files::of(
        "check",
        &[endless, ("function.json", "{\n  \"limit\": 1\n}")],
    );
    let arguments = ["index.js", "--top-level-ms", "200"];
    prints(
        &files,
        &arguments,
        1,
        "
error: the source's top level passed the top_level_time limit of 200 ms (knob --top-level-ms)

error: the manifest has no key \"limit\"; there are $schema, displayName, description, settings, limits, allowedHosts
  at function.json:2:3
  1 | {
> 2 |   \"limit\": 1
    |   ^
  3 | }

index.js: a source of 33 bytes

2 errors",
    );
}

#[test]
fn nothing_in_a_function_acts_on_the_terminal() {
    let files = source("throw new Error('\\x1b[2J' + '\\r\\nsecond \\u202e') // \u{1b}[2J");
    let run = files.run(&["index.js"]).exits(1);
    let acts = |letter: &char| letter.is_control() && *letter != '\n';
    assert_eq!(run.stdout.chars().find(acts), None, "{run:#?}");
    let message = "error: Error: \u{fffd}[2J\u{fffd}\n  second \u{fffd}\n  at index.js:1:7\n";
    assert!(run.stdout.starts_with(message), "{run:#?}");
}

#[test]
fn typescript_is_checked_as_its_author_wrote_it() {
    let files = Files::of(
        "check",
        &[("index.ts", "export const onTrack = (e: object) => e;")],
    );
    let expected = "
./index.ts: a module of 40 bytes
  handlers  onTrack
  batches   each event by its own handler

no errors";
    prints(&files, &["."], 0, expected);
    files.write("index.ts", "let a: number = 1;\nenum Plan { Free }");
    let expected = "
error: an enum is more than a type, and only types are taken out: write a const object and a union type, or compile the source and store index.js with its index.js.map instead
  at ./index.ts:2:1
  1 | let a: number = 1;
> 2 | enum Plan { Free }
    | ^

./index.ts: a source of 37 bytes

1 error";
    prints(&files, &["."], 1, expected);
    files.write("index.js", "");
    let run = files.run(&["."]).exits(2);
    assert!(
        run.stderr
            .contains(".: the source is there twice, as index.js and as index.ts"),
        "{run:#?}"
    );
}

#[test]
fn a_source_map_leads_to_the_authors_files_or_is_told_to_be_of_no_use() {
    let map = r#"{"version":3,"sources":["src/own.ts"],"mappings":"AAKA"}"#;
    let files = Files::of(
        "check",
        &[("index.js", "throw new Error('so')"), ("index.js.map", map)],
    );
    let told = |expect: &str| {
        let run = files.run(&["index.js"]).exits(1);
        assert!(run.stdout.contains(expect), "{run:#?}");
    };
    told("  at src/own.ts:6:1\n");
    files.write("index.js.map", "{}");
    told("warning: the source map is not used: ");
    told("  at index.js:1:7\n");
}

#[test]
fn a_program_reads_json() {
    let files = Files::of("check", &[("index.js", WHOLE), ("function.json", MANIFEST)]);
    let json = files.run(&["index.js", "--json"]).exits(0).json();
    let same = files.run(&[".", "--output", "json"]).exits(0).json();
    assert_eq!(same["settings"], json["settings"]);
    assert_eq!(json["handlers"], serde_json::json!(["onTrack", "onBatch"]));
    assert_eq!(json["supports_batch"], true, "{json:#}");
    assert_eq!(json["source_kind"], "script", "{json:#}");
    assert_eq!(json["source_bytes"], WHOLE.len(), "{json:#}");
    assert_eq!(json["display_name"], "Enrich", "{json:#}");
    assert_eq!(json["settings"][1]["default"], serde_json::json!(["none"]));
    assert_eq!(json["limits"]["wall_time_ms"], 1500.0, "{json:#}");
    assert_eq!(json["limits"]["cpu_time_ms"], serde_json::Value::Null);
    assert_eq!(
        json["allowed_hosts"],
        serde_json::json!(["api.example.com"])
    );
    assert_eq!(json["diagnostics"], serde_json::json!([]));

    files.write("index.js", "function onTrack() {}\n throw 1");
    let json = files.run(&["index.js", "--json"]).exits(1).json();
    let told = serde_json::json!([{
        "severity": "error",
        "code": "INVALID_FUNCTION",
        "message": "1",
        "file": "index.js",
        "line": 2,
        "column": 2,
        "code_frame": "  1 | function onTrack() {}\n> 2 |  throw 1\n    |  ^",
        "limit": null,
    }]);
    assert_eq!(json["diagnostics"], told, "{json:#}");
}

#[test]
fn the_examples_are_fine() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/functions");
    let folders = std::fs::read_dir(examples).expect("examples");
    let files = source("");
    for folder in folders {
        let folder = folder.expect("a folder").path().join("1");
        let run = files
            .run(&[folder.to_str().expect("a plain path")])
            .exits(0);
        assert!(run.stdout.ends_with("\nno errors\n"), "{run:#?}");
    }
}

#[test]
fn without_a_name_it_is_the_directory_one_is_in() {
    let run = source("function onTrack() {}").run(&[]).exits(0);
    assert!(run.stdout.ends_with("\nno errors\n"), "{run:#?}");
}

#[test]
fn what_can_not_be_checked_is_named() {
    let files = source("function onTrack() {}");
    std::fs::create_dir(files.path("empty")).expect("a folder");
    std::fs::write(files.path("latin.js"), b"// \xe9").expect("a file");
    files.write("large.js", &" ".repeat((1 << 20) + 1));
    for (arguments, named) in [
        (["missing.js"].as_slice(), "missing.js: No such file"),
        (&["empty"], "empty/index.js: No such file"),
        (&["latin.js"], "latin.js: the source is not UTF-8"),
        (
            &["large.js"],
            "over the limit of 1048576 bytes (knob --source-bytes)",
        ),
        (&["index.js", "--json", "--output", "text"], "--json"),
        (&["index.js", "--no-such-flag"], "--no-such-flag"),
    ] {
        let run = files.run(arguments).exits(2);
        assert!(run.stderr.contains(named), "it names {named:?}: {run:#?}");
        assert!(run.stdout.is_empty(), "nothing on stdout: {run:#?}");
    }
}
