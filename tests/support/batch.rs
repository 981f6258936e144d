//! One-line checks of batches: a source, events, and what becomes of each.

use std::fmt::{self, Display};
use std::time::Duration;

use penstock::api::event_result::Outcome;
use penstock::api::filtered::Reason;
use penstock::api::{
    ErrorCode, FunctionError, FunctionRef, InvokeBatchRequest, InvokeBatchResponse, LogLine,
    WireStruct,
};
use tonic::Status;

use super::check::{form_faults, fresh_id};
use super::json;
use super::service::{Client, Service, block_on};

/// No call may hang; far beyond any time that a case asks for.
const CALL_BOUND: Duration = Duration::from_mins(1);

/// What becomes of the events, each in a word or two: the JSON of one that goes on, `filtered REASON`, or
/// `CODE message` of one that failed.
#[track_caller]
pub fn batch(source: &str, events: &[&str], expected: &[&str]) {
    Batch::of(source).events(events).run().comes_to(expected);
}

/// One request in the making. Unless told otherwise: a new function, version 1, no events.
#[derive(Clone, Debug)]
pub struct Batch(InvokeBatchRequest);

impl Batch {
    pub fn of(source: &str) -> Batch {
        let function = FunctionRef {
            function_id: fresh_id(),
            version: "1".to_owned(),
            source: source.to_owned(),
            ..FunctionRef::default()
        };
        Batch(InvokeBatchRequest {
            function: Some(function),
            ..InvokeBatchRequest::default()
        })
    }

    pub fn events(self, events: &[impl AsRef<str>]) -> Batch {
        let events = events.iter().map(|event| event.as_ref().to_owned().into());
        let events = events.collect();
        self.change(|request| request.events_json = events)
    }

    /// So many track events, numbered in `n`, with their number as messageId.
    pub fn numbered(self, count: usize) -> Batch {
        let events = (0..count).map(|n| format!(r#"{{"type":"track","messageId":"{n}","n":{n}}}"#));
        self.events(&events.collect::<Vec<_>>())
    }

    pub fn structured(self, events: Vec<WireStruct>) -> Batch {
        self.change(|request| request.events = events)
    }

    #[track_caller]
    pub fn settings(self, settings: &str) -> Batch {
        let settings = json::to_struct(settings);
        self.change(|request| request.settings = Some(settings))
    }

    pub fn wall(self, limit: Duration) -> Batch {
        let limit = prost_types::Duration::try_from(limit).expect("a short time");
        self.change(|request| request.limits.get_or_insert_default().wall_time = Some(limit))
    }

    /// Logs on success too.
    pub fn capture(self) -> Batch {
        self.change(|request| request.capture = true)
    }

    pub fn change(mut self, change: impl FnOnce(&mut InvokeBatchRequest)) -> Batch {
        change(&mut self.0);
        self
    }

    /// Calls the shared service.
    pub fn run(self) -> BatchReply {
        self.run_on(Service::shared())
    }

    pub fn run_on(self, service: &Service) -> BatchReply {
        block_on(self.send(service.client()))
    }

    pub async fn send(self, mut client: Client) -> BatchReply {
        let source = self.0.function.clone().unwrap_or_default().source;
        let answer = tokio::time::timeout(CALL_BOUND, client.invoke_batch(self.0)).await;
        let result = answer.unwrap_or_else(|_| panic!("no answer in {CALL_BOUND:?} for\n{source}"));
        BatchReply {
            source,
            result: result.map(tonic::Response::into_inner),
        }
    }
}

/// What came of a batch, and of which source.
#[derive(Debug)]
pub struct BatchReply {
    source: String,
    pub result: Result<InvokeBatchResponse, Status>,
}

impl BatchReply {
    #[track_caller]
    pub fn response(&self) -> &InvokeBatchResponse {
        self.result
            .as_ref()
            .unwrap_or_else(|_| panic!("a status where results should be\n{self}"))
    }

    #[track_caller]
    pub fn outcomes(&self) -> Vec<&Outcome> {
        let results = self.response().results.iter();
        let outcomes = results.map(|result| {
            let outcome = result.outcome.as_ref();
            let outcome = outcome.unwrap_or_else(|| panic!("no outcome\n{self}"));
            if let Outcome::Error(error) = outcome {
                let faults = form_faults(error);
                assert!(faults.is_empty(), "{faults:#?} in {error:#?}");
            }
            outcome
        });
        outcomes.collect()
    }

    /// As in [`batch`]; an expectation may stop in the middle of an error's message.
    #[track_caller]
    pub fn comes_to(&self, expected: &[&str]) -> &Self {
        let outcomes = self.outcomes();
        assert_eq!(
            outcomes.len(),
            expected.len(),
            "one result an event\n{self}"
        );
        for (index, (outcome, expected)) in outcomes.iter().zip(expected).enumerate() {
            let found = in_words(outcome);
            let same = match outcome {
                Outcome::Error(_) => found.starts_with(expected),
                _ => found == *expected,
            };
            assert!(
                same,
                "event {index}: {found}\ninstead of {expected}\n{self}"
            );
        }
        self
    }

    #[track_caller]
    pub fn error(&self, index: usize) -> &FunctionError {
        match self.outcomes()[index] {
            Outcome::Error(error) => error,
            _ => panic!("event {index} did not fail\n{self}"),
        }
    }

    /// The lines of one event, or of none.
    #[track_caller]
    pub fn logs_of(&self, event: Option<u32>) -> Vec<&str> {
        let lines = self.response().logs.iter();
        let of_event = |line: &&LogLine| line.event_index == event;
        lines
            .filter(of_event)
            .map(|line| line.message.as_str())
            .collect()
    }
}

/// An outcome in the words of [`batch`].
pub fn in_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::EventJson(json) => String::from_utf8_lossy(json).into_owned(),
        Outcome::Event(event) => json::from_struct(event).to_string(),
        Outcome::Filtered(filtered) => {
            let reason = match filtered.reason() {
                Reason::Unspecified => "UNSPECIFIED",
                Reason::NoReturn => "NO_RETURN",
                Reason::DropEvent => "DROP_EVENT",
                Reason::NotReturned => "NOT_RETURNED",
            };
            format!("filtered {reason} {}", filtered.message)
                .trim_end()
                .to_owned()
        }
        Outcome::Error(error) => format!("{} {}", code_name(error.code()), error.message),
    }
}

fn code_name(code: ErrorCode) -> &'static str {
    code.as_str_name().trim_start_matches("ERROR_CODE_")
}

impl Display for BatchReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "--- source\n{}\n--- reply", self.source)?;
        match &self.result {
            Err(status) => writeln!(f, "status {:?}: {}", status.code(), status.message()),
            Ok(response) => {
                for result in response.results.iter().take(20) {
                    let words = result.outcome.as_ref().map(in_words);
                    writeln!(f, "{}", words.unwrap_or_default())?;
                }
                for line in response.logs.iter().take(20) {
                    writeln!(
                        f,
                        "{:?} {:?}: {}",
                        line.event_index,
                        line.level(),
                        line.message
                    )?;
                }
                Ok(())
            }
        }
    }
}
