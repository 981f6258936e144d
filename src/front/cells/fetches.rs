//! The requests that the invocations in a cell want made: each is a task here, and its end a frame to the
//! cell. What comes from the cell is hostile.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;
use opentelemetry::context::FutureExt;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::{AbortHandle, JoinSet},
};

use super::link::Outgoing;
use crate::{
    front::{
        egress::{
            AllowedHosts, Caller, Egress, FetchError, InvocationRequests, Redirect, Request,
            Response, Timings, Trace,
        },
        telemetry::CallTrace,
    },
    invocation::FunctionKey,
    lock::Lock,
    wire::{
        Fetch, FetchFailed, FetchOutcome, FetchResponse, Fetched, MAX_REQUEST_BODY_BYTES,
        MAX_REQUEST_HEAD_BYTES, WireHeader, WireRedirect,
    },
};

/// Bodies of requests are counted in these.
const KIB: usize = 1 << 10;

/// Makes the requests of all cells.
#[derive(Clone, Debug)]
pub struct Fetcher {
    egress: Arc<Egress>,
    /// Requests of one invocation under way at once.
    at_once: u32,
    /// KiB of requests that may be held until they are sent.
    room: Arc<Semaphore>,
}

impl Fetcher {
    /// `at_once` requests of each invocation at the same time; requests of all together may hold
    /// `buffer_bytes`.
    pub fn new(egress: Arc<Egress>, at_once: u32, buffer_bytes: u64) -> Self {
        let room = usize::try_from(buffer_bytes).unwrap_or(usize::MAX) / KIB;
        Self {
            egress,
            at_once,
            room: Arc::new(Semaphore::new(room.clamp(1, Semaphore::MAX_PERMITS))),
        }
    }

    /// One that makes no requests.
    #[cfg(test)]
    #[allow(clippy::missing_panics_doc, reason = "for tests")]
    pub fn switched_off() -> Self {
        use clap::Parser;

        #[derive(Parser)]
        struct Flags {
            #[command(flatten)]
            egress: crate::config::EgressConfig,
        }
        let flags = Flags::parse_from(["", "--egress-off"]);
        let egress = Egress::new(&flags.egress, &tokio::runtime::Handle::current()).unwrap();
        Self::new(Arc::new(egress), 1, 1)
    }

    fn room_for(&self, fetch: &Fetch) -> Option<OwnedSemaphorePermit> {
        let bytes = fetch.body.len() + fetch.head_bytes();
        let permits = u32::try_from(bytes.div_ceil(KIB)).ok()?;
        self.room.clone().try_acquire_many_owned(permits).ok()
    }
}

/// The requests an invocation made, once it has ended.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    /// Redirects counted.
    pub made: u32,
    /// In the order they ended in.
    pub traces: Vec<RequestTrace>,
}

/// Bytes of a body that a caller gets to see. A trace holds more, so that what straddles this end can be
/// recognised.
pub const SHOWN_BODY_BYTES: usize = 4 << 10;

/// One hop of a request, in texts.
#[derive(Clone, Debug, Default)]
pub struct RequestTrace {
    /// Since the Unix epoch.
    pub time: Duration,
    /// The event of a batch that made it, if that is known.
    pub event: Option<u32>,
    pub method: String,
    pub url: String,
    /// `None` when there was no response.
    pub status: Option<u16>,
    pub request_headers: Vec<(String, String)>,
    pub response_headers: Vec<(String, String)>,
    pub request_body: Bytes,
    pub response_body: Bytes,
    pub timings: Timings,
    /// Why there was no response, or no whole body; empty when there was.
    pub error: String,
}

impl From<Trace> for RequestTrace {
    fn from(trace: Trace) -> Self {
        let error = trace.error.map(|error| error.to_string());
        Self {
            time: trace.time,
            event: trace.event_index,
            method: trace.method,
            url: trace.url,
            status: trace.status,
            request_headers: trace.request_headers,
            response_headers: trace.response_headers,
            request_body: trace.request_body.bytes,
            response_body: trace.response_body.bytes,
            timings: trace.timings,
            error: error.unwrap_or_default(),
        }
    }
}

/// What no sound cell asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsoundFetch {
    #[error("an invocation asked for more requests than it may make")]
    TooMany,
    #[error("a request's body is over the bound of {MAX_REQUEST_BODY_BYTES} bytes")]
    LargeBody,
    #[error(
        "a request's method, URL and headers are over the bound of {MAX_REQUEST_HEAD_BYTES} bytes"
    )]
    LargeHead,
}

/// The requests of one invocation. Dropping it gives up those under way.
#[derive(Debug)]
pub struct InvocationFetches {
    fetcher: Fetcher,
    caller: Caller,
    most: u32,
    started: u32,
    tasks: JoinSet<()>,
    under_way: HashMap<u64, AbortHandle>,
    /// Bodies that the cell holds until the function takes them, so that they count against the budget of
    /// what is held.
    untaken: Arc<Lock<HashMap<u64, Bytes>>>,
}

impl InvocationFetches {
    /// None yet, of an invocation that may make `most`, as part of this trace.
    pub fn new(
        fetcher: Fetcher,
        function: FunctionKey,
        allowed_hosts: Option<Arc<AllowedHosts>>,
        most: u32,
        trace: CallTrace,
    ) -> Self {
        let requests = InvocationRequests::new(most, fetcher.at_once).traced(trace);
        let requests = Arc::new(requests);
        Self {
            caller: Caller {
                function,
                allowed_hosts,
                requests,
            },
            fetcher,
            most,
            started: 0,
            tasks: JoinSet::new(),
            under_way: HashMap::new(),
            untaken: Arc::default(),
        }
    }

    /// Makes a request; what it comes to goes into `outbox`.
    ///
    /// # Errors
    /// [`UnsoundFetch`] when the cell is to be ended for it.
    pub fn start(
        &mut self,
        fetch: Fetch,
        outbox: mpsc::WeakSender<Outgoing>,
    ) -> Result<(), UnsoundFetch> {
        if self.started >= self.most {
            return Err(UnsoundFetch::TooMany);
        }
        if fetch.body.len() > MAX_REQUEST_BODY_BYTES {
            return Err(UnsoundFetch::LargeBody);
        }
        if fetch.head_bytes() > MAX_REQUEST_HEAD_BYTES {
            return Err(UnsoundFetch::LargeHead);
        }
        self.started += 1;
        let id = fetch.id;
        let room = self.fetcher.room_for(&fetch);
        let (egress, caller) = (self.fetcher.egress.clone(), self.caller.clone());
        let untaken = self.untaken.clone();
        let within = self.caller.requests.call().context();
        let task = async move {
            let (invocation, id) = (fetch.invocation, fetch.id);
            let outcome = match room {
                Some(_room) => outcome(egress.fetch(&caller, request(fetch)).await),
                None => no_room(&fetch.url),
            };
            if let FetchOutcome::Response(response) = &outcome {
                untaken.lock().insert(id, response.body.clone());
            }
            let fetched = Box::new(Fetched {
                invocation,
                id,
                outcome: Some(outcome),
            });
            if let Some(outbox) = outbox.upgrade() {
                // A link that has ended needs no answer.
                let _ = outbox.send(Outgoing::Fetched(fetched)).await;
            }
        };
        let task = self.tasks.spawn(task.with_context(within));
        self.under_way.insert(id, task);
        Ok(())
    }

    /// Gives a request up.
    pub fn cancel(&mut self, id: u64) {
        if let Some(task) = self.under_way.remove(&id) {
            task.abort();
        }
    }

    /// The function has what the request came to.
    pub fn taken(&mut self, id: u64) {
        self.untaken.lock().remove(&id);
        self.under_way.remove(&id);
    }

    /// Gives up what is under way and tells of all.
    pub async fn finish(mut self) -> Requests {
        self.tasks.shutdown().await;
        let requests = &self.caller.requests;
        Requests {
            made: requests.made(),
            traces: requests.take_traces().into_iter().map(Into::into).collect(),
        }
    }
}

fn request(fetch: Fetch) -> Request {
    let redirect = match fetch.redirect() {
        WireRedirect::Follow => Redirect::Follow(fetch.follow),
        WireRedirect::Error => Redirect::Error,
        WireRedirect::Manual => Redirect::Manual,
    };
    let headers = fetch.headers.into_iter();
    Request {
        method: fetch.method,
        url: fetch.url,
        headers: headers.map(|header| (header.name, header.value)).collect(),
        body: fetch.body,
        redirect,
        compress: fetch.compress,
        size: (fetch.size > 0).then_some(fetch.size),
        timeout: (fetch.timeout_millis > 0).then(|| Duration::from_millis(fetch.timeout_millis)),
        event_index: fetch.event,
    }
}

fn outcome(result: Result<Response, FetchError>) -> FetchOutcome {
    match result {
        Ok(response) => FetchOutcome::Response(wire_response(response)),
        Err(error) => FetchOutcome::Failed(failed(&error)),
    }
}

fn no_room(url: &str) -> FetchOutcome {
    FetchOutcome::Failed(FetchFailed {
        kind: "system".to_owned(),
        code: "ENOBUFS".to_owned(),
        message: format!(
            "request to {url} failed, reason: too many bytes of requests are held at the moment; \
             try again (knob --egress-buffer-bytes)"
        ),
    })
}

fn wire_response(response: Response) -> FetchResponse {
    let headers = response.headers.into_iter();
    let (body, body_failed) = match response.body {
        Ok(body) => (body, None),
        Err(error) => (Bytes::new(), Some(failed(&error))),
    };
    FetchResponse {
        status: response.status.into(),
        reason: response.reason,
        url: response.url,
        redirected: response.redirected,
        headers: headers
            .map(|(name, value)| WireHeader { name, value })
            .collect(),
        body,
        body_failed,
    }
}

fn failed(error: &FetchError) -> FetchFailed {
    FetchFailed {
        kind: error.kind().to_owned(),
        code: error.code().unwrap_or_default().to_owned(),
        message: error.to_string(),
    }
}
