use super::*;
use crate::json_file::MAX_FAULTS;

const SCHEMA: &str = include_str!("../../../../docs/function.schema.json");

/// Both the parser and the schema for editors take it.
#[track_caller]
fn good(file: &str) -> Manifest {
    assert!(schema_takes(file), "the schema refuses {file}");
    match Manifest::parse(file.as_bytes()) {
        Ok(manifest) => manifest,
        Err(bad) => panic!("{file}: {bad}"),
    }
}

/// Both refuse it, and the parser says each of these at its place.
#[track_caller]
fn bad(file: &str, expect: &[&str]) {
    assert!(!schema_takes(file), "the schema takes {file}");
    refused(file, expect);
}

#[track_caller]
fn refused(file: &str, expect: &[&str]) {
    let faults = Manifest::parse(file.as_bytes()).expect_err(file).faults;
    let told: Vec<_> = faults.iter().map(ManifestFault::to_string).collect();
    assert_eq!(told.len(), expect.len(), "{file}: {told:#?}");
    for (told, expect) in told.iter().zip(expect) {
        assert!(told.contains(expect), "{file}: {told:?}, not {expect:?}");
    }
}

fn schema_takes(file: &str) -> bool {
    let schema = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.is_valid(&serde_json::from_str(file).unwrap())
}

#[test]
fn a_whole_manifest() {
    let manifest = good(
        r#"{
            "$schema": "../function.schema.json",
            "displayName": "Enrich",
            "description": "Adds a plan.",
            "settings": [
                {"name": "apiKey", "label": "API key", "type": "string", "description": "d",
                 "required": true, "encrypted": true},
                {"name": "plans", "type": "map", "default": {"a": 1}},
                {"name": "tags", "type": "string[]", "default": ["x"]},
                {"name": "rate", "type": "number", "default": 0.5},
                {"name": "dry_run", "type": "boolean", "default": false}
            ],
            "limits": {"wallTimeMs": 1000, "cpuTimeMs": 5e2, "resultBytes": 10, "logBytes": 0, "requests": 3},
            "allowedHosts": ["API.example.com", "*.example.org"]
        }"#,
    );
    assert_eq!(manifest.display_name, "Enrich");
    assert_eq!(manifest.settings.len(), 5);
    let key = &manifest.settings[0];
    assert_eq!((&*key.name, &*key.label), ("apiKey", "API key"));
    assert!(key.required && key.encrypted);
    assert_eq!(
        manifest.settings[1].default,
        Some(serde_json::json!({"a": 1}))
    );
    assert_eq!(manifest.settings[4].default, Some(serde_json::json!(false)));
    let expect = ManifestLimits {
        wall_time: Some(Duration::from_secs(1)),
        cpu_time: Some(Duration::from_millis(500)),
        result_bytes: Some(10),
        log_bytes: Some(0),
        requests: Some(3),
    };
    assert_eq!(manifest.limits, expect);
    let hosts = AllowedHosts::parse(["api.example.com", "*.example.org"]).unwrap();
    assert_eq!(manifest.allowed_hosts.as_deref(), Some(&hosts));
}

#[test]
fn what_may_be_left_out() {
    assert_eq!(good("{}"), Manifest::default());
    good(r#"{"settings":[],"limits":{},"allowedHosts":[]}"#);
    good(r#"{"settings":[{"name":"_","type":"string","encrypted":false,"default":""}]}"#);
    good(r#"{"settings":[{"name":"pin","type":"number","encrypted":true}]}"#);
    good(r#"{"settings":[{"name":"flag","type":"boolean","encrypted":false}]}"#);
    good(&format!(r#"{{"displayName":"{}"}}"#, "é".repeat(120)));
    good(&format!(
        r#"{{"allowedHosts":["*.{}"]}}"#,
        vec!["a".repeat(63); 3].join(".")
    ));
}

#[test]
fn unknown_keys_are_told_with_their_place_and_the_keys_there_are() {
    bad(
        "{\n  \"displayname\": \"x\"\n}",
        &[
            "line 2, column 3: the manifest has no key \"displayname\"; there are $schema, displayName, \
           description, settings, limits, allowedHosts",
        ],
    );
    bad(
        r#"{"settings":[{"name":"é","type":"string","secret":true}]}"#,
        &[
            "column 22: settings[0].name must be 1 to 64 characters",
            "column 42: settings[0] has no key \"secret\"; there are name, label, type",
        ],
    );
    bad(
        r#"{"limits":{"wallTime":1}}"#,
        &["limits has no key \"wallTime\"; there are wallTimeMs, cpuTimeMs"],
    );
}

#[test]
fn all_faults_are_told_at_once() {
    bad(
        r#"{"displayName":"","description":7,"settings":[7,{"type":"text"},{"name":"a","type":"map","required":1}],
            "limits":[],"allowedHosts":"x"}"#,
        &[
            "displayName must have 1 to 120 characters, not 0",
            "description must be a string, not a number",
            "settings[0] must be an object, not a number",
            "settings[1].name is missing",
            "settings[1].type must be one of string, boolean, number, string[], map, not \"text\"",
            "settings[2].required must be true or false, not a number",
            "line 2, column 22: limits must be an object, not a list",
            "allowedHosts must be a list, not a string",
        ],
    );
}

#[test]
fn each_fault_alone() {
    for root in ["[]", "null", "\"x\"", "7"] {
        bad(root, &["must be an object"]);
    }
    let long = format!(r#"{{"displayName":"{}"}}"#, "x".repeat(121));
    bad(&long, &["1 to 120 characters, not 121"]);
    bad(r#"{"displayName":null}"#, &["must be a string, not null"]);
    for default in [
        r#"{"name":"a","type":"string","default":1}"#,
        r#"{"name":"a","type":"number","default":"1"}"#,
        r#"{"name":"a","type":"boolean","default":null}"#,
        r#"{"name":"a","type":"string[]","default":["x",1]}"#,
        r#"{"name":"a","type":"map","default":[]}"#,
    ] {
        bad(
            &format!(r#"{{"settings":[{default}]}}"#),
            &["settings[0].default must be"],
        );
    }
    bad(
        r#"{"settings":[{"name":"a","type":"string","encrypted":true,"default":"x"}]}"#,
        &["settings[0].default stands in the open"],
    );
    bad(
        r#"{"settings":[{"name":"a","type":"boolean","encrypted":true}]}"#,
        &["can't be encrypted"],
    );
    for number in ["0", "-1", "1.5", "3600001", "\"1\"", "null", "1e300"] {
        bad(
            &format!(r#"{{"limits":{{"wallTimeMs":{number}}}}}"#),
            &["whole number from 1 to 3600000"],
        );
    }
    for host in [
        "",
        "*",
        "*.",
        "*.*.a",
        "a..b",
        ".a",
        "a.",
        "https://a",
        "a:1",
        "a/b",
        "é.com",
        "a b",
        "[::1]",
    ] {
        bad(
            &format!(r#"{{"allowedHosts":["{host}"]}}"#),
            &["allowedHosts[0] must be a host"],
        );
    }
    let many = format!(r#"{{"allowedHosts":[{}]}}"#, ["\"a\""; 101].join(","));
    bad(&many, &["has 101 elements, more than 100"]);
}

#[test]
fn faults_that_a_schema_cant_see() {
    refused(
        r#"{"settings":[{"name":"a","type":"string"},{"name":"a","type":"map"}]}"#,
        &["settings[1].name \"a\" is the name of another setting"],
    );
    refused(
        r#"{"limits":{"logBytes":1,"logBytes":2}}"#,
        &["column 25: limits.logBytes is given twice"],
    );
}

#[test]
fn what_is_no_json_is_told_with_its_place() {
    refused("", &["line 1, column 1: is not JSON"]);
    refused(
        "{\n\"a\": }",
        &["line 2, column 6: is not JSON: expected value"],
    );
    refused("{} x", &["is not JSON: trailing characters"]);
    refused("{/* no */}", &["is not JSON"]);
    refused(
        &"[".repeat(60_000),
        &["is not JSON: recursion limit exceeded"],
    );
    refused(&" ".repeat(65 << 10), &["is larger than 65536 bytes"]);
    let fault = Manifest::parse(b"{\"a\xff\":1}").unwrap_err().to_string();
    assert!(fault.contains("is not UTF-8"), "{fault}");
}

#[test]
fn the_faults_told_are_bounded() {
    let unknown: Vec<_> = (0..1000).map(|key| format!("\"{key}\":0")).collect();
    let file = format!("{{{}}}", unknown.join(","));
    let faults = Manifest::parse(file.as_bytes()).unwrap_err().faults;
    assert_eq!(faults.len(), MAX_FAULTS);
}

#[test]
fn hosts() {
    let allows = |manifest: &Manifest, host: &str| {
        let host = url::Host::parse(host).unwrap();
        let hosts = manifest.allowed_hosts.as_ref();
        hosts.is_none_or(|hosts| hosts.contains(&host))
    };
    let manifest = good(r#"{"allowedHosts":["api.example.com","*.example.org"]}"#);
    for host in [
        "api.example.com",
        "API.Example.COM.",
        "a.example.org",
        "a.b.example.org",
    ] {
        assert!(allows(&manifest, host), "{host}");
    }
    for host in [
        "example.com",
        "x.api.example.com",
        "example.org",
        "badexample.org",
    ] {
        assert!(!allows(&manifest, host), "{host}");
    }
    assert!(allows(&Manifest::default(), "anything.example"));
    assert!(!allows(&good(r#"{"allowedHosts":[]}"#), "a"));
}
