//! Addresses that are not loopback, in a network of the test's own: dialled for real, and reaching nothing
//! outside.
//!
//! The test starts itself once more in new user and network namespaces (`unshare`), where it may give the
//! loopback interface any address (`ip`).

use std::{env, process::Command};

use crate::{
    client::{Client, check_body, check_fails, get},
    dns::{Dns, addresses},
    server::{Server, reply},
};

/// Tells the test that it runs inside.
const INSIDE: &str = "PENSTOCK_TEST_NAMESPACE";

const DENIED_V4: [&str; 10] = [
    "10.0.0.5",
    "100.64.0.1",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.168.0.1",
    "198.18.0.1",
    "203.0.113.1",
];

const DENIED_V6: [&str; 8] = [
    "fd00:ec2::254",
    "fec0::1",
    "2001:db8::1",
    "2002:a00:5::1",
    "2001:0:a00:5::1",
    "64:ff9b::a00:5",
    "3fff::1",
    "100::1",
];

/// Public addresses. Packets to the first come from 127.0.0.1, as if it were another machine's; the second is
/// this machine's own.
const PUBLIC: &str = "93.184.215.14";
const OWN: &str = "93.184.215.15";

#[test]
fn addresses_are_judged_where_they_can_be_dialled() {
    if env::var_os(INSIDE).is_some() {
        return inside();
    }
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", "--"])
        .arg(env::current_exe().expect("this test"))
        .args([
            "--exact",
            "namespace::addresses_are_judged_where_they_can_be_dialled",
            "--nocapture",
        ])
        .env(INSIDE, "1")
        // Nobody reads these.
        .env("http_proxy", "http://127.0.0.1:9")
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env("ALL_PROXY", "http://127.0.0.1:9")
        .output()
        .expect("`unshare` of util-linux starts");
    let said =
        [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(
        output.status.success() && said[0].contains("1 passed"),
        "the test in namespaces of its own failed; it needs user namespaces, `unshare` and `ip`:\n{}{}",
        said[0],
        said[1]
    );
}

fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status();
    let status = status.expect("`ip` of iproute2 starts");
    assert!(status.success(), "ip {arguments}: {status}");
}

#[tokio::main(flavor = "current_thread")]
async fn inside() {
    ip("link set lo up");
    for address in DENIED_V4.iter().chain(&[PUBLIC, OWN]) {
        ip(&format!("addr add {address}/32 dev lo"));
    }
    for address in DENIED_V6 {
        ip(&format!("addr add {address}/128 dev lo nodad"));
    }
    ip(&format!(
        "route replace local {PUBLIC} dev lo table local src 127.0.0.1"
    ));
    // Takes IPv4 as well.
    let server = Server::http_at("[::]:0", |_| async { reply(200, &[], "inside") }).await;
    let port = server.address.port();

    let hosts = || {
        let v6 = DENIED_V6.iter().map(|address| format!("[{address}]"));
        let mapped = DENIED_V4
            .iter()
            .map(|address| format!("[::ffff:{address}]"));
        DENIED_V4
            .iter()
            .map(ToString::to_string)
            .chain(v6)
            .chain(mapped)
    };
    let client = Client::strict(&["--egress-requests", "1000"]);
    for host in hosts().chain([OWN.to_owned()]) {
        let request = get(format!("http://{host}:{port}/"));
        check_fails(
            &client,
            request,
            "denied-by-policy",
            None,
            "denied by policy",
        )
        .await;
    }
    for host in [
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "224.0.0.1",
        "[ff02::1]",
        "[fe80::1]",
    ] {
        let request = get(format!("http://{host}:{port}/latest/meta-data/"));
        check_fails(
            &client,
            request,
            "denied-by-policy",
            None,
            "denied by policy",
        )
        .await;
    }
    assert_eq!(server.accepted(), 0);

    // All of them are there: with leave they are reached, so that it was policy that denied them.
    let client = Client::strict(&[
        "--egress-requests",
        "1000",
        "--egress-allow",
        "0.0.0.0/0,::/0",
    ]);
    for host in hosts().chain([OWN.to_owned()]) {
        check_body(&client, get(format!("http://{host}:{port}/")), b"inside").await;
    }

    // A public address needs no leave, by its own name or another.
    let dns = Dns::start(|_, _| addresses(&["10.0.0.5", PUBLIC, "fd00:ec2::254"])).await;
    let client = Client::strict(&["--egress-dns", &dns.flag()]);
    check_body(&client, get(format!("http://{PUBLIC}:{port}/")), b"inside").await;
    check_body(
        &client,
        get(format!("http://public.test:{port}/")),
        b"inside",
    )
    .await;
    for trace in client.traces() {
        let connection = trace.connection.expect("a connection");
        assert_eq!(connection.remote.ip().to_string(), PUBLIC);
    }
}
