//! Hostile functions in the running service: each call ends in one sound outcome, and others never notice.

use std::{cell::RefCell, time::Duration};

use penstock::api::{
    ErrorCode, FunctionError, FunctionRef, InvokeRequest, InvokeResponse, Limits,
    invoke_request::Payload, invoke_response::Outcome,
};
use serde::de::IgnoredAny;
use tonic::{Code, Status};

use crate::support::service::{Service, block_on};

/// Short, since many sources never end by themselves.
const WALL_MILLIS: u32 = 60;

/// No call may hang; far beyond any time that a source is given.
const CALL_BOUND: Duration = Duration::from_secs(30);

const LOG_BYTES: usize = 4096;

const RESULT_BYTES: usize = 16384;

/// What the line about logs left out may add.
const LAST_LINE_BYTES: usize = 256;

const VICTIM: &str = "let calls = 0;\n\
    function onTrack(event) { calls++; event.sum = [1, 2, 3].map((n) => n * event.n).join(); return event }";

/// The service under test: a new one is started whenever a check before has failed.
#[derive(Default)]
pub struct Subject {
    running: RefCell<Option<Running>>,
}

struct Running {
    service: Service,
    calls: u64,
}

impl Subject {
    /// Runs the source, then the victim. A first line such as `//{"type":"page"}` is the event.
    pub fn check(&self, source: &str) {
        let mut running = self.running.take().unwrap_or_else(Running::start);
        running.check(source);
        self.running.replace(Some(running));
    }
}

impl Running {
    /// One cell, so that every source meets every other, and heaps that are soon full.
    fn start() -> Running {
        let heap = (16 << 20).to_string();
        let settings = [
            "--cells",
            "1",
            "--cell-isolates",
            "8",
            "--heap-bytes",
            &heap,
        ];
        Running {
            service: Service::start(&settings),
            calls: 0,
        }
    }

    fn check(&mut self, source: &str) {
        self.calls += 1;
        match call(&self.service, hostile_request(self.calls, source)) {
            Ok(response) => check_response(&response),
            Err(status) => assert!(
                status.code() == Code::InvalidArgument,
                "{:?} where an outcome should be: {status:?}",
                status.code()
            ),
        }
        check_victim(&self.service, self.calls);
        let stderr = self.service.stderr();
        assert!(
            !stderr.contains("panicked"),
            "a panic in the service:\n{stderr}"
        );
    }
}

fn hostile_request(number: u64, source: &str) -> InvokeRequest {
    let first = source
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("//"));
    let event = first.filter(|event| event.starts_with('{'));
    let limits = Limits {
        wall_time: Some(milliseconds(WALL_MILLIS)),
        result_bytes: RESULT_BYTES as u64,
        log_bytes: LOG_BYTES as u64,
        ..Limits::default()
    };
    InvokeRequest {
        limits: Some(limits),
        capture: true,
        ..request(
            &format!("hostile-{number}"),
            source,
            event.unwrap_or(r#"{"type":"track"}"#),
        )
    }
}

fn check_victim(service: &Service, number: u64) {
    let event = format!(r#"{{"type":"track","n":{number}}}"#);
    let mut answer = call(service, request("victim", VICTIM, &event));
    if matches!(&answer, Ok(response) if is_lost(response)) {
        // Its cell was taken by the hostile function only now; the contract is to send it again.
        answer = call(service, request("victim", VICTIM, &event));
    }
    let outcome = answer.map(|response| response.outcome);
    let (one, two, three) = (number, 2 * number, 3 * number);
    let expected = format!(r#"{{"type":"track","n":{number},"sum":"{one},{two},{three}"}}"#);
    assert!(
        matches!(&outcome, Ok(Some(Outcome::EventJson(json))) if *json == expected),
        "the victim's call after it came to {outcome:?}"
    );
}

fn is_lost(response: &InvokeResponse) -> bool {
    matches!(&response.outcome, Some(Outcome::Error(error)) if error.code() == ErrorCode::ExecutorLost)
}

fn request(function_id: &str, source: &str, event: &str) -> InvokeRequest {
    InvokeRequest {
        function: Some(FunctionRef {
            function_id: function_id.to_owned(),
            version: "1".to_owned(),
            source: source.to_owned(),
            ..FunctionRef::default()
        }),
        payload: Some(Payload::EventJson(event.to_owned().into())),
        ..InvokeRequest::default()
    }
}

fn milliseconds(number: u32) -> prost_types::Duration {
    prost_types::Duration::try_from(Duration::from_millis(number.into())).expect("a short time")
}

fn call(service: &Service, request: InvokeRequest) -> Result<InvokeResponse, Status> {
    let mut client = service.client();
    let answer = block_on(async { tokio::time::timeout(CALL_BOUND, client.invoke(request)).await });
    let answer = answer.unwrap_or_else(|_| panic!("no answer in {CALL_BOUND:?}"));
    answer.map(tonic::Response::into_inner)
}

fn check_response(response: &InvokeResponse) {
    match &response.outcome {
        None => panic!("no outcome: {response:?}"),
        Some(Outcome::EventJson(json)) => check_delivered(json),
        Some(Outcome::Event(event)) => panic!("a Struct where JSON was sent: {event:?}"),
        Some(Outcome::Filtered(filtered)) => assert!(filtered.reason != 0, "{filtered:?}"),
        Some(Outcome::Error(error)) => check_error(error),
    }
    assert!(response.usage.is_some(), "no usage: {response:?}");
    let logged: usize = response.logs.iter().map(|line| line.message.len()).sum();
    assert!(
        logged <= LOG_BYTES + LAST_LINE_BYTES,
        "{logged} bytes of logs: {:?}",
        response.logs
    );
}

fn check_delivered(json: &[u8]) {
    assert!(json.len() <= RESULT_BYTES, "{} bytes of result", json.len());
    let is_object =
        json.first() == Some(&b'{') && serde_json::from_slice::<IgnoredAny>(json).is_ok();
    assert!(
        is_object,
        "not a JSON object: {}",
        String::from_utf8_lossy(json)
    );
}

fn check_error(error: &FunctionError) {
    assert!(error.code() != ErrorCode::Unspecified, "a code: {error:#?}");
    let may_retry = matches!(
        error.code(),
        ErrorCode::Retry | ErrorCode::Timeout | ErrorCode::ExecutorLost
    );
    assert_eq!(error.retryable, may_retry, "whether to retry: {error:#?}");
    assert!(!error.label.is_empty(), "a label: {error:#?}");
    assert!(
        !(error.name.is_empty() && error.message.is_empty()),
        "it says something: {error:#?}"
    );
    let is_shown = |text: &str| text.contains("penstock:");
    let in_frames = error.frames.iter().any(|frame| is_shown(&frame.file));
    assert!(
        !is_shown(&error.stack) && !in_frames,
        "the executor's own frames are shown: {error:#?}"
    );
}
