//! The service around Invoke: its other methods, health, reflection, the store and its end.

use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use tokio_stream::StreamExt;
use tonic::Code as StatusCode;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::{v1, v1alpha};

use crate::check::{Call, TRACK};
use crate::processes::{is_alive, signal, wait_until};
use crate::service::{Service, block_on};

const SERVICE: &str = "penstock.executor.v1.ExecutorService";
const STOP_BOUND: Duration = Duration::from_secs(15);

#[test]
fn health_is_served() {
    let mut client = HealthClient::new(Service::shared().channel());
    for name in ["", SERVICE] {
        let request = HealthCheckRequest {
            service: name.to_owned(),
        };
        let answer = block_on(client.check(request))
            .expect("health is told")
            .into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "of {name:?}");
    }
    let request = HealthCheckRequest {
        service: "no.such.Service".to_owned(),
    };
    let status = block_on(client.check(request)).expect_err("an unknown service");
    assert_eq!(status.code(), StatusCode::NotFound, "{status:?}");
}

/// The names of the services that one version of the reflection protocol lists.
macro_rules! reflected {
    ($version:ident) => {
        block_on(async {
            use $version::server_reflection_client::ServerReflectionClient;
            use $version::server_reflection_request::MessageRequest;
            use $version::server_reflection_response::MessageResponse;
            let message_request = Some(MessageRequest::ListServices(String::new()));
            let request = $version::ServerReflectionRequest {
                host: String::new(),
                message_request,
            };
            let mut client = ServerReflectionClient::new(Service::shared().channel());
            let requests = tokio_stream::iter([request]);
            let mut answers = client
                .server_reflection_info(requests)
                .await
                .expect("reflection")
                .into_inner();
            let answer = answers.next().await.expect("an answer").expect("no status");
            let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
                panic!("no list: {answer:?}");
            };
            list.service
                .into_iter()
                .map(|service| service.name)
                .collect::<Vec<String>>()
        })
    };
}

#[test]
fn reflection_lists_the_service() {
    for (version, names) in [("v1", reflected!(v1)), ("v1alpha", reflected!(v1alpha))] {
        assert!(
            names.iter().any(|name| name == SERVICE),
            "{version}: {names:?}"
        );
    }
}

#[test]
fn usage_is_told() {
    let source = "async function onTrack(e) { for (let i = 0; i < 1e5; i++); await new Promise(r => setTimeout(r, 20)); return e }";
    let call = Call::of(source);
    for cold in [true, false] {
        let reply = call.clone().run();
        reply.delivers(TRACK);
        let usage = reply
            .response()
            .usage
            .unwrap_or_else(|| panic!("no usage\n{reply}"));
        let nanoseconds = |time: Option<prost_types::Duration>| {
            let time = time.unwrap_or_else(|| panic!("a time is missing\n{reply}"));
            time.seconds * 1_000_000_000 + i64::from(time.nanos)
        };
        assert_eq!(usage.cold_start, cold, "{reply}");
        assert!(
            nanoseconds(usage.wall) >= 15_000_000,
            "it slept for 20 ms\n{reply}"
        );
        assert!(nanoseconds(usage.cpu) > 0, "it worked\n{reply}");
        assert!(
            nanoseconds(usage.cpu) <= nanoseconds(usage.wall),
            "it slept longer than it worked\n{reply}"
        );
        assert!(nanoseconds(usage.queue) >= 0, "{reply}");
        assert!(usage.heap_used_bytes > 0, "{reply}");
        assert_eq!(usage.requests, 0, "{reply}");
    }
}

#[test]
fn usage_comes_with_errors_and_filtered_events() {
    for source in [
        "function onTrack() {}",
        "function onTrack() { throw 1 }",
        "function onTrack( {",
    ] {
        let reply = Call::of(source).run();
        let usage = reply
            .response()
            .usage
            .unwrap_or_else(|| panic!("no usage\n{reply}"));
        assert!(usage.wall.is_some(), "{reply}");
    }
}

fn store(root: &Path, function_id: &str, version: &str, source: &str) {
    let directory = root.join(function_id).join(version);
    std::fs::create_dir_all(&directory).expect("a directory");
    std::fs::write(directory.join("index.js"), source).expect("a file");
}

#[test]
fn functions_come_from_the_store() {
    let root = tempfile::tempdir().expect("a temporary directory");
    store(
        root.path(),
        "stored",
        "1",
        "function onTrack() { return { version: 1 } }",
    );
    store(
        root.path(),
        "stored",
        "2.0",
        "export const onTrack = () => ({ version: 2 })",
    );
    store(
        root.path(),
        "broken",
        "1",
        "function onTrack() {\n  return (\n}",
    );
    let service = Service::start(&["--functions", root.path().to_str().expect("a plain path")]);
    Call::stored("stored")
        .run_on(&service)
        .delivers(r#"{"version":1}"#);
    Call::stored("stored")
        .version("2.0")
        .run_on(&service)
        .delivers(r#"{"version":2}"#);
    let error = Call::stored("broken")
        .run_on(&service)
        .failed(crate::check::Code::InvalidFunction, "");
    assert_eq!(
        error.frames.first().map(|frame| frame.line),
        Some(3),
        "{error:#?}"
    );
    Call::stored("stored")
        .version("3")
        .run_on(&service)
        .refused(StatusCode::NotFound, "FUNCTION_NOT_FOUND");
    Call::stored("missing")
        .run_on(&service)
        .refused(StatusCode::NotFound, "FUNCTION_NOT_FOUND");
    // One that comes later is found, so what was missing once is not remembered for good.
    store(
        root.path(),
        "missing",
        "1",
        "function onTrack() { return { late: true } }",
    );
    let mut last = None;
    let found = wait_until(Duration::from_secs(30), || {
        let reply = Call::stored("missing").run_on(&service);
        let done = reply.result.is_ok();
        last = Some(reply);
        done
    });
    let last = last.expect("it was called");
    assert!(found, "a function stored later is found\n{last}");
    last.delivers(r#"{"late":true}"#);
}

#[test]
fn sigterm_ends_it_well() {
    let mut service = Service::start(&[]);
    Call::of("function onTrack(e) { return e }")
        .run_on(&service)
        .delivers(TRACK);
    let cells = service.cells();
    signal(service.pid(), Signal::TERM);
    let code = service.process().exit_code_within(STOP_BOUND);
    assert_eq!(code, Some(0), "its stderr:\n{}", service.stderr());
    let gone = wait_until(STOP_BOUND, || cells.iter().all(|cell| !is_alive(*cell)));
    assert!(gone, "all of {cells:?} are gone");
}

#[test]
fn sigterm_lets_calls_in_flight_finish() {
    let mut service = Service::start(&[]);
    let source = "async function onTrack(e) { await new Promise(resolve => setTimeout(resolve, e.sleep)); return e }";
    let call = Call::of(source);
    call.clone()
        .event(r#"{"type":"track","sleep":1}"#)
        .run_on(&service)
        .delivered();
    let event = r#"{"type":"track","sleep":1500}"#;
    block_on(async {
        let in_flight = tokio::spawn(call.event(event).send(service.client()));
        tokio::time::sleep(Duration::from_millis(500)).await;
        signal(service.pid(), Signal::TERM);
        in_flight.await.expect("the call ends").delivers(event);
    });
    assert_eq!(
        service.process().exit_code_within(STOP_BOUND),
        Some(0),
        "its stderr:\n{}",
        service.stderr()
    );
}
