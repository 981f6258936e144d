//! Outgoing requests: what executes a function's `fetch`, here and never in a cell.
//!
//! The way of a request: `request` checks it, `invocation` counts it, `pool` gives it a place and maybe a
//! connection, `resolve`, `policy` and `dial` make one, `exchange` sends and reads, `body` and `decode` bound
//! what comes back, `redirect` makes the next request of it. `trace` tells of each. `answers` stands for the network
//! where functions are tried out.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rustix::process::{Resource, getrlimit};
use tokio::{runtime::Handle, time};
use tokio_rustls::rustls;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use crate::{config::EgressConfig, front::telemetry::EgressMetrics, invocation::FunctionKey};

mod answers;
mod body;
mod budget;
mod connection;
mod decode;
mod dial;
mod error;
mod exchange;
mod hosts;
mod invocation;
mod policy;
mod pool;
mod ports;
mod redirect;
mod request;
mod resolve;
mod tls;
mod trace;

pub use answers::{Answered, Answers, Asked, Told};
pub use error::{FetchError, InvalidRequest, SizeLimit, SystemCode, SystemFault};
use exchange::{Exchanges, within};
pub use hosts::{AllowedHosts, BadHostPattern};
pub use invocation::InvocationRequests;
pub use policy::{AddressPolicy, Denial};
pub use pool::Pool;
use request::Hop;
pub use request::{Redirect, Request};
use resolve::Resolver;
use tls::Tls;
pub use trace::{ConnectionTrace, Excerpt, HopEnd, Protocol, Timings, Trace};
use trace::{Recording, header_excerpt, header_text};

/// Connections when the system does not say how many files may be open.
const DEFAULT_CONNECTIONS: usize = 512;

/// How often connections are looked at whether they were kept long enough.
const SWEEP: Duration = Duration::from_millis(500);

/// Makes the requests of all functions. Dropping it closes all connections that no request uses.
#[derive(Debug)]
pub struct Egress {
    is_off: bool,
    /// Whether requests carry the trace that they are part of.
    propagates_trace: bool,
    metrics: Option<Arc<EgressMetrics>>,
    exchanges: Exchanges,
    /// Asked before the network, if there are any.
    answers: Option<Arc<dyn Answers>>,
    _sweeper: AbortOnDropHandle<()>,
}

/// The configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    #[error("--egress-ca {}: {error}", path.display())]
    CaFile { path: PathBuf, error: String },
    #[error("TLS can't be set up: {0}")]
    Tls(rustls::Error),
    #[error(
        "the system's name servers can't be read: {0} (name some with --egress-dns, or have --egress-off)"
    )]
    Resolver(String),
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Connections and places are by it.
    pub function: FunctionKey,
    /// `None` for any host.
    pub allowed_hosts: Option<Arc<AllowedHosts>>,
    /// The counts and traces of the invocation.
    pub requests: Arc<InvocationRequests>,
}

/// The response of the last hop.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub reason: String,
    /// The last hop's.
    pub url: String,
    /// Whether there was another hop before.
    pub redirected: bool,
    /// Names in lower case, in the order they first came in; repeated ones are kept apart. Values as Node
    /// has them, a character a byte.
    pub headers: Vec<(String, String)>,
    /// Whole and decompressed. The bytes count against the budget until the last clone is dropped.
    pub body: Result<Bytes, FetchError>,
}

/// How a hop ended.
enum Answer {
    Response(Response),
    Redirect(StatusCode, Url),
}

impl Egress {
    /// `runtime` runs what closes connections that were kept long enough.
    ///
    /// # Errors
    /// [`EgressError`] when the CA file or the system's name servers can't be read.
    pub fn new(config: &EgressConfig, runtime: &Handle) -> Result<Self, EgressError> {
        let tls = Tls::new(config.egress_ca.as_deref())?;
        let pool = Arc::new(Pool::new(config, connections(config), tls));
        let dialler = dial::Dialler {
            resolver: Resolver::new(&config.egress_dns)?,
            policy: AddressPolicy::new(config.egress_allow.clone(), config.egress_deny.clone()),
            patience: Duration::from_millis(config.egress_connect_ms),
        };
        Ok(Self {
            is_off: config.egress_off,
            propagates_trace: config.egress_propagate_trace,
            metrics: None,
            exchanges: Exchanges {
                pool: pool.clone(),
                dialler,
                decoders: decode::Decoders::default(),
                body_bytes: config.egress_body_bytes,
            },
            answers: None,
            _sweeper: AbortOnDropHandle::new(runtime.spawn(sweep(pool))),
        })
    }

    /// Asks these before the network.
    #[must_use]
    pub fn answered_by(self, answers: Arc<dyn Answers>) -> Self {
        Self {
            answers: Some(answers),
            ..self
        }
    }

    /// Counts and times its requests with these.
    #[must_use]
    pub fn measured(self, metrics: EgressMetrics) -> Self {
        Self {
            metrics: Some(Arc::new(metrics)),
            ..self
        }
    }

    /// What of its connections is in use, kept and waited for.
    pub fn connections(&self) -> Arc<Pool> {
        self.exchanges.pool.clone()
    }

    /// Makes one request and follows its redirects as it says. Dropping the future gives the request up and
    /// closes what it had opened for itself.
    ///
    /// # Errors
    /// [`FetchError`] when there is no response; when there is but its body does not come, the body has it.
    pub async fn fetch(&self, caller: &Caller, request: Request) -> Result<Response, FetchError> {
        if self.is_off && self.answers.is_none() {
            return Err(FetchError::Off);
        }
        let mut hop = Hop::first(&request)?;
        let mut followed = 0;
        let mut turn = None;
        loop {
            let mut headers = hop.headers_with_defaults(request.compress);
            let mut recording = self.start_recording(caller, &request, &hop, &mut headers)?;
            if turn.is_none() {
                turn = caller.requests.turn().await;
            }
            let answer = self.hop(caller, &request, &hop, &headers, followed, &mut recording);
            match answer.await {
                Ok(Answer::Response(response)) => {
                    recording.end(response.body.as_ref().err());
                    return Ok(response);
                }
                Ok(Answer::Redirect(status, url)) => {
                    recording.end(None);
                    hop = redirect::follow(hop, status, url)?;
                    followed += 1;
                }
                Err(error) => {
                    recording.end(Some(&error));
                    return Err(error);
                }
            }
        }
    }

    async fn hop(
        &self,
        caller: &Caller,
        request: &Request,
        hop: &Hop,
        headers: &HeaderMap,
        followed: u32,
        recording: &mut Recording,
    ) -> Result<Answer, FetchError> {
        if let Some(allowed) = &caller.allowed_hosts
            && !allowed.contains(&hop.origin.host)
        {
            return Err(FetchError::HostNotAllowed {
                url: hop.shown_url(),
                host: hop.origin.host.to_string(),
            });
        }
        let Some(answers) = &self.answers else {
            return self
                .exchange(caller, request, hop, headers, followed, recording)
                .await;
        };
        let url = hop.shown_url();
        let asked = Asked {
            function: &caller.function,
            method: hop.method.as_str(),
            url: &url,
            headers,
            body: &hop.body,
        };
        match answers.answer(&asked) {
            Answered::With(told) => self.take(told, request, hop, followed, recording),
            Answered::Failing(error) => Err(error),
            Answered::ByNobody => Err(FetchError::Unanswered { url }),
            Answered::ByNetwork if self.is_off => {
                answers.note(&asked, Err(FetchError::Off));
                Err(FetchError::Off)
            }
            Answered::ByNetwork => {
                let came = self
                    .exchange(caller, request, hop, headers, followed, recording)
                    .await;
                answers.note(&asked, told(&came));
                came
            }
        }
    }

    /// Sends a hop and reads what comes back.
    async fn exchange(
        &self,
        caller: &Caller,
        request: &Request,
        hop: &Hop,
        headers: &HeaderMap,
        followed: u32,
        recording: &mut Recording,
    ) -> Result<Answer, FetchError> {
        let head = self
            .exchanges
            .head(&caller.function, hop, headers, recording);
        let timed_out = || FetchError::RequestTimeout {
            url: hop.shown_url(),
        };
        let mut head = within(request.timeout, head)
            .await
            .ok_or_else(timed_out)??;
        let (status, headers) = (head.status, &mut head.headers);
        if let Some(url) = redirect_target(request, hop, followed, status, headers)? {
            head.skip_body(recording).await;
            return Ok(Answer::Redirect(status, url));
        }
        Ok(Answer::Response(Response {
            status: status.as_u16(),
            reason: std::mem::take(&mut head.reason),
            url: hop.url.as_str().to_owned(),
            redirected: followed > 0,
            headers: header_texts(headers),
            body: self.exchanges.body(head, hop, request, recording).await,
        }))
    }

    /// The answer to a hop that was not sent, as if it had been.
    fn take(
        &self,
        told: Told,
        request: &Request,
        hop: &Hop,
        followed: u32,
        recording: &mut Recording,
    ) -> Result<Answer, FetchError> {
        let Told {
            status,
            mut headers,
            body,
        } = told;
        recording.trace.status = Some(status.as_u16());
        recording.trace.response_headers = header_excerpt(&headers);
        recording.trace.response_body = Excerpt::of(&body);
        if let Some(url) = redirect_target(request, hop, followed, status, &mut headers)? {
            return Ok(Answer::Redirect(status, url));
        }
        Ok(Answer::Response(Response {
            status: status.as_u16(),
            reason: status.canonical_reason().unwrap_or_default().to_owned(),
            url: hop.url.as_str().to_owned(),
            redirected: followed > 0,
            headers: header_texts(&headers),
            body: self.exchanges.bounded(body, hop, request),
        }))
    }

    /// Counts the hop and starts its trace. What is beyond the limit has no trace: there is no end to it.
    fn start_recording(
        &self,
        caller: &Caller,
        request: &Request,
        hop: &Hop,
        headers: &mut HeaderMap,
    ) -> Result<Recording, FetchError> {
        let passed = |limit| FetchError::TooManyRequests {
            url: hop.shown_url(),
            limit,
        };
        caller.requests.count().map_err(passed)?;
        let told = self.propagates_trace.then_some(&mut *headers);
        let span = caller.requests.call().request(told);
        let host = ("host".to_owned(), request::authority(&hop.url));
        let trace = Trace {
            event_index: request.event_index,
            method: hop.method.to_string(),
            url: hop.shown_url(),
            request_headers: [vec![host], header_excerpt(headers)].concat(),
            request_body: Excerpt::of(&hop.body),
            ..Trace::default()
        };
        let (requests, metrics) = (caller.requests.clone(), self.metrics.clone());
        Ok(Recording::start(requests, span, metrics, trace))
    }

    /// Functions that connections or places are kept for.
    pub fn functions(&self) -> usize {
        self.exchanges.pool.functions()
    }
}

/// Where to go next, if the response redirects and is to be followed.
fn redirect_target(
    request: &Request,
    hop: &Hop,
    followed: u32,
    status: StatusCode,
    headers: &mut HeaderMap,
) -> Result<Option<Url>, FetchError> {
    if !redirect::is_redirect(status) {
        return Ok(None);
    }
    let url = hop.shown_url();
    let target = redirect::target(&hop.url, headers);
    match request.redirect {
        Redirect::Error => Err(FetchError::RedirectForbidden { url }),
        Redirect::Manual => {
            let absolute = target.ok().flatten();
            if let Some(value) = absolute.and_then(|url| HeaderValue::from_str(url.as_str()).ok()) {
                headers.insert(header::LOCATION, value);
            }
            Ok(None)
        }
        Redirect::Follow(most) => match target? {
            Some(_) if followed >= most => Err(FetchError::TooManyRedirects { url }),
            target => Ok(target),
        },
    }
}

fn header_texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let texts = headers.iter();
    let texts = texts.map(|(name, value)| (name.as_str().to_owned(), header_text(value)));
    texts.collect()
}

/// What came of a hop, as it can be told again.
fn told(came: &Result<Answer, FetchError>) -> Result<Told, FetchError> {
    match came.as_ref().map_err(Clone::clone)? {
        Answer::Response(response) => Ok(Told {
            status: StatusCode::from_u16(response.status).unwrap_or_default(),
            headers: answers::header_map(&response.headers),
            body: response.body.clone()?,
        }),
        Answer::Redirect(status, url) => {
            let location = HeaderValue::from_str(url.as_str()).ok();
            let location = location.map(|location| (header::LOCATION, location));
            Ok(Told {
                status: *status,
                headers: location.into_iter().collect(),
                body: Bytes::new(),
            })
        }
    }
}

async fn sweep(pool: Arc<Pool>) {
    let mut ticks = time::interval(SWEEP);
    loop {
        ticks.tick().await;
        pool.sweep();
    }
}

/// Connections that requests may have open at once.
fn connections(config: &EgressConfig) -> usize {
    let named = config.egress_connections.map(|most| most.get() as usize);
    named.unwrap_or_else(|| {
        let files = getrlimit(Resource::Nofile).current;
        files
            .and_then(|files| usize::try_from(files / 2).ok())
            .map_or(DEFAULT_CONNECTIONS, |half| half.clamp(1, 1 << 14))
    })
}
