//! Files that change while the service runs: the new is used from then on, calls under way go on, and what
//! is of no use changes nothing.

// What is compared are counts, and seconds without a fraction.
#![allow(clippy::float_cmp)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use tonic::transport::Channel;

use crate::certificates::{Authority, Issued};
use crate::check::Call;
use crate::dial;
use crate::processes::{signal, wait_until};
use crate::scrape::Scrape;
use crate::secured::{Secured, invoke, token_entry};
use crate::service::{Service, block_on};

const BOUND: Duration = Duration::from_secs(20);

const ECHO: &str = "function onTrack(e) { return e }";

const TOKEN: Option<&str> = Some("token");

const NOT_AFTER: &str = "penstock_tls_certificate_not_after_seconds";

fn secured() -> Secured {
    Secured::new(&token_entry("router", "token", "roles = [\"invoke\"]"))
}

#[track_caller]
fn delivers(channel: &Channel) {
    invoke(channel.clone(), TOKEN, Call::of(ECHO)).expect("delivered");
}

#[track_caller]
fn eventually(service: &Service, done: impl FnMut() -> bool) {
    assert!(wait_until(BOUND, done), "{}", service.stderr());
}

/// The certificate that a new handshake is shown.
fn shown(service: &Service, secured: &Secured) -> Vec<u8> {
    let handshake = dial::handshake(service.address(), secured.client(None));
    let stream = block_on(handshake).expect("a handshake");
    let certificates = stream
        .get_ref()
        .1
        .peer_certificates()
        .expect("a certificate");
    certificates[0].to_vec()
}

fn stale(service: &Service, subject: &str) -> f64 {
    Scrape::of(service).value(&format!(
        "penstock_reload_stale{{penstock_reload_subject=\"{subject}\"}}"
    ))
}

fn reloads(service: &Service, subject: &str, result: &str) -> f64 {
    Scrape::of(service).value(&format!(
        "penstock_reloads_total{{penstock_reload_result=\"{result}\",penstock_reload_subject=\"{subject}\"}}"
    ))
}

#[test]
fn a_renewed_certificate_is_shown_and_open_connections_go_on() {
    let secured = secured();
    let service = secured.start(&[]);
    let open = service.channel();
    delivers(&open);
    assert_eq!(Scrape::of(&service).value(NOT_AFTER), 4_070_908_800.0);
    let renewed = secured.write_server(2098);
    eventually(&service, || {
        delivers(&open);
        shown(&service, &secured) == renewed.der()
    });
    assert_eq!(Scrape::of(&service).value(NOT_AFTER), 4_039_372_800.0);
    delivers(&open);
    delivers(&service.separate_channel(Some(secured.client(None))));
    assert_eq!(stale(&service, "tls"), 0.0);
}

#[test]
fn a_key_that_does_not_fit_changes_nothing_and_is_told() {
    let secured = secured();
    let service = secured.start(&[]);
    let before = shown(&service, &secured);
    secured.write(
        "server.key",
        &secured
            .authority
            .issue(&["127.0.0.1"], (2000, 2099))
            .key_pem(),
    );
    eventually(&service, || stale(&service, "tls") == 1.0);
    assert!(
        service
            .stderr()
            .contains("is not the key of the certificate"),
        "{}",
        service.stderr()
    );
    assert_eq!(shown(&service, &secured), before);
    assert_eq!(reloads(&service, "tls", "failed"), 1.0);
    let renewed = secured.write_server(2097);
    eventually(&service, || shown(&service, &secured) == renewed.der());
    eventually(&service, || stale(&service, "tls") == 0.0);
}

#[test]
fn a_changed_authority_decides_who_connects_from_then_on() {
    let uri = "spiffe://prod/router";
    let access = format!("[[certificate]]\nname = \"mesh\"\nuri = \"{uri}\"\nroles = [\"invoke\"]");
    let secured = Secured::new(&access);
    let service = secured.start(&["--tls-client-ca", "{ca.pem}"]);
    let next = Authority::named("next");
    let (old, new) = (secured.authority.issue_uri(uri), next.issue_uri(uri));
    let channel =
        |identity: &Issued| service.separate_channel(Some(secured.client(Some(identity))));
    let run = |channel: Channel| invoke(channel, None, Call::of(ECHO)).is_ok();
    let open = channel(&old);
    assert!(run(open.clone()) && !run(channel(&new)));
    secured.write("ca.pem", &next.pem());
    eventually(&service, || run(channel(&new)));
    assert!(!run(channel(&old)), "its authority is not trusted any more");
    assert!(run(open), "an open connection goes on");
}

#[test]
fn a_token_counts_from_when_it_is_in_the_file_to_when_it_is_not() {
    let secured = secured();
    let service = secured.start(&[]);
    let run = |token| invoke(service.channel(), Some(token), Call::of(ECHO)).is_ok();
    assert!(run("token") && !run("next"));
    secured.write(
        "access.toml",
        &token_entry("router", "next", "roles = [\"invoke\"]"),
    );
    eventually(&service, || run("next"));
    assert!(
        !run("token"),
        "it is gone, on connections that are open, too"
    );
    for broken in ["", "[[token]]\nname = \"router\"", "nonsense"] {
        let failed = reloads(&service, "access", "failed");
        secured.write("access.toml", broken);
        eventually(&service, || {
            reloads(&service, "access", "failed") == failed + 1.0
        });
        assert!(run("next"), "{broken:?}");
    }
    fs::remove_file(secured.path("access.toml")).expect("removed");
    eventually(&service, || reloads(&service, "access", "failed") == 4.0);
    assert!(run("next"));
}

#[test]
fn with_an_interval_of_0_files_are_looked_at_when_asked() {
    let secured = secured();
    let service = secured.start(&["--reload-ms", "0"]);
    let renewed = secured.write_server(2098);
    assert_ne!(shown(&service, &secured), renewed.der());
    signal(service.pid(), Signal::HUP);
    eventually(&service, || shown(&service, &secured) == renewed.der());
    delivers(&service.channel());
}

/// As Kubernetes replaces what is in a mounted volume: files are links into `..data`, which is a link to a
/// directory, and is replaced.
#[test]
fn a_volume_whose_link_is_swapped_is_seen() {
    let secured = secured();
    let root = secured.path("volume");
    let root = Path::new(&root);
    let fill = |name: &str, until| {
        let issued = secured.authority.issue(&["127.0.0.1"], (2000, until));
        fs::create_dir_all(root.join(name)).expect("a directory");
        fs::write(root.join(name).join("tls.crt"), issued.pem()).expect("written");
        fs::write(root.join(name).join("tls.key"), issued.key_pem()).expect("written");
        symlink(name, root.join("..next")).expect("linked");
        fs::rename(root.join("..next"), root.join("..data")).expect("renamed");
        issued
    };
    let first = fill("..1", 2099);
    for file in ["tls.crt", "tls.key"] {
        symlink(Path::new("..data").join(file), root.join(file)).expect("linked");
    }
    let service = secured.start(&[
        "--tls-cert",
        "{volume/tls.crt}",
        "--tls-key",
        "{volume/tls.key}",
    ]);
    assert_eq!(shown(&service, &secured), first.der());
    let second = fill("..2", 2098);
    eventually(&service, || shown(&service, &secured) == second.der());
    assert_eq!(reloads(&service, "tls", "failed"), 0.0);
}
