//! The admin endpoint itself: what it refuses, who may hold it, where it is.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use crate::check::{Call, TRACK};
use crate::processes::Guarded;
use crate::scrape::{answer, connect, request};
use crate::service::{Service, penstock};

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn other_paths_and_methods_are_refused() {
    let service = Service::shared();
    for path in ["/nothing", "/metric", "/metrics/", "/livez/x", "/%6detrics"] {
        for method in ["GET", "POST"] {
            assert_eq!(
                request(service, method, path).status,
                404,
                "{method} {path}"
            );
        }
    }
    for path in ["/metrics", "/livez", "/readyz"] {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            let answer = request(service, method, path);
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.headers["allow"], "GET, HEAD");
        }
        let head = request(service, "HEAD", path);
        assert_eq!((head.status, head.body.as_str()), (200, ""), "HEAD {path}");
        assert_eq!(request(service, "GET", &format!("{path}?x=1")).status, 200);
    }
}

#[test]
fn what_is_no_request_is_answered_and_hurts_nobody() {
    let service = Service::shared();
    let long = "x".repeat(20 << 10);
    let many = "X: y\r\n".repeat(100);
    for (text, status) in [
        (format!("GET /{long} HTTP/1.1\r\n\r\n"), [414, 431]),
        (
            format!("GET /livez HTTP/1.1\r\nX: {long}\r\n\r\n"),
            [431, 431],
        ),
        (format!("GET /livez HTTP/1.1\r\n{many}\r\n"), [431, 431]),
        ("\u{1} nonsense\r\n\r\n".to_owned(), [400, 400]),
    ] {
        let mut connection = connect(service);
        // It may hang up before it has read all.
        let _ = connection.write_all(text.as_bytes());
        let mut found = Vec::new();
        let _ = connection.read_to_end(&mut found);
        let found = String::from_utf8_lossy(&found);
        let start = &text[..text.len().min(40)];
        assert!(!found.is_empty(), "no answer to {start:?}");
        let found = answer(&found).status;
        assert!(status.contains(&found), "{found} to {start:?}");
    }
    assert_eq!(request(service, "GET", "/livez").status, 200);
}

#[test]
fn slow_clients_cannot_hold_the_endpoint() {
    let service = Service::start(&["--cells", "1"]);
    let slow: Vec<TcpStream> = (0..40)
        .map(|_| {
            let mut connection = connect(&service);
            connection
                .write_all(b"GET /metrics HTTP/1.1\r\nX: ")
                .expect("it is sent");
            connection
        })
        .collect();
    assert_eq!(request(&service, "GET", "/livez").status, 200);
    for mut connection in slow {
        let mut rest = Vec::new();
        let _ = connection.read_to_end(&mut rest);
        let rest = String::from_utf8_lossy(&rest);
        assert!(!rest.contains("200 OK"), "{rest}");
    }
}

#[test]
fn the_endpoint_may_be_off() {
    for off in ["off", ""] {
        let service = Service::start(&["--cells", "1", "--admin", off]);
        assert_eq!(service.admin(), None);
        Call::of("function onTrack(e) { return e }")
            .run_on(&service)
            .delivers(TRACK);
    }
}

#[test]
fn an_address_that_is_taken_is_told_with_its_flag() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let mut command = penstock();
    command.args(["serve", "--listen", "127.0.0.1:0", "--admin", &address]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut process = Guarded::spawn(&mut command);
    assert_eq!(process.exit_code_within(PATIENCE), Some(2));
    let mut told = String::new();
    let stderr = process.child().stderr.as_mut().expect("its stderr");
    stderr.read_to_string(&mut told).expect("text");
    let expected = format!("--admin {address}: ");
    assert!(told.contains(&expected) && told.contains("`off`"), "{told}");
}
