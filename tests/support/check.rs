//! One-line checks: a source, an event and what the call must come to.
//!
//! Every source gets a function id of its own, so no two cases share a version. What holds for every error
//! of every function (its label, whether to retry, whose frames it shows) is checked wherever one is met.

use std::fmt::{self, Display};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use penstock::api::invoke_request::Payload;
use penstock::api::invoke_response::Outcome;
use penstock::api::{
    Filtered, FunctionError, FunctionRef, InvokeRequest, InvokeResponse, LimitExceeded, Limits,
    SourceLanguage, StackFrame, WireStruct,
};
use prost::Message;
use serde_json::Value;
use tonic::Status;
use tonic_types::StatusExt;

use super::json;
use super::service::{Client, Service, block_on};

pub use penstock::api::ErrorCode as Code;
pub use penstock::api::filtered::Reason;

/// The event of cases that do not care.
pub const TRACK: &str = r#"{"type":"track"}"#;

/// No call may hang; far beyond any time that a case asks for.
const CALL_BOUND: Duration = Duration::from_mins(1);

#[track_caller]
pub fn delivers(source: &str, event: &str, expected: &str) {
    let found = Call::of(source).event(event).run().delivered();
    assert_same_json(&found, expected, source);
}

/// Statements that need more memory than a function has.
#[track_caller]
pub fn exceeds_memory(body: &str) {
    let source = format!("function onTrack() {{ {body} }}");
    fails(&source, TRACK, Code::MemoryLimitExceeded, "--heap-bytes");
}

/// As [`delivers`], to the byte.
#[track_caller]
pub fn delivers_text(source: &str, event: &str, expected: &str) {
    let found = Call::of(source).event(event).run().delivered();
    assert_eq!(cut(&found), cut(expected), "for the source\n{source}");
    assert!(found == expected, "differs beyond the part shown");
}

#[track_caller]
pub fn filtered(source: &str, event: &str, reason: Reason, message: &str) {
    let reply = Call::of(source).event(event).run();
    let filtered = reply.filtered();
    assert_eq!(
        (filtered.reason(), filtered.message.as_str()),
        (reason, message),
        "{reply}"
    );
}

#[track_caller]
pub fn fails(source: &str, event: &str, code: Code, message: &str) -> FunctionError {
    Call::of(source).event(event).run().failed(code, message)
}

#[track_caller]
pub fn assert_same_json(found: &str, expected: &str, context: &str) {
    let parse = |text: &str| -> Value {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{}: {error}", cut(text)))
    };
    assert_eq!(parse(found), parse(expected), "for\n{}", cut(context));
}

/// The error names this place in the function's own file, in its first frame and in its stack.
#[track_caller]
pub fn assert_at(error: &FunctionError, line: u32, column: u32) {
    let first = error
        .frames
        .first()
        .unwrap_or_else(|| panic!("no frames: {error:#?}"));
    assert_eq!(
        (first.line, first.column),
        (line, column),
        "the first frame's place: {error:#?}"
    );
    let place = format!("index.js:{line}");
    assert!(
        error.stack.contains(&place),
        "the stack has {place}: {error:#?}"
    );
}

/// One request in the making. Unless told otherwise: a new function, version 1, a track event as JSON.
#[derive(Clone, Debug)]
pub struct Call(InvokeRequest);

impl Call {
    pub fn of(source: &str) -> Call {
        Call::stored(&fresh_id()).source(source)
    }

    /// One without a source.
    pub fn stored(function_id: &str) -> Call {
        let version = "1".to_owned();
        let function = FunctionRef {
            function_id: function_id.to_owned(),
            version,
            ..FunctionRef::default()
        };
        Call(InvokeRequest {
            function: Some(function),
            ..InvokeRequest::default()
        })
        .event(TRACK)
    }

    pub fn source(self, source: &str) -> Call {
        self.function(|function| source.clone_into(&mut function.source))
    }

    /// Says that the source is TypeScript.
    pub fn in_typescript(self) -> Call {
        self.function(|function| function.set_language(SourceLanguage::Typescript))
    }

    pub fn id(self, function_id: &str) -> Call {
        self.function(|function| function_id.clone_into(&mut function.function_id))
    }

    pub fn version(self, version: &str) -> Call {
        self.function(|function| version.clone_into(&mut function.version))
    }

    pub fn instance(self, instance_id: &str) -> Call {
        self.function(|function| instance_id.clone_into(&mut function.instance_id))
    }

    fn function(mut self, change: impl FnOnce(&mut FunctionRef)) -> Call {
        change(self.0.function.get_or_insert_default());
        self
    }

    pub fn event(self, json: &str) -> Call {
        self.payload(Some(Payload::EventJson(json.to_owned().into())))
    }

    pub fn structured(self, event: WireStruct) -> Call {
        self.payload(Some(Payload::Event(event)))
    }

    pub fn payload(mut self, payload: Option<Payload>) -> Call {
        self.0.payload = payload;
        self
    }

    #[track_caller]
    pub fn settings(mut self, json: &str) -> Call {
        self.0.settings = Some(json::to_struct(json));
        self
    }

    pub fn wall(self, limit: Duration) -> Call {
        let limit = prost_types::Duration::try_from(limit).expect("a short time");
        self.limits(|limits| limits.wall_time = Some(limit))
    }

    pub fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Call {
        change(self.0.limits.get_or_insert_default());
        self
    }

    /// Logs on success too.
    pub fn capture(mut self) -> Call {
        self.0.capture = true;
        self
    }

    pub fn change(mut self, change: impl FnOnce(&mut InvokeRequest)) -> Call {
        change(&mut self.0);
        self
    }

    /// The message as it goes over the wire.
    pub fn into_framed_message(self) -> Vec<u8> {
        let message = self.0.encode_to_vec();
        let length = u32::try_from(message.len()).expect("a short message");
        [&[0][..], &length.to_be_bytes(), &message].concat()
    }

    /// The request itself, for who sends it in another way.
    pub fn request(self) -> InvokeRequest {
        self.0
    }

    /// Calls the shared service.
    pub fn run(self) -> Reply {
        self.run_on(Service::shared())
    }

    pub fn run_on(self, service: &Service) -> Reply {
        block_on(self.send(service.client()))
    }

    pub async fn send(self, mut client: Client) -> Reply {
        let source = self
            .0
            .function
            .as_ref()
            .map(|function| function.source.clone())
            .unwrap_or_default();
        let answer = tokio::time::timeout(CALL_BOUND, client.invoke(self.0)).await;
        let result =
            answer.unwrap_or_else(|_| panic!("no answer in {CALL_BOUND:?} for\n{}", cut(&source)));
        Reply {
            source,
            result: result.map(tonic::Response::into_inner),
        }
    }
}

pub fn fresh_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("case-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// What came of a call, and of which source.
#[derive(Debug)]
pub struct Reply {
    source: String,
    pub result: Result<InvokeResponse, Status>,
}

impl Reply {
    #[track_caller]
    pub fn response(&self) -> &InvokeResponse {
        self.result
            .as_ref()
            .unwrap_or_else(|_| panic!("a status where an outcome should be\n{self}"))
    }

    #[track_caller]
    pub fn outcome(&self) -> &Outcome {
        self.response()
            .outcome
            .as_ref()
            .unwrap_or_else(|| panic!("no outcome\n{self}"))
    }

    /// The JSON text of the event that goes on.
    #[track_caller]
    pub fn delivered(&self) -> String {
        match self.outcome() {
            Outcome::EventJson(json) => {
                String::from_utf8(json.to_vec()).unwrap_or_else(|_| panic!("no UTF-8\n{self}"))
            }
            _ => panic!("no event_json was delivered\n{self}"),
        }
    }

    #[track_caller]
    pub fn delivered_struct(&self) -> &WireStruct {
        match self.outcome() {
            Outcome::Event(event) => event,
            _ => panic!("no structured event was delivered\n{self}"),
        }
    }

    #[track_caller]
    pub fn delivers(&self, expected: &str) {
        assert_same_json(&self.delivered(), expected, &self.to_string());
    }

    #[track_caller]
    pub fn filtered(&self) -> &Filtered {
        match self.outcome() {
            Outcome::Filtered(filtered) => filtered,
            _ => panic!("not filtered\n{self}"),
        }
    }

    #[track_caller]
    pub fn failed(&self, code: Code, message: &str) -> FunctionError {
        let Outcome::Error(error) = self.outcome() else {
            panic!("no error where {} should be\n{self}", code.as_str_name());
        };
        assert_eq!(error.code(), code, "the error's code\n{self}");
        assert!(
            error.message.contains(message),
            "the message has {message:?}\n{self}"
        );
        assert_error_form(error);
        error.clone()
    }

    #[track_caller]
    pub fn status(&self, code: tonic::Code) -> &Status {
        match &self.result {
            Err(status) if status.code() == code => status,
            _ => panic!("no status {code:?}\n{self}"),
        }
    }

    /// `INVALID_ARGUMENT` with a violation whose field starts with `field`, and what that one says.
    #[track_caller]
    pub fn rejected(&self, field: &str) -> String {
        let status = self.status(tonic::Code::InvalidArgument);
        let details = status.get_details_bad_request();
        let violations = details
            .map(|details| details.field_violations)
            .unwrap_or_default();
        let found = violations
            .iter()
            .find(|violation| violation.field.starts_with(field));
        let found =
            found.unwrap_or_else(|| panic!("no violation of {field:?} in {violations:?}\n{self}"));
        assert!(
            !found.description.is_empty(),
            "the violation says what is wrong\n{self}"
        );
        found.description.clone()
    }

    #[track_caller]
    pub fn refused(&self, code: tonic::Code, reason: &str) {
        let info = self.status(code).get_details_error_info();
        let found = info.map(|info| info.reason).unwrap_or_default();
        assert_eq!(found, reason, "the reason of the ErrorInfo\n{self}");
    }

    #[track_caller]
    pub fn logs(&self) -> Vec<String> {
        self.response()
            .logs
            .iter()
            .map(|line| line.message.clone())
            .collect()
    }
}

impl Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "--- source\n{}\n--- reply", cut(&self.source))?;
        match &self.result {
            Err(status) => {
                let details = status.get_error_details();
                writeln!(
                    f,
                    "status {:?}: {}\n{details:?}",
                    status.code(),
                    status.message()
                )
            }
            Ok(response) => {
                match &response.outcome {
                    Some(Outcome::EventJson(json)) => {
                        writeln!(f, "{}", cut(&String::from_utf8_lossy(json)))?;
                    }
                    other => writeln!(f, "{}", cut(&format!("{other:#?}")))?,
                }
                for line in &response.logs {
                    writeln!(f, "{:?}: {}", line.level(), cut(&line.message))?;
                }
                writeln!(f, "{:?}", response.usage)
            }
        }
    }
}

fn cut(text: &str) -> &str {
    const SHOWN: usize = 2_000;
    &text[..text.floor_char_boundary(SHOWN)]
}

/// Fails with all that an error lacks of what every error has.
#[track_caller]
fn assert_error_form(error: &FunctionError) {
    let faults = form_faults(error);
    assert!(faults.is_empty(), "{faults:#?} in {error:#?}");
}

/// What an error lacks of what every error has.
pub fn form_faults(error: &FunctionError) -> Vec<String> {
    let code = error.code();
    let may_retry = matches!(code, Code::Retry | Code::Timeout | Code::ExecutorLost);
    let is_ours = |file: &str| file.contains("penstock:");
    let has_its_place = |frame: &StackFrame| frame.line > 0 && frame.column > 0;
    let is_told = |limit: &LimitExceeded| {
        limit.value > 0 && !limit.unit.is_empty() && limit.knob.starts_with("--")
    };
    let frames = &error.frames;
    let rules = [
        (error.label == label(code), "the label is the code's"),
        (error.retryable == may_retry, "says whether to retry"),
        (
            !(error.message.is_empty() && error.name.is_empty()),
            "says something",
        ),
        (!is_ours(&error.stack), "the stack is the function's own"),
        (
            !frames.iter().any(|frame| is_ours(&frame.file)),
            "no frame is the executor's",
        ),
        (
            frames
                .iter()
                .all(|frame| !frame.file.contains("index.js") || has_its_place(frame)),
            "each own frame has its place",
        ),
        (
            error.limit.as_ref().is_none_or(is_told),
            "a limit is told with value, unit and knob",
        ),
    ];
    let broken = rules.into_iter().filter(|(holds, _)| !holds);
    broken.map(|(_, rule)| format!("not so: {rule}")).collect()
}

fn label(code: Code) -> &'static str {
    match code {
        Code::Unspecified => "",
        Code::BadRequest => "Bad Request",
        Code::InvalidSettings => "Invalid Settings",
        Code::MessageRejected => "Message Rejected",
        Code::UnsupportedEventType => "Unsupported Event Type",
        Code::Retry => "Retry",
        Code::Timeout => "Timeout",
        Code::InvalidResult => "Invalid Result",
        Code::InvalidFunction => "Invalid Function",
        Code::CpuLimitExceeded => "CPU Limit Exceeded",
        Code::MemoryLimitExceeded => "Memory Limit Exceeded",
        Code::ResultTooLarge => "Result Too Large",
        Code::ExecutorLost => "Executor Lost",
        Code::Quarantined => "Quarantined",
    }
}
