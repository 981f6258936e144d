//! What comes back: decompressed, whole, and within its bounds.

use std::{
    io::{self, Read, Write},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};
use penstock::front::egress::Request;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use crate::{
    client::{Client, check_body, check_fails, get},
    server::{End, Server},
};

const MIB: u64 = 1 << 20;

/// 64 MiB of zeros by `brotli -q 11`.
const BROTLI_BOMB: &str = "y///P/gnAOKxQCD3/o///3/wTwDEYRGA7v0f////4J8AiMMCAN37P/7//8E/ARCHBQC693/8//+DfwIgDgsAd\
     O//+P//B/8EQBwWAOje//H//w/+CYA4LADQvf/j//8f/BMAcVgAoHv/Nw==";

/// `bytes` zeros.
fn zeros(bytes: u64) -> impl Read {
    io::repeat(0).take(bytes)
}

fn gzip(mut source: impl Read) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    io::copy(&mut source, &mut encoder).expect("compressed");
    encoder.finish().expect("compressed")
}

fn zlib(mut source: impl Read) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    io::copy(&mut source, &mut encoder).expect("compressed");
    encoder.finish().expect("compressed")
}

fn raw_deflate(mut source: impl Read) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    io::copy(&mut source, &mut encoder).expect("compressed");
    encoder.finish().expect("compressed")
}

fn zstd(source: impl Read) -> Vec<u8> {
    compress_to_vec(source, CompressionLevel::Fastest)
}

async fn coded(coding: &str, body: Vec<u8>) -> Server {
    Server::fixed(200, &[("content-encoding", coding)], body).await
}

#[tokio::test]
async fn every_coding_is_undone() {
    let client = Client::new(&[]);
    let text = "compressed ".repeat(1000);
    let brotli = b"\x0b\x02\x80hello\x03".to_vec();
    for (coding, body, expect) in [
        ("gzip", gzip(text.as_bytes()), &*text),
        ("x-gzip", gzip(text.as_bytes()), &text),
        ("GZIP", gzip(text.as_bytes()), &text),
        ("deflate", zlib(text.as_bytes()), &text),
        ("deflate", raw_deflate(text.as_bytes()), &text),
        ("zstd", zstd(text.as_bytes()), &text),
        ("br", brotli, "hello"),
        ("gzip", Vec::new(), ""),
        ("identity", text.clone().into_bytes(), &text),
        ("unheard-of", text.clone().into_bytes(), &text),
    ] {
        let server = coded(coding, body).await;
        check_body(&client, get(server.url("/")), expect.as_bytes()).await;
    }
}

#[tokio::test]
async fn a_function_may_have_the_bytes_as_they_came() {
    let compressed = gzip(&b"text"[..]);
    let server = coded("gzip", compressed.clone()).await;
    let client = Client::new(&[]);
    let request = Request {
        compress: false,
        ..get(server.url("/"))
    };
    check_body(&client, request, &compressed).await;
    assert_eq!(server.requests()[0].header("accept-encoding"), None);
}

#[tokio::test]
async fn bombs_of_every_coding_end_at_the_limit() {
    let client = Client::new(&[]);
    let size = 16 * MIB;
    let brotli = BASE64_STANDARD.decode(BROTLI_BOMB).expect("base64");
    for (coding, bomb) in [
        ("gzip", gzip(zeros(size))),
        ("deflate", zlib(zeros(size))),
        ("deflate", raw_deflate(zeros(size))),
        ("br", brotli),
        ("zstd", zstd(zeros(size))),
    ] {
        println!("{coding}: {} bytes for at least {size}", bomb.len());
        let server = coded(coding, bomb).await;
        let said = "over limit: 10485760 (knob --egress-body-bytes)";
        check_fails(&client, get(server.url("/")), "max-size", None, said).await;
    }
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_passes_and_one_byte_more_does_not() {
    let client = Client::new(&["--egress-body-bytes", "1000"]);
    for (body, coding) in [(vec![0; 1000], "identity"), (gzip(zeros(1000)), "gzip")] {
        let server = coded(coding, body).await;
        check_body(&client, get(server.url("/")), &[0; 1000]).await;
        let smaller = Request {
            size: Some(999),
            ..get(server.url("/"))
        };
        let error = check_fails(&client, smaller, "max-size", None, "over limit: 999").await;
        // The function's own limit is no knob.
        assert!(!error.to_string().contains("knob"), "{error}");
        let larger = Request {
            size: Some(5000),
            ..get(server.url("/"))
        };
        check_body(&client, larger, &[0; 1000]).await;
    }
    let server = Server::fixed(200, &[], vec![0; 1001]).await;
    check_fails(
        &client,
        get(server.url("/")),
        "max-size",
        None,
        "limit: 1000 (knob",
    )
    .await;
}

#[tokio::test]
async fn an_endless_body_ends_at_the_limit_and_its_connection_with_it() {
    let server = Server::raw(|mut stream| async move {
        use tokio::io::AsyncWriteExt;
        crate::server::read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    })
    .await;
    let client = Client::new(&[]);
    check_fails(&client, get(server.url("/")), "max-size", None, "10485760").await;
    server.wait_open(0).await;
}

#[tokio::test]
async fn what_does_not_decode_is_told() {
    let client = Client::new(&[]);
    for coding in ["gzip", "br", "zstd"] {
        let server = coded(coding, b"this is not compressed at all".to_vec()).await;
        let said = "Invalid response body while trying to fetch";
        check_fails(
            &client,
            get(server.url("/")),
            "system",
            Some("Z_DATA_ERROR"),
            said,
        )
        .await;
    }
    let whole = gzip(zeros(100_000));
    let mut cut = Vec::new();
    cut.write_all(&whole[..whole.len() - 8]).expect("written");
    let server = coded("gzip", cut).await;
    check_body(&client, get(server.url("/")), &vec![0; 100_000]).await;
}

#[tokio::test]
async fn a_body_that_breaks_off_is_told() {
    let client = Client::new(&[]);
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
    let sized = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
    for (response, end, code) in [
        (sized, End::Close, "ERR_STREAM_PREMATURE_CLOSE"),
        (chunked, End::Close, "ERR_STREAM_PREMATURE_CLOSE"),
        (sized, End::Reset, "ERR_STREAM_PREMATURE_CLOSE"),
    ] {
        let server = Server::canned(response, end).await;
        let said = "Invalid response body while trying to fetch";
        check_fails(&client, get(server.url("/")), "system", Some(code), said).await;
        let trace = client.trace();
        assert_eq!(trace.status, Some(200));
        assert!(trace.error.is_some_and(|error| error.code() == Some(code)));
    }
    let until_close = Server::canned("HTTP/1.1 200 OK\r\n\r\nhello", End::Close).await;
    check_body(&client, get(until_close.url("/")), b"hello").await;
}

#[tokio::test]
async fn a_slow_body_ends_by_the_requests_timeout() {
    let response = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
    let server = Server::canned(response, End::Hold).await;
    let client = Client::new(&[]);
    let request = Request {
        timeout: Some(Duration::from_millis(150)),
        ..get(server.url("/"))
    };
    let said = "Response timeout while trying to fetch";
    check_fails(&client, request, "body-timeout", None, said).await;
    assert_eq!(client.trace().response_body.bytes, "hello");
    server.wait_open(0).await;
}

#[tokio::test]
async fn bodies_held_in_memory_are_bounded_by_function() {
    let body = vec![0; 60_000];
    let server = Server::fixed(200, &[], body.clone()).await;
    // A quarter of it for each function.
    let client = Client::new(&["--egress-buffer-bytes", "400000"]);
    let (first, _) = client.body(get(server.url("/"))).await;
    let said = "--egress-buffer-bytes";
    check_fails(
        &client,
        get(server.url("/")),
        "system",
        Some("ENOBUFS"),
        said,
    )
    .await;
    check_body(&client.other("two"), get(server.url("/")), &body).await;
    drop(first);
    check_body(&client, get(server.url("/")), &body).await;
    // What is decoded counts like what came.
    let bomb = coded("gzip", gzip(zeros(200_000))).await;
    let request = get(bomb.url("/"));
    check_fails(&client, request, "system", Some("ENOBUFS"), said).await;
}
