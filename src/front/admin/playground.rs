//! The playground: a page to write a function on and run it, and what the page asks for.
//!
//! It runs code, so that no other page may use it: `guard.rs` says who asks. What is run goes the way of any call.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode,
    header::{ALLOW, AUTHORIZATION, LOCATION},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::json;
use tokio::{sync::Semaphore, time};

use super::routes::{Answer, answer, line};
use crate::front::{
    functions::Store,
    grpc::json::{JsonCaller, JsonCalls},
};

mod assets;
mod guard;

/// Where the page is.
const PAGE: &str = "/playground";

/// Calls at once, which bounds what their bodies and answers take; more wait.
const CALLS: usize = 4;

const JSON: &str = "application/json";

/// What a page and its calls are told of the executor.
#[derive(Clone, Copy, Debug)]
pub struct PlaygroundPlan {
    /// Where callers of the API connect.
    pub grpc: SocketAddr,
    /// Whether they have to speak TLS.
    pub tls: bool,
    /// Whether they have to show a token.
    pub token: bool,
    /// Bytes of a request.
    pub body_bytes: u32,
    /// How long one may take to arrive.
    pub receive_time: Duration,
    /// How long a call may take after that.
    pub call_time: Duration,
}

/// Answers what is asked for under `/` and `/playground`.
#[derive(Clone, Debug)]
pub struct Playground {
    calls: JsonCalls,
    /// Where the functions to begin with are.
    store: Store,
    plan: PlaygroundPlan,
    places: Arc<Semaphore>,
}

/// What keeps a body from being read.
#[derive(Debug, thiserror::Error)]
enum BodyFault {
    #[error("the body is over {0} bytes (knob --message-bytes)")]
    TooLarge(u32),
    #[error("the body was not there within {} ms (knob --receive-ms)", .0.as_millis())]
    Slow(Duration),
    #[error("the body ended too early")]
    Broken,
}

impl Playground {
    pub fn new(calls: JsonCalls, store: Store, plan: PlaygroundPlan) -> Self {
        Self {
            calls,
            store,
            plan,
            places: Arc::new(Semaphore::new(CALLS)),
        }
    }

    /// Whether a path is the playground's.
    pub fn has(path: &str) -> bool {
        path == "/" || path == PAGE || path.starts_with("/playground/")
    }

    /// How long an answer may take.
    pub fn longest_answer(&self) -> Duration {
        self.plan.receive_time + self.plan.call_time
    }

    /// The answer to a request that came from `peer`.
    pub async fn answer<B>(&self, request: Request<B>, peer: SocketAddr) -> Answer
    where
        B: hyper::body::Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut answer = match guard::check(&request) {
            Ok(()) => self.answer_ours(request, peer).await,
            Err(refusal) => line(refusal.status(), &refusal.to_string()),
        };
        assets::protect(answer.headers_mut());
        answer
    }

    async fn answer_ours<B>(&self, request: Request<B>, peer: SocketAddr) -> Answer
    where
        B: hyper::body::Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let path = request.uri().path().to_owned();
        let method = path.strip_prefix("/playground/call/");
        match (method, request.method()) {
            (Some(method), &Method::POST) => self.call(method, request, peer).await,
            (Some(_), _) => not_allowed("POST"),
            (None, &Method::GET | &Method::HEAD) => self.shown(&path),
            (None, _) => not_allowed("GET, HEAD"),
        }
    }

    fn shown(&self, path: &str) -> Answer {
        match path {
            "/" => moved(PAGE),
            "/playground/executor" => self.executor(),
            "/playground/draft" => in_json(&json!({ "draft": self.draft() })),
            path => match assets::find(path) {
                Some((content_type, text)) => answer(StatusCode::OK, content_type, text),
                None => line(StatusCode::NOT_FOUND, "there is no such file"),
            },
        }
    }

    /// Where the API is, and the functions there are to begin with.
    fn executor(&self) -> Answer {
        let PlaygroundPlan {
            grpc, tls, token, ..
        } = self.plan;
        let executor = json!({
            "grpc": grpc,
            "tls": tls,
            "token": token,
            "draft": self.draft(),
            "functions": self.store.shown(),
        });
        in_json(&executor)
    }

    /// By which the page sees that a function under work was saved.
    fn draft(&self) -> Option<String> {
        self.store.latest_draft().map(|key| key.to_string())
    }

    async fn call<B>(&self, method: &str, request: Request<B>, address: SocketAddr) -> Answer
    where
        B: hyper::body::Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        // Never closed.
        let _place = self.places.acquire().await;
        let (head, body) = request.into_parts();
        let body = match self.read(body).await {
            Ok(body) => body,
            Err(fault) => {
                let status = match fault {
                    BodyFault::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
                    BodyFault::Slow(_) => StatusCode::REQUEST_TIMEOUT,
                    BodyFault::Broken => StatusCode::BAD_REQUEST,
                };
                return line(status, &fault.to_string());
            }
        };
        let caller = JsonCaller {
            address,
            authorization: authorization(&head.headers),
        };
        match self.calls.call(method, &body, caller).await {
            Ok(came_to) => in_json(&came_to),
            Err(fault) => line(StatusCode::BAD_REQUEST, &fault.to_string()),
        }
    }

    async fn read<B>(&self, body: B) -> Result<Bytes, BodyFault>
    where
        B: hyper::body::Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (most, longest) = (self.plan.body_bytes, self.plan.receive_time);
        let body = Limited::new(body, most as usize);
        let body = time::timeout(longest, body.collect()).await;
        let body = body.map_err(|_| BodyFault::Slow(longest))?;
        let body = body.map_err(|error| match error.is::<LengthLimitError>() {
            true => BodyFault::TooLarge(most),
            false => BodyFault::Broken,
        });
        Ok(body?.to_bytes())
    }
}

fn authorization(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(AUTHORIZATION).cloned()
}

fn in_json(value: &serde_json::Value) -> Answer {
    answer(StatusCode::OK, JSON, value.to_string().into())
}

fn moved(to: &'static str) -> Answer {
    let mut answer = line(StatusCode::TEMPORARY_REDIRECT, to);
    let to = HeaderValue::from_static(to);
    answer.headers_mut().insert(LOCATION, to);
    answer
}

fn not_allowed(allowed: &'static str) -> Answer {
    let mut answer = line(StatusCode::METHOD_NOT_ALLOWED, &format!("only {allowed}"));
    let allowed = HeaderValue::from_static(allowed);
    answer.headers_mut().insert(ALLOW, allowed);
    answer
}
