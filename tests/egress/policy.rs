//! Where requests may go: judged on the address dialled, at each hop, whatever led to it. All addresses here
//! are loopback, of which some are allowed; others are in `namespace`.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use penstock::front::egress::{FetchError, Redirect, Request};

use crate::{
    client::{Client, check_body, check_fails, config, get, try_config},
    dns::{Answer, Dns, addresses},
    server::{Server, reply},
};

/// Denied, and neither the error nor the trace tells more than that.
async fn check_denied(client: &Client, url: &str) {
    let error = check_fails(
        client,
        get(url),
        "denied-by-policy",
        None,
        "denied by policy",
    )
    .await;
    assert!(matches!(error, FetchError::Denied { .. }), "{error:?}");
    let said = error.to_string();
    let shown = said
        .strip_prefix("request to ")
        .and_then(|rest| rest.strip_suffix(" was denied by policy"));
    let trace = client.trace();
    assert_eq!(shown, Some(&*trace.url), "{said}");
    assert_eq!((trace.status, trace.connection), (None, None));
    assert_eq!(
        (trace.timings.connect, trace.timings.first_byte),
        (None, None)
    );
}

#[tokio::test]
async fn every_spelling_of_loopback_is_denied_by_default() {
    let server = Server::fixed(200, &[], "inside").await;
    let port = server.address.port();
    let client = Client::strict(&["--egress-requests", "1000"]);
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "１２７.０.０.１",
        "127。0。0。1",
        "%31%32%37.0.0.1",
        "0",
        "0.0.0.0",
        "localhost",
        "LOCALHOST.",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[0:0:0:0:0:ffff:7f00:0001]",
        "user:password@127.0.0.1",
        "example.com@127.0.0.1",
    ] {
        check_denied(&client, &format!("http://{host}:{port}/")).await;
        check_denied(&client, &format!("https://{host}:{port}/")).await;
    }
    assert_eq!(server.accepted(), 0);
    check_body(
        &Client::new(&[]),
        get(format!("http://0x7f.1:{port}/")),
        b"inside",
    )
    .await;
}

#[test]
fn ranges_are_read_from_flags() {
    let flags = [
        "--egress-allow",
        "10.0.0.0/8,fd00::/8",
        "--egress-allow",
        "::1/128",
    ];
    assert_eq!(config(&flags).egress_allow.len(), 3);
    for bad in ["10.0.0.1", "10.0.0.0/33", "example.com", ""] {
        let error = try_config(&["--egress-deny", bad]).unwrap_err().to_string();
        assert!(error.contains("--egress-deny"), "{error}");
    }
}

#[tokio::test]
async fn deny_wins_over_allow() {
    let server = Server::fixed(200, &[], "x").await;
    check_denied(
        &Client::new(&["--egress-deny", "127.0.0.1/32"]),
        &server.url("/"),
    )
    .await;
    check_denied(
        &Client::new(&["--egress-deny", "10.0.0.0/8,127.0.0.0/31"]),
        &server.url("/"),
    )
    .await;
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn a_name_is_judged_by_its_addresses() {
    let server = Server::fixed(200, &[], "x").await;
    let port = server.address.port();
    let dns = Dns::start(|name, _| match name {
        "open.test" => addresses(&["127.0.0.1"]),
        "inside.test" => addresses(&["127.0.0.2", "::1", "127.0.0.3"]),
        "mapped.test" => addresses(&["::ffff:127.0.0.1"]),
        // Of these only one may be dialled.
        "mixed.test" => addresses(&["127.0.0.3", "127.0.0.2", "::1", "127.0.0.1", "127.0.0.4"]),
        _ => Answer::NoSuchName,
    })
    .await;
    let client = Client::strict(&[
        "--egress-allow",
        "127.0.0.1/32",
        "--egress-dns",
        &dns.flag(),
    ]);
    check_body(&client, get(format!("http://open.test:{port}/")), b"x").await;
    client.traces();
    check_denied(&client, &format!("http://inside.test:{port}/")).await;
    check_denied(&client, &format!("http://mapped.test:{port}/")).await;
    let request = get(format!("http://mixed.test:{port}/"));
    check_body(&client, request, b"x").await;
    let connection = client.trace().connection.expect("a connection");
    assert_eq!(connection.remote, server.address);
    let request = get(format!("http://none.test:{port}/"));
    let said = "getaddrinfo ENOTFOUND none.test";
    check_fails(&client, request, "system", Some("ENOTFOUND"), said).await;
}

/// The name's address changes between two looks at it. There is one look for each connection, so what was
/// judged is what is dialled.
#[tokio::test]
async fn a_name_that_changes_its_address_gets_nowhere() {
    let open = Server::http_at("127.0.0.2:0", |_| async {
        reply(200, &[("connection", "close")], "open")
    })
    .await;
    let port = open.address.port();
    let inside = Server::http_at(&format!("127.0.0.1:{port}"), |_| async {
        reply(200, &[], "inside")
    })
    .await;
    let dns = Dns::start(|_, asked_before| match asked_before % 2 {
        0 => addresses(&["127.0.0.2"]),
        _ => addresses(&["127.0.0.1"]),
    })
    .await;
    let client = Client::strict(&[
        "--egress-allow",
        "127.0.0.2/32",
        "--egress-dns",
        &dns.flag(),
    ]);
    for times in 1..=10 {
        let url = format!("http://rebind.test:{port}/");
        match times % 2 {
            1 => check_body(&client, get(url), b"open").await,
            _ => {
                client.traces();
                check_denied(&client, &url).await;
            }
        }
        assert_eq!(dns.asked("rebind.test"), times);
    }
    assert_eq!((open.accepted(), inside.accepted()), (5, 0));
}

#[tokio::test]
async fn a_redirect_to_what_is_denied_is_denied() {
    let inside = Server::http_at("127.0.0.2:0", |_| async { reply(200, &[], "inside") }).await;
    let location = inside.url("/secret");
    let open = Server::http(move |_| {
        let response = reply(302, &[("location", &location)], "");
        async { response }
    })
    .await;
    let client = Client::strict(&["--egress-allow", "127.0.0.1/32"]);
    let said = "/secret was denied by policy";
    check_fails(&client, get(open.url("/")), "denied-by-policy", None, said).await;
    let traces = client.traces();
    assert_eq!(traces.len(), 2);
    assert_eq!((traces[0].status, traces[1].status), (Some(302), None));
    assert!(matches!(traces[1].error, Some(FetchError::Denied { .. })));
    assert_eq!(inside.accepted(), 0);
}

#[tokio::test]
async fn a_function_with_a_list_of_hosts_reaches_those_alone() {
    let hits = Arc::new(AtomicUsize::new(0));
    let counted = hits.clone();
    let server = Server::http(move |request| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move {
            match request.path().strip_prefix("/to/") {
                Some(host) => reply(302, &[("location", &format!("http://{host}/"))], ""),
                None => reply(200, &[], "x"),
            }
        }
    })
    .await;
    let port = server.address.port();
    let dns = Dns::start(|_, _| addresses(&["127.0.0.1"])).await;
    let client = Client::new(&["--egress-dns", &dns.flag()]);
    let client = client.allowing_hosts(&["api.test", "*.cdn.test"]);
    let url = |host: &str| format!("http://{host}:{port}/");
    check_body(&client, get(url("API.test")), b"x").await;
    check_body(&client, get(url("a.b.cdn.test")), b"x").await;
    assert_eq!(hits.load(Ordering::SeqCst), 2);
    let said = "not among the hosts";
    for host in ["cdn.test", "127.0.0.1", "api.test.evil.test"] {
        check_fails(&client, get(url(host)), "denied-by-policy", None, said).await;
    }
    let redirect = format!("http://api.test:{port}/to/evil.test:{port}");
    check_fails(
        &client,
        get(&redirect),
        "denied-by-policy",
        None,
        "evil.test is not among",
    )
    .await;
    assert_eq!(hits.load(Ordering::SeqCst), 3);
    assert_eq!(dns.asked("evil.test") + dns.asked("cdn.test"), 0);
    let manual = Request {
        redirect: Redirect::Manual,
        ..get(&redirect)
    };
    assert_eq!(client.body(manual).await.0.status, 302);
}
