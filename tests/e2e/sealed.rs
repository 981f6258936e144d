//! Sealed settings: opened by the executor alone, kept secret, bound to what they are for.

use std::os::unix::fs::symlink;
use std::sync::LazyLock;
use std::time::Duration;

use age::secrecy::ExposeSecret;
use age::x25519::Identity;
use penstock::front::sealed::{Binding, seal};
use serde_json::json;
use tonic::Code as StatusCode;
use tonic_types::StatusExt;

use crate::batch::Batch;
use crate::check::{Call, Code, Reply, fresh_id};
use crate::origin::Origin;
use crate::processes::wait_until;
use crate::secrets::{CANARY, EVERYTHING, PRELUDE, all_texts, assert_clean, assert_log_clean};
use crate::service::Service;
use crate::stored::StoredFunctions;

mod command;

/// A key for these tests alone, made by age-keygen, and what `age` and `age --armor` sealed for it.
const IDENTITIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/sealed/identity.txt");
const RECIPIENT: &str = "age1m3wy6agwsf0xrc2dmcc3ru93vch6mcv8qd0d6xrazunkmrrecpyq0f22ux";
const BY_AGE: &[u8] = include_bytes!("sealed/by-age.age");
const BY_AGE_ARMORED: &[u8] = include_bytes!("sealed/by-age.age.asc");
const IN_BY_AGE: &str = "zQ7-sealed-by-age-9";

const ECHO: &str = "function onTrack(event, settings) { return settings }";
const BOUND: Duration = Duration::from_mins(1);

static SERVICE: LazyLock<Service> = LazyLock::new(|| {
    let arguments = [
        "--sealed-identities",
        IDENTITIES,
        "--egress-allow",
        "127.0.0.0/8",
    ];
    Service::start_with(&arguments, &[("PENSTOCK_LOG", EVERYTHING)])
});

fn for_setting(setting: &str) -> Binding {
    Binding {
        setting: setting.to_owned(),
        function_id: None,
        instance_id: None,
    }
}

fn sealed_for(recipient: &str, value: &str, binding: &Binding) -> Vec<u8> {
    let recipient = recipient.parse().expect("a public key");
    seal(value, binding, &[recipient]).expect("it can be sealed")
}

fn sealed(setting: &str, value: &str) -> Vec<u8> {
    sealed_for(RECIPIENT, value, &for_setting(setting))
}

trait WithSealed {
    fn sealed(self, name: &str, file: impl Into<Vec<u8>>) -> Self;
}

impl WithSealed for Call {
    fn sealed(self, name: &str, file: impl Into<Vec<u8>>) -> Call {
        let file = file.into().into();
        self.change(|request| {
            request.sealed_settings.insert(name.to_owned(), file);
        })
    }
}

/// `INVALID_SETTINGS` with exactly these violations.
#[track_caller]
fn invalid(reply: &Reply, expect: &[(&str, &str)]) {
    let error = reply.failed(Code::InvalidSettings, "do not fit the function");
    let found: Vec<_> = error
        .violations
        .iter()
        .map(|violation| (violation.field.as_str(), violation.description.as_str()))
        .collect();
    assert_eq!(found, expect, "{reply}");
}

#[test]
fn sealed_settings_join_the_others() {
    let call = Call::of(ECHO)
        .settings(r#"{"plain":"p"}"#)
        .sealed("key", sealed("key", "hunter22"))
        .sealed("number", sealed("number", "12"));
    let expected = r#"{"plain":"p","key":"hunter22","number":"12"}"#;
    for _ in 0..2 {
        call.clone().run_on(&SERVICE).delivers(expected);
    }
    let batch = Batch::of("function onTrack(event, settings) { return settings }").numbered(2);
    let file = sealed("key", "hunter22");
    let batch = batch.change(|request| {
        request
            .sealed_settings
            .insert("key".to_owned(), file.into());
    });
    let expected = r#"{"key":"hunter22"}"#;
    batch.run_on(&SERVICE).comes_to(&[expected, expected]);
}

#[test]
fn what_the_age_tool_sealed_opens() {
    for file in [BY_AGE, BY_AGE_ARMORED] {
        let call = Call::of(ECHO).sealed("key", file);
        call.run_on(&SERVICE)
            .delivers(&json!({ "key": IN_BY_AGE }).to_string());
    }
}

#[test]
fn what_was_sealed_goes_out_nowhere() {
    let base = format!("http://127.0.0.1:{}", Origin::start().port());
    for statements in [
        "console.log(key, settings, `Bearer ${key}`, JSON.stringify(settings)); return event",
        "console.log(base64(key), base64('x' + key), encodeURIComponent(key), hex(key)); return event",
        "throw new Error(key)",
        "throw new DropEvent(key)",
        "await fetch(base + '/echo?key=' + encodeURIComponent(key), { headers: { 'x-key': hex(key) } }); return event",
        "await fetch(base + '/echo', { method: 'POST', body: base64(key) }); throw new TypeError(key)",
    ] {
        let source = format!(
            "{PRELUDE} const base = '{base}';
             async function onTrack(event, settings) {{ const {{ key }} = settings; {statements} }}"
        );
        let call = Call::of(&source)
            .capture()
            .sealed("key", sealed("key", CANARY));
        let texts = all_texts(&call.run_on(&SERVICE));
        assert_clean(&texts);
        assert!(
            texts.contains("[redacted:key]"),
            "nothing went out of {statements}\n{texts}"
        );
    }
    // Nor does what could not be used.
    for (name, file) in [
        ("pin", sealed("key", CANARY)),
        (
            "key",
            sealed_for(
                &Identity::generate().to_public().to_string(),
                CANARY,
                &for_setting("key"),
            ),
        ),
        ("key", CANARY.as_bytes().to_vec()),
    ] {
        let reply = Call::of(ECHO).sealed(name, file).run_on(&SERVICE);
        reply.failed(Code::InvalidSettings, &format!("sealed_settings.{name}"));
        assert_clean(&all_texts(&reply));
    }
    assert_log_clean(&SERVICE);
}

#[test]
fn every_setting_that_does_not_open_is_told() {
    let other = Identity::generate().to_public().to_string();
    let whole = sealed("altered", "hunter22");
    let mut altered = whole.clone();
    *altered.last_mut().expect("bytes") ^= 1;
    let call = Call::of(ECHO)
        .sealed("altered", altered)
        .sealed("cut", &whole[..whole.len() - 1])
        .sealed(
            "other",
            sealed_for(&other, "hunter22", &for_setting("other")),
        )
        .sealed("sound", sealed("sound", "hunter22"))
        .sealed("text", "hunter22");
    invalid(
        &call.run_on(&SERVICE),
        &[
            ("sealed_settings.altered", "was altered or cut off"),
            ("sealed_settings.cut", "was altered or cut off"),
            ("sealed_settings.other", "no key of this executor opens it"),
            ("sealed_settings.text", "is no age file"),
        ],
    );
}

#[test]
fn a_schema_holds_for_sealed_settings_too() {
    let stored = StoredFunctions::new().with(
        "f",
        ECHO,
        r#"{"settings":[
            {"name":"key","type":"string","required":true},
            {"name":"rate","type":"number","required":true},
            {"name":"tags","type":"string[]"},
            {"name":"map","type":"map"},
            {"name":"flag","type":"boolean","default":true}]}"#,
    );
    let service = Service::start(&[
        "--functions",
        stored.location(),
        "--sealed-identities",
        IDENTITIES,
    ]);
    let call = |values: &[(&str, &str)]| {
        let values = values.iter();
        let call = values.fold(Call::stored("f"), |call, (name, value)| {
            call.sealed(name, sealed(name, value))
        });
        call.run_on(&service)
    };
    let fits = [
        ("key", "12"),
        ("rate", "12"),
        ("tags", r#"["a"]"#),
        ("map", "{}"),
        ("flag", "false"),
    ];
    call(&fits).delivers(r#"{"key":"12","rate":12,"tags":["a"],"map":{},"flag":false}"#);
    invalid(
        &call(&[("rate", "fast"), ("tags", r#"["a",1]"#), ("map", "[]")]),
        &[
            (
                "sealed_settings.rate",
                "expected a number as JSON, found what is no JSON",
            ),
            ("settings.key", "is required: expected a string, found none"),
            (
                "sealed_settings.tags[1]",
                "expected a string, found a number",
            ),
            (
                "sealed_settings.map",
                "expected a map (an object), found a list",
            ),
        ],
    );
    // One that is required and does not open is told once.
    let reply = Call::stored("f")
        .settings(r#"{"rate":1}"#)
        .sealed("key", "no age file")
        .run_on(&service);
    invalid(&reply, &[("sealed_settings.key", "is no age file")]);
}

#[test]
fn a_value_for_one_instance_is_of_no_use_to_another() {
    let function_id = fresh_id();
    let binding = Binding {
        function_id: Some(function_id.clone()),
        instance_id: Some("customer-7".to_owned()),
        ..for_setting("key")
    };
    let file = sealed_for(RECIPIENT, "hunter22", &binding);
    let told = format!(
        r#"was sealed for setting "key" of function "{function_id}" of instance "customer-7""#
    );
    let ours = || Call::of(ECHO).id(&function_id).instance("customer-7");
    ours()
        .sealed("key", &*file)
        .run_on(&SERVICE)
        .delivers(r#"{"key":"hunter22"}"#);
    for (name, call) in [
        ("key", ours().instance("customer-8")),
        ("key", ours().instance("")),
        ("key", ours().id(&fresh_id())),
        ("webhook", ours()),
    ] {
        let reply = call.sealed(name, &*file).run_on(&SERVICE);
        invalid(&reply, &[(&format!("sealed_settings.{name}"), &told)]);
    }
}

#[test]
fn an_operator_may_require_that_values_are_bound() {
    let arguments = ["--sealed-identities", IDENTITIES, "--require-bound-seals"];
    let service = Service::start(&arguments);
    let told = "is not bound to a function and an instance, as this executor requires (knob \
                --require-bound-seals)";
    for file in [BY_AGE.to_vec(), sealed("key", "hunter22")] {
        let reply = Call::of(ECHO).sealed("key", file).run_on(&service);
        invalid(&reply, &[("sealed_settings.key", told)]);
    }
    let function_id = fresh_id();
    let binding = Binding {
        function_id: Some(function_id.clone()),
        instance_id: Some(String::new()),
        ..for_setting("key")
    };
    let file = sealed_for(RECIPIENT, "hunter22", &binding);
    let call = Call::of(ECHO).id(&function_id).sealed("key", file);
    call.run_on(&service).delivers(r#"{"key":"hunter22"}"#);
}

#[test]
fn an_executor_without_keys_says_so() {
    let reply = Call::of(ECHO).sealed("key", BY_AGE).run();
    reply.refused(
        StatusCode::FailedPrecondition,
        "SEALED_SETTINGS_UNAVAILABLE",
    );
    let status = reply.status(StatusCode::FailedPrecondition);
    let info = status.get_details_error_info().expect("details");
    assert_eq!(
        info.metadata.get("knob").map(String::as_str),
        Some("--sealed-identities")
    );
    assert!(status.message().contains("--sealed-identities"), "{reply}");
}

#[test]
fn limits_are_told_with_their_knob() {
    let service = Service::start(&[
        "--sealed-identities",
        IDENTITIES,
        "--settings-bytes",
        "2000",
    ]);
    #[track_caller]
    fn refused(service: &Service, call: Call, field: &str, expect: &str) {
        let told = call.run_on(service).rejected(field);
        assert_eq!(told, expect);
    }
    let many = (0..65).fold(Call::of(ECHO), |call, number| {
        call.sealed(&number.to_string(), "x")
    });
    let field = "sealed_settings";
    refused(
        &service,
        many,
        field,
        "has 65 entries, over the limit of 64",
    );
    let large = Call::of(ECHO).sealed("key", vec![0; 1998]);
    let told = "has 2001 bytes, over the limit of 2000 (knob --settings-bytes)";
    refused(&service, large, field, told);
    for name in [String::new(), "k".repeat(257)] {
        let named = Call::of(ECHO).sealed(&name, "x");
        refused(
            &service,
            named,
            field,
            "has a name that is not of 1 to 256 bytes",
        );
    }
    let twice = Call::of(ECHO).settings(r#"{"key":"k"}"#).sealed("key", "x");
    let told = "is given in settings, too: give it in one of the two";
    refused(&service, twice, "sealed_settings.key", told);
    let settings = json!({ "pad": "x".repeat(1900) }).to_string();
    let opened = Call::of(ECHO)
        .settings(&settings)
        .sealed("key", sealed("key", &"y".repeat(200)));
    let reply = opened.run_on(&service);
    let told = "have 2119 bytes with the sealed ones opened, over the limit of 2000 (knob --settings-bytes)";
    invalid(&reply, &[("settings", told)]);
}

#[test]
fn keys_are_rotated_while_serving() {
    let (old, new) = (Identity::generate(), Identity::generate());
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("identities");
    // As Kubernetes mounts a secret: what changes is where a link leads.
    let point_to = |identities: &[&Identity]| {
        let lines = identities.iter().map(|identity| identity.to_string());
        let lines: Vec<_> = lines.map(|line| line.expose_secret().to_owned()).collect();
        let text = lines.join("\n");
        let contents = folder.path().join(fresh_id());
        let aside = folder.path().join("aside");
        std::fs::write(&contents, text).expect("a file");
        symlink(&contents, &aside).expect("a link");
        std::fs::rename(&aside, &path).expect("it takes the other's place");
    };
    point_to(&[&old]);
    let path_text = path.to_str().expect("a plain path");
    let service = Service::start(&["--sealed-identities", path_text, "--reload-ms", "50"]);
    let [for_old, for_new] = [&old, &new].map(|identity| {
        let recipient = identity.to_public().to_string();
        let file = sealed_for(&recipient, "hunter22", &for_setting("key"));
        Call::of(ECHO).sealed("key", file)
    });
    let opens = |call: &Call| {
        let reply = call.clone().run_on(&service);
        !format!("{reply}").contains("no key of this executor opens it")
    };
    assert!(
        opens(&for_old) && !opens(&for_new),
        "the old key is in force"
    );
    point_to(&[&old, &new]);
    assert!(
        wait_until(BOUND, || opens(&for_new)),
        "the new key is taken"
    );
    assert!(opens(&for_old), "the old key is there still");
    std::fs::write(&path, "nonsense").expect("a file");
    let told = || service.stderr().contains("not reloaded");
    assert!(wait_until(BOUND, told), "{}", service.stderr());
    assert!(opens(&for_old) && opens(&for_new), "the keys stay");
    point_to(&[&new]);
    assert!(
        wait_until(BOUND, || !opens(&for_old)),
        "the old key is gone"
    );
    assert!(opens(&for_new), "the new key is there still");
    let log = service.stderr();
    assert!(!log.contains("SECRET-KEY"), "{log}");
    assert!(
        log.contains(&new.to_public().to_string()),
        "the public key is logged: {log}"
    );
}
