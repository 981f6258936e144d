//! Function stores over HTTP and S3: what is fetched, kept, and said when a store fails.

use std::fmt::Write;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use tonic::Code as StatusCode;
use tonic_types::StatusExt;

use crate::check::{Call, Code, Reply};
use crate::object_server::{Answer, ObjectServer, S3Server, Way};
use crate::processes::wait_until;
use crate::secrets::EVERYTHING;
use crate::service::{Service, block_on};
use crate::stored::StoredFunctions;

const HERE: &str = "function onTrack() { return { here: true } }";
const INDEX: &str = "f/1/index.js";
const MANIFEST: &str = "f/1/function.json";
const BOUND: Duration = Duration::from_mins(1);

/// A service on the server that asks for what is missing each time.
fn service(server: &ObjectServer, arguments: &[&str]) -> Service {
    let location = server.location();
    let common = ["--functions", &location, "--store-missing-ms", "0"];
    let environment = server.environment();
    let environment: Vec<_> = environment
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    Service::start_with(&[&common, arguments].concat(), &environment)
}

fn run(service: &Service) -> Reply {
    Call::stored("f").run_on(service)
}

pub fn sha256(source: &str) -> String {
    let digest = digest(&SHA256, source.as_bytes());
    let mut hex = String::new();
    for byte in digest.as_ref() {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

pub fn with_sha256(sha256: &str) -> Call {
    let function = |request: &mut penstock::api::InvokeRequest| {
        let function = request.function.get_or_insert_default();
        sha256.clone_into(&mut function.source_sha256);
    };
    Call::stored("f").change(function)
}

#[track_caller]
fn assert_here(reply: &Reply) {
    reply.delivers(r#"{"here":true}"#);
}

/// UNAVAILABLE with when to come again, and nothing of what the store said.
#[track_caller]
fn assert_unavailable(reply: &Reply) {
    let status = reply.status(StatusCode::Unavailable);
    let retry = status.get_details_retry_info();
    assert!(
        retry.is_some_and(|info| info.retry_delay.is_some()),
        "{reply}"
    );
    assert!(status.message().contains("f@1"), "{reply}");
    assert!(!status.message().contains("canary"), "{reply}");
}

#[test]
fn functions_are_fetched_once() {
    let server = ObjectServer::start();
    server.body(INDEX, HERE);
    server.body(MANIFEST, r#"{"limits":{"resultBytes":20}}"#);
    let service = service(&server, &[]);
    for _ in 0..3 {
        assert_here(&run(&service));
        Call::stored("f")
            .instance("other")
            .run_on(&service)
            .delivered();
    }
    assert_eq!((server.requests(INDEX), server.requests(MANIFEST)), (1, 1));
    server.body(
        "f/2/index.js",
        "function onTrack() { return { version: 'two' } }",
    );
    let two = Call::stored("f").version("2").run_on(&service);
    two.delivers(r#"{"version":"two"}"#);
}

#[test]
fn a_manifest_from_the_store_holds() {
    let server = ObjectServer::start();
    server.body(INDEX, HERE);
    server.body(
        MANIFEST,
        r#"{"settings":[{"name":"key","type":"string","required":true}]}"#,
    );
    let service = service(&server, &[]);
    run(&service).failed(Code::InvalidSettings, "settings.key");
    let settled = Call::stored("f")
        .settings(r#"{"key":"k"}"#)
        .run_on(&service);
    assert_here(&settled);
}

#[test]
fn what_is_missing_is_asked_for_again_and_then_found() {
    let server = ObjectServer::start();
    let service = service(&server, &[]);
    for _ in 0..2 {
        run(&service).refused(StatusCode::NotFound, "FUNCTION_NOT_FOUND");
    }
    assert_eq!(server.requests(INDEX), 2);
    server.body(INDEX, HERE);
    assert_here(&run(&service));
}

#[test]
fn what_is_missing_is_remembered_for_a_while() {
    let server = ObjectServer::start();
    let service = Service::start(&[
        "--functions",
        &server.location(),
        "--store-missing-ms",
        "3600000",
    ]);
    for _ in 0..3 {
        run(&service).refused(StatusCode::NotFound, "FUNCTION_NOT_FOUND");
    }
    // One that is sent is taken all the same.
    assert_here(&Call::stored("f").source(HERE).run_on(&service));
    assert_eq!(server.requests(INDEX), 1);
}

#[test]
fn a_store_that_fails_is_unavailable_until_it_recovers() {
    fails_and_recovers(Way::Web);
}

#[test]
fn google_that_fails_is_unavailable_until_it_recovers() {
    fails_and_recovers(Way::Google);
}

#[test]
fn azure_that_fails_is_unavailable_until_it_recovers() {
    fails_and_recovers(Way::Azure);
}

#[track_caller]
fn fails_and_recovers(way: Way) {
    let server = ObjectServer::start_as(way);
    let service = service(&server, &["--store-timeout-ms", "1000"]);
    let body = || HERE.as_bytes().to_vec();
    for path in [INDEX, MANIFEST] {
        server.body(INDEX, HERE);
        for fault in [
            Answer::Status(500),
            Answer::Status(503),
            Answer::Status(403),
            Answer::Status(401),
            Answer::Reset,
            Answer::Truncated(body(), 10),
            Answer::Truncated(body(), 0),
            Answer::Held(body()),
        ] {
            server.answer(path, fault.clone());
            let reply = run(&service);
            assert_unavailable(&reply);
            if matches!(fault, Answer::Held(_)) {
                let message = reply.status(StatusCode::Unavailable).message();
                assert!(
                    message.contains("1000 ms (knob --store-timeout-ms)"),
                    "{message}"
                );
            }
        }
        // A source that is sent does not get around a store that may have another.
        assert_unavailable(&Call::stored("f").source(HERE).run_on(&service));
    }
    assert!(
        service
            .stderr()
            .contains("the function store can't be read"),
        "it is logged"
    );
    server.body(MANIFEST, "{}");
    let mut last = None;
    let recovered = wait_until(BOUND, || {
        last = Some(run(&service));
        last.as_ref().is_some_and(|reply| reply.result.is_ok())
    });
    assert!(recovered, "{}", last.expect("a reply"));
}

#[test]
fn a_fault_that_passes_is_not_noticed() {
    let server = ObjectServer::start();
    let service = service(&server, &[]);
    server.answer(INDEX, Answer::Once(503, HERE.as_bytes().to_vec()));
    assert_here(&run(&service));
    assert_eq!(server.requests(INDEX), 2);
}

#[test]
fn concurrent_callers_share_one_fetch() {
    let server = ObjectServer::start();
    server.answer(INDEX, Answer::Held(HERE.as_bytes().to_vec()));
    let service = service(&server, &[]);
    block_on(async {
        let calls: Vec<_> = (0..20)
            .map(|_| tokio::spawn(Call::stored("f").send(service.client())))
            .collect();
        while server.requests(INDEX) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.open_gate();
        for call in calls {
            assert_here(&call.await.expect("the call ends"));
        }
    });
    assert_eq!(server.requests(INDEX), 1);
}

#[test]
fn a_caller_that_gives_up_does_not_take_the_fetch_along() {
    let server = ObjectServer::start();
    server.answer(INDEX, Answer::Held(HERE.as_bytes().to_vec()));
    let service = service(&server, &[]);
    block_on(async {
        let first = tokio::spawn(Call::stored("f").send(service.separate_client()));
        while server.requests(INDEX) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let second = tokio::spawn(Call::stored("f").send(service.client()));
        first.abort();
        server.open_gate();
        assert_here(&second.await.expect("the call ends"));
    });
}

#[test]
fn no_more_calls_wait_for_the_store_than_may_be_in_flight() {
    let server = ObjectServer::start();
    for id in ["a", "b", "c"] {
        server.answer(
            &format!("{id}/1/index.js"),
            Answer::Held(HERE.as_bytes().to_vec()),
        );
    }
    let service = service(
        &server,
        &["--max-in-flight", "2", "--store-timeout-ms", "30000"],
    );
    block_on(async {
        let waiting = ["a", "b"].map(|id| tokio::spawn(Call::stored(id).send(service.client())));
        while server.requests("a/1/index.js") + server.requests("b/1/index.js") < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let refused = Call::stored("c").send(service.client()).await;
        let status = refused.status(StatusCode::ResourceExhausted);
        assert!(status.get_details_retry_info().is_some(), "{refused}");
        assert!(status.message().contains("--max-in-flight"), "{refused}");
        server.open_gate();
        for call in waiting {
            assert_here(&call.await.expect("the call ends"));
        }
    });
    assert_here(&Call::stored("c").run_on(&service));
}

#[test]
fn what_had_to_go_is_fetched_again() {
    let server = ObjectServer::start();
    let ids: Vec<_> = (0..8).map(|number| format!("large-{number}")).collect();
    let padding = "x".repeat(300 << 10);
    for id in &ids {
        server.body(&format!("{id}/1/index.js"), &format!("{HERE} // {padding}"));
    }
    let service = service(&server, &["--function-cache-bytes", "1048576"]);
    for _ in 0..2 {
        for id in &ids {
            assert_here(&Call::stored(id).run_on(&service));
        }
    }
    let fetched: usize = ids
        .iter()
        .map(|id| server.requests(&format!("{id}/1/index.js")))
        .sum();
    assert!(fetched > ids.len(), "{fetched} fetches");
}

#[test]
fn a_source_that_cant_be_one_is_told() {
    let server = ObjectServer::start();
    let service = service(&server, &["--source-bytes", "100"]);
    let large = format!("{HERE} // {}", "x".repeat(100));
    server.body(INDEX, &large);
    let reply = run(&service);
    reply.refused(StatusCode::FailedPrecondition, "SOURCE_UNUSABLE");
    let message = reply.status(StatusCode::FailedPrecondition).message();
    assert!(
        message.contains("over the limit of 100 bytes (knob --source-bytes)"),
        "{message}"
    );
    server.answer(INDEX, Answer::Body(b"// \xff".to_vec()));
    let reply = run(&service);
    reply.refused(StatusCode::FailedPrecondition, "SOURCE_UNUSABLE");
    let message = reply.status(StatusCode::FailedPrecondition).message();
    assert!(message.contains("is not UTF-8"), "{message}");
    server.body(MANIFEST, &" ".repeat(70 << 10));
    server.body(INDEX, HERE);
    run(&service).failed(Code::InvalidFunction, "is larger than 65536 bytes");
}

#[test]
fn only_the_source_that_is_meant_runs() {
    let server = ObjectServer::start();
    server.body(INDEX, HERE);
    let service = service(&server, &[]);
    assert_here(&with_sha256(&sha256(HERE)).run_on(&service));
    assert_here(&with_sha256(&sha256(HERE).to_uppercase()).run_on(&service));
    let other = with_sha256(&sha256("other"));
    other
        .clone()
        .run_on(&service)
        .refused(StatusCode::FailedPrecondition, "SOURCE_MISMATCH");
    assert_here(&run(&service));
    // Sent inline, known or not.
    let inline = other.source(HERE);
    for call in [inline.clone(), inline.id("new")] {
        call.run_on(&service)
            .refused(StatusCode::FailedPrecondition, "SOURCE_MISMATCH");
    }
    assert_here(
        &with_sha256(&sha256(HERE))
            .source(HERE)
            .id("new")
            .run_on(&service),
    );
    for odd in ["abc", &sha256(HERE)[1..], &"x".repeat(64)] {
        let described = with_sha256(odd)
            .run_on(&service)
            .rejected("function.source_sha256");
        assert!(described.contains("64 hex digits"), "{described}");
    }
}

#[test]
fn a_store_that_gave_another_source_once_is_asked_again() {
    let server = ObjectServer::start();
    server.body(INDEX, "function onTrack() { return { wrong: true } }");
    let service = service(&server, &[]);
    let meant = with_sha256(&sha256(HERE));
    meant
        .clone()
        .run_on(&service)
        .refused(StatusCode::FailedPrecondition, "SOURCE_MISMATCH");
    run(&service).delivers(r#"{"wrong":true}"#);
    server.body(INDEX, HERE);
    for _ in 0..3 {
        assert_here(&meant.clone().run_on(&service));
        assert_here(&run(&service));
    }
}

#[test]
fn functions_come_from_s3() {
    let buckets = StoredFunctions::new();
    let folder = buckets.path().join("bucket/functions/f/1");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(
        folder.join("index.js"),
        "function onTrack(e, s) { return s }",
    )
    .expect("a file");
    let manifest = r#"{"settings":[{"name":"a","type":"number","default":7}]}"#;
    std::fs::write(folder.join("function.json"), manifest).expect("a file");
    let server = S3Server::start(buckets.path());
    let environment = server.environment();
    let environment: Vec<_> = environment
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    let logging = [&*environment, &[("PENSTOCK_LOG", EVERYTHING)]].concat();

    let service = Service::start_with(&["--functions", "s3://bucket/functions"], &logging);
    run(&service).delivers(r#"{"a":7}"#);
    let missing = Call::stored("g").run_on(&service);
    missing.refused(StatusCode::NotFound, "FUNCTION_NOT_FOUND");
    let found = wait_until(BOUND, || service.stderr().contains("TRACE"));
    assert!(found, "it logs all there is");
    assert!(
        !service.stderr().contains(S3Server::SECRET_KEY),
        "its credentials are not logged"
    );

    let wrong = [&*environment, &[("AWS_SECRET_ACCESS_KEY", "wrong")]].concat();
    let service = Service::start_with(&["--functions", "s3://bucket/functions"], &wrong);
    assert_unavailable(&run(&service));
}

#[test]
fn functions_come_from_google_and_azure() {
    for way in [Way::Google, Way::Azure, Way::AzureEmulator] {
        let server = ObjectServer::start_as(way);
        server.body(INDEX, "function onTrack(e, s) { return s }");
        server.body(
            MANIFEST,
            r#"{"settings":[{"name":"a","type":"number","default":7}]}"#,
        );
        let service = service(&server, &[]);
        run(&service).delivers(r#"{"a":7}"#);
        assert_eq!(
            (server.requests(INDEX), server.requests(MANIFEST)),
            (1, 1),
            "{way:?}"
        );
        let missing = Call::stored("g").run_on(&service);
        missing.refused(StatusCode::NotFound, "FUNCTION_NOT_FOUND");
        assert_eq!(server.requests("g/1/index.js"), 1, "{way:?}");
        server.body("g/1.0-a_b/index.js", HERE);
        assert_here(&Call::stored("g").version("1.0-a_b").run_on(&service));
    }
}

#[test]
fn who_may_not_read_google_or_azure_is_told_nothing_of_functions() {
    for (way, name, wrong) in [
        (Way::Google, "GOOGLE_BEARER_TOKEN", "wrong"),
        (Way::Azure, "AZURE_STORAGE_ACCOUNT_NAME", "other"),
    ] {
        let server = ObjectServer::start_as(way);
        server.body(INDEX, HERE);
        let location = server.location();
        let environment = server.environment();
        let environment = environment
            .iter()
            .map(|(known, value)| match *known == name {
                true => (*known, wrong),
                false => (*known, &**value),
            });
        let logging: Vec<_> = environment.chain([("PENSTOCK_LOG", "trace")]).collect();
        let service = Service::start_with(&["--functions", &location], &logging);
        assert_unavailable(&run(&service));
        assert!(
            !service.stderr().contains("canary-0123456789"),
            "no credentials are logged"
        );
    }
}

#[test]
fn a_bucket_that_is_not_there_says_nothing_of_functions() {
    for (way, here, gone) in [
        (
            Way::Web,
            "NoSuchKey",
            &["NoSuchBucket", "ContainerNotFound"][..],
        ),
        (Way::Google, "NoSuchKey", &["NoSuchBucket"]),
        // The last is what those get who may not know whether the container is there.
        (
            Way::Azure,
            "BlobNotFound",
            &[
                "ContainerNotFound",
                "ContainerBeingDeleted",
                "ResourceNotFound",
            ],
        ),
    ] {
        let server = ObjectServer::start_as(way);
        let service = service(&server, &[]);
        for code in gone {
            server.answer(INDEX, Answer::Missing(code));
            assert_unavailable(&run(&service));
        }
        server.answer(INDEX, Answer::Missing(here));
        run(&service).refused(StatusCode::NotFound, "FUNCTION_NOT_FOUND");
    }
}

#[test]
fn a_store_nobody_listens_at_is_unavailable() {
    let server = ObjectServer::start();
    let location = server.location();
    drop(server);
    let service = Service::start(&["--functions", &location]);
    assert_unavailable(&run(&service));
}
