//! Servers that do not answer, or not in HTTP.

use std::{fmt::Write, time::Duration};

use penstock::front::egress::Request;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};

use crate::{
    client::{Client, check_body, check_fails, get},
    dns::{Answer, Dns, addresses},
    server::{End, Server},
};

#[tokio::test]
async fn a_connection_that_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let client = Client::new(&[]);
    let said = format!("failed, reason: connect ECONNREFUSED {address}");
    let request = get(format!("http://{address}/"));
    check_fails(&client, request, "system", Some("ECONNREFUSED"), &said).await;
    let trace = client.trace();
    assert_eq!((trace.status, trace.connection), (None, None));
    assert!(trace.error.is_some());
}

#[tokio::test]
async fn another_address_of_the_name_is_tried_when_one_refuses() {
    let server = Server::http_at("127.0.0.3:0", |_| async {
        crate::server::reply(200, &[], "x")
    })
    .await;
    let port = server.address.port();
    let dns = Dns::start(|_, _| addresses(&["127.0.0.1", "127.0.0.2", "127.0.0.3"])).await;
    let client = Client::new(&["--egress-dns", &dns.flag()]);
    check_body(&client, get(format!("http://some.test:{port}/")), b"x").await;
    let trace = client.trace();
    assert_eq!(
        trace.connection.expect("a connection").remote,
        server.address
    );
    assert!(trace.timings.dns.is_some());
}

/// A listener that takes no more connections lets those who dial wait.
#[tokio::test]
async fn another_address_of_the_name_is_tried_when_one_is_silent() {
    let server = Server::http_at("127.0.0.3:0", |_| async {
        crate::server::reply(200, &[], "x")
    })
    .await;
    let port = server.address.port();
    let silent = TcpSocket::new_v4().expect("a socket");
    silent
        .bind(([127, 0, 0, 2], port).into())
        .expect("an address");
    let silent = silent.listen(1).expect("a listener");
    let address = silent.local_addr().expect("an address");
    let mut waiting = Vec::new();
    while let Ok(connected) = timeout(Duration::from_millis(300), TcpStream::connect(address)).await
    {
        waiting.push(connected.expect("a connection"));
    }
    let dns = Dns::start(|_, _| addresses(&["127.0.0.2", "127.0.0.3"])).await;
    let flags = ["--egress-dns", &dns.flag(), "--egress-connect-ms", "3000"];
    let client = Client::new(&flags);
    check_body(&client, get(format!("http://some.test:{port}/")), b"x").await;
    assert_eq!(
        client.trace().connection.expect("a connection").remote,
        server.address
    );
    drop(silent);
}

#[tokio::test]
async fn names_that_nobody_answers_for() {
    let dns = Dns::start(|name, _| match name {
        "absent.test" => Answer::NoSuchName,
        "empty.test" => addresses(&[]),
        "broken.test" => Answer::Failure,
        _ => Answer::Silence,
    })
    .await;
    let client = Client::new(&["--egress-dns", &dns.flag(), "--egress-connect-ms", "400"]);
    for (name, code) in [
        ("absent", "ENOTFOUND"),
        ("empty", "ENOTFOUND"),
        ("broken", "EAI_AGAIN"),
        ("silent", "ETIMEDOUT"),
    ] {
        let request = get(format!("http://{name}.test/"));
        check_fails(&client, request, "system", Some(code), code).await;
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_or_resets() {
    let client = Client::new(&[]);
    for (response, end, said) in [
        ("", End::Close, "socket hang up"),
        ("", End::Reset, "ECONNRESET"),
        ("HTTP/1.1 200 OK\r\nConte", End::Close, "socket hang up"),
    ] {
        let server = Server::canned(response, end).await;
        check_fails(
            &client,
            get(server.url("/")),
            "system",
            Some("ECONNRESET"),
            said,
        )
        .await;
        // A new connection is no sign of one that was kept too long.
        assert_eq!(server.accepted(), 1);
    }
}

#[tokio::test]
async fn what_is_not_http_is_told() {
    let client = Client::new(&[]);
    let lengths = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx";
    let control = "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n";
    for response in [
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        lengths,
        control,
    ] {
        let server = Server::canned(response, End::Close).await;
        let (code, said) = (Some("HPE_INVALID_CONSTANT"), "Parse Error");
        check_fails(&client, get(server.url("/")), "system", code, said).await;
        server.wait_open(0).await;
    }
}

#[tokio::test]
async fn response_headers_are_bounded_by_number_and_size() {
    let client = Client::new(&[]);
    let mut many = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n".to_owned();
    for number in 0..257 {
        write!(many, "X-{number}: y\r\n").expect("written");
    }
    let large = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(70 << 10));
    for response in [many + "\r\n", large] {
        let server = Server::canned(response, End::Close).await;
        let (code, said) = (Some("HPE_HEADER_OVERFLOW"), "256 headers or 65536 bytes");
        check_fails(&client, get(server.url("/")), "system", code, said).await;
    }
}

#[tokio::test]
async fn a_switch_of_protocols_nobody_asked_for() {
    let response = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
    let server = Server::canned(response, End::Hold).await;
    let client = Client::new(&[]);
    let said = "not asked for";
    check_fails(
        &client,
        get(server.url("/")),
        "system",
        Some("EPROTO"),
        said,
    )
    .await;
    server.wait_open(0).await;
    let early = "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
    let server = Server::canned(early, End::Hold).await;
    check_body(&client, get(server.url("/")), b"x").await;
}

#[tokio::test]
async fn slow_headers_end_by_the_requests_timeout() {
    let client = Client::new(&[]);
    for response in ["", "HTTP/1.1 200 OK\r\nX: "] {
        let server = Server::canned(response, End::Hold).await;
        let request = Request {
            timeout: Some(Duration::from_millis(150)),
            ..get(server.url("/"))
        };
        let said = "network timeout at: ";
        check_fails(&client, request, "request-timeout", None, said).await;
        server.wait_open(0).await;
        let trace = client.trace();
        assert!(
            trace
                .error
                .is_some_and(|error| error.kind() == "request-timeout")
        );
    }
}
