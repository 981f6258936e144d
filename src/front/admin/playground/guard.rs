//! Who may ask the playground for something: its own page, opened by a person.
//!
//! Another site's page can have a browser send requests here, under its own origin; or, when its name is made to
//! stand for this address, under what looks like ours. So the name has to be one that nobody else can give
//! (an address, or `localhost`), and what runs code has to come from a page that was read from here.

use std::net::IpAddr;

use http::{
    HeaderMap, Method, Request, StatusCode,
    header::{CONTENT_TYPE, HOST, ORIGIN},
    uri::Authority,
};

/// What browsers say of who asks.
const FETCH_SITE: &str = "sec-fetch-site";
const FETCH_MODE: &str = "sec-fetch-mode";

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(
        "the playground is at an address or at localhost, by no other name: another's name could be made to lead here"
    )]
    Name,
    #[error("only the playground's own page may ask for this")]
    OtherSite,
    #[error("the body has to be application/json")]
    NoJson,
}

impl Refusal {
    pub fn status(self) -> StatusCode {
        match self {
            Self::Name | Self::OtherSite => StatusCode::FORBIDDEN,
            Self::NoJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }
}

/// Whether a request may be answered.
///
/// # Errors
/// [`Refusal`] when it may not.
pub fn check<B>(request: &Request<B>) -> Result<(), Refusal> {
    let headers = request.headers();
    let host = only(headers, HOST.as_str()).and_then(|host| host.parse::<Authority>().ok());
    let host = host.filter(|host| !host.as_str().contains('@') && is_nobody_elses(host.host()));
    let host = host.ok_or(Refusal::Name)?;
    let site = only(headers, FETCH_SITE);
    match *request.method() {
        Method::GET | Method::HEAD => {
            // A link to the page is harmless: nothing runs until somebody says so.
            let opens = only(headers, FETCH_MODE) == Some("navigate");
            match site {
                None | Some("same-origin" | "none") => Ok(()),
                Some(_) if opens => Ok(()),
                Some(_) => Err(Refusal::OtherSite),
            }
        }
        _ => {
            is_from_page(headers, &host, site)?;
            is_json(headers)
        }
    }
}

/// A browser says it in at least one of two ways, and then has to say the same in the other.
fn is_from_page(headers: &HeaderMap, host: &Authority, site: Option<&str>) -> Result<(), Refusal> {
    let origin = only(headers, ORIGIN.as_str()).map(|origin| {
        let schemes = ["http://", "https://"];
        let mut names = schemes
            .iter()
            .filter_map(|scheme| origin.strip_prefix(scheme));
        names.any(|name| name.eq_ignore_ascii_case(host.as_str()))
    });
    let site = site.map(|site| site == "same-origin");
    let told_twice = headers.get_all(ORIGIN).iter().count() > 1;
    match (origin, site) {
        _ if told_twice => Err(Refusal::OtherSite),
        (Some(true), None | Some(true)) | (None, Some(true)) => Ok(()),
        _ => Err(Refusal::OtherSite),
    }
}

/// A form can't send this without asking first, which is never allowed.
fn is_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let sent = only(headers, CONTENT_TYPE.as_str()).unwrap_or_default();
    let media_type = sent.split(';').next().unwrap_or_default().trim();
    match media_type.eq_ignore_ascii_case("application/json") {
        true => Ok(()),
        false => Err(Refusal::NoJson),
    }
}

/// An address stands for itself, and localhost for this machine; what stands for every other name is for whoever
/// owns it to say.
fn is_nobody_elses(host: &str) -> bool {
    let address = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let address = address.unwrap_or(host);
    let host = host.to_ascii_lowercase();
    address.parse::<IpAddr>().is_ok() || host == "localhost" || host.ends_with(".localhost")
}

/// The header's value, if it has one and no other.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = "content-type: application/json";

    /// A request with `host` and more headers, one a line.
    fn judged(method: Method, host: &str, more: &[&str]) -> Result<(), Refusal> {
        let mut request = Request::builder().method(method).header(HOST, host);
        for header in more {
            let (name, value) = header.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        check(&request.body(()).unwrap())
    }

    #[test]
    fn the_page_is_reached_by_names_that_nobody_else_can_give() {
        #[track_caller]
        fn check(host: &str, expect: Result<(), Refusal>) {
            assert_eq!(judged(Method::GET, host, &[]), expect, "{host}");
        }
        for ours in [
            "127.0.0.1:8080",
            "127.0.0.1",
            "[::1]:8080",
            "10.1.2.3:80",
            "localhost:8080",
            "LocalHost",
            "penstock.localhost:8080",
        ] {
            check(ours, Ok(()));
        }
        for others in [
            "",
            "evil.example:8080",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "evillocalhost",
            "::1",
            "evil.example@127.0.0.1",
        ] {
            check(others, Err(Refusal::Name));
        }
        let twice = judged(Method::GET, "localhost", &["host: localhost"]);
        assert_eq!(twice, Err(Refusal::Name));
    }

    #[test]
    fn other_pages_may_link_here_and_no_more() {
        #[track_caller]
        fn check(more: &[&str], expect: Result<(), Refusal>) {
            assert_eq!(judged(Method::GET, "localhost:1", more), expect, "{more:?}");
        }
        check(
            &["sec-fetch-site: none", "sec-fetch-mode: navigate"],
            Ok(()),
        );
        check(
            &["sec-fetch-site: same-origin", "sec-fetch-mode: cors"],
            Ok(()),
        );
        check(
            &["sec-fetch-site: cross-site", "sec-fetch-mode: navigate"],
            Ok(()),
        );
        for site in ["cross-site", "same-site"] {
            let site = format!("sec-fetch-site: {site}");
            check(&[&site, "sec-fetch-mode: no-cors"], Err(Refusal::OtherSite));
            check(&[&site], Err(Refusal::OtherSite));
        }
    }

    #[test]
    fn only_the_page_itself_runs_code() {
        #[track_caller]
        fn check(more: &[&str], expect: Result<(), Refusal>) {
            let found = judged(Method::POST, "127.0.0.1:8080", more);
            assert_eq!(found, expect, "{more:?}");
        }
        let other = Err(Refusal::OtherSite);
        let ours = "origin: http://127.0.0.1:8080";
        let same = "sec-fetch-site: same-origin";
        check(&[ours, same, JSON], Ok(()));
        check(&[ours, JSON], Ok(()));
        check(&[same, JSON], Ok(()));
        check(&["origin: https://127.0.0.1:8080", JSON], Ok(()));
        check(
            &[ours, "content-type: application/json; charset=utf-8"],
            Ok(()),
        );
        check(&[JSON], other);
        for origin in [
            "http://evil.example",
            "http://localhost:8080",
            "http://127.0.0.1:3000",
            "http://127.0.0.1",
            "null",
            "http://127.0.0.1:8080.evil.example",
            "ftp://127.0.0.1:8080",
        ] {
            let origin = format!("origin: {origin}");
            check(&[&origin, JSON], other);
            check(&[&origin, same, JSON], other);
        }
        check(&[ours, ours, same, JSON], other);
        for site in ["cross-site", "same-site", "none"] {
            check(&[ours, &format!("sec-fetch-site: {site}"), JSON], other);
        }
        check(&[ours, same], Err(Refusal::NoJson));
        for form in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/jsonp",
        ] {
            let form = format!("content-type: {form}");
            check(&[ours, same, &form], Err(Refusal::NoJson));
        }
        check(
            &[ours, same, JSON, "content-type: text/plain"],
            Err(Refusal::NoJson),
        );
    }
}
