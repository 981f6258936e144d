//! Redirects, as node-fetch 2 follows them.

use penstock::front::egress::{Redirect, Request};

use crate::{
    client::{Client, check_body, check_fails, get, post, with_headers},
    dns::{Dns, addresses},
    server::{Server, reply},
};

/// `/302/x` redirects to `/x`, and likewise with other statuses; `/go?x` to `x`; the rest is the end.
async fn redirector() -> Server {
    Server::http(|request| async move {
        let path = request.path().to_owned();
        if let Some((_, location)) = path.split_once("/go?") {
            return reply(302, &[("location", location)], "a body of no interest");
        }
        let parts = path.strip_prefix('/').and_then(|path| path.split_once('/'));
        match parts.map(|(status, rest)| (status.parse(), rest)) {
            Some((Ok(status), rest)) => reply(status, &[("location", &format!("/{rest}"))], ""),
            _ => reply(200, &[], "end"),
        }
    })
    .await
}

#[tokio::test]
async fn redirects_are_followed_on_one_connection_each_with_a_trace() {
    let server = redirector().await;
    let client = Client::new(&[]);
    let (response, body) = client
        .body(get(server.url("/301/302/303/307/308/end")))
        .await;
    assert_eq!(
        (body, response.redirected, response.url),
        ("end".into(), true, server.url("/end"))
    );
    let statuses: Vec<_> = client.traces().iter().map(|trace| trace.status).collect();
    assert_eq!(statuses, [301, 302, 303, 307, 308, 200].map(Some));
    assert_eq!(server.accepted(), 1);
    assert_eq!(client.caller.requests.made(), 6);
}

#[tokio::test]
async fn method_and_body_change_as_the_status_says() {
    let server = redirector().await;
    let client = Client::new(&[]);
    for (status, expect) in [
        (301, "GET /x"),
        (302, "GET /x"),
        (303, "GET /x"),
        (307, "POST /x"),
        (308, "POST /x"),
    ] {
        check_body(
            &client,
            post(server.url(&format!("/{status}/x")), "body"),
            b"end",
        )
        .await;
        let last = server.requests().pop().expect("a request");
        assert_eq!(last.line, expect, "{status}");
        let body = if expect.starts_with("POST") {
            "body"
        } else {
            ""
        };
        assert_eq!(last.body, body, "{status}");
        assert_eq!(
            last.headers.contains_key("content-length"),
            !body.is_empty()
        );
    }
    let put = Request {
        method: "PUT".to_owned(),
        ..post(server.url("/302/x"), "body")
    };
    check_body(&client, put, b"end").await;
    assert_eq!(server.requests().pop().expect("a request").line, "PUT /x");
}

#[tokio::test]
async fn loops_end_at_the_limit() {
    let server = redirector().await;
    let url = server.url("/go?/go?");
    let follow = |most| Request {
        redirect: Redirect::Follow(most),
        ..get(&url)
    };
    let looping = Server::fixed(307, &[("location", "/")], "").await;
    let client = Client::new(&[]);
    let said = "maximum redirect reached at: ";
    check_fails(&client, get(looping.url("/")), "max-redirect", None, said).await;
    assert_eq!(looping.requests().len(), 21);
    check_fails(&client, follow(0), "max-redirect", None, said).await;
    assert_eq!(server.requests().len(), 1);
    // Redirects are requests of the invocation like any other.
    let client = Client::new(&["--egress-requests", "5"]);
    check_fails(
        &client,
        get(looping.url("/")),
        "request-limit",
        None,
        "limit of 5",
    )
    .await;
    assert_eq!(looping.requests().len(), 21 + 5);
}

#[tokio::test]
async fn manual_and_error_do_not_follow() {
    let server = redirector().await;
    let client = Client::new(&[]);
    let manual = Request {
        redirect: Redirect::Manual,
        ..get(server.url("/302/x"))
    };
    let (response, _) = client.body(manual).await;
    let location = response.headers.iter().find(|(name, _)| name == "location");
    assert_eq!(response.status, 302);
    assert_eq!(
        location.map(|(_, value)| value.clone()),
        Some(server.url("/x"))
    );
    let error = Request {
        redirect: Redirect::Error,
        ..get(server.url("/302/x"))
    };
    check_fails(
        &client,
        error,
        "no-redirect",
        None,
        "redirect mode is set to error",
    )
    .await;
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_redirect_to_nowhere_is_told() {
    let server = redirector().await;
    let client = Client::new(&[]);
    let to = |location: &str| get(server.url(&format!("/go?{location}")));
    check_fails(&client, to("http://"), "invalid-redirect", None, "http://").await;
    check_fails(
        &client,
        to("file:///etc/passwd"),
        "invalid-request",
        None,
        "file:",
    )
    .await;
    check_fails(
        &client,
        to("http://127.0.0.1:25/"),
        "invalid-request",
        None,
        "port 25",
    )
    .await;
    let without = Server::fixed(302, &[], "stays").await;
    check_body(&client, get(without.url("/")), b"stays").await;
}

#[tokio::test]
async fn credentials_stay_with_the_host_they_were_meant_for() {
    let server = redirector().await;
    let port = server.address.port();
    let dns = Dns::start(|_, _| addresses(&["127.0.0.1"])).await;
    let client = Client::new(&["--egress-dns", &dns.flag()]);
    let secrets = [
        ("Authorization", "Bearer secret"),
        ("WWW-Authenticate", "x"),
        ("Cookie", "a=b"),
        ("Cookie2", "c"),
        ("X-Key", "kept"),
    ];
    for (to, expect) in [
        ("a.test", true),
        ("sub.a.test", true),
        ("nota.test", false),
        ("test", false),
        ("b.test", false),
        ("127.0.0.1", false),
    ] {
        let url = format!("http://a.test:{port}/go?http://{to}:{port}/end");
        check_body(&client, with_headers(get(url), &secrets), b"end").await;
        let last = server.requests().pop().expect("a request");
        assert_eq!(last.header("x-key"), Some("kept"));
        for name in ["authorization", "www-authenticate", "cookie", "cookie2"] {
            assert_eq!(last.header(name).is_some(), expect, "{name} to {to}");
        }
    }
    // Nor does the password in a URL go along.
    let url = format!("http://u:p@a.test:{port}/go?http://a.test:{port}/end");
    check_body(&client, get(url), b"end").await;
    assert_eq!(
        server
            .requests()
            .pop()
            .expect("a request")
            .header("authorization"),
        None
    );
}
