//! What a function asks for, checked and made into what is sent. What arrives here is hostile input.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::{error::InvalidRequest, ports::is_bad_port};

/// Bytes of a URL.
pub const MAX_URL_BYTES: usize = 16 << 10;

/// Headers of a request.
pub const MAX_HEADERS: usize = 256;

/// Bytes of all names and values of a request's headers; servers tend to take less.
pub const MAX_HEADER_BYTES: usize = 32 << 10;

const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("penstock/", env!("CARGO_PKG_VERSION")));

/// Headers that belong to the connection, or say how the body is sent. As with node-fetch, which computes
/// them itself, what a function sets for them has no effect.
const IGNORED: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// One `fetch` of a function.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub url: String,
    /// In the order set; names repeat. Values are of characters up to U+00FF, as in Node.
    pub headers: Vec<(String, String)>,
    /// Empty for none.
    pub body: Bytes,
    pub redirect: Redirect,
    /// Whether to ask for compressed bodies and decompress them.
    pub compress: bool,
    /// node-fetch's `size`, `None` for its 0: the most bytes of the body, if below the operator's limit.
    pub size: Option<u64>,
    /// node-fetch's `timeout`, `None` for its 0: for the headers of each hop, and again for the body.
    pub timeout: Option<Duration>,
    /// Which event of a batch asks, for the trace.
    pub event_index: Option<u32>,
}

/// What to do about a response that redirects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirect {
    /// Follow up to so many.
    Follow(u32),
    /// Answer with it, its `Location` made absolute.
    Manual,
    /// Fail.
    Error,
}

/// What connections are kept by, within a function: they lead to one port of one host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    pub scheme: Scheme,
    pub host: Host,
    pub port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    Http,
    Https,
}

/// One request as it goes out. A redirect makes another of it.
#[derive(Clone, Debug)]
pub struct Hop {
    pub url: Url,
    pub origin: Origin,
    pub method: Method,
    /// The function's own that are sent.
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Hop {
    /// # Errors
    /// [`InvalidRequest`] when it can't be sent as it is.
    pub fn first(request: &Request) -> Result<Self, InvalidRequest> {
        let url = parse_url(&request.url)?;
        let method = parse_method(&request.method)?;
        if !request.body.is_empty() && matches!(method, Method::GET | Method::HEAD) {
            return Err(InvalidRequest::UnwantedBody);
        }
        Ok(Self {
            origin: origin_of(&url)?,
            headers: parse_headers(&request.headers, &url)?,
            url,
            method,
            body: request.body.clone(),
        })
    }

    /// All headers sent but `Host`: the function's, then what it left to be filled in.
    pub fn headers_with_defaults(&self, compress: bool) -> HeaderMap {
        let mut headers = self.headers.clone();
        let mut fill_in = |name: HeaderName, value: HeaderValue| {
            headers.entry(name).or_insert(value);
        };
        if let Some(authorization) = basic_authorization(&self.url) {
            fill_in(header::AUTHORIZATION, authorization);
        }
        fill_in(header::ACCEPT, HeaderValue::from_static("*/*"));
        fill_in(header::USER_AGENT, USER_AGENT);
        if compress {
            let codings = HeaderValue::from_static("gzip,deflate,br");
            fill_in(header::ACCEPT_ENCODING, codings);
        }
        let has_length = !self.body.is_empty()
            || matches!(self.method, Method::POST | Method::PUT | Method::PATCH);
        if has_length {
            fill_in(header::CONTENT_LENGTH, self.body.len().into());
        }
        headers
    }

    /// For traces and messages: without user and password.
    pub fn shown_url(&self) -> String {
        shown(&self.url)
    }

    /// Whether it may be sent twice without harm (RFC 9110, 9.2.2).
    pub fn is_idempotent(&self) -> bool {
        self.method.is_idempotent()
    }
}

/// A URL without user and password.
pub fn shown(url: &Url) -> String {
    if url.username().is_empty() && url.password().is_none() {
        return url.as_str().to_owned();
    }
    let mut url = url.clone();
    // Neither fails for a URL with a host, and http URLs have one.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

fn parse_url(text: &str) -> Result<Url, InvalidRequest> {
    if text.len() > MAX_URL_BYTES {
        return Err(InvalidRequest::LongUrl {
            bytes: text.len(),
            limit: MAX_URL_BYTES,
        });
    }
    let url = Url::parse(text).map_err(|fault| InvalidRequest::Url {
        url: text.to_owned(),
        fault,
    })?;
    // Non-ASCII characters grow when they are encoded.
    match url.as_str().len() {
        bytes if bytes > MAX_URL_BYTES => Err(InvalidRequest::LongUrl {
            bytes,
            limit: MAX_URL_BYTES,
        }),
        _ => Ok(url),
    }
}

/// # Errors
/// [`InvalidRequest`] when no request is ever made to there.
pub fn origin_of(url: &Url) -> Result<Origin, InvalidRequest> {
    let scheme = match url.scheme() {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => {
            return Err(InvalidRequest::Scheme {
                scheme: other.to_owned(),
            });
        }
    };
    let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
        return Err(InvalidRequest::Url {
            url: url.as_str().to_owned(),
            fault: url::ParseError::EmptyHost,
        });
    };
    if is_bad_port(port) {
        return Err(InvalidRequest::BadPort { port });
    }
    Ok(Origin {
        scheme,
        host: host.to_owned(),
        port,
    })
}

fn parse_method(text: &str) -> Result<Method, InvalidRequest> {
    let method = Method::from_bytes(text.to_ascii_uppercase().as_bytes()).map_err(|_| {
        InvalidRequest::Method {
            method: text.to_owned(),
        }
    })?;
    // CONNECT makes a tunnel of the connection; TRACE answers with what was sent, cookies and all.
    match method.as_str() {
        "CONNECT" | "TRACE" | "TRACK" => Err(InvalidRequest::ForbiddenMethod {
            method: method.as_str().to_owned(),
        }),
        _ => Ok(method),
    }
}

fn parse_headers(headers: &[(String, String)], url: &Url) -> Result<HeaderMap, InvalidRequest> {
    if headers.len() > MAX_HEADERS {
        return Err(InvalidRequest::ManyHeaders { limit: MAX_HEADERS });
    }
    let bytes = headers.iter().map(|(name, value)| name.len() + value.len());
    if bytes.sum::<usize>() > MAX_HEADER_BYTES {
        return Err(InvalidRequest::LargeHeaders {
            limit: MAX_HEADER_BYTES,
        });
    }
    let mut parsed = HeaderMap::with_capacity(headers.len());
    for (name, text) in headers {
        let known = HeaderName::from_bytes(name.as_bytes());
        let known = known.map_err(|_| InvalidRequest::HeaderName { name: name.clone() })?;
        let value =
            header_value(text).ok_or_else(|| InvalidRequest::HeaderValue { name: name.clone() })?;
        if known == header::HOST {
            check_host(text, url)?;
        } else if !is_ignored(&known) {
            parsed.append(known, value);
        }
    }
    Ok(parsed)
}

fn is_ignored(name: &HeaderName) -> bool {
    IGNORED.contains(&name.as_str()) || name.as_str().starts_with("proxy-")
}

/// As Node: each character is the byte of its number, and control characters are none of a value's.
pub fn header_value(text: &str) -> Option<HeaderValue> {
    let bytes: Option<Vec<u8>> = text
        .trim_matches([' ', '\t'])
        .chars()
        .map(|character| u8::try_from(u32::from(character)).ok())
        .collect();
    HeaderValue::from_bytes(&bytes?).ok()
}

/// Another host's name would have the server answer for a host that policy has not seen.
fn check_host(text: &str, url: &Url) -> Result<(), InvalidRequest> {
    let expected = authority(url);
    let port = url.port_or_known_default().unwrap_or_default();
    let with_port = format!("{}:{port}", url.host_str().unwrap_or_default());
    let text = text.trim_matches([' ', '\t']);
    if text.eq_ignore_ascii_case(&expected) || text.eq_ignore_ascii_case(&with_port) {
        return Ok(());
    }
    Err(InvalidRequest::ForeignHost {
        host: text.to_owned(),
        expected,
    })
}

/// The `Host` header, or HTTP/2's `:authority`: the port only if it is not the scheme's.
pub fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// User and password of the URL as Basic authorization (RFC 7617), if it has any.
fn basic_authorization(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut credentials: Vec<u8> = percent_decode_str(url.username()).collect();
    credentials.push(b':');
    credentials.extend(percent_decode_str(url.password().unwrap_or_default()));
    let value = format!("Basic {}", BASE64_STANDARD.encode(credentials));
    HeaderValue::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, url: &str, headers: &[(&str, &str)]) -> Request {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Request {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: headers.iter().map(owned).collect(),
            body: Bytes::new(),
            redirect: Redirect::Follow(20),
            compress: true,
            size: None,
            timeout: None,
            event_index: None,
        }
    }

    #[track_caller]
    fn check_url(url: &str, expect: Result<&str, &str>) {
        let hop = Hop::first(&request("GET", url, &[]));
        match (hop, expect) {
            (Ok(hop), Ok(host)) => assert_eq!(hop.origin.host.to_string(), host, "{url}"),
            (Err(error), Err(text)) => assert!(error.to_string().contains(text), "{url}: {error}"),
            (hop, expect) => panic!("{url}: {hop:?}, not {expect:?}"),
        }
    }

    #[test]
    fn every_spelling_of_an_address_is_that_address() {
        for spelling in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://127.0.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/",
            "http://0177.0.0x1/",
            "http://017700000001/",
            "http://127.0.0.1./",
            "http://１２７.０.０.１/",
            "http://127。0。0。1/",
            "http://%31%32%37.0.0.1/",
            "http:127.0.0.1",
            "http:\\\\127.0.0.1\\",
            " http://127.0.0.1 ",
            "ht\ntp://127.0.\t0.1/",
            "http://user@127.0.0.1/",
            "http://example.com@127.0.0.1/",
            "HTTP://127.0.0.1:80/",
        ] {
            check_url(spelling, Ok("127.0.0.1"));
        }
        check_url("http://[::ffff:127.0.0.1]/", Ok("[::ffff:7f00:1]"));
        check_url("http://[0:0:0:0:0:0:0:1]/", Ok("[::1]"));
        check_url("http://0/", Ok("0.0.0.0"));
        check_url("http://example.com#@127.0.0.1/", Ok("example.com"));
    }

    #[test]
    fn what_is_no_http_url_is_refused() {
        check_url("/path", Err("Only absolute URLs"));
        check_url("", Err("Only absolute URLs"));
        check_url("http://", Err("Only absolute URLs"));
        check_url("http://256.0.0.1/", Err("Only absolute URLs"));
        check_url("http://[fe80::1%25eth0]/", Err("Only absolute URLs"));
        check_url("http://a b/", Err("Only absolute URLs"));
        check_url("file:///etc/passwd", Err("HTTP(S)"));
        check_url("ftp://example.com/", Err("HTTP(S)"));
        check_url("gopher://example.com/", Err("HTTP(S)"));
        check_url("data:,x", Err("HTTP(S)"));
        check_url("http://example.com:25/", Err("port 25"));
        check_url("http://example.com:99999/", Err("Only absolute URLs"));
        check_url(&format!("http://a/{}", "x".repeat(16 << 10)), Err("16384"));
        check_url(&format!("http://a/{}", "é".repeat(4 << 10)), Err("16384"));
    }

    #[track_caller]
    fn check_method(method: &str, expect: Result<&str, &str>) {
        let hop = Hop::first(&request(method, "http://a/", &[]));
        let found = hop.map(|hop| hop.method.to_string());
        match (found, expect) {
            (Ok(found), Ok(expect)) => assert_eq!(found, expect),
            (Err(error), Err(text)) => assert!(error.to_string().contains(text), "{error}"),
            (found, expect) => panic!("{method:?}: {found:?}, not {expect:?}"),
        }
    }

    #[test]
    fn methods_are_tokens_and_some_are_not_allowed() {
        check_method("get", Ok("GET"));
        check_method("patch", Ok("PATCH"));
        check_method("PURGE", Ok("PURGE"));
        check_method("", Err("not a valid"));
        check_method("GET /x HTTP/1.1\r\nHost: b\r\n\r\nGET", Err("not a valid"));
        check_method("GE T", Err("not a valid"));
        check_method("connect", Err("not allowed"));
        check_method("TRACE", Err("not allowed"));
        check_method("Track", Err("not allowed"));
    }

    #[track_caller]
    fn check_header(name: &str, value: &str, expect: Result<Option<&[u8]>, &str>) {
        let hop = Hop::first(&request("GET", "http://a.example:81/", &[(name, value)]));
        match (hop, expect) {
            (Ok(hop), Ok(expect)) => {
                let sent = hop.headers.get(name).map(HeaderValue::as_bytes);
                assert_eq!(sent, expect, "{name:?}: {value:?}");
            }
            (Err(error), Err(text)) => assert!(error.to_string().contains(text), "{error}"),
            (hop, expect) => panic!("{name:?}: {value:?}: {hop:?}, not {expect:?}"),
        }
    }

    #[test]
    fn headers_are_sent_ignored_or_refused() {
        check_header("X-Key", " a\tb ", Ok(Some(b"a\tb")));
        check_header("X-Key", "caf\u{e9}", Ok(Some(b"caf\xe9")));
        check_header("X-Key", "", Ok(Some(b"")));
        check_header("X-Key", "\u{20ac}", Err("value of header \"X-Key\""));
        for value in ["a\r\nB: c", "a\nb", "a\rb", "a\0b", "a\x7fb", "\x01"] {
            check_header("X-Key", value, Err("value of header"));
        }
        for name in ["", "a b", "a:b", "a\r\nb", "a\0", "ä", "a(b)", " a"] {
            check_header(name, "x", Err("header name"));
        }
        for name in [
            "Connection",
            "content-length",
            "Transfer-Encoding",
            "TE",
            "Trailer",
            "Upgrade",
            "Expect",
            "Keep-Alive",
            "Proxy-Authorization",
            "Proxy-Connection",
            "HTTP2-Settings",
        ] {
            check_header(name, "x", Ok(None));
        }
        check_header("Host", "A.example:81", Ok(None));
        check_header("Host", "a.example", Err("a.example:81"));
        check_header("Host", "b.example:81", Err("b.example:81"));
        check_header(
            "Transfer-Encoding",
            "chunked\r\nX: y",
            Err("value of header"),
        );
    }

    #[test]
    fn headers_are_bounded_by_number_and_size() {
        let many = vec![("a", "b"); MAX_HEADERS + 1];
        let error = Hop::first(&request("GET", "http://a/", &many)).unwrap_err();
        assert_eq!(error, InvalidRequest::ManyHeaders { limit: 256 });
        let large = "x".repeat(MAX_HEADER_BYTES);
        let error = Hop::first(&request("GET", "http://a/", &[("a", &large)])).unwrap_err();
        assert_eq!(error, InvalidRequest::LargeHeaders { limit: 32 << 10 });
    }

    #[test]
    fn what_the_function_left_out_is_filled_in() {
        let hop = Hop::first(&request("POST", "http://a%40b:c%3A@d/", &[])).unwrap();
        let headers = hop.headers_with_defaults(true);
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(text("accept"), Some("*/*"));
        assert_eq!(text("accept-encoding"), Some("gzip,deflate,br"));
        assert_eq!(text("content-length"), Some("0"));
        assert_eq!(text("connection"), None);
        assert!(text("user-agent").is_some_and(|agent| agent.starts_with("penstock/")));
        // a@b:c:
        assert_eq!(text("authorization"), Some("Basic YUBiOmM6"));
        assert_eq!(hop.shown_url(), "http://d/");

        let own = [
            ("Accept", "x/y"),
            ("authorization", "Bearer z"),
            ("User-Agent", "me"),
        ];
        let hop = Hop::first(&request("GET", "http://a:b@d/", &own)).unwrap();
        let headers = hop.headers_with_defaults(false);
        assert_eq!(headers.len(), 3, "{headers:?}");
        assert_eq!(headers["authorization"], "Bearer z");
    }

    #[test]
    fn get_and_head_have_no_body() {
        for method in ["GET", "HEAD"] {
            let request = Request {
                body: Bytes::from_static(b"x"),
                ..request(method, "http://a/", &[])
            };
            assert_eq!(
                Hop::first(&request).unwrap_err(),
                InvalidRequest::UnwantedBody
            );
        }
    }
}
