//! Outgoing requests: on their way to the front, and back into the function.

use bytes::Bytes;

use super::{Arguments, Return, context, host, number, text, throw_range_error};
use crate::{
    cell::runtime::{
        Entry,
        bytes::{with_bytes, with_bytes_mut},
        host::fetches::NotFetched,
    },
    invocation::Place,
    wire::{
        Fetch, FetchFailed, FetchOutcome, FetchResponse, MAX_REQUEST_BODY_BYTES,
        MAX_REQUEST_HEAD_BYTES, WireHeader, WireRedirect,
    },
};

/// Frames that are looked at for the place of a call; the runtime's own come first.
const FRAMES_LOOKED_AT: usize = 32;

/// What the names of the runtime's own scripts start with.
const RUNTIME_SCRIPTS: &str = "penstock:";

/// Headers of a request that are read; more than the front would send.
const MAX_HEADERS: u32 = 4096;

/// `fetchStart(method, url, headers, body, redirect, follow, compress, size, timeout)`: the number of the
/// request; throws a `RangeError` at a limit. `headers` is flat, `redirect` 0 to follow, 1 to fail, 2 to
/// answer with it.
pub fn start<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: Arguments<'s>,
    mut value: Return<'_>,
) {
    let fetch = read(scope, &arguments);
    let context = context(scope);
    let Some(host) = host(scope) else {
        return;
    };
    let event = context.and_then(|context| host.contexts.event_of(context));
    let started = fetch.and_then(|fetch| host.fetches.start(Fetch { event, ..fetch }));
    let wants_place = host.fetches.wants_place();
    match started {
        Ok(id) => value.set_double(id as f64),
        Err(refused) => throw_range_error(scope, &refused.to_string()),
    }
    if wants_place
        && let Some(place) = calling_place(scope)
        && let Some(host) = self::host(scope)
    {
        host.fetches.note_place(place);
    }
}

/// Where in the function the call stands that the runtime is about to serve.
fn calling_place(scope: &v8::PinScope<'_, '_>) -> Option<Place> {
    let stack = v8::StackTrace::current_stack_trace(scope, FRAMES_LOOKED_AT)?;
    let frames = (0..stack.get_frame_count()).filter_map(|index| stack.get_frame(scope, index));
    let own = |frame: &v8::Local<'_, v8::StackFrame>| {
        let name = frame.get_script_name(scope);
        name.is_some_and(|name| {
            !name
                .to_rust_string_lossy(scope)
                .starts_with(RUNTIME_SCRIPTS)
        })
    };
    let frame = frames.into_iter().find(own)?;
    Some(Place {
        line: u32::try_from(frame.get_line_number()).ok()?,
        column: u32::try_from(frame.get_column()).ok()?,
    })
}

fn read(scope: &v8::PinScope<'_, '_>, arguments: &Arguments<'_>) -> Result<Fetch, NotFetched> {
    let mut head = HeadTexts {
        left: MAX_REQUEST_HEAD_BYTES,
    };
    let bytes = with_bytes(arguments.get(3), <[u8]>::len);
    if bytes > MAX_REQUEST_BODY_BYTES {
        return Err(NotFetched::LargeBody { bytes });
    }
    let redirect = number(arguments.get(4)) as i32;
    Ok(Fetch {
        method: head.text(scope, arguments.get(0))?,
        url: head.text(scope, arguments.get(1))?,
        headers: head.headers(scope, arguments.get(2))?,
        body: with_bytes(arguments.get(3), Bytes::copy_from_slice),
        redirect: WireRedirect::try_from(redirect)
            .unwrap_or(WireRedirect::Error)
            .into(),
        follow: number(arguments.get(5)) as u32,
        compress: arguments.get(6).is_true(),
        size: number(arguments.get(7)) as u64,
        timeout_millis: number(arguments.get(8)) as u64,
        ..Fetch::default()
    })
}

/// Reads a request's texts up to a number of bytes. They are counted before they are copied: one long text may
/// be the value of many headers.
struct HeadTexts {
    left: usize,
}

impl HeadTexts {
    fn text(
        &mut self,
        scope: &v8::PinScope<'_, '_>,
        value: v8::Local<'_, v8::Value>,
    ) -> Result<String, NotFetched> {
        let bytes = v8::Local::<v8::String>::try_from(value);
        let bytes = bytes.map_or(0, |string| string.utf8_length(scope));
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or(NotFetched::LargeHead)?;
        Ok(text(scope, value))
    }

    fn headers<'s>(
        &mut self,
        scope: &v8::PinScope<'s, '_>,
        value: v8::Local<'s, v8::Value>,
    ) -> Result<Vec<WireHeader>, NotFetched> {
        let Ok(flat) = v8::Local::<v8::Array>::try_from(value) else {
            return Ok(Vec::new());
        };
        let part = |index| flat.get_index(scope, index);
        let pairs = (0..flat.length().min(2 * MAX_HEADERS)).step_by(2);
        let pairs = pairs.map_while(|index| part(index).zip(part(index + 1)));
        let headers = pairs.map(|(name, value)| {
            Ok(WireHeader {
                name: self.text(scope, name)?,
                value: self.text(scope, value)?,
            })
        });
        headers.collect()
    }
}

/// `fetchCancel(id)`.
pub fn cancel(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: Return<'_>) {
    let id = number(arguments.get(0)) as u64;
    if let Some(host) = host(scope) {
        host.fetches.cancel(id);
    }
}

/// `fetchBody(view)`: the body of the response that is being handed over, into a view of its length.
pub fn body<'s>(scope: &mut v8::PinScope<'s, '_>, arguments: Arguments<'s>, _: Return<'_>) {
    let Some(body) = host(scope).map(|host| std::mem::take(&mut host.fetches.body)) else {
        return;
    };
    with_bytes_mut(scope, arguments.get(0), |_, view| {
        let length = view.len().min(body.len());
        view[..length].copy_from_slice(&body[..length]);
    });
}

/// The entry that takes a request's end, and what it takes. `None` when there is no room for it: an exception
/// is pending then, or execution was terminated.
pub fn end_of<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    id: u64,
    outcome: FetchOutcome,
) -> Option<(Entry, Vec<v8::Local<'s, v8::Value>>)> {
    let id = v8::Number::new(scope, id as f64).into();
    match outcome {
        FetchOutcome::Response(response) => {
            let arguments = response_arguments(scope, id, &response)?;
            host(scope)?.fetches.body = response.body;
            Some((Entry::FetchDone, arguments))
        }
        FetchOutcome::Failed(failed) => {
            let [kind, code, message] = failure(scope, &failed)?;
            Some((Entry::FetchFailed, vec![id, kind, code, message]))
        }
    }
}

fn response_arguments<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    id: v8::Local<'s, v8::Value>,
    response: &FetchResponse,
) -> Option<Vec<v8::Local<'s, v8::Value>>> {
    let mut flat = Vec::with_capacity(2 * response.headers.len());
    for header in &response.headers {
        flat.push(v8::String::new(scope, &header.name)?.into());
        flat.push(v8::String::new(scope, &header.value)?.into());
    }
    let body_failed = match &response.body_failed {
        Some(failed) => {
            let failed = failure(scope, failed)?;
            v8::Array::new_with_elements(scope, &failed).into()
        }
        None => v8::undefined(scope).into(),
    };
    Some(vec![
        id,
        v8::Integer::new_from_unsigned(scope, response.status).into(),
        v8::String::new(scope, &response.reason)?.into(),
        v8::String::new(scope, &response.url)?.into(),
        v8::Boolean::new(scope, response.redirected).into(),
        v8::Array::new_with_elements(scope, &flat).into(),
        v8::Number::new(scope, response.body.len() as f64).into(),
        body_failed,
    ])
}

fn failure<'s>(
    scope: &v8::PinScope<'s, '_>,
    failed: &FetchFailed,
) -> Option<[v8::Local<'s, v8::Value>; 3]> {
    Some([
        v8::String::new(scope, &failed.kind)?.into(),
        v8::String::new(scope, &failed.code)?.into(),
        v8::String::new(scope, &failed.message)?.into(),
    ])
}
