//! What the admin endpoint answers, path by path.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{ALLOW, CONTENT_TYPE},
};
use http_body_util::Full;

use super::playground::Playground;
use crate::front::{readiness::Readiness, telemetry::Telemetry};

const PLAIN: &str = "text/plain; charset=utf-8";

/// The content type of Prometheus' text format.
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is read only: HEAD is GET without the body.
const ALLOWED: &str = "GET, HEAD";

pub type Answer = Response<Full<Bytes>>;

/// Where answers come from.
#[derive(Clone, Debug)]
pub struct Routes {
    pub telemetry: Arc<Telemetry>,
    pub readiness: Readiness,
    /// Nothing where it is off.
    pub playground: Option<Playground>,
}

impl Routes {
    /// How long an answer may take, beyond what a client takes to read it.
    pub fn longest_answer(&self) -> Duration {
        let playground = self.playground.as_ref();
        playground.map_or(Duration::ZERO, Playground::longest_answer)
    }

    /// The answer to a request that came from `peer`. Its body is looked at only if it is for the playground.
    pub async fn answer<B>(&self, request: Request<B>, peer: SocketAddr) -> Answer
    where
        B: hyper::body::Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let path = request.uri().path();
        if let Some(playground) = &self.playground
            && Playground::has(path)
        {
            return playground.answer(request, peer).await;
        }
        if !matches!(path, "/metrics" | "/livez" | "/readyz") {
            return line(StatusCode::NOT_FOUND, "try /metrics, /livez or /readyz");
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut answer = line(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD");
            let allowed = HeaderValue::from_static(ALLOWED);
            answer.headers_mut().insert(ALLOW, allowed);
            return answer;
        }
        match path {
            "/metrics" => self.metrics().await,
            "/readyz" => self.ready(),
            _ => line(StatusCode::OK, "live"),
        }
    }

    fn ready(&self) -> Answer {
        match self.readiness.check() {
            Ok(()) => line(StatusCode::OK, "ready"),
            Err(reason) => line(StatusCode::SERVICE_UNAVAILABLE, &reason.to_string()),
        }
    }

    async fn metrics(&self) -> Answer {
        let telemetry = self.telemetry.clone();
        let text = tokio::task::spawn_blocking(move || telemetry.exposition());
        match text.await {
            Ok(Ok(text)) => answer(StatusCode::OK, EXPOSITION, text.into()),
            Ok(Err(error)) => failed(&error),
            Err(error) => failed(&error),
        }
    }
}

fn failed(error: &dyn std::fmt::Display) -> Answer {
    tracing::error!(%error, "metrics");
    line(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string())
}

pub fn line(status: StatusCode, text: &str) -> Answer {
    answer(status, PLAIN, format!("{text}\n").into())
}

pub fn answer(status: StatusCode, content_type: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    let content_type = HeaderValue::from_static(content_type);
    answer.headers_mut().insert(CONTENT_TYPE, content_type);
    answer
}
