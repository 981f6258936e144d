//! What clients may do to a connection, and what becomes of those that do more.

use tonic::Code as StatusCode;
use tonic_types::StatusExt;

use crate::check::{Call, fresh_id};
use crate::frames::{
    BareCall, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, Frame, GOAWAY, HEADERS,
    MAX_CONCURRENT_STREAMS, NO_ERROR, REFUSED_STREAM, RST_STREAM, RawClient, SETTINGS,
    call_headers, frame,
};
use crate::scrape::Scrape;
use crate::service::{Service, block_on};

const ECHO: &str = "function onTrack(e) { return e }";

const SLEEPS: &str =
    "async function onTrack(e) { await new Promise(done => setTimeout(done, e.sleep)); return e }";

fn one_cell(arguments: &[&str]) -> Service {
    Service::start(&[&["--cells", "1"], arguments].concat())
}

#[test]
fn who_speaks_http_1_is_told_what_this_is() {
    let mut client = RawClient::connect(Service::shared());
    client.send(b"GET /metrics HTTP/1.1\r\nhost: penstock\r\n\r\n");
    let answer = String::from_utf8_lossy(&client.read_to_end()).into_owned();
    assert!(answer.starts_with("HTTP/1.1 505 "), "{answer}");
    assert!(answer.contains("it speaks HTTP/2 only"), "{answer}");
}

#[test]
fn a_client_that_says_nothing_or_too_little_is_disconnected() {
    for said in [&b""[..], b"PRI * HTTP/2.0\r\n"] {
        let mut client = RawClient::connect(Service::shared());
        client.send(said);
        assert!(client.read_to_end().is_empty(), "after {said:?}");
    }
}

#[test]
fn a_client_that_does_not_answer_pings_is_disconnected() {
    let service = one_cell(&["--keep-alive-ms", "200"]);
    let mut client = RawClient::start(&service, &[]);
    while client.next().is_some() {}
    // One that does stays.
    Call::of(ECHO).run_on(&service).delivered();
}

#[test]
fn calls_beyond_the_most_on_a_connection_are_turned_away() {
    let service = one_cell(&["--connection-calls", "2"]);
    let mut client = RawClient::start(&service, &[]);
    let most = client.next_of(SETTINGS).setting(MAX_CONCURRENT_STREAMS);
    assert_eq!(most, Some(2));
    for stream in [1, 3, 5] {
        client.send(&frame(HEADERS, END_HEADERS, stream, &call_headers()));
    }
    let refused = client.next_of(RST_STREAM);
    assert_eq!((refused.stream, refused.error()), (5, REFUSED_STREAM));
}

#[test]
fn rapid_resets_end_the_connection() {
    let mut client = RawClient::start(Service::shared(), &[]);
    let mut attack = Vec::new();
    for stream in (1..2000).step_by(2) {
        attack.extend(frame(HEADERS, END_HEADERS, stream, &call_headers()));
        attack.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
    }
    client.send(&attack);
    assert_eq!(client.next_of(GOAWAY).error(), ENHANCE_YOUR_CALM);
}

#[test]
fn a_flood_of_faulty_calls_ends_the_connection() {
    let mut client = RawClient::start(Service::shared(), &[]);
    // Data of a stream that has no method: each is a fault that has to be answered with a reset.
    let nameless = [0, 1, b'x', 1, b'y'];
    let mut attack = Vec::new();
    for stream in (1..2400).step_by(2) {
        attack.extend(frame(HEADERS, END_HEADERS | END_STREAM, stream, &nameless));
    }
    client.send(&attack);
    assert_eq!(client.next_of(GOAWAY).error(), ENHANCE_YOUR_CALM);
}

#[test]
fn headers_that_are_too_large_are_refused() {
    let service = one_cell(&["--header-bytes", "1024"]);
    block_on(async {
        let long = "x".repeat(2000);
        let call = BareCall::open(&service, &[("x-long", &long)]).await;
        assert_eq!(call.answer().await.http, 431);
        let short = "x".repeat(200);
        let call = BareCall::open(&service, &[("x-short", &short)]).await;
        let answer = call.send(Call::of(ECHO)).await;
        assert_eq!((answer.http, answer.status().code()), (200, StatusCode::Ok));
    });
}

#[test]
fn a_message_that_is_too_large_is_refused_before_it_is_there() {
    let service = one_cell(&["--message-bytes", "65536"]);
    let padded = |bytes| format!(r#"{{"type":"track","x":"{}"}}"#, "x".repeat(bytes));
    let id = fresh_id();
    let call = |bytes| Call::of(ECHO).id(&id).event(&padded(bytes));
    call(60_000).run_on(&service).delivered();
    let reply = call(70_000).run_on(&service);
    let status = reply.status(StatusCode::InvalidArgument);
    assert!(status.message().contains("--message-bytes"), "{reply}");
    block_on(async {
        let mut call = BareCall::open(&service, &[]).await;
        let prefix = [0, 0, 1, 0, 1];
        call.body.send_data(prefix.to_vec().into(), false).unwrap();
        let status = call.answer().await.status();
        assert_eq!(status.code(), StatusCode::InvalidArgument);
        assert!(status.message().contains("65537 bytes"), "{status}");
    });
}

#[test]
fn messages_that_are_too_much_together_are_refused_until_there_is_room() {
    // A message that comes while another call is answered may itself find no room.
    const TRIES: usize = 200;
    let service = one_cell(&["--message-bytes", "65536", "--messages-bytes", "65536"]);
    block_on(async {
        let call = || Call::of(ECHO).send(service.client());
        let mut refused = None;
        for _ in 0..TRIES {
            let mut half_sent = BareCall::open(&service, &[]).await;
            let prefix = vec![0, 0, 1, 0, 0];
            half_sent.body.send_data(prefix.into(), false).unwrap();
            let reply = call().await;
            if reply.result.is_err() {
                refused = Some(reply);
                break;
            }
        }
        let reply = refused.expect("one is refused");
        let status = reply.status(StatusCode::ResourceExhausted);
        assert!(status.message().contains("--messages-bytes"), "{reply}");
        assert!(status.get_details_retry_info().is_some(), "{reply}");
        let mut reply = reply;
        for _ in 0..TRIES {
            if reply.result.is_ok() {
                break;
            }
            reply = call().await;
        }
        reply.delivered();
    });
}

#[test]
fn a_message_that_does_not_arrive_is_not_waited_for() {
    let service = one_cell(&["--receive-ms", "300"]);
    block_on(async {
        for part in [&[][..], &[0, 0, 0, 0, 200, 1, 2, 3]] {
            let mut call = BareCall::open(&service, &[]).await;
            call.body.send_data(part.to_vec().into(), false).unwrap();
            let status = call.answer().await.status();
            assert_eq!(status.code(), StatusCode::DeadlineExceeded);
            assert!(status.message().contains("--receive-ms"), "{status}");
        }
    });
}

#[test]
fn connections_beyond_the_most_are_closed_and_counted() {
    let service = one_cell(&["--max-connections", "2"]);
    let count = |name: &str| Scrape::of(&service).value(name).to_string();
    let _first = RawClient::start(&service, &[]);
    let mut second = RawClient::start(&service, &[]);
    second.next_of(SETTINGS);
    let mut third = RawClient::connect(&service);
    assert!(third.read_to_end().is_empty());
    assert_eq!(count("penstock_connections_open"), "2");
    assert_eq!(count("penstock_connections_refused_total"), "1");
    assert!(service.stderr().contains("--max-connections"));
    drop(second);
    // Until then it may be closed at any moment, in the middle of what it sends too.
    let is_taken = || {
        let again = RawClient::try_start(&service, &[]);
        again.is_ok_and(|mut again| again.next().is_some())
    };
    assert!(
        (0..1000).any(|_| is_taken()),
        "its place is free in the end"
    );
}

#[test]
fn an_old_connection_ends_without_the_loss_of_a_call() {
    let service = one_cell(&["--connection-age-ms", "300"]);
    let event = r#"{"type":"track","sleep":700}"#;
    block_on(async {
        // It takes longer than the connection lives, and has to be let finish on it.
        let call = BareCall::open(&service, &[]).await;
        let answer = call.send(Call::of(SLEEPS).event(event)).await;
        assert_eq!(answer.status().code(), StatusCode::Ok);
    });
    let mut client = RawClient::start(&service, &[]);
    let farewells = client.answer_pings_to_the_end();
    let codes: Vec<_> = farewells.iter().map(Frame::error).collect();
    assert_eq!(codes, [NO_ERROR, NO_ERROR], "a warning, and the last word");
}

#[test]
fn an_idle_connection_ends_and_a_busy_one_does_not() {
    let service = one_cell(&["--connection-idle-ms", "200"]);
    let event = r#"{"type":"track","sleep":1500}"#;
    let reply = Call::of(SLEEPS).event(event).run_on(&service);
    reply.delivers(event);
    let mut client = RawClient::start(&service, &[]);
    assert!(!client.answer_pings_to_the_end().is_empty());
}
