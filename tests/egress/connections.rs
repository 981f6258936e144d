//! Connections: reused, bounded, never shared between functions, closed when nobody needs them.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use penstock::front::egress::{FetchError, Request};
use tokio::{
    io::AsyncWriteExt,
    sync::{Notify, Semaphore},
    time,
};

use crate::{
    certificates::Authority,
    client::{Client, Fetching, check_body, check_fails, get, post},
    server::{End, SeenRequest, Server, read_head, reply},
};

/// Answers that wait for the test to let them go.
struct Gate(Arc<Semaphore>);

impl Gate {
    fn closed() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    fn open(&self, answers: usize) {
        self.0.add_permits(answers);
    }

    fn handler(
        &self,
    ) -> impl Fn(SeenRequest) -> futures_util::future::BoxFuture<'static, Response<Full<Bytes>>>
    + Send
    + Sync
    + 'static {
        let gate = self.0.clone();
        move |_| {
            let gate = gate.clone();
            Box::pin(async move {
                gate.acquire().await.expect("never closed").forget();
                reply(200, &[], "x")
            })
        }
    }
}

async fn all_succeed(fetching: Vec<Fetching>) {
    for fetching in fetching {
        let response = fetching.await.expect("a task").expect("a response");
        assert_eq!(response.body.expect("a body"), "x");
    }
}

#[tokio::test]
async fn a_thousand_fetches_use_a_handful_of_connections() {
    let server = Server::fixed(200, &[], "x").await;
    let client = Client::new(&["--egress-requests", "1000"]);
    for _ in 0..500 {
        check_body(&client, get(server.url("/")), b"x").await;
    }
    let alone = server.accepted();
    // Six at a time is what one invocation may have under way.
    all_succeed(
        (0..500)
            .map(|_| client.spawn(get(server.url("/"))))
            .collect(),
    )
    .await;
    println!(
        "500 fetches in turn: {alone} connection(s); 500 at once: {} in all",
        server.accepted()
    );
    assert!(alone <= 2, "{alone}");
    assert!(server.accepted() <= 8, "{}", server.accepted());
    assert_eq!(server.requests().len(), 1000);
}

/// A burst to a host that nothing is known of yet: one dials, and the others wait to see whether they need to.
#[tokio::test]
async fn http2_carries_all_on_one_connection_and_http1_does_not() {
    let authority = Authority::new();
    let ca = authority.file();
    for (protocol, expect) in [("h2", 1), ("http/1.1", 20)] {
        let gate = Gate::closed();
        let config = authority.server(&["127.0.0.1"], &[protocol]);
        let server = Server::https(config, gate.handler()).await;
        let client = Client::new(&["--egress-ca", ca.to_str().expect("a path")]).other("many");
        let request = || get(server.https_url("/"));
        let fetching = (0..20).map(|_| client.spawn(request())).collect();
        server.wait_under_way(20).await;
        gate.open(20);
        all_succeed(fetching).await;
        assert_eq!(server.accepted(), expect, "{protocol}");
        let reused = client
            .traces()
            .into_iter()
            .filter_map(|trace| trace.connection);
        let reused = reused.filter(|connection| connection.reused).count();
        assert_eq!(reused, 20 - expect, "{protocol}");
    }
}

/// Who waits for another to dial does not wait for the next one to fail as well.
#[tokio::test]
async fn those_who_wait_for_a_host_that_fails_fail_together() {
    let server = Server::canned("", End::Hold).await;
    let client = Client::new(&["--egress-connect-ms", "1500"]).other("many");
    let request = || get(server.https_url("/"));
    let fetching: Vec<_> = (0..20).map(|_| client.spawn(request())).collect();
    server.wait_open(19).await;
    for fetching in fetching {
        let error = fetching.await.expect("a task").expect_err("no response");
        assert_eq!(error.code(), Some("ETIMEDOUT"));
    }
}

#[tokio::test]
async fn no_function_uses_anothers_connection() {
    let authority = Authority::new();
    let ca = authority.file();
    let client = Client::new(&["--egress-ca", ca.to_str().expect("a path")]);
    let other = client.other("two");
    let plain = Server::fixed(200, &[], "x").await;
    let config = authority.server(&["127.0.0.1"], &["h2"]);
    let http2 = Server::https(config, |_| async { reply(200, &[], "x") }).await;
    for (server, url) in [(&plain, plain.url("/")), (&http2, http2.https_url("/"))] {
        for client in [&client, &other, &client, &other] {
            check_body(client, get(&url), b"x").await;
        }
        let connections: Vec<_> = server
            .requests()
            .iter()
            .map(|seen| seen.connection)
            .collect();
        assert_eq!(connections, [1, 2, 1, 2]);
    }
    assert_eq!(client.egress.functions(), 2);
}

#[tokio::test]
async fn requests_beyond_the_bound_of_a_host_wait() {
    let gate = Gate::closed();
    let server = Server::http(gate.handler()).await;
    let flags = ["--egress-host-requests", "2", "--egress-queue", "3"];
    let client = Client::new(&flags).other("many");
    let fetching: Vec<_> = (0..2).map(|_| client.spawn(get(server.url("/")))).collect();
    server.wait_under_way(2).await;
    let waiting: Vec<_> = (0..3).map(|_| client.spawn(get(server.url("/")))).collect();
    // The test runs on one thread: after this, the three have come as far as they can.
    tokio::task::yield_now().await;
    let said = "3 requests of this function wait for a connection already (knob --egress-queue)";
    check_fails(&client, get(server.url("/")), "request-limit", None, said).await;
    // Neither another host nor another function has to wait for them.
    let elsewhere = Server::fixed(200, &[], "x").await;
    check_body(&client, get(elsewhere.url("/")), b"x").await;
    let other = client.other("two");
    let others = other.spawn(get(server.url("/")));
    server.wait_under_way(3).await;
    gate.open(6);
    all_succeed(fetching).await;
    all_succeed(waiting).await;
    all_succeed(vec![others]).await;
    assert_eq!(server.accepted(), 3);
    let queued =
        |trace: &penstock::front::egress::Trace| trace.timings.queue > Some(Duration::ZERO);
    assert!(client.traces().iter().all(queued));
}

#[tokio::test]
async fn one_invocation_has_so_many_requests_under_way() {
    let gate = Gate::closed();
    let server = Server::http(gate.handler()).await;
    let client = Client::new(&["--egress-at-once", "2"]);
    let fetching: Vec<_> = (0..6).map(|_| client.spawn(get(server.url("/")))).collect();
    for _ in 0..3 {
        server.wait_under_way(2).await;
        assert_eq!(server.accepted(), 2);
        gate.open(2);
        server.wait_under_way(0).await;
    }
    all_succeed(fetching).await;
}

#[tokio::test]
async fn one_function_has_so_many_requests_under_way() {
    let gate = Gate::closed();
    let (one, two) = (
        Server::http(gate.handler()).await,
        Server::http(gate.handler()).await,
    );
    let client = Client::new(&["--egress-function-requests", "1"]).other("many");
    let first = client.spawn(get(one.url("/")));
    one.wait_under_way(1).await;
    let second = client.spawn(get(two.url("/")));
    tokio::task::yield_now().await;
    assert_eq!(two.accepted(), 0);
    gate.open(1);
    two.wait_under_way(1).await;
    gate.open(1);
    all_succeed(vec![first, second]).await;
}

#[tokio::test]
async fn all_functions_together_have_so_many_requests_under_way() {
    let gate = Gate::closed();
    let server = Server::http(gate.handler()).await;
    let client = Client::new(&["--egress-connections", "2"]);
    let others = ["one", "two", "three"].map(|instance| client.other(instance));
    let fetching = others
        .iter()
        .map(|other| other.spawn(get(server.url("/"))))
        .collect();
    server.wait_under_way(2).await;
    tokio::task::yield_now().await;
    assert_eq!(server.accepted(), 2);
    gate.open(3);
    all_succeed(fetching).await;
    assert_eq!(server.accepted(), 3);
}

/// What was under way when the future is dropped is closed, at every stage, and told in a trace.
#[tokio::test]
async fn dropping_a_fetch_closes_its_connection() {
    let client = Client::new(&[]);
    let before_headers = Server::canned("", End::Hold).await;
    let in_headers = Server::canned("HTTP/1.1 200 OK\r\nX: ", End::Hold).await;
    let in_body = Server::canned("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", End::Hold).await;
    let in_handshake = Server::canned("", End::Hold).await;
    for (server, url) in [
        (&before_headers, before_headers.url("/")),
        (&in_headers, in_headers.url("/")),
        (&in_body, in_body.url("/")),
        (&in_handshake, in_handshake.https_url("/")),
    ] {
        let fetching = client.spawn(get(&url));
        server.wait_open(1).await;
        drop(fetching);
        server.wait_open(0).await;
        assert_eq!(server.accepted(), 1);
        assert_eq!(client.trace().error, Some(FetchError::Aborted));
    }
    // A place that was given up is free again.
    let narrow = Client::new(&["--egress-host-requests", "1"]);
    for _ in 0..3 {
        let fetching = narrow.spawn(get(in_body.url("/")));
        in_body.wait_open(1).await;
        drop(fetching);
        in_body.wait_open(0).await;
    }
}

/// A server that does not read: what was not sent by then is never sent.
#[tokio::test]
async fn dropping_a_fetch_ends_its_upload() {
    const BYTES: usize = 64 << 20;
    let (go_on, wait) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (received, mut count) = tokio::sync::mpsc::channel(1);
    let (waiting, going_on) = (wait.clone(), go_on.clone());
    let server = Server::raw(move |mut stream| {
        let (waiting, going_on, received) = (waiting.clone(), going_on.clone(), received.clone());
        async move {
            read_head(&mut stream).await;
            waiting.notify_one();
            going_on.notified().await;
            let rest = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
            received
                .send(rest.unwrap_or_default())
                .await
                .expect("a test");
        }
    })
    .await;
    let client = Client::new(&[]);
    let fetching = client.spawn(Request {
        body: Bytes::from(vec![0; BYTES]),
        ..post(server.url("/"), "")
    });
    wait.notified().await;
    drop(fetching);
    // By now the task has ended, and with it the connection's.
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    go_on.notify_one();
    let received = count.recv().await.expect("a count");
    assert!(received < BYTES as u64, "all {received} bytes were sent");
}

#[tokio::test]
async fn dropping_a_fetch_ends_its_http2_stream_and_no_other() {
    let authority = Authority::new();
    let config = authority.server(&["127.0.0.1"], &["h2"]);
    let gate = Gate::closed();
    let server = Server::https(config, gate.handler()).await;
    let ca = authority.file();
    let client = Client::new(&["--egress-ca", ca.to_str().expect("a path")]);
    let first = client.spawn(get(server.https_url("/")));
    server.wait_under_way(1).await;
    let second = client.spawn(get(server.https_url("/")));
    server.wait_under_way(2).await;
    drop(first);
    server.wait_under_way(1).await;
    gate.open(1);
    all_succeed(vec![second]).await;
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn idle_connections_close_and_functions_without_any_are_forgotten() {
    let authority = Authority::new();
    let ca = authority.file();
    let flags = [
        "--egress-idle-ms",
        "100",
        "--egress-ca",
        ca.to_str().expect("a path"),
    ];
    let client = Client::new(&flags);
    let plain = Server::fixed(200, &[], "x").await;
    let config = authority.server(&["127.0.0.1"], &["h2"]);
    let http2 = Server::https(config, |_| async { reply(200, &[], "x") }).await;
    check_body(&client, get(plain.url("/")), b"x").await;
    check_body(&client, get(http2.https_url("/")), b"x").await;
    plain.wait_open(0).await;
    http2.wait_open(0).await;
    let forgotten = time::timeout(Duration::from_secs(20), async {
        while client.egress.functions() > 0 {
            time::sleep(Duration::from_millis(20)).await;
        }
    });
    forgotten.await.expect("the function is forgotten");
}

#[tokio::test]
async fn so_many_idle_connections_are_kept_and_no_more() {
    let server = Server::fixed(200, &[], "x").await;
    let client = Client::new(&["--egress-idle-connections", "1"]);
    check_body(&client, get(server.url("/")), b"x").await;
    check_body(&client.other("two"), get(server.url("/")), b"x").await;
    server.wait_open(1).await;
    check_body(&client, get(server.url("/")), b"x").await;
    assert_eq!(server.accepted(), 2);
    let none = Client::new(&["--egress-idle-ms", "0"]);
    check_body(&none, get(server.url("/")), b"x").await;
    server.wait_open(1).await;
}

#[tokio::test]
async fn one_function_keeps_sixteen_idle_connections() {
    let server = Server::http_at("0.0.0.0:0", |_| async { reply(200, &[], "x") }).await;
    let port = server.address.port();
    let client = Client::new(&[]);
    for host in 1..=20 {
        check_body(&client, get(format!("http://127.0.0.{host}:{port}/")), b"x").await;
    }
    assert_eq!(server.accepted(), 20);
    server.wait_open(16).await;
    // The longest unused were closed.
    check_body(&client, get(format!("http://127.0.0.5:{port}/")), b"x").await;
    assert_eq!(server.accepted(), 20);
    check_body(&client, get(format!("http://127.0.0.4:{port}/")), b"x").await;
    assert_eq!(server.accepted(), 21);
}

#[tokio::test]
async fn a_connection_is_not_kept_when_the_server_says_so() {
    for header in [("connection", "close"), ("keep-alive", "timeout=1")] {
        let server = Server::fixed(200, &[header], "x").await;
        let client = Client::new(&[]);
        check_body(&client, get(server.url("/")), b"x").await;
        server.wait_open(0).await;
        check_body(&client, get(server.url("/")), b"x").await;
        assert_eq!(server.accepted(), 2);
    }
}

/// The server closes a kept connection just when the next request is on its way.
#[tokio::test]
async fn a_request_is_sent_again_only_if_that_does_no_harm() {
    let server = Server::raw(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
            .await;
        read_head(&mut stream).await;
    })
    .await;
    let client = Client::new(&[]);
    check_body(&client, get(server.url("/")), b"x").await;
    check_body(&client, get(server.url("/")), b"x").await;
    assert_eq!(server.accepted(), 2);
    client.traces();
    let request = Request {
        body: Bytes::new(),
        ..post(server.url("/"), "")
    };
    check_fails(
        &client,
        request,
        "system",
        Some("ECONNRESET"),
        "socket hang up",
    )
    .await;
    assert!(client.trace().connection.expect("a connection").reused);
    assert_eq!(server.accepted(), 2);
}
