//! Answers the requests of the case that runs, out of its file; and keeps what the network answered to the others,
//! if they may go there.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value as Json;

use super::{
    canned::{Canned, Reply, RequestFailure, Sent},
    difference::{Comparison, Difference, Extent},
    recording::without_secrets,
};
use crate::{
    front::{
        egress::{Answered, Answers, Asked, FetchError, SystemCode, SystemFault, Told},
        redactor::Redactor,
    },
    lock::Lock,
};

/// What becomes of requests that a case has no response for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unlisted {
    /// They fail, and the case with them.
    #[default]
    Refused,
    /// They are made, and what came is kept.
    Recorded,
}

/// The answers to one case at a time.
#[derive(Debug, Default)]
pub struct Script(Lock<Requests>);

/// The requests of one case.
#[derive(Debug)]
pub struct Requests {
    /// Each with whether it was used.
    listed: Vec<(Canned, bool)>,
    unlisted: Unlisted,
    redactor: Redactor,
    differences: Vec<Difference>,
    unanswered: Vec<String>,
    recorded: Vec<Recorded>,
    unrecorded: Vec<String>,
}

/// A request that was made, with what came of it.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub method: String,
    pub url: String,
    pub told: Told,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            listed: Vec::new(),
            unlisted: Unlisted::default(),
            redactor: Redactor::none(),
            differences: Vec::new(),
            unanswered: Vec::new(),
            recorded: Vec::new(),
            unrecorded: Vec::new(),
        }
    }
}

/// What the requests of a case came to, once it has ended.
#[derive(Debug, Default)]
pub struct Exchanged {
    /// Where what was sent is not what had to be.
    pub differences: Vec<Difference>,
    /// Requests without a response.
    pub unanswered: Vec<String>,
    /// Responses that nobody asked for.
    pub unused: Vec<String>,
    pub recorded: Vec<Recorded>,
    /// Requests that were made and came to nothing, with why.
    pub unrecorded: Vec<String>,
}

impl Script {
    /// From now on it is this case that asks. Secrets are told in neither URLs nor bodies.
    pub fn begin(&self, responses: &[Canned], unlisted: Unlisted, redactor: Redactor) {
        *self.0.lock() = Requests {
            listed: responses
                .iter()
                .map(|canned| (canned.clone(), false))
                .collect(),
            unlisted,
            redactor,
            ..Requests::default()
        };
    }

    /// The case has ended.
    pub fn end(&self) -> Exchanged {
        let case = std::mem::take(&mut *self.0.lock());
        let unused = case.listed.into_iter().filter(|(_, is_used)| !is_used);
        Exchanged {
            differences: case.differences,
            unanswered: case.unanswered,
            unused: unused
                .map(|(canned, _)| named(&canned.method, &canned.url))
                .collect(),
            recorded: case.recorded,
            unrecorded: case.unrecorded,
        }
    }
}

impl Answers for Script {
    fn answer(&self, asked: &Asked<'_>) -> Answered {
        let mut case = self.0.lock();
        match case.listed(asked) {
            Some(Reply::Response(told)) => return Answered::With(told),
            Some(Reply::Failure(failure)) => return Answered::Failing(failed(failure, asked.url)),
            None => {}
        }
        match case.unlisted {
            Unlisted::Recorded => Answered::ByNetwork,
            Unlisted::Refused => {
                let url = case.redacted(asked.url);
                case.unanswered.push(named(asked.method, &url));
                Answered::ByNobody
            }
        }
    }

    fn note(&self, asked: &Asked<'_>, came: Result<Told, FetchError>) {
        let mut case = self.0.lock();
        let url = case.redacted(asked.url);
        match came {
            Ok(told) => case.recorded.push(Recorded {
                method: asked.method.to_owned(),
                url,
                told,
            }),
            Err(error) => {
                let remedy = match error {
                    FetchError::Denied { .. } => " (--egress-allow CIDR lets it through)",
                    _ => "",
                };
                let error = case.redacted(&error.to_string()) + remedy;
                case.unrecorded
                    .push(format!("{}: {error}", named(asked.method, &url)));
            }
        }
    }
}

impl Requests {
    /// The first response for a request that was not used yet.
    fn listed(&mut self, asked: &Asked<'_>) -> Option<Reply> {
        let url = without_fragment(asked.url);
        let redacted = self.redacted(url);
        let fits = |canned: &Canned| {
            canned.method == asked.method && (canned.url == url || canned.url == redacted)
        };
        let mut listed = self.listed.iter_mut().enumerate();
        let (number, (canned, is_used)) =
            listed.find(|(_, (canned, is_used))| !is_used && fits(canned))?;
        *is_used = true;
        let (sent, reply) = (canned.sent.clone(), canned.reply.clone());
        let path = format!("responses[{number}].request");
        let differences = self.sent_otherwise(&path, &sent, asked);
        self.differences.extend(differences);
        Some(reply)
    }

    /// Where what is sent is not what the case says of it, without secrets: keys are sent in headers.
    fn sent_otherwise(&self, path: &str, sent: &Sent, asked: &Asked<'_>) -> Vec<Difference> {
        let comparison = comparison(&self.redactor);
        let mut differences = Vec::new();
        for (name, expected) in &sent.headers {
            let path = format!("{path}.headers[\"{name}\"]");
            let found = header(asked.headers, name).unwrap_or(Json::Null);
            let expected = Json::from(expected.as_str());
            differences.extend(comparison.differences(&path, &expected, &found, Extent::All));
        }
        if let Some(expected) = &sent.body {
            let found = body(asked.body, expected);
            let path = format!("{path}.body");
            differences.extend(comparison.differences(&path, expected, &found, Extent::All));
        }
        for difference in &mut differences {
            let found = difference.found.take();
            difference.found = found.map(|found| without_secrets(found, &self.redactor));
        }
        differences
    }

    fn redacted(&self, text: &str) -> String {
        let mut text = text.to_owned();
        self.redactor.text(&mut text);
        text
    }
}

/// In the words of a request that really failed.
fn failed(failure: RequestFailure, url: &str) -> FetchError {
    let url = url.to_owned();
    let code = match failure {
        RequestFailure::Timeout => return FetchError::RequestTimeout { url },
        RequestFailure::System(code) => code,
    };
    let what = match code {
        SystemCode::NameNotFound | SystemCode::NameTryAgain => "getaddrinfo",
        SystemCode::ConnectionReset => "read",
        _ => "connect",
    };
    let fault = SystemFault::new(code, format!("{what} {}", code.name()));
    FetchError::System { url, fault }
}

/// Holds values against each other in which secrets may be redacted on the one side and not on the other.
pub fn comparison(redactor: &Redactor) -> Comparison<impl Fn(&str, &str) -> bool> {
    Comparison {
        is_same_text: |expected: &str, found: &str| {
            let mut found = found.to_owned();
            redactor.text(&mut found);
            expected == found
        },
    }
}

/// As a person knows a request.
fn named(method: &str, url: &str) -> String {
    format!("{method} {url}")
}

/// What is never sent.
fn without_fragment(url: &str) -> &str {
    url.split_once('#').map_or(url, |(url, _)| url)
}

fn header(headers: &HeaderMap, name: &str) -> Option<Json> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into())
}

/// A body in the form in which one is expected, if it has it.
fn body(body: &Bytes, expected: &Json) -> Json {
    let parsed = match expected {
        Json::String(_) => None,
        _ => serde_json::from_slice(body).ok(),
    };
    parsed.unwrap_or_else(|| String::from_utf8_lossy(body).into())
}
