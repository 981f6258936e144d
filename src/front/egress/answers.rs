//! Answers from elsewhere than the network, for functions that are tried out: each hop is asked for here first.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode};

use super::{error::FetchError, request::header_value};
use crate::invocation::FunctionKey;

/// Answers requests in the network's stead. All that is not the network's stays as it is: what is checked of a
/// request and its host, what is counted and traced, redirects.
pub trait Answers: fmt::Debug + Send + Sync {
    /// What becomes of a request.
    fn answer(&self, asked: &Asked<'_>) -> Answered;

    /// What came of a request that [`Answered::ByNetwork`] let out.
    fn note(&self, asked: &Asked<'_>, came: Result<Told, FetchError>);
}

/// One hop on its way out.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'r> {
    pub function: &'r FunctionKey,
    /// In capitals.
    pub method: &'r str,
    /// Without user and password.
    pub url: &'r str,
    /// All but `Host`.
    pub headers: &'r HeaderMap,
    pub body: &'r Bytes,
}

/// Who answers a request.
#[derive(Clone, Debug)]
pub enum Answered {
    /// Nobody else is asked.
    With(Told),
    /// Nobody else is asked, and this is how it fails.
    Failing(FetchError),
    /// Whoever is meant by the URL.
    ByNetwork,
    /// Nobody: the function gets an error.
    ByNobody,
}

/// A response, its body as functions read it: whole and decompressed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Headers of these texts; without those that are none.
pub fn header_map(texts: &[(String, String)]) -> HeaderMap {
    let headers = texts.iter().filter_map(|(name, text)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, header_value(text)?))
    });
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name, value);
    }
    map
}
