//! Requests that were made, as a case's file has them from then on: with nothing in it that is to be kept secret.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use serde_json::{Map, Value as Json, json};

use super::script::Recorded;
use crate::front::redactor::Redactor;

/// Headers of the connection, or of how a body came over it, which is not how it is kept.
const TRANSPORT: [&str; 8] = [
    "alt-svc",
    "connection",
    "content-encoding",
    "content-length",
    "date",
    "keep-alive",
    "trailer",
    "transfer-encoding",
];

/// Headers whose values are credentials.
const CREDENTIALS: [&str; 8] = [
    "authentication-info",
    "authorization",
    "cookie",
    "proxy-authorization",
    "set-cookie",
    "set-cookie2",
    "x-api-key",
    "x-auth-token",
];

/// Fields of a JSON body in which servers hand out credentials, without `_`, `-` and capitals.
const CREDENTIAL_FIELDS: [&str; 9] = [
    "accesstoken",
    "apikey",
    "clientsecret",
    "idtoken",
    "password",
    "refreshtoken",
    "secret",
    "sessiontoken",
    "token",
];

/// What stands for a credential that no setting has.
const REDACTED: &str = "[redacted]";

/// An element of a case's `responses`.
pub fn element(recorded: &Recorded, redactor: &Redactor) -> Json {
    let told = &recorded.told;
    let mut element = json!({
        "request": { "method": recorded.method, "url": recorded.url },
        "status": told.status.as_u16(),
    });
    let headers = headers(&told.headers, redactor);
    if !headers.is_empty() {
        element["headers"] = headers.into();
    }
    if told.body.is_empty() {
        return element;
    }
    match body(&told.body, redactor) {
        Some(body) => element["body"] = body,
        None => {
            let body = redactor.excerpt(&told.body, usize::MAX);
            element["base64"] = BASE64_STANDARD.encode(body).into();
        }
    }
    element
}

fn headers(headers: &HeaderMap, redactor: &Redactor) -> Map<String, Json> {
    let mut told = Map::new();
    let names = headers.keys();
    for name in names.filter(|name| !TRANSPORT.contains(&name.as_str())) {
        let values = headers.get_all(name).iter();
        let values = values.map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            Json::from(header(name, text, redactor))
        });
        let mut values: Vec<_> = values.collect();
        let value = match values.len() {
            1 => values.remove(0),
            _ => values.into(),
        };
        told.insert(name.as_str().to_owned(), value);
    }
    told
}

fn header(name: &HeaderName, mut value: String, redactor: &Redactor) -> String {
    if CREDENTIALS.contains(&name.as_str()) {
        return REDACTED.to_owned();
    }
    redactor.text(&mut value);
    value
}

/// JSON as such, another text as a string; `None` for what is no text.
fn body(body: &Bytes, redactor: &Redactor) -> Option<Json> {
    let text = std::str::from_utf8(body).ok()?;
    match serde_json::from_str::<Json>(text) {
        // A string stands for a text.
        Ok(json) if !json.is_string() => Some(without_secrets(without_credentials(json), redactor)),
        _ => {
            let mut text = text.to_owned();
            redactor.text(&mut text);
            Some(text.into())
        }
    }
}

fn without_credentials(json: Json) -> Json {
    match json {
        Json::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| match value {
                Json::String(_) if is_credential(&name) => (name, REDACTED.into()),
                value => (name, without_credentials(value)),
            });
            fields.collect()
        }
        Json::Array(elements) => elements.into_iter().map(without_credentials).collect(),
        other => other,
    }
}

/// The same with every secret text in it redacted.
pub fn without_secrets(json: Json, redactor: &Redactor) -> Json {
    match json {
        Json::String(mut text) => {
            redactor.text(&mut text);
            text.into()
        }
        Json::Number(number) => {
            let mut text = number.to_string();
            redactor.text(&mut text);
            match text == number.to_string() {
                true => number.into(),
                false => text.into(),
            }
        }
        Json::Array(elements) => {
            let elements = elements.into_iter();
            elements
                .map(|element| without_secrets(element, redactor))
                .collect()
        }
        Json::Object(fields) => {
            let fields = fields.into_iter();
            fields
                .map(|(mut name, value)| {
                    redactor.text(&mut name);
                    (name, without_secrets(value, redactor))
                })
                .collect()
        }
        other => other,
    }
}

fn is_credential(field: &str) -> bool {
    let letters = field.chars().filter(|letter| !matches!(letter, '_' | '-'));
    let plain: String = letters.flat_map(char::to_lowercase).collect();
    CREDENTIAL_FIELDS.contains(&plain.as_str())
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, StatusCode};

    use super::*;
    use crate::front::{egress::Told, redactor::Secrets};

    #[track_caller]
    fn check(headers: &[(&str, &'static str)], body: &'static str, expect: Json) {
        let mut secrets = Secrets::default();
        secrets.add("apiKey", &json!("hunter22"));
        let redactor = Redactor::new(secrets);
        let headers = headers.iter().map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            (name, HeaderValue::from_static(value))
        });
        let recorded = Recorded {
            method: "GET".to_owned(),
            url: "https://a.example/".to_owned(),
            told: Told {
                status: StatusCode::OK,
                headers: headers.collect(),
                body: body.into(),
            },
        };
        let mut element = element(&recorded, &redactor);
        element.as_object_mut().unwrap().shift_remove("request");
        assert_eq!(element, expect);
    }

    #[test]
    fn nothing_secret_is_kept() {
        check(
            &[
                ("set-cookie", "session=1"),
                ("X-Api-Key", "k"),
                ("x-echo", "key hunter22"),
                ("date", "now"),
            ],
            r#"{"access_token": "t-1", "expires_in": 5, "of": [{"key": "hunter22", "refreshToken": "t-2", "token": "t-3"}]}"#,
            json!({
                "status": 200,
                "headers": {"set-cookie": "[redacted]", "x-api-key": "[redacted]", "x-echo": "key [redacted:apiKey]"},
                "body": {"access_token": "[redacted]", "expires_in": 5,
                         "of": [{"key": "[redacted:apiKey]", "refreshToken": "[redacted]", "token": "[redacted]"}]},
            }),
        );
        check(
            &[],
            "key: hunter22",
            json!({"status": 200, "body": "key: [redacted:apiKey]"}),
        );
    }
}
