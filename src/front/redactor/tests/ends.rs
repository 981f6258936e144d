//! What is redacted of an invocation's end, and of the bodies in it.

use super::*;
use crate::{
    front::cells::Requests,
    invocation::{
        ErrorCode, FilterReason, Finished, LogLevel, LogLine, StackFrame, Usage, Violation,
    },
};

#[test]
fn every_text_of_an_end_is_redacted_but_the_event() {
    let text = || "has hunter22 in it".to_owned();
    let error = FunctionError {
        name: text(),
        stack: text(),
        frames: vec![StackFrame {
            function: text(),
            file: text(),
            line: 1,
            column: 1,
        }],
        violations: vec![Violation {
            field: text(),
            description: text(),
        }],
        ..FunctionError::new(ErrorCode::BadRequest, text())
    };
    let line = LogLine {
        time: std::time::Duration::ZERO,
        level: LogLevel::Info,
        message: text(),
        event: None,
    };
    let trace = RequestTrace {
        method: text(),
        url: text(),
        request_headers: vec![(text(), text())],
        response_headers: vec![(text(), text())],
        request_body: text().into(),
        response_body: text().into(),
        error: text(),
        ..RequestTrace::default()
    };
    let redactor = redactor(json!({"pin": "hunter22"}));
    let dropped = Outcome::Filtered {
        reason: FilterReason::DropEvent,
        message: text(),
    };
    let mut answered = Answered {
        finished: Finished {
            outcomes: vec![error.into(), dropped],
            logs: vec![line.clone(), line],
            usage: Usage::default(),
        },
        requests: Requests {
            made: 1,
            traces: vec![trace],
        },
    };
    redactor.apply(&mut answered);
    let printed = format!("{answered:?}");
    assert_eq!(
        printed.matches("has [redacted:pin] in it").count(),
        19,
        "{printed}"
    );
    assert!(!printed.contains("hunter22"), "{printed}");

    let delivered = Outcome::Delivered(r#"{"a":"hunter22"}"#.into());
    let finished = Finished::without_running(delivered.clone(), 2);
    let mut answered = Answered::without_running(finished);
    redactor.apply(&mut answered);
    assert_eq!(answered.finished.outcomes, [delivered.clone(), delivered]);
}

#[test]
fn bodies_are_redacted_before_they_are_cut() {
    let redactor = redactor(json!({"a": "super-secret-value"}));
    let body = Bytes::from_static(b"\xff12 super-secret-value and more");
    for limit in 0..=body.len() {
        let excerpt = redactor.excerpt(&body, limit);
        assert!(excerpt.len() <= limit);
        let expect = b"\xff12 [redacted:a] and more";
        assert!(expect.starts_with(&excerpt), "{limit}: {excerpt:?}");
    }
    let end = Bytes::from_static(b"12 super-se");
    assert_eq!(&*redactor.excerpt(&end, 10), b"12 [redact");
    assert_eq!(Redactor::none().excerpt(&body, 3), body.slice(..3));
    // What comes closer to the start when a secret goes is searched, too.
    let long = Bytes::from(format!(
        "{}{}",
        "super-secret-value,".repeat(300),
        "x".repeat(9000)
    ));
    let excerpt = redactor.excerpt(&long, 4096);
    assert!(!String::from_utf8_lossy(&excerpt).contains("super"));
}
