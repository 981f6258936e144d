//! What a redirect makes of a request, as node-fetch 2 does it.

use http::{HeaderMap, Method, StatusCode, header};
use url::{Host, Url};

use super::{
    error::{FetchError, InvalidRequest},
    request::{Hop, MAX_URL_BYTES, origin_of},
    trace::header_text,
};

/// Never sent on to a host that they were not meant for.
const CREDENTIALS: [&str; 4] = ["authorization", "www-authenticate", "cookie", "cookie2"];

/// Whether a response of this status asks for another request.
pub fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Where a response's `Location` leads to; `None` if it has none.
///
/// # Errors
/// [`FetchError::InvalidRedirect`] when it is no URL.
pub fn target(from: &Url, headers: &HeaderMap) -> Result<Option<Url>, FetchError> {
    let Some(location) = headers.get(header::LOCATION) else {
        return Ok(None);
    };
    // Servers send raw UTF-8, as browsers take it.
    let text = match std::str::from_utf8(location.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => header_text(location),
    };
    match from.join(&text) {
        Ok(url) if url.as_str().len() <= MAX_URL_BYTES => Ok(Some(url)),
        _ => Err(FetchError::InvalidRedirect { location: text }),
    }
}

/// The request that a response of `status` to `hop` asks for at `url`.
///
/// # Errors
/// [`InvalidRequest`] when no request is ever made to there.
pub fn follow(hop: Hop, status: StatusCode, url: Url) -> Result<Hop, InvalidRequest> {
    let origin = origin_of(&url)?;
    let mut next = Hop { url, origin, ..hop };
    if next.origin.scheme != hop.origin.scheme
        || !is_same_or_below(&next.origin.host, &hop.origin.host)
    {
        for name in CREDENTIALS {
            next.headers.remove(name);
        }
    }
    let to_get = match status.as_u16() {
        303 => true,
        301 | 302 => next.method == Method::POST,
        _ => false,
    };
    if to_get {
        next.method = Method::GET;
        next.body.clear();
    }
    Ok(next)
}

fn is_same_or_below(host: &Host, original: &Host) -> bool {
    if host == original {
        return true;
    }
    let (Host::Domain(host), Host::Domain(original)) = (host, original) else {
        return false;
    };
    host.strip_suffix(original.as_str())
        .is_some_and(|below| below.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderValue;

    use super::*;

    /// What a POST with credentials to `from` becomes when it is redirected to `location`: its method, its
    /// URL, and whether body and credentials are still there.
    #[track_caller]
    fn check(from: &str, status: u16, location: &str, expect: (&str, &str, bool, bool)) {
        let url: Url = from.parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("cookie", HeaderValue::from_static("a=b"));
        headers.insert("authorization", HeaderValue::from_static("c"));
        headers.insert("x-key", HeaderValue::from_static("d"));
        let hop = Hop {
            origin: origin_of(&url).unwrap(),
            url,
            method: Method::POST,
            headers,
            body: Bytes::from_static(b"body"),
        };
        let mut response = HeaderMap::new();
        let bytes: Vec<u8> = location.bytes().collect();
        response.insert("location", HeaderValue::from_bytes(&bytes).unwrap());
        let url = target(&hop.url, &response).unwrap().unwrap();
        let next = follow(hop, StatusCode::from_u16(status).unwrap(), url).unwrap();
        let credentials = next.headers.contains_key("cookie");
        assert_eq!(credentials, next.headers.contains_key("authorization"));
        assert!(next.headers.contains_key("x-key"));
        let (method, body) = (next.method.as_str(), !next.body.is_empty());
        assert_eq!((method, next.url.as_str(), body, credentials), expect);
    }

    #[test]
    fn method_body_and_credentials_follow_the_rules() {
        let a = "https://a.example/x/y";
        check(a, 301, "/z", ("GET", "https://a.example/z", false, true));
        check(a, 302, "z", ("GET", "https://a.example/x/z", false, true));
        check(
            a,
            303,
            "?z",
            ("GET", "https://a.example/x/y?z", false, true),
        );
        check(a, 307, "z", ("POST", "https://a.example/x/z", true, true));
        check(
            a,
            308,
            "//a.example:81/",
            ("POST", "https://a.example:81/", true, true),
        );
        check(
            a,
            307,
            "//b.a.example/",
            ("POST", "https://b.a.example/", true, true),
        );
        check(
            a,
            307,
            "//ba.example/",
            ("POST", "https://ba.example/", true, false),
        );
        check(
            a,
            307,
            "//example/",
            ("POST", "https://example/", true, false),
        );
        check(
            a,
            307,
            "//b.example/",
            ("POST", "https://b.example/", true, false),
        );
        check(
            a,
            307,
            "http://a.example/",
            ("POST", "http://a.example/", true, false),
        );
        check(
            a,
            307,
            "/é",
            ("POST", "https://a.example/%C3%A9", true, true),
        );
        let a = "http://1.2.3.4/";
        check(
            a,
            307,
            "//1.2.3.5/",
            ("POST", "http://1.2.3.5/", true, false),
        );
        check(
            a,
            307,
            "https://1.2.3.4/",
            ("POST", "https://1.2.3.4/", true, false),
        );
    }
}
