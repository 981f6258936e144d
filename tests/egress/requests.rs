//! What goes out and what is told of it.

use std::time::Duration;

use bytes::Bytes;
use penstock::front::egress::{Protocol, Request};

use crate::{
    client::{Client, check_body, check_fails, get, post, with_headers},
    server::{End, Server, reply},
};

#[tokio::test]
async fn a_request_has_the_functions_headers_and_the_usual_ones() {
    let server = Server::fixed(200, &[], "x").await;
    let client = Client::new(&[]);
    let own = [("X-Key", "caf\u{e9}"), ("X-Key", "b"), ("Cookie", "c=d")];
    check_body(
        &client,
        with_headers(get(server.url("/p?q=a|b")), &own),
        b"x",
    )
    .await;
    check_body(&client, post(server.url("/"), "body"), b"x").await;
    let seen = server.requests();
    assert_eq!(seen[0].line, "GET /p?q=a|b");
    let keys: Vec<_> = seen[0].headers.get_all("x-key").iter().collect();
    assert_eq!(keys, [&b"caf\xe9"[..], b"b"]);
    assert_eq!(seen[0].header("host"), Some(&*server.address.to_string()));
    assert_eq!(seen[0].header("accept"), Some("*/*"));
    assert_eq!(seen[0].header("accept-encoding"), Some("gzip,deflate,br"));
    assert_eq!(seen[0].header("cookie"), Some("c=d"));
    assert!(
        seen[0]
            .header("user-agent")
            .is_some_and(|agent| agent.starts_with("penstock/"))
    );
    assert_eq!(seen[0].headers.len(), 7, "{:?}", seen[0].headers);
    assert_eq!(seen[1].line, "POST /");
    assert_eq!(seen[1].header("content-length"), Some("4"));
    assert_eq!(seen[1].body, "body");
}

#[tokio::test]
async fn headers_that_could_smuggle_a_request_have_no_effect() {
    let server = Server::fixed(200, &[], "x").await;
    let client = Client::new(&[]);
    let smuggling = [
        ("Transfer-Encoding", "chunked"),
        ("Content-Length", "3"),
        ("Connection", "close, X-Key"),
        ("Expect", "100-continue"),
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", "AAMAAABkAAQAoAAAAAIAAAAA"),
        ("TE", "trailers"),
        ("Trailer", "X-Key"),
        ("Keep-Alive", "timeout=1"),
        ("Proxy-Connection", "close"),
        ("X-Key", "a"),
    ];
    let body = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    check_body(
        &client,
        with_headers(post(server.url("/1"), body), &smuggling),
        b"x",
    )
    .await;
    check_body(&client, get(server.url("/2")), b"x").await;
    let seen = server.requests();
    let lines: Vec<_> = seen.iter().map(|request| request.line.as_str()).collect();
    assert_eq!(lines, ["POST /1", "GET /2"]);
    assert_eq!(seen[0].body, body);
    assert_eq!(seen[0].header("x-key"), Some("a"));
    // Host, X-Key, and what is filled in.
    assert_eq!(seen[0].headers.len(), 6, "{:?}", seen[0].headers);
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn what_is_no_header_or_method_never_leaves() {
    let server = Server::fixed(200, &[], "x").await;
    let client = Client::new(&[]);
    let bad = [
        ("X", "a\r\nEvil: b"),
        ("X", "a\n b"),
        ("X\r\nEvil", "b"),
        ("X: y\r\nEvil", "b"),
        ("", "b"),
        ("X", "\0"),
        ("Host", "elsewhere.example"),
    ];
    for header in bad {
        let request = with_headers(get(server.url("/")), &[header]);
        check_fails(&client, request, "invalid-request", None, "").await;
    }
    for method in ["GET / HTTP/1.1\r\nX: ", "CONNECT", "a b"] {
        let request = Request {
            method: method.to_owned(),
            ..get(server.url("/"))
        };
        check_fails(&client, request, "invalid-request", None, "method").await;
    }
    assert_eq!(server.accepted(), 0);
    // None of it is a request that was made.
    assert!(client.traces().is_empty());
    assert_eq!(client.caller.requests.made(), 0);
}

#[tokio::test]
async fn user_and_password_of_the_url_become_a_header_and_stay_out_of_traces() {
    let server = Server::fixed(200, &[], "x").await;
    let client = Client::new(&[]);
    let url = format!("http://user:p%C3%A4ss@{}/", server.address);
    let (response, _) = client.body(get(&url)).await;
    // user:päss
    let expect = Some("Basic dXNlcjpww6Rzcw==");
    assert_eq!(server.requests()[0].header("authorization"), expect);
    assert_eq!(response.url, url);
    assert_eq!(client.trace().url, server.url("/"));
}

#[tokio::test]
async fn a_response_comes_with_all_its_headers() {
    let head = b"HTTP/1.1 299 Quite Fine\r\nSet-Cookie: a=1\r\nX-Name: \xe9\r\nset-cookie: b=2\r\n\
                 Content-Length: 2\r\n\r\nok";
    let server = Server::canned(*head, End::Hold).await;
    let client = Client::new(&[]);
    let (response, body) = client.body(get(server.url("/#fragment"))).await;
    assert_eq!((response.status, &*response.reason), (299, "Quite Fine"));
    assert!(!response.redirected);
    let headers: Vec<_> = response.headers.iter().map(|(n, v)| (&**n, &**v)).collect();
    let expect = [
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("x-name", "\u{e9}"),
        ("content-length", "2"),
    ];
    assert_eq!(headers, expect);
    assert_eq!(body, "ok");
}

#[tokio::test]
async fn methods_and_statuses_without_a_body_have_none() {
    let server = Server::http(|request| async move {
        match request.path() {
            "/204" => reply(204, &[("content-encoding", "gzip")], ""),
            "/304" => reply(304, &[("content-encoding", "gzip")], ""),
            _ => reply(
                200,
                &[("content-encoding", "gzip"), ("content-length", "5")],
                "",
            ),
        }
    })
    .await;
    let client = Client::new(&[]);
    check_body(&client, get(server.url("/204")), b"").await;
    check_body(&client, get(server.url("/304")), b"").await;
    let head = Request {
        method: "HEAD".to_owned(),
        ..get(server.url("/"))
    };
    check_body(&client, head, b"").await;
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_trace_tells_all_of_a_hop() {
    let server = Server::fixed(201, &[("x-key", "v")], "y".repeat(9000)).await;
    let client = Client::new(&[]);
    let request = Request {
        event_index: Some(3),
        body: Bytes::from(vec![b'x'; 8193]),
        ..with_headers(
            post(server.url("/path"), ""),
            &[("Authorization", "secret")],
        )
    };
    client.body(request).await;
    let trace = client.trace();
    assert_eq!((&*trace.method, trace.url), ("POST", server.url("/path")));
    assert_eq!((trace.status, trace.event_index), (Some(201), Some(3)));
    let has = |headers: &[(String, String)], name: &str, value: &str| {
        headers.contains(&(name.to_owned(), value.to_owned()))
    };
    assert!(has(&trace.request_headers, "authorization", "secret"));
    assert!(has(
        &trace.request_headers,
        "host",
        &server.address.to_string()
    ));
    assert!(has(&trace.response_headers, "x-key", "v"));
    assert_eq!(
        (trace.request_body.bytes.len(), trace.request_body.truncated),
        (8192, true)
    );
    assert_eq!(
        (
            trace.response_body.bytes.len(),
            trace.response_body.truncated
        ),
        (8192, true)
    );
    let connection = trace.connection.expect("a connection");
    assert_eq!(
        (connection.remote, connection.reused),
        (server.address, false)
    );
    assert_eq!(connection.protocol, Protocol::Http1);
    assert!(trace.timings.connect.is_some() && trace.timings.dns.is_none());
    assert!(trace.timings.first_byte <= Some(trace.timings.total));
    assert!(trace.time > Duration::from_secs(1_700_000_000));
    assert_eq!(trace.error, None);

    client.body(get(server.url("/"))).await;
    let trace = client.trace();
    assert!(trace.connection.is_some_and(|connection| connection.reused));
    assert_eq!(trace.timings.connect, None);
}

#[tokio::test]
async fn the_requests_of_an_invocation_are_counted() {
    let server = Server::fixed(200, &[], "x").await;
    let client = Client::new(&["--egress-requests", "2"]);
    check_body(&client, get(server.url("/")), b"x").await;
    check_body(&client, get(server.url("/")), b"x").await;
    let said = "limit of 2, redirects included (knob --egress-requests)";
    for _ in 0..3 {
        check_fails(&client, get(server.url("/")), "request-limit", None, said).await;
    }
    assert_eq!(client.caller.requests.made(), 2);
    assert_eq!(client.traces().len(), 2);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn requests_can_be_switched_off() {
    let client = Client::new(&["--egress-off"]);
    let request = get("http://127.0.0.1:9999/");
    check_fails(&client, request, "denied-by-policy", None, "--egress-off").await;
}
