//! The way out: every call that was taken is answered, and nobody holds the executor up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rustix::process::Signal;
use tonic::Code as StatusCode;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::check::{Call, fresh_id};
use crate::dial::never_sent;
use crate::frames::{
    BareCall, END_HEADERS, GOAWAY, HEADERS, INITIAL_WINDOW_SIZE, RawClient, call_headers, frame,
};
use crate::processes::{signal, wait_until};
use crate::scrape::{Scrape, request};
use crate::service::{Service, block_on};

const PATIENCE: Duration = Duration::from_secs(40);

const ECHO: &str = "function onTrack(e) { return e }";

const SLEEPS: &str =
    "async function onTrack(e) { await new Promise(done => setTimeout(done, e.sleep)); return e }";

fn one_cell(arguments: &[&str]) -> Service {
    Service::start(&[&["--cells", "1"], arguments].concat())
}

#[track_caller]
fn until_draining(service: &Service) {
    let draining = wait_until(PATIENCE, || {
        request(service, "GET", "/readyz").status == 503
    });
    assert!(draining, "it drains\n{}", service.stderr());
}

#[track_caller]
fn until_in_flight(service: &Service, count: f64) {
    let series = "penstock_invocations_in_flight";
    let in_flight = wait_until(PATIENCE, || Scrape::of(service).value(series) >= count);
    assert!(in_flight, "{count} are in flight");
}

#[track_caller]
fn ends_with(service: &mut Service, code: i32) {
    let found = service.process().exit_code_within(PATIENCE);
    assert_eq!(found, Some(code), "its stderr:\n{}", service.stderr());
}

#[test]
fn under_load_every_call_is_answered_or_refused() {
    let mut service = one_cell(&[]);
    let (id, event) = (fresh_id(), r#"{"type":"track","sleep":20}"#);
    let (answered, over) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    block_on(async {
        let callers = (0..16).map(|_| {
            let (client, id) = (service.separate_client(), id.clone());
            let (answered, over) = (answered.clone(), over.clone());
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    let call = Call::of(SLEEPS).id(&id).event(event);
                    let reply = call.send(client.clone()).await;
                    match &reply.result {
                        Ok(_) => reply.delivers(event),
                        Err(status) if status.code() == StatusCode::Unavailable => return,
                        Err(status) if never_sent(status) => return,
                        Err(other) => panic!("neither answered nor refused, but {other}\n{reply}"),
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        let callers: Vec<_> = callers.collect();
        while answered.load(Ordering::Relaxed) < 200 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        signal(service.pid(), Signal::TERM);
        for caller in callers {
            caller.await.expect("all is well with the caller");
        }
    });
    ends_with(&mut service, 0);
    assert!(
        service
            .stderr()
            .contains("every call that was taken is answered")
    );
}

#[test]
fn calls_are_taken_during_the_delay_while_probes_say_no() {
    let mut service = one_cell(&["--drain-delay-ms", "3000"]);
    let health = |channel| async {
        let answer = HealthClient::new(channel)
            .check(HealthCheckRequest::default())
            .await;
        answer
            .expect("health answers")
            .into_inner()
            .status()
            .as_str_name()
    };
    block_on(async {
        assert_eq!(health(service.channel()).await, "SERVING");
        signal(service.pid(), Signal::TERM);
        until_draining(&service);
        assert_eq!(health(service.channel()).await, "NOT_SERVING");
        Call::of(ECHO).send(service.client()).await.delivered();
        Call::of(ECHO)
            .send(service.separate_client())
            .await
            .delivered();
    });
    ends_with(&mut service, 0);
}

#[test]
fn a_silent_client_holds_nothing_up() {
    // Neither the end of the grace nor a missing sign of life is what ends it.
    let mut service = one_cell(&[
        "--receive-ms",
        "500",
        "--drain-ms",
        "600000",
        "--keep-alive-ms",
        "0",
    ]);
    let _says_nothing = RawClient::connect(&service);
    let _starts = RawClient::start(&service, &[]);
    let mut half_sent = RawClient::start(&service, &[]);
    half_sent.send(&frame(HEADERS, END_HEADERS, 1, &call_headers()));
    let call = block_on(async {
        let mut call = BareCall::open(&service, &[]).await;
        call.body
            .send_data(vec![0, 0, 0, 0, 9].into(), false)
            .unwrap();
        call
    });
    signal(service.pid(), Signal::TERM);
    half_sent.next_of(GOAWAY);
    let status = block_on(call.answer()).status();
    assert_eq!(status.code(), StatusCode::DeadlineExceeded);
    ends_with(&mut service, 0);
}

#[test]
fn an_answer_that_is_never_taken_counts_as_dropped() {
    let mut service = one_cell(&["--drain-ms", "1500"]);
    let mut client = RawClient::start(&service, &[(INITIAL_WINDOW_SIZE, 0)]);
    client.send(&frame(HEADERS, END_HEADERS, 1, &call_headers()));
    let message = Call::of(ECHO).into_framed_message();
    client.send(&frame(0, 1, 1, &message));
    client.next_of(HEADERS);
    signal(service.pid(), Signal::TERM);
    ends_with(&mut service, 4);
    assert!(
        service.stderr().contains("dropped=1"),
        "{}",
        service.stderr()
    );
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut service = one_cell(&["--wall-time-ms", "60000", "--drain-ms", "600000"]);
    block_on(async {
        let event = r#"{"type":"track","sleep":50000}"#;
        let call = Call::of(SLEEPS).event(event).send(service.client());
        let call = tokio::spawn(call);
        until_in_flight(&service, 1.0);
        signal(service.pid(), Signal::TERM);
        until_draining(&service);
        signal(service.pid(), Signal::TERM);
        let reply = call.await.expect("it ends");
        assert!(reply.result.is_err(), "{reply}");
    });
    ends_with(&mut service, 4);
    assert!(
        service.stderr().contains("dropped=1"),
        "{}",
        service.stderr()
    );
}

#[test]
fn cells_do_not_end_before_their_last_call() {
    let mut service = one_cell(&[]);
    let event = r#"{"type":"track","sleep":1500}"#;
    let reply = block_on(async {
        let call = Call::of(SLEEPS).event(event).send(service.client());
        let call = tokio::spawn(call);
        until_in_flight(&service, 1.0);
        // As a service manager does it, which tells every process of the group.
        for cell in service.cells() {
            signal(cell, Signal::TERM);
            signal(cell, Signal::INT);
        }
        signal(service.pid(), Signal::TERM);
        call.await.expect("it ends")
    });
    reply.delivers(event);
    ends_with(&mut service, 0);
}
