//! The shared vocabulary as the API's messages.

use std::time::Duration;

use super::structs::NotAStruct;
use crate::{
    api,
    front::cells::RequestTrace,
    invocation::{
        ErrorCode, FilterReason, FunctionError, LimitExceeded, LogLevel, LogLine, StackFrame,
        Usage, Violation,
    },
};

pub fn filtered(reason: FilterReason, message: String) -> api::Filtered {
    let reason = match reason {
        FilterReason::NoReturn => api::filtered::Reason::NoReturn,
        FilterReason::DropEvent => api::filtered::Reason::DropEvent,
        FilterReason::NotReturned => api::filtered::Reason::NotReturned,
    };
    api::Filtered {
        reason: reason.into(),
        message,
    }
}

pub fn function_error(error: FunctionError) -> api::FunctionError {
    api::FunctionError {
        code: code(error.code).into(),
        label: error.code.label().to_owned(),
        retryable: error.code.is_retryable(),
        retry_after: error.retry_after.and_then(proto_duration),
        name: error.name,
        message: error.message,
        stack: error.stack,
        frames: error.frames.into_iter().map(frame).collect(),
        limit: error.limit.map(limit),
        violations: error.violations.into_iter().map(violation).collect(),
    }
}

/// The error for a returned event that the form of the request can't carry back.
pub fn event_too_deep(fault: &NotAStruct) -> FunctionError {
    let message = format!("the returned event can't be answered as a Struct: {fault}");
    FunctionError {
        violations: vec![Violation {
            field: format!("result{}", fault.path),
            description: fault.description.clone(),
        }],
        ..FunctionError::new(ErrorCode::InvalidResult, message)
    }
}

pub fn log_line(line: LogLine) -> api::LogLine {
    let level = match line.level {
        LogLevel::Trace => api::LogLevel::Trace,
        LogLevel::Debug => api::LogLevel::Debug,
        LogLevel::Info => api::LogLevel::Info,
        LogLevel::Warn => api::LogLevel::Warn,
        LogLevel::Error => api::LogLevel::Error,
    };
    api::LogLine {
        time: Some(timestamp(line.time)),
        level: level.into(),
        message: line.message,
        event_index: line.event,
    }
}

pub fn request_trace(trace: RequestTrace) -> api::RequestTrace {
    let timings = trace.timings;
    let duration = |time: Option<Duration>| time.and_then(proto_duration);
    api::RequestTrace {
        time: Some(timestamp(trace.time)),
        method: trace.method,
        url: trace.url,
        status: trace.status.unwrap_or_default().into(),
        error: trace.error,
        request_headers: trace.request_headers.into_iter().map(header).collect(),
        response_headers: trace.response_headers.into_iter().map(header).collect(),
        request_body: trace.request_body,
        response_body: trace.response_body,
        dns: duration(timings.dns),
        connect: duration(timings.connect),
        first_byte: duration(timings.first_byte),
        total: proto_duration(timings.total),
        event_index: trace.event,
    }
}

fn header((name, value): (String, String)) -> api::Header {
    api::Header { name, value }
}

/// `time` is since the Unix epoch.
fn timestamp(time: Duration) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(time.subsec_nanos()).unwrap_or(0),
    }
}

/// `requests` are those made, redirects counted.
pub fn usage(usage: &Usage, requests: u32) -> api::Usage {
    api::Usage {
        wall: proto_duration(usage.wall),
        cpu: proto_duration(usage.cpu),
        queue: proto_duration(usage.queue),
        cold_start: usage.cold_start,
        heap_used_bytes: usage.heap_used_bytes,
        requests,
    }
}

pub fn code(code: ErrorCode) -> api::ErrorCode {
    match code {
        ErrorCode::BadRequest => api::ErrorCode::BadRequest,
        ErrorCode::InvalidSettings => api::ErrorCode::InvalidSettings,
        ErrorCode::MessageRejected => api::ErrorCode::MessageRejected,
        ErrorCode::UnsupportedEventType => api::ErrorCode::UnsupportedEventType,
        ErrorCode::Retry => api::ErrorCode::Retry,
        ErrorCode::Timeout => api::ErrorCode::Timeout,
        ErrorCode::InvalidResult => api::ErrorCode::InvalidResult,
        ErrorCode::InvalidFunction => api::ErrorCode::InvalidFunction,
        ErrorCode::CpuLimitExceeded => api::ErrorCode::CpuLimitExceeded,
        ErrorCode::Quarantined => api::ErrorCode::Quarantined,
        ErrorCode::MemoryLimitExceeded => api::ErrorCode::MemoryLimitExceeded,
        ErrorCode::ResultTooLarge => api::ErrorCode::ResultTooLarge,
        ErrorCode::ExecutorLost => api::ErrorCode::ExecutorLost,
    }
}

fn frame(frame: StackFrame) -> api::StackFrame {
    let StackFrame {
        function,
        file,
        line,
        column,
    } = frame;
    api::StackFrame {
        function,
        file,
        line,
        column,
    }
}

pub fn limit(limit: LimitExceeded) -> api::LimitExceeded {
    api::LimitExceeded {
        name: limit.name.to_owned(),
        value: limit.value,
        unit: limit.unit.to_owned(),
        knob: limit.knob.to_owned(),
    }
}

fn violation(violation: Violation) -> api::FieldViolation {
    let Violation { field, description } = violation;
    api::FieldViolation { field, description }
}

/// `None` only for what is beyond protobuf's range, some 10,000 years.
pub fn proto_duration(duration: Duration) -> Option<prost_types::Duration> {
    prost_types::Duration::try_from(duration).ok()
}
