//! Who gets a place in flight, who waits and for how long, who is refused; and until when callers wait.

// Every value that is compared is a count.
#![allow(clippy::float_cmp)]

use std::time::Duration;

use penstock::api::InvokeResponse;
use penstock::api::invoke_response::Outcome;
use prost::Message;
use tokio::task::JoinHandle;
use tonic::Code as StatusCode;
use tonic_types::StatusExt;

use crate::check::{Call, Code, Reply, fresh_id};
use crate::frames::BareCall;
use crate::processes::wait_until;
use crate::scrape::Scrape;
use crate::service::{Service, block_on};

const PATIENCE: Duration = Duration::from_secs(30);

const ECHO: &str = "function onTrack(e) { return e }";

const SLEEPS: &str =
    "async function onTrack(e) { await new Promise(done => setTimeout(done, e.sleep)); return e }";

fn one_cell(arguments: &[&str]) -> Service {
    Service::start(&[&["--cells", "1"], arguments].concat())
}

/// A call that takes this long, in the background.
fn sleeping(service: &Service, id: &str, milliseconds: u32) -> JoinHandle<Reply> {
    let event = format!(r#"{{"type":"track","sleep":{milliseconds}}}"#);
    let call = Call::of(SLEEPS).id(id).event(&event).wall(PATIENCE);
    tokio::spawn(call.send(service.client()))
}

#[track_caller]
fn until(service: &Service, series: &str, count: f64) {
    let mut now = 0.0;
    let reached = wait_until(PATIENCE, || {
        now = Scrape::of(service).value(series);
        now == count
    });
    assert!(reached, "{series} is {now}, not {count}");
}

const IN_FLIGHT: &str = "penstock_invocations_in_flight";
const WAITING: &str = "penstock_invocations_waiting";

fn refused(reason: &str) -> String {
    format!("penstock_invocations_refused_total{{penstock_refusal_reason=\"{reason}\"}}")
}

#[test]
fn a_call_that_finds_no_place_waits_for_one() {
    let service = one_cell(&[
        "--max-in-flight",
        "1",
        "--queue-ms",
        "30000",
        "--wall-time-ms",
        "30000",
    ]);
    block_on(async {
        let first = sleeping(&service, &fresh_id(), 700);
        until(&service, IN_FLIGHT, 1.0);
        let second = tokio::spawn(Call::of(ECHO).send(service.client()));
        until(&service, WAITING, 1.0);
        first.await.unwrap().delivered();
        second.await.unwrap().delivered();
    });
    until(&service, WAITING, 0.0);
    let waited =
        "penstock_invocation_place_wait_time_seconds_count{penstock_wait_result=\"place\"}";
    assert_eq!(Scrape::of(&service).value(waited), 1.0);
}

#[test]
fn who_may_not_wait_is_told_why_and_when_to_come_again() {
    #[track_caller]
    fn check(arguments: &[&str], reason: &str, metric: &str, knob: &str) {
        let service = one_cell(&[&["--max-in-flight", "1"], arguments].concat());
        let reply = block_on(async {
            let first = sleeping(&service, &fresh_id(), 20_000);
            until(&service, IN_FLIGHT, 1.0);
            let reply = Call::of(ECHO).send(service.client()).await;
            first.abort();
            reply
        });
        reply.refused(StatusCode::ResourceExhausted, reason);
        let status = reply.status(StatusCode::ResourceExhausted);
        assert!(status.message().contains(knob), "{reply}");
        let retry = status.get_details_retry_info().expect("says when");
        assert!(retry.retry_delay > Some(Duration::ZERO), "{reply}");
        assert_eq!(Scrape::of(&service).value(&refused(metric)), 1.0);
    }
    check(
        &["--queue", "0"],
        "EXECUTOR_FULL",
        "max_in_flight",
        "--max-in-flight",
    );
    check(
        &["--queue-ms", "50"],
        "QUEUE_TIME",
        "queue_time",
        "--queue-ms",
    );
}

#[test]
fn a_busy_function_gives_way_to_others() {
    let service = one_cell(&[
        "--max-in-flight",
        "2",
        "--queue",
        "20",
        "--queue-ms",
        "60000",
        "--wall-time-ms",
        "60000",
    ]);
    block_on(async {
        let busy = fresh_id();
        let holders = [(); 2].map(|()| sleeping(&service, &busy, 50_000));
        until(&service, IN_FLIGHT, 2.0);
        let mut flood: Vec<_> = (0..20).map(|_| sleeping(&service, &busy, 50_000)).collect();
        until(&service, WAITING, 20.0);
        // The room is full, and yet another function's call is taken, and is next.
        let other = tokio::spawn(Call::of(ECHO).send(service.client()));
        until(&service, &refused("function_share"), 1.0);
        until(&service, WAITING, 20.0);
        holders[0].abort();
        other.await.unwrap().delivered();
        // Its place is the flood's now.
        until(&service, WAITING, 18.0);
        let displaced = wait_until(PATIENCE, || flood.iter().any(JoinHandle::is_finished));
        assert!(displaced, "one had to go");
        let at = flood.iter().position(JoinHandle::is_finished).unwrap();
        let reply = flood.swap_remove(at).await.unwrap();
        reply.refused(StatusCode::ResourceExhausted, "FUNCTION_SHARE");
        let status = reply.status(StatusCode::ResourceExhausted);
        assert!(status.message().contains(&busy), "{reply}");
        assert!(!flood.iter().any(JoinHandle::is_finished), "and no other");
        flood.iter().chain(&holders).for_each(JoinHandle::abort);
    });
}

#[test]
fn instances_give_a_function_no_more_turns_in_a_cell() {
    const WORKS: &str = "function onTrack(e) {
        const end = Date.now() + 30; while (Date.now() < end); return e }";
    let service = one_cell(&["--cell-threads", "1", "--wall-time-ms", "60000"]);
    block_on(async {
        let busy = fresh_id();
        let flood = (0..100).map(|instance| {
            let call = Call::of(WORKS).id(&busy).instance(&instance.to_string());
            tokio::spawn(call.wall(PATIENCE).send(service.client()))
        });
        let flood: Vec<_> = flood.collect();
        let in_flight = || Scrape::of(&service).value(IN_FLIGHT);
        assert!(wait_until(PATIENCE, || in_flight() >= 50.0), "it is busy");
        Call::of(ECHO).send(service.client()).await.delivered();
        assert!(
            flood.iter().any(|call| !call.is_finished()),
            "it waited for all of them"
        );
        flood.iter().for_each(JoinHandle::abort);
    });
}

#[test]
fn the_callers_deadline_counts_while_it_waits() {
    let service = one_cell(&["--max-in-flight", "1", "--queue-ms", "60000"]);
    block_on(async {
        let first = sleeping(&service, &fresh_id(), 20_000);
        until(&service, IN_FLIGHT, 1.0);
        let call = BareCall::open(&service, &[("grpc-timeout", "200m")]).await;
        let status = call.send(Call::of(ECHO)).await.status();
        assert_eq!(status.code(), StatusCode::DeadlineExceeded, "{status}");
        until(&service, WAITING, 0.0);
        first.abort();
        Call::of(ECHO).send(service.client()).await.delivered();
    });
}

#[test]
fn the_callers_deadline_counts_while_its_message_arrives() {
    block_on(async {
        let mut call = BareCall::open(Service::shared(), &[("grpc-timeout", "200m")]).await;
        let part = vec![0, 0, 0, 0, 9, 1];
        call.body.send_data(part.into(), false).unwrap();
        let status = call.answer().await.status();
        assert_eq!(status.code(), StatusCode::DeadlineExceeded);
        assert!(status.message().contains("deadline"), "{status}");
    });
}

#[test]
fn a_function_that_takes_too_long_for_its_caller_comes_back_as_an_outcome() {
    // The outcome has a tenth of the time to come back in, which on a busy machine may be too little.
    const TRIES: usize = 10;
    let id = fresh_id();
    let event = r#"{"type":"track","sleep":20000}"#;
    let outcome = |_| {
        block_on(async {
            let call = BareCall::open(Service::shared(), &[("grpc-timeout", "500m")]).await;
            let answer = call.send(Call::of(SLEEPS).id(&id).event(event)).await;
            let response = InvokeResponse::decode(&*answer.message).expect("a message");
            response.outcome
        })
    };
    let Some(Outcome::Error(error)) = (0..TRIES).find_map(outcome) else {
        panic!("an outcome that is an error");
    };
    assert_eq!(error.code(), Code::Timeout, "{error:?}");
    let limit = error.limit.expect("a limit").value;
    assert!(
        (400..=450).contains(&limit),
        "what its caller left: {limit} ms"
    );
}

#[test]
fn a_deadline_that_can_not_be_read_is_refused() {
    block_on(async {
        for malformed in ["soon", "5", "123456789m", "-1S"] {
            let headers = [("grpc-timeout", malformed)];
            let call = BareCall::open(Service::shared(), &headers).await;
            let status = call.answer().await.status();
            assert_eq!(status.code(), StatusCode::InvalidArgument, "{malformed}");
            assert!(status.message().contains("grpc-timeout"), "{status}");
        }
    });
}
