//! A response that a case has ready for a request.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use jsonc_parser::ast::{Object, Value};
use serde_json::Value as Json;
use url::Url;

use crate::{
    front::egress::{SystemCode, Told},
    json_file::Reader,
};

const KEYS: [&str; 6] = ["request", "status", "headers", "body", "base64", "error"];
const REQUEST_KEYS: [&str; 4] = ["method", "url", "headers", "body"];

/// Statuses that a server may end a request with.
const STATUSES: std::ops::RangeInclusive<u64> = 200..=599;

/// How the mark of a secret begins.
const REDACTED: &str = "[redacted";

/// For one request, once.
#[derive(Clone, Debug)]
pub struct Canned {
    /// In capitals.
    pub method: String,
    /// As URLs are written out, with the end of the path and the escapes that `fetch` gives them.
    pub url: String,
    pub sent: Sent,
    pub reply: Reply,
}

/// What a request comes to.
#[derive(Clone, Debug)]
pub enum Reply {
    Response(Told),
    Failure(RequestFailure),
}

/// How a request without a response fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestFailure {
    /// `fetch`'s own `timeout` is over.
    Timeout,
    System(SystemCode),
}

/// Those that functions tell apart, if any.
const FAILURES: [RequestFailure; 8] = [
    RequestFailure::Timeout,
    RequestFailure::System(SystemCode::ConnectionRefused),
    RequestFailure::System(SystemCode::ConnectionReset),
    RequestFailure::System(SystemCode::NameNotFound),
    RequestFailure::System(SystemCode::NameTryAgain),
    RequestFailure::System(SystemCode::TimedOut),
    RequestFailure::System(SystemCode::HostUnreachable),
    RequestFailure::System(SystemCode::CertificateExpired),
];

impl RequestFailure {
    /// As a function reads it: the error's `code`, or its `type` where it has no code.
    fn name(self) -> &'static str {
        match self {
            Self::Timeout => "request-timeout",
            Self::System(code) => code.name(),
        }
    }
}

/// What has to be sent, as far as the case says.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// A string for a text, anything else for JSON.
    pub body: Option<Json>,
}

/// Reads the response at `path` of a case.
pub fn canned(reader: &mut Reader<'_>, value: &Value<'_>, path: &str) -> Option<Canned> {
    let object = reader.object(value, path)?;
    let mut told = Told::default();
    let mut failing = None;
    for field in reader.fields(object, path, &KEYS) {
        let (key, value) = (field.name.as_str(), &field.value);
        let path = format!("{path}.{key}");
        match key {
            "status" => told.status = status(reader, value, &path),
            "headers" => told.headers = headers(reader, value, &path),
            "error" => failing = failure(reader, value, &path),
            _ => {}
        }
    }
    told.body = body(reader, object, path, &mut told.headers);
    if let Some(field) = object.get("error")
        && object.properties.len() > 2
    {
        let description = "is there beside a response: a request fails or has one";
        reader.fault(field, &format!("{path}.error"), description);
    }
    let (method, url, sent) = request(reader, object, path)?;
    Some(Canned {
        method,
        url,
        sent,
        reply: failing.map_or(Reply::Response(told), Reply::Failure),
    })
}

fn failure(reader: &mut Reader<'_>, value: &Value<'_>, path: &str) -> Option<RequestFailure> {
    let named = value.as_string_lit().map(|text| &*text.value);
    let found = FAILURES
        .into_iter()
        .find(|failure| Some(failure.name()) == named);
    if found.is_none() {
        let known = FAILURES.map(RequestFailure::name).join(", ");
        reader.fault(value, path, format!("must be one of {known}"));
    }
    found
}

fn status(reader: &mut Reader<'_>, value: &Value<'_>, path: &str) -> StatusCode {
    let status = reader.integer(value, path, STATUSES);
    let status = status.and_then(|status| u16::try_from(status).ok());
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    status.unwrap_or_default()
}

/// A string is a text, anything else JSON, which a header says unless there is one already.
fn body(
    reader: &mut Reader<'_>,
    object: &Object<'_>,
    path: &str,
    headers: &mut HeaderMap,
) -> Bytes {
    match (object.get("body"), object.get("base64")) {
        (None, None) => Bytes::new(),
        (None, Some(field)) => bytes(reader, &field.value, &format!("{path}.base64")),
        (Some(field), Some(_)) => {
            let description = "is there beside base64: a response has one body";
            reader.fault(field, &format!("{path}.body"), description);
            Bytes::new()
        }
        (Some(field), None) => match field.value.clone().into() {
            Json::String(text) => text.into(),
            json => {
                let json_type = HeaderValue::from_static("application/json");
                headers.entry(header::CONTENT_TYPE).or_insert(json_type);
                json.to_string().into()
            }
        },
    }
}

fn request(
    reader: &mut Reader<'_>,
    object: &Object<'_>,
    path: &str,
) -> Option<(String, String, Sent)> {
    let path = format!("{path}.request");
    let Some(field) = object.get("request") else {
        reader.fault(
            object,
            &path,
            "is missing: it has the method and the url that are answered",
        );
        return None;
    };
    let object = reader.object(&field.value, &path)?;
    let (mut method, mut url, mut sent) = ("GET".to_owned(), None, Sent::default());
    for field in reader.fields(object, &path, &REQUEST_KEYS) {
        let (key, value) = (field.name.as_str(), &field.value);
        let path = format!("{path}.{key}");
        match key {
            "method" => {
                let text = reader.text(value, &path, 1..=32).to_ascii_uppercase();
                match Method::from_bytes(text.as_bytes()) {
                    Ok(_) => method = text,
                    Err(_) => reader.fault(value, &path, "is no HTTP method"),
                }
            }
            "url" => url = self::url(reader, value, &path),
            "headers" => {
                let headers = headers(reader, value, &path);
                let text =
                    |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
                let pairs = headers
                    .iter()
                    .map(|(name, value)| (name.to_string(), text(value)));
                sent.headers = pairs.collect();
            }
            _ => sent.body = Some(value.clone().into()),
        }
    }
    if object.get("url").is_none() {
        reader.fault(object, &format!("{path}.url"), "is missing");
    }
    Some((method, url?, sent))
}

/// A URL with marks of what was redacted keeps them as they are.
fn url(reader: &mut Reader<'_>, value: &Value<'_>, path: &str) -> Option<String> {
    let text = reader.text(value, path, 1..=usize::MAX);
    if text.is_empty() {
        return None;
    }
    if text.contains(REDACTED) {
        return Some(text);
    }
    match Url::parse(&text) {
        Ok(mut url) if matches!(url.scheme(), "http" | "https") => {
            url.set_fragment(None);
            Some(url.into())
        }
        _ => {
            reader.fault(
                value,
                path,
                "must be a URL such as https://api.example.com/users/1",
            );
            None
        }
    }
}

/// Texts by name; a list for a name that is there several times.
fn headers(reader: &mut Reader<'_>, value: &Value<'_>, path: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let Some(object) = reader.object(value, path) else {
        return headers;
    };
    for field in &object.properties {
        let name = field.name.as_str();
        let path = format!("{path}[\"{name}\"]");
        let Ok(known) = HeaderName::from_bytes(name.as_bytes()) else {
            reader.fault(field, &path, "is no header's name");
            continue;
        };
        let several = match &field.value {
            Value::Array(list) => list.elements.iter().collect(),
            one => vec![one],
        };
        for value in several {
            let text = reader.text(value, &path, 0..=usize::MAX);
            match HeaderValue::from_str(&text) {
                Ok(text) => drop(headers.append(&known, text)),
                Err(_) => reader.fault(value, &path, "is no header's value"),
            }
        }
    }
    headers
}

fn bytes(reader: &mut Reader<'_>, value: &Value<'_>, path: &str) -> Bytes {
    let text = reader.text(value, path, 0..=usize::MAX);
    BASE64_STANDARD.decode(text).map_or_else(
        |_| {
            reader.fault(value, path, "is not base64");
            Bytes::new()
        },
        Bytes::from,
    )
}
