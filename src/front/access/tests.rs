//! Who is let in, by file, credentials and method.

use std::{fs, time::Duration};

use http::header::AUTHORIZATION;
use tempfile::NamedTempFile;

use super::*;
use crate::front::certificate::CertificateFacts;

const FILE: &str = r#"
[[token]]
name = "router"
sha256 = "HASH-OF-router-token"
roles = ["invoke"]
functions = ["crm-*", "hello"]
expires = 2999-01-01T00:00:00Z

[[token]]
name = "console"
sha256 = "HASH-OF-console-token"
roles = ["describe"]

[[token]]
name = "operator"
sha256 = "HASH-OF-operator-token"
roles = ["admin"]

[[token]]
name = "idle"
sha256 = "HASH-OF-idle-token"

[[token]]
name = "former"
sha256 = "HASH-OF-former-token"
roles = ["admin"]
expires = 2001-01-01

[[certificate]]
name = "mesh-router"
uri = "spiffe://prod/ns/*/sa/router"
roles = ["invoke"]

[[certificate]]
name = "dns-console"
dns = "Console.svc"
roles = ["describe"]

[[certificate]]
name = "old-operator"
common_name = "operator"
roles = ["admin"]
"#;

/// The file with hashes in the places of tokens.
fn hashed(text: &str) -> String {
    let mut parts = text.split("HASH-OF-");
    let mut hashed = parts.next().unwrap().to_owned();
    for part in parts {
        let (token, rest) = part.split_once('"').unwrap();
        hashed += &TokenHash::of(token).to_string();
        hashed.push('"');
        hashed += rest;
    }
    hashed
}

fn file(text: &str) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    fs::write(file.path(), hashed(text)).unwrap();
    file
}

fn open(file: &NamedTempFile) -> Result<Access, Vec<FileFault>> {
    Ok(Access {
        table: Some(Arc::new(Kept::open(AccessFile::at(file.path()))?)),
        audit: Audit::default(),
    })
}

fn peer(address: &str, encrypted: bool) -> Peer {
    Peer {
        address: Some(address.parse().unwrap()),
        encrypted,
        certificate: None,
    }
}

fn with_token(token: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if !token.is_empty() {
        headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    }
    headers
}

fn certificate(uri: &str, dns: &str, common_name: &str) -> CertificateFacts {
    let names = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    CertificateFacts {
        not_before: SystemTime::UNIX_EPOCH,
        not_after: SystemTime::now() + Duration::from_hours(1),
        dns: names(dns).into_iter().collect(),
        uris: names(uri).into_iter().collect(),
        common_name: names(common_name),
    }
}

fn path(method: &str) -> String {
    match method {
        "health" => "/grpc.health.v1.Health/Check".to_owned(),
        "reflection" => "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo".to_owned(),
        "Other" => "/some.other.Service/Method".to_owned(),
        known => format!("/penstock.executor.v1.ExecutorService/{known}"),
    }
}

const METHODS: [&str; 7] = [
    "health",
    "reflection",
    "Invoke",
    "InvokeBatch",
    "Describe",
    "Seal",
    "Other",
];

/// Which of [`METHODS`] are let in: `+`, or refused: `0` for want of credentials, `-` for want of a role.
fn judged(access: &Access, headers: &HeaderMap, peer: &Peer) -> String {
    let judge = |method: &&str| match access.judge(&path(method), headers, peer) {
        Ok(_) => '+',
        Err(Refusal::Unauthenticated(_)) => '0',
        Err(Refusal::NoRole { .. }) => '-',
    };
    METHODS.iter().map(judge).collect()
}

#[test]
fn a_token_may_do_what_its_roles_say() {
    let file = file(FILE);
    let access = open(&file).unwrap();
    let check = |token: &str, expect: &str| {
        let found = judged(&access, &with_token(token), &peer("10.0.0.1:9", true));
        assert_eq!(found, expect, "{token}");
    };
    check("router-token", "++++---");
    check("console-token", "++--+--");
    check("operator-token", "+++++++");
    check("idle-token", "+------");
    check("former-token", "+000000");
    check("nobodys-token", "+000000");
    check("", "+000000");
}

#[test]
fn a_certificate_may_do_what_its_entry_says() {
    let file = file(FILE);
    let access = open(&file).unwrap();
    let check = |certificate: CertificateFacts, token: &str, expect: &str| {
        let peer = Peer {
            certificate: Some(Arc::new(certificate.clone())),
            ..peer("10.0.0.1:9", true)
        };
        assert_eq!(
            judged(&access, &with_token(token), &peer),
            expect,
            "{certificate:?}"
        );
    };
    let router = || certificate("spiffe://prod/ns/a/sa/router", "", "");
    check(router(), "", "++++---");
    check(
        certificate("spiffe://test/ns/a/sa/router", "", ""),
        "",
        "+------",
    );
    check(certificate("", "console.svc", ""), "", "++--+--");
    check(certificate("", "x.console.svc", ""), "", "+------");
    check(certificate("", "", "operator"), "", "+++++++");
    // A name counts where it stands, not anywhere.
    check(
        certificate("operator", "operator", "console.svc"),
        "",
        "+------",
    );
    check(certificate("", "", ""), "", "+------");
    let mut expired = router();
    expired.not_after = SystemTime::UNIX_EPOCH;
    check(expired, "", "+000000");
    // A token that is sent decides.
    check(router(), "console-token", "++--+--");
    check(router(), "nobodys-token", "+000000");
}

#[test]
fn without_a_file_everybody_may_do_everything() {
    let access = Access {
        table: None,
        audit: Audit::default(),
    };
    for token in ["", "any"] {
        assert_eq!(
            judged(&access, &with_token(token), &peer("10.0.0.1:9", false)),
            "+++++++"
        );
    }
}

#[test]
fn a_token_is_taken_only_where_nobody_else_could_read_it() {
    let file = file(FILE);
    let access = open(&file).unwrap();
    let check = |address: &str, encrypted: bool, expect: &str| {
        let found = judged(
            &access,
            &with_token("router-token"),
            &peer(address, encrypted),
        );
        assert_eq!(found, expect, "{address} {encrypted}");
    };
    check("10.0.0.1:9", true, "++++---");
    check("10.0.0.1:9", false, "+000000");
    check("127.0.0.1:9", false, "++++---");
    check("[::1]:9", false, "++++---");
    check("[::ffff:127.0.0.1]:9", false, "++++---");
    check("[::ffff:10.0.0.1]:9", false, "+000000");
    let nowhere = judged(&access, &with_token("router-token"), &Peer::default());
    assert_eq!(nowhere, "+000000");
}

#[test]
fn a_refusal_tells_nothing_of_the_file_and_names_what_is_missing() {
    let file = file(FILE);
    let access = open(&file).unwrap();
    let refusal = |token: &str| {
        let peer = peer("10.0.0.1:9", true);
        access
            .judge(&path("Describe"), &with_token(token), &peer)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(refusal("former-token"), refusal("nobodys-token"));
    assert_eq!(refusal(""), refusal("nobodys-token"));
    assert_eq!(
        refusal("router-token"),
        "router lacks the role describe, which this method needs"
    );
}

#[test]
fn functions_can_be_limited() {
    let file = file(FILE);
    let access = open(&file).unwrap();
    let check = |token: &str, function: &str, expect: bool| {
        let peer = peer("10.0.0.1:9", true);
        let caller = access
            .judge(&path("health"), &with_token(token), &peer)
            .unwrap();
        // Health asks nobody who they are.
        assert_eq!(caller.name(), "anyone");
        let caller = access
            .judge(&path("reflection"), &with_token(token), &peer)
            .unwrap();
        assert_eq!(
            caller.check_function(function).is_ok(),
            expect,
            "{token} {function}"
        );
    };
    check("router-token", "crm-1", true);
    check("router-token", "hello", true);
    check("router-token", "hello2", false);
    check("router-token", "acrm-1", false);
    check("operator-token", "anything", true);
    assert!(Caller::nobody().check_function("hello").is_err());
}

#[test]
fn every_fault_of_a_file_is_told_at_once_and_no_token_with_it() {
    let check = |text: &str, expect: &[&str]| {
        let file = file(text);
        let faults = open(&file).unwrap_err();
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(faults.len(), expect.len(), "{text}: {faults:?}");
        for (fault, expect) in faults.iter().zip(expect) {
            assert!(
                fault.contains(expect) && fault.contains("--access /"),
                "{expect}: {fault}"
            );
            assert!(!fault.contains("canary"), "{fault}");
        }
    };
    let entry = |rest: &str| format!("[[token]]\nname = \"n\"\nsha256 = \"HASH-OF-a\"\n{rest}");
    check("", &["no [[token]]"]);
    check("[[token]", &["line 1"]);
    check(&entry("rules = []"), &["line 4: unknown field `rules`"]);
    check(
        &entry("roles = [\"root\"]"),
        &["line 4: unknown variant `root`"],
    );
    check(
        &entry("roles = \"canary\""),
        &["line 4: invalid type: string"],
    );
    check(
        &entry("expires = 2030-01-01T00:00:00+01:00"),
        &["token 1 has an expires"],
    );
    check(
        &entry("functions = [\"a/b\"]"),
        &["token 1 has in functions \"a/b\""],
    );
    check(
        &format!("{}\n{}", entry(""), entry("")),
        &["token 2 has the sha256 of another"],
    );
    check("[[token]]\nname = \"n\"", &["missing field `sha256`"]);
    check(
        "[[token]]\nname = \"\"\nsha256 = \"canary\"\n[[certificate]]\nname = \"a\\nb\"\n",
        &[
            "token 1 has a name",
            "token 1 has a sha256",
            "certificate 1 has a name",
            "certificate 1 has to have one",
        ],
    );
    check(
        "[[certificate]]\nname = \"n\"\ndns = \"a\"\nuri = \"b\"",
        &["one of dns, uri"],
    );
}

#[test]
fn who_is_taken_out_of_the_file_is_refused_from_then_on() {
    let file = file(FILE);
    let access = open(&file).unwrap();
    let peer = peer("10.0.0.1:9", true);
    let check = |expect: &str| {
        access
            .watched()
            .unwrap()
            .look(super::super::files::Eagerness::IfChanged);
        assert_eq!(judged(&access, &with_token("router-token"), &peer), expect);
    };
    check("++++---");
    let without = FILE.replace("HASH-OF-router-token", "HASH-OF-another");
    fs::write(file.path(), hashed(&without)).unwrap();
    check("+000000");
    fs::write(file.path(), "[[token]]").unwrap();
    check("+000000");
    fs::write(file.path(), hashed(FILE)).unwrap();
    check("++++---");
}
