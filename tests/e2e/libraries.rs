//! Libraries: npm packages that functions find as globals and by `require`.
//!
//! Most need `libs/dist`, which `just libs` builds; where it is not built, cargo counts them as ignored and says why.

use std::sync::LazyLock;

use crate::{
    certificates::Authority,
    check::{Call, Reply, assert_same_json},
    origin::{Request, of_json, respond},
    scripted::{Answer, Scripted},
    service::Service,
};

mod clouds;
mod missing;
mod offered;
mod services;
mod signing;
mod tools;

const BUILT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/libs/dist");

static AUTHORITY: LazyLock<Authority> = LazyLock::new(Authority::new);

/// With libraries that may call servers on loopback, whose certificates are of `AUTHORITY`.
static SERVICE: LazyLock<Service> = LazyLock::new(|| {
    let authority = AUTHORITY.file();
    let authority = authority.to_str().expect("a path");
    Service::start(&[
        "--libraries",
        BUILT,
        "--egress-allow",
        "127.0.0.0/8",
        "--egress-ca",
        authority,
        // For busy machines: what a function may take is no matter here.
        "--wall-time-ms=60000",
        "--cpu-time-ms=30000",
    ])
});

/// The body of an `onTrack` that throws nothing.
fn handler(statements: &str) -> String {
    format!(
        "async function caught(promise) {{ try {{ await promise }} catch (error) {{ return error }} throw new Error('nothing was thrown') }}
        async function onTrack(event, settings) {{\n{statements}\n}}"
    )
}

#[track_caller]
fn run(statements: &str) -> Reply {
    Call::of(&handler(statements)).capture().run_on(&SERVICE)
}

/// What the statements return is the event.
#[track_caller]
fn comes_to(statements: &str, expected: &str) {
    let reply = run(statements);
    assert_same_json(&reply.delivered(), expected, &reply.to_string());
}

/// As [`comes_to`], with `base` the URL of a server that answers as told; what it was asked.
#[track_caller]
fn asks(
    answer: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static,
    statements: &str,
    expected: &str,
) -> Vec<Request> {
    let server = Scripted::start(move |request, _| Answer::Bytes(answer(request)));
    let base = server.url();
    let statements = format!(
        "const base = '{base}', port = {};\n{statements}",
        port_of(&base)
    );
    comes_to(&statements, &expected.replace("BASE", &base));
    server.counts().requests
}

fn port_of(url: &str) -> &str {
    url.rsplit(':').next().unwrap_or_default()
}

/// The only request, as `METHOD path`.
#[track_caller]
fn only(requests: &[Request], line: &str) -> Request {
    let [request] = requests else {
        panic!("one request: {requests:#?}");
    };
    assert_eq!(format!("{} {}", request.method, request.path), line);
    request.clone()
}

fn json(text: &str) -> Vec<u8> {
    of_json(&serde_json::from_str(text).expect("JSON"))
}

fn xml(text: &str) -> Vec<u8> {
    respond("200 OK", &[("content-type", "text/xml")], text.as_bytes())
}

fn body(request: &Request) -> String {
    String::from_utf8_lossy(&request.body).into_owned()
}
