//! An egress as a function's caller sees it, and one-line checks of what its fetches come to.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use clap::Parser;
use penstock::{
    config::{EgressConfig, LimitsConfig},
    front::egress::{
        AllowedHosts, Caller, Egress, FetchError, InvocationRequests, Redirect, Request, Response,
        Trace,
    },
    invocation::{FunctionKey, VersionKey},
};
use tokio::{runtime::Handle, time};

/// How long anything here may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Client {
    pub egress: Arc<Egress>,
    pub caller: Caller,
}

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    egress: EgressConfig,

    #[command(flatten)]
    limits: LimitsConfig,
}

impl Client {
    /// With loopback allowed.
    pub fn new(flags: &[&str]) -> Self {
        Self::strict(&[&["--egress-allow", "127.0.0.0/8"], flags].concat())
    }

    /// With nothing allowed but by `flags`.
    pub fn strict(flags: &[&str]) -> Self {
        let Flags { egress, limits } = parsed(flags).expect("flags");
        let at_once = egress.egress_at_once.get();
        let requests = InvocationRequests::new(limits.egress_requests, at_once);
        let egress = Egress::new(&egress, &Handle::current()).expect("the egress starts");
        Self {
            egress: Arc::new(egress),
            caller: Caller {
                function: function("one"),
                allowed_hosts: None,
                requests: Arc::new(requests),
            },
        }
    }

    /// The same egress for another instance of the function.
    pub fn other(&self, instance: &str) -> Self {
        Self {
            egress: self.egress.clone(),
            caller: Caller {
                function: function(instance),
                requests: Arc::new(InvocationRequests::new(10_000, 1_000)),
                ..self.caller.clone()
            },
        }
    }

    pub fn allowing_hosts(mut self, patterns: &[&str]) -> Self {
        let hosts = AllowedHosts::parse(patterns.iter().copied()).expect("patterns");
        self.caller.allowed_hosts = Some(Arc::new(hosts));
        self
    }

    pub async fn fetch(&self, request: Request) -> Result<Response, FetchError> {
        let url = request.url.clone();
        let fetched = time::timeout(PATIENCE, self.egress.fetch(&self.caller, request));
        fetched.await.unwrap_or_else(|_| panic!("{url} hangs"))
    }

    /// As a task of its own; dropping the handle cancels it.
    pub fn spawn(&self, request: Request) -> Fetching {
        let (egress, caller) = (self.egress.clone(), self.caller.clone());
        let fetching = async move { egress.fetch(&caller, request).await };
        tokio_util::task::AbortOnDropHandle::new(tokio::spawn(fetching))
    }

    /// The response and its whole body.
    pub async fn body(&self, request: Request) -> (Response, Bytes) {
        let url = request.url.clone();
        let response = self.fetch(request).await;
        let response = response.unwrap_or_else(|error| panic!("{url}: {error}"));
        let body = response.body.clone();
        (
            response,
            body.unwrap_or_else(|error| panic!("{url}: {error}")),
        )
    }

    /// The one trace there is.
    pub fn trace(&self) -> Trace {
        let mut traces = self.traces();
        assert_eq!(traces.len(), 1, "{traces:#?}");
        traces.remove(0)
    }

    pub fn traces(&self) -> Vec<Trace> {
        self.caller.requests.take_traces()
    }
}

pub type Fetching = tokio_util::task::AbortOnDropHandle<Result<Response, FetchError>>;

pub fn config(flags: &[&str]) -> EgressConfig {
    parsed(flags).expect("flags").egress
}

pub fn try_config(flags: &[&str]) -> Result<EgressConfig, clap::Error> {
    parsed(flags).map(|flags| flags.egress)
}

fn parsed(flags: &[&str]) -> Result<Flags, clap::Error> {
    Flags::try_parse_from([&["egress"], flags].concat())
}

pub fn function(instance: &str) -> FunctionKey {
    FunctionKey {
        version: VersionKey {
            function_id: "function".into(),
            version: "1".into(),
        },
        instance_id: instance.into(),
    }
}

pub fn get(url: impl Into<String>) -> Request {
    Request {
        method: "GET".to_owned(),
        url: url.into(),
        headers: Vec::new(),
        body: Bytes::new(),
        redirect: Redirect::Follow(20),
        compress: true,
        size: None,
        timeout: None,
        event_index: None,
    }
}

pub fn post(url: impl Into<String>, body: &'static str) -> Request {
    Request {
        method: "POST".to_owned(),
        body: Bytes::from_static(body.as_bytes()),
        ..get(url)
    }
}

pub fn with_headers(request: Request, headers: &[(&str, &str)]) -> Request {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Request {
        headers: headers.iter().map(owned).collect(),
        ..request
    }
}

/// The body is `expect`.
pub async fn check_body(client: &Client, request: Request, expect: &[u8]) {
    let url = request.url.clone();
    let (_, body) = client.body(request).await;
    assert!(
        body == expect,
        "{url}: {} bytes, {:?}",
        body.len(),
        body.get(..100)
    );
}

/// There is no response, or no body, with an error of this kind and code, and `text` in its message.
pub async fn check_fails(
    client: &Client,
    request: Request,
    kind: &str,
    code: Option<&str>,
    text: &str,
) -> FetchError {
    let url = request.url.clone();
    let error = match client.fetch(request).await {
        Err(error) => error,
        Ok(response) => match response.body {
            Err(error) => error,
            Ok(body) => panic!("{url}: {} with {body:?}, not {kind}", response.status),
        },
    };
    let said = error.to_string();
    assert_eq!((error.kind(), error.code()), (kind, code), "{url}: {said}");
    assert!(said.contains(text), "{url}: {said:?} without {text:?}");
    error
}
