//! Whom https trusts, and what it speaks.

use std::{fs, sync::Arc};

use http::{HeaderName, HeaderValue};
use penstock::front::egress::{Egress, Protocol};
use tempfile::NamedTempFile;
use tokio::runtime::Handle;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{HandshakeKind, ServerConfig},
};

use crate::{
    certificates::Authority,
    client::{Client, check_body, check_fails, config, get, post},
    dns::{Dns, addresses},
    server::{End, Server, reply},
};

/// A client that trusts the authority.
fn trusting(authority: &Authority, flags: &[&str]) -> Client {
    let file = authority.file();
    let file = file.to_str().expect("a path");
    Client::new(&[&["--egress-ca", file], flags].concat())
}

async fn server(config: Arc<ServerConfig>) -> Server {
    Server::https(config, |_| async { reply(200, &[], "secure") }).await
}

#[tokio::test]
async fn http2_is_spoken_where_it_can_be_and_http1_elsewhere() {
    let authority = Authority::new();
    for (protocols, expect, version) in [
        (
            &["h2", "http/1.1"][..],
            Protocol::Http2,
            http::Version::HTTP_2,
        ),
        (&["http/1.1"], Protocol::Http1, http::Version::HTTP_11),
        (&[], Protocol::Http1, http::Version::HTTP_11),
    ] {
        let server = server(authority.server(&["127.0.0.1"], protocols)).await;
        let client = trusting(&authority, &[]);
        check_body(&client, get(server.https_url("/p?q")), b"secure").await;
        let request = &server.requests()[0];
        assert_eq!(request.version, version);
        assert!(request.path().ends_with("/p?q"));
        let trace = client.trace();
        assert_eq!(trace.connection.expect("a connection").protocol, expect);
        assert!(trace.timings.tls.is_some());
    }
}

#[tokio::test]
async fn a_certificate_is_for_the_name_asked_for() {
    let authority = Authority::new();
    let dns = Dns::start(|_, _| addresses(&["127.0.0.1"])).await;
    let client = trusting(&authority, &["--egress-dns", &dns.flag()]);
    let server = server(authority.server(&["*.good.test", "127.0.0.1"], &["h2"])).await;
    let port = server.address.port();
    let url = |host: &str| format!("https://{host}:{port}/");
    check_body(&client, get(url("api.good.test")), b"secure").await;
    check_body(&client, get(url("127.0.0.1")), b"secure").await;
    for host in ["good.test", "a.api.good.test", "bad.test"] {
        let code = Some("ERR_TLS_CERT_ALTNAME_INVALID");
        check_fails(
            &client,
            get(url(host)),
            "system",
            code,
            "not valid for name",
        )
        .await;
    }
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_certificate_is_of_its_time_and_of_a_known_authority() {
    let (authority, stranger) = (Authority::new(), Authority::named("another"));
    let names = &["127.0.0.1"];
    for (config, code) in [
        (
            authority.server_in(names, &[], (2000, 2001)),
            "CERT_HAS_EXPIRED",
        ),
        (
            authority.server_in(names, &[], (2098, 2099)),
            "CERT_NOT_YET_VALID",
        ),
        (
            stranger.server(names, &[]),
            "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
        ),
    ] {
        let server = server(config).await;
        let client = trusting(&authority, &[]);
        let url = server.https_url("/");
        check_fails(&client, get(url), "system", Some(code), "failed, reason: ").await;
        assert_eq!(server.requests().len(), 0);
        let trace = client.trace();
        assert!(trace.error.is_some_and(|error| error.code() == Some(code)));
    }
    // Without the file, the platform's roots alone count.
    let server = server(authority.server(names, &[])).await;
    let code = Some("UNABLE_TO_GET_ISSUER_CERT_LOCALLY");
    check_fails(
        &Client::new(&[]),
        get(server.https_url("/")),
        "system",
        code,
        "",
    )
    .await;
}

#[tokio::test]
async fn what_does_not_speak_tls_is_told() {
    let authority = Authority::new();
    let client = trusting(&authority, &[]);
    let plain = Server::canned("HTTP/1.1 400 Bad Request\r\n\r\n", End::Close).await;
    let plain_to_tls = server(authority.server(&["127.0.0.1"], &[])).await;
    let silent = Server::raw(|stream| async move { drop(stream) }).await;
    let garbage = Server::raw(|mut stream| async move {
        use tokio::io::AsyncWriteExt;
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n").await;
        crate::server::drain(stream).await;
    })
    .await;
    let reset = Some("ECONNRESET");
    let said = "before secure TLS connection was established";
    check_fails(&client, get(silent.https_url("/")), "system", reset, said).await;
    check_fails(
        &client,
        get(garbage.https_url("/")),
        "system",
        Some("EPROTO"),
        "",
    )
    .await;
    check_fails(
        &client,
        get(plain_to_tls.url("/")),
        "system",
        Some("HPE_INVALID_CONSTANT"),
        "",
    )
    .await;
    drop(plain);
}

/// The server refuses every second request unseen: such may go out again, whatever its method.
#[tokio::test]
async fn a_request_that_http2_refused_is_sent_again() {
    let authority = Authority::new();
    let acceptor = TlsAcceptor::from(authority.server(&["127.0.0.1"], &["h2"]));
    let server = Server::raw(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let stream = acceptor.accept(stream).await.expect("TLS");
            let mut connection = h2::server::handshake(stream).await.expect("HTTP/2");
            let mut number = 0;
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                number += 1;
                if number % 2 == 0 {
                    respond.send_reset(h2::Reason::REFUSED_STREAM);
                } else {
                    let _ = respond.send_response(http::Response::new(()), true);
                }
            }
        }
    })
    .await;
    let client = trusting(&authority, &[]);
    for _ in 0..3 {
        check_body(&client, post(server.https_url("/"), "body"), b"").await;
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn response_headers_of_http2_are_bounded_as_well() {
    let authority = Authority::new();
    let config = authority.server(&["127.0.0.1"], &["h2"]);
    let server = Server::https(config, |request| async move {
        let mut response = reply(200, &[], "x");
        let headers = response.headers_mut();
        if request.path().ends_with("/many") {
            for number in 0..300 {
                let name = HeaderName::try_from(format!("x-{number}")).expect("a name");
                headers.insert(name, HeaderValue::from_static("y"));
            }
        } else {
            let large = HeaderValue::try_from("y".repeat(100 << 10)).expect("a value");
            headers.insert("x", large);
        }
        response
    })
    .await;
    let client = trusting(&authority, &[]);
    let (many, large) = (
        get(server.https_url("/many")),
        get(server.https_url("/large")),
    );
    check_fails(
        &client,
        many,
        "system",
        Some("HPE_HEADER_OVERFLOW"),
        "256 headers",
    )
    .await;
    check_fails(&client, large, "system", Some("EPROTO"), "").await;
}

#[tokio::test]
async fn functions_resume_their_own_sessions_and_no_others() {
    let authority = Authority::new();
    let config = authority.server(&["127.0.0.1"], &["http/1.1"]);
    let server = Server::https(config, |_| async {
        reply(200, &[("connection", "close")], "x")
    })
    .await;
    let client = trusting(&authority, &[]);
    let other = client.other("two");
    for client in [&client, &client, &other, &other, &client] {
        check_body(client, get(server.https_url("/")), b"x").await;
    }
    let kinds: Vec<_> = server.handshakes().into_iter().flatten().collect();
    let (full, resumed) = (HandshakeKind::Full, HandshakeKind::Resumed);
    assert_eq!(kinds, [full, resumed, full, resumed, resumed]);
}

#[tokio::test]
async fn a_file_without_certificates_is_refused() {
    let file = NamedTempFile::new().expect("a file");
    fs::write(file.path(), "nothing of use").expect("written");
    let path = file.path().to_str().expect("a path");
    for (path, expect) in [
        (path, "no certificate"),
        ("/nowhere/ca.pem", "No such file"),
    ] {
        let config = config(&["--egress-ca", path]);
        let error = Egress::new(&config, &Handle::current())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("--egress-ca") && error.contains(expect),
            "{error}"
        );
    }
}
