//! Who gets a connection over TLS, and that nobody who is slow about it holds up others.

// What is compared are counts, and seconds without a fraction.
#![allow(clippy::float_cmp)]

use std::error::Error;
use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use penstock::api::InvokeResponse;
use tokio::io::AsyncReadExt;
use tokio_rustls::rustls::{ALL_VERSIONS, version};
use tonic::Status;

use crate::certificates::{Authority, Issued};
use crate::check::{Call, TRACK};
use crate::dial;
use crate::processes::{Guarded, wait_until};
use crate::scrape::Scrape;
use crate::secured::{Secured, invoke, token_entry};
use crate::service::{Service, block_on, penstock};

const BOUND: Duration = Duration::from_secs(20);

const ECHO: &str = "function onTrack(e) { return e }";

const ROUTER: &str = "spiffe://prod/ns/pipeline/sa/router";

fn everybody() -> Secured {
    Secured::new(&token_entry("router", "token", "roles = [\"invoke\"]"))
}

fn handshakes(service: &Service, result: &str) -> f64 {
    let series =
        format!("penstock_tls_handshakes_total{{penstock_tls_handshake_result=\"{result}\"}}");
    Scrape::of(service).value(&series)
}

#[track_caller]
fn counted(service: &Service, result: &str, least: f64) {
    let mut count = 0.0;
    let reached = wait_until(BOUND, || {
        count = handshakes(service, result);
        count >= least
    });
    assert!(reached, "{count} handshakes {result}");
}

#[test]
fn calls_come_over_tls_1_2_and_1_3_and_not_in_the_clear() {
    let secured = everybody();
    let service = secured.start(&[]);
    for versions in [ALL_VERSIONS, &[&version::TLS12], &[&version::TLS13]] {
        let client = secured.authority.client(None, &["h2"], versions);
        let channel = service.separate_channel(Some(client));
        invoke(channel, Some("token"), Call::of(ECHO)).expect("delivered");
    }
    let plain = invoke(
        service.separate_channel(None),
        Some("token"),
        Call::of(ECHO),
    );
    assert_eq!(came_to(plain), NO_CONNECTION);
    counted(&service, "failed", 1.0);
}

#[test]
fn a_client_can_tell_whose_service_it_is() {
    let service = everybody().start(&[]);
    let stranger = Authority::named("another").client(None, &["h2"], ALL_VERSIONS);
    let error = block_on(dial::handshake(service.address(), stranger)).expect_err("not trusted");
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
}

#[test]
fn a_client_has_to_say_that_it_speaks_http2() {
    let secured = everybody();
    let service = secured.start(&[]);
    let client = |protocols| secured.authority.client(None, protocols, ALL_VERSIONS);
    let other = block_on(dial::handshake(service.address(), client(&["http/1.1"])));
    assert!(
        other
            .expect_err("no protocol in common")
            .to_string()
            .contains("NoApplicationProtocol")
    );
    block_on(async {
        let silent = dial::handshake(service.address(), client(&[])).await;
        let mut silent = silent.expect("a handshake");
        // It is closed, without or with the words for it.
        assert!(!matches!(silent.read(&mut [0; 64]).await, Ok(1..)));
    });
    assert_eq!(handshakes(&service, "no_http2"), 1.0);
}

/// The client has no connection: there is a fault of its own behind the status, and no answer.
const NO_CONNECTION: &str = "no connection";

/// What became of a call: delivered, a status, or nothing for want of a connection.
fn came_to(answer: Result<InvokeResponse, Status>) -> String {
    match answer {
        Ok(_) => "delivered".to_owned(),
        Err(status) if status.source().is_some() => NO_CONNECTION.to_owned(),
        Err(status) => format!("{:?}: {}", status.code(), status.message()),
    }
}

fn outcome(
    service: &Service,
    secured: &Secured,
    identity: Option<&Issued>,
    token: Option<&str>,
) -> String {
    let channel = service.separate_channel(Some(secured.client(identity)));
    came_to(invoke(channel, token, Call::of(ECHO).event(TRACK)))
}

#[test]
fn certificates_are_required_or_one_way_among_others() {
    let access = format!(
        "{}[[certificate]]\nname = \"mesh\"\nuri = \"{ROUTER}\"\nroles = [\"invoke\"]",
        token_entry("router", "token", "roles = [\"invoke\"]")
    );
    let secured = Secured::new(&access);
    let stranger = Authority::named("another").issue_uri(ROUTER);
    let authority = &secured.authority;
    let (listed, unlisted) = (
        authority.issue_uri(ROUTER),
        authority.issue(&["x.test"], (2000, 2099)),
    );
    let expired = authority.issue(&["x.test"], (2000, 2001));
    for (whether, none, none_with_token) in [
        ("required", NO_CONNECTION, NO_CONNECTION),
        ("optional", "Unauthenticated", "delivered"),
    ] {
        let service = secured.start(&["--tls-client-ca", "{ca.pem}", "--tls-client-auth", whether]);
        let check = |identity: Option<&Issued>, token: Option<&str>, expect: &str| {
            let found = outcome(&service, &secured, identity, token);
            assert!(
                found.starts_with(expect),
                "{whether}: {found}, not {expect}"
            );
        };
        check(None, None, none);
        check(None, Some("token"), none_with_token);
        check(Some(&listed), None, "delivered");
        check(Some(&listed), Some("token"), "delivered");
        check(
            Some(&unlisted),
            None,
            "PermissionDenied: x.test lacks the role invoke",
        );
        check(Some(&unlisted), Some("token"), "delivered");
        check(Some(&stranger), Some("token"), NO_CONNECTION);
        check(Some(&expired), Some("token"), NO_CONNECTION);
    }
}

#[test]
fn by_default_a_certificate_is_required_where_an_authority_is_named() {
    let secured = everybody();
    let service = secured.start(&["--tls-client-ca", "{ca.pem}"]);
    let found = outcome(&service, &secured, None, Some("token"));
    assert_eq!(found, NO_CONNECTION);
}

#[test]
fn whoever_connects_and_says_nothing_holds_up_nobody() {
    let secured = everybody();
    let service = secured.start(&["--tls-handshakes", "2", "--tls-handshake-ms", "60000"]);
    let silent: Vec<_> = (0..8)
        .map(|_| TcpStream::connect(service.address()).expect("accepted"))
        .collect();
    counted(&service, "displaced", 6.0);
    assert_eq!(
        outcome(&service, &secured, None, Some("token")),
        "delivered"
    );
    // The oldest gave way: it is closed.
    let mut oldest = &silent[0];
    oldest.set_read_timeout(Some(BOUND)).expect("a bound");
    assert!(matches!(oldest.read(&mut [0; 1]), Ok(0) | Err(_)));
}

#[test]
fn a_handshake_has_its_time() {
    let secured = everybody();
    let service = secured.start(&["--tls-handshake-ms", "100"]);
    let mut silent = TcpStream::connect(service.address()).expect("accepted");
    silent.set_read_timeout(Some(BOUND)).expect("a bound");
    assert_eq!(silent.read(&mut [0; 1]).expect("closed"), 0);
    counted(&service, "late", 1.0);
}

/// Starts with these flags and expects it to refuse, in words that have all of these.
#[track_caller]
fn refuses(secured: &Secured, flags: &[&str], expect: &[&str]) {
    let stderr = tempfile::NamedTempFile::new().expect("a file");
    let mut command = penstock();
    command
        .args(["serve", "--admin", "off"])
        .args(flags.iter().map(|flag| secured.filled(flag)));
    command.stderr(stderr.reopen().expect("a second handle"));
    let code = Guarded::spawn(&mut command).exit_code_within(BOUND);
    let text = std::fs::read_to_string(stderr.path()).expect("text");
    assert_eq!(code, Some(2), "{flags:?}: {text}");
    for expect in expect {
        assert!(text.contains(expect), "{flags:?} has {expect}: {text}");
    }
}

#[test]
fn what_would_be_open_to_others_is_refused_at_the_start_by_flags() {
    let secured = everybody();
    let exposed = ["--listen", "0.0.0.0:0"];
    refuses(
        &secured,
        &exposed,
        &[
            "--allow-plaintext",
            "--tls-cert",
            "--allow-anyone",
            "--access",
        ],
    );
    let tls = ["--tls-cert", "{server.pem}", "--tls-key", "{server.key}"];
    refuses(
        &secured,
        &[&exposed[..], &tls].concat(),
        &["--allow-anyone"],
    );
    let unusable = [
        "--listen",
        "127.0.0.1:0",
        "--tls-cert",
        "{nowhere}",
        "--tls-key",
        "{ca.pem}",
        "--tls-client-ca",
        "{server.key}",
        "--access",
        "{server.pem}",
        "--audit-log",
        "/nowhere/audit",
    ];
    refuses(
        &secured,
        &unusable,
        &[
            "nowhere: No such file",
            "has no PEM private key",
            "has no PEM certificate",
            "--access",
            "--audit-log",
        ],
    );
    let service = Service::start(&[
        "--listen",
        "0.0.0.0:0",
        "--allow-plaintext",
        "--allow-anyone",
    ]);
    let port = service.address().rsplit(':').next().expect("a port");
    let channel = block_on(async { dial::channel(&format!("127.0.0.1:{port}"), None) });
    invoke(channel, None, Call::of(ECHO)).expect("delivered");
}

#[test]
fn an_expired_certificate_is_warned_of() {
    let secured = everybody();
    secured.write_server(2001);
    let service = secured.start(&[]);
    let warned = "the listener's certificate is out of its time";
    assert!(service.stderr().contains(warned), "{}", service.stderr());
    let until = Scrape::of(&service).value("penstock_tls_certificate_not_after_seconds");
    assert_eq!(until, 978_307_200.0);
}
