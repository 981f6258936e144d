//! What the audit log has of what happened, and has not.

use std::fs;
use std::time::Duration;

use penstock::api::FunctionRef;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::check::Call;
use crate::processes::{signal, wait_until};
use crate::secured::{Secured, invoke, token_entry};
use crate::service::{Service, block_on};

const BOUND: Duration = Duration::from_mins(1);

/// In every text that must not be there.
const CANARY: &str = "canary";

/// Aborts V8: the sort asks for an array of more than its longest.
const ABORTS: &str = "function onTrack() { [].sort.call({length: Infinity}) /* canary */ }";

const ECHO: &str = "function onTrack(e) { return e } // canary";

struct Audited {
    secured: Secured,
    service: Service,
}

impl Audited {
    fn start() -> Audited {
        let entries = [
            token_entry(
                "router",
                "canary-router",
                "roles = [\"invoke\"]\nfunctions = [\"a-*\", \"hello\"]",
            ),
            token_entry("former", "canary-former", "expires = 2001-01-01"),
        ];
        let secured = Secured::new(&entries.concat());
        let service = secured.start(&["--audit-log", "{audit.log}"]);
        Audited { secured, service }
    }

    fn call(&self, token: &str, call: Call) {
        let call = call
            .event(r#"{"type":"track","secret":"canary-event"}"#)
            .settings(r#"{"secret":"canary-setting"}"#);
        let _ = invoke(self.service.channel(), Some(token), call);
    }

    fn text(&self) -> String {
        fs::read_to_string(self.secured.path("audit.log")).expect("a file")
    }

    fn records(&self) -> Vec<Value> {
        records(&self.text())
    }

    /// Waits until the last record is of this event, and has these members.
    #[track_caller]
    fn tells(&self, event: &str, members: &Value) -> Value {
        let members = members.as_object().expect("an object");
        let is_it = |record: &Value| {
            let mut members = members.iter();
            record["event"] == event && members.all(|(name, expect)| record[name] == *expect)
        };
        let told = wait_until(BOUND, || self.records().last().is_some_and(is_it));
        let text = self.text();
        let stderr = self.service.stderr();
        assert!(told, "{event} with {members:?} in {text}\n{stderr}");
        let record = records(&text).pop().expect("a record");
        assert!(!text.contains(CANARY), "{text}");
        record
    }
}

/// Every line is a record, with the time and the target.
fn records(text: &str) -> Vec<Value> {
    let read = |line: &str| -> Value {
        let record: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        assert_eq!(record["target"], "penstock::audit");
        humantime::parse_rfc3339(record["time"].as_str().expect("a time")).expect("a time");
        record
    };
    text.lines().map(read).collect()
}

fn sent(id: &str, source: &str) -> Call {
    Call::of(source).id(id)
}

fn meaning(call: Call, sha256: &str) -> Call {
    call.change(|request| {
        let function: &mut FunctionRef = request.function.get_or_insert_default();
        sha256.clone_into(&mut function.source_sha256);
    })
}

#[test]
fn sources_and_refusals_are_told_with_their_caller() {
    let audited = Audited::start();
    let digest = penstock::front::functions::SourceDigest::of(ECHO.as_bytes()).to_string();
    audited.call("canary-router", sent("a-1", ECHO));
    let caller = json!({"caller": "router", "by": "token", "function_id": "a-1", "version": "1"});
    let accepted = audited.tells("source_accepted", &caller);
    assert_eq!(
        (&accepted["sha256"], &accepted["from"]),
        (&json!(digest), &json!("inline"))
    );
    assert!(
        accepted["peer"]
            .as_str()
            .is_some_and(|peer| peer.starts_with("127.0.0.1:"))
    );
    // Known now: not told again.
    audited.call("canary-router", sent("a-1", ECHO));
    audited.call("canary-router", Call::stored("hello"));
    audited.tells(
        "source_accepted",
        &json!({"function_id": "hello", "from": "store"}),
    );
    audited.call(
        "canary-router",
        sent("a-1", "function onTrack() {} // canary"),
    );
    audited.tells("version_conflict", &caller);
    let other = "0".repeat(64);
    audited.call("canary-router", meaning(Call::stored("a-1"), &other));
    audited.tells(
        "digest_mismatch",
        &json!({"wanted": other, "found": digest, "function_id": "a-1"}),
    );
    audited.call("canary-router", sent("b-1", ECHO));
    audited.tells(
        "permission_denied",
        &json!({"caller": "router", "function_id": "b-1"}),
    );
    let path = "/penstock.executor.v1.ExecutorService/Invoke";
    audited.call("canary-unknown", sent("a-1", ECHO));
    let unknown = audited.tells(
        "unauthenticated",
        &json!({"cause": "unknown_token", "method": path}),
    );
    assert_eq!(unknown.get("caller"), None);
    audited.call("canary-former", sent("a-1", ECHO));
    audited.tells(
        "unauthenticated",
        &json!({"cause": "token_expired", "caller": "former"}),
    );
    assert_eq!(audited.records().len(), 7, "{}", audited.text());
}

#[test]
fn a_quarantine_is_told() {
    let audited = Audited::start();
    let until_quarantined = || {
        audited.call("canary-router", sent("a-bad", ABORTS));
        audited.text().contains("quarantined")
    };
    assert!(
        wait_until(BOUND, until_quarantined),
        "{}",
        audited.service.stderr()
    );
    let told = json!({"function_id": "a-bad", "version": "1", "strikes": 3});
    let quarantined = audited.tells("quarantined", &told);
    humantime::parse_rfc3339(quarantined["until"].as_str().expect("a time")).expect("a time");
}

#[test]
fn reloads_are_told_and_a_file_that_was_moved_is_opened_anew() {
    let audited = Audited::start();
    audited.secured.write("access.toml", "canary");
    let failed = audited.tells("reload", &json!({"subject": "access"}));
    assert!(
        failed["error"]
            .as_str()
            .is_some_and(|error| error.contains("line 1")),
        "{failed}"
    );
    audited
        .secured
        .write("access.toml", &token_entry("router", "canary-router", ""));
    let reloaded = || {
        audited
            .records()
            .last()
            .is_some_and(|record| record.get("error").is_none())
    };
    assert!(wait_until(BOUND, reloaded), "{}", audited.text());
    let moved = audited.secured.path("audit.1");
    fs::rename(audited.secured.path("audit.log"), &moved).expect("renamed");
    let before = fs::read_to_string(&moved).expect("a file");
    signal(audited.service.pid(), Signal::HUP);
    let log = audited.secured.path("audit.log");
    assert!(wait_until(BOUND, || fs::read_to_string(&log)
        .is_ok_and(|text| text.lines().count() == 2)));
    assert_eq!(fs::read_to_string(&moved).expect("a file"), before);
}

#[test]
fn a_flood_of_refusals_is_told_by_its_number() {
    const CALLS: usize = 200;
    let mut audited = Audited::start();
    for _ in 0..CALLS {
        audited.call("canary-unknown", sent("a-1", ECHO));
    }
    signal(audited.service.pid(), Signal::TERM);
    assert_eq!(audited.service.process().exit_code_within(BOUND), Some(0));
    let records = audited.records();
    let count = |record: &Value| match record["event"].as_str() {
        Some("suppressed") => record["count"].as_u64().expect("a count"),
        Some("unauthenticated") => 1,
        _ => panic!("{record}"),
    };
    assert_eq!(records.iter().map(count).sum::<u64>(), CALLS as u64);
    // Sixty in a minute, in at most two minutes.
    assert!(records.len() <= 122, "{}", records.len());
}

#[test]
fn without_a_file_records_are_lines_of_standard_error_in_whatever_log() {
    let environment = [("PENSTOCK_LOG", "off")];
    let service = Service::start_with(&["--cells", "1"], &environment);
    block_on(Call::stored("hello").send(service.client())).delivered();
    assert!(wait_until(BOUND, || !service.stderr().is_empty()));
    let records = records(&service.stderr());
    assert_eq!(records.len(), 1);
    let expect = ["source_accepted", "anyone", "nothing", "hello"].map(|text| json!(text));
    assert_eq!(
        ["event", "caller", "by", "function_id"].map(|name| records[0][name].clone()),
        expect
    );
}
