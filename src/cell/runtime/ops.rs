//! The native ops: the only way from JavaScript to the cell.
//!
//! Every op trusts its caller, the runtime's own scripts, with types but not with sizes: strings come
//! from functions. An op whose argument is not of its type does nothing.

use std::time::{Duration, Instant};

use bytes::Bytes;
use v8::MapFnTo;

mod buffer;
pub mod cache;
mod ciphers;
mod digests;
pub mod fetch;
mod inspection;
mod key_uses;
mod keys;
mod kinds;
mod libraries;
mod random;
mod scrypt;
mod text;
mod url;
mod zlib;

use super::{
    HostState, UnhandledRejection,
    host::{LeftoverNotice, MAX_REJECTIONS},
    lazy,
};
use crate::invocation::{
    ErrorCode, FilterReason, FunctionError, LogLevel, Outcome, Violation, stack,
};

type Arguments<'a> = v8::FunctionCallbackArguments<'a>;
type Return<'a> = v8::ReturnValue<'a>;

/// A list of ops by name, each with the function V8 calls.
macro_rules! op_table {
    ($($name:literal => $op:path),+ $(,)?) => {
        pub fn table() -> Vec<(&'static str, v8::FunctionCallback)> {
            vec![$(($name, MapFnTo::map_fn_to($op))),+]
        }
    };
}

op_table! {
    "deliver" => deliver,
    "filter" => filter,
    "fail" => fail,
    "log" => log,
    "now" => now,
    "timerStart" => timer_start,
    "timerCancel" => timer_cancel,
    "heapUsage" => heap_usage,
    "enqueueMicrotask" => enqueue_microtask,
    "proxyDetails" => inspection::proxy_details,
    "promiseDetails" => inspection::promise_details,
    "previewEntries" => inspection::preview_entries,
    "nonIndexKeys" => inspection::non_index_keys,
    "runLazy" => run_lazy,
    "libraryList" => libraries::list,
    "libraryRun" => libraries::run,
    "libraryPart" => libraries::part,
    "pause" => pause,
    "cacheLook" => cache::look,
    "cacheRead" => cache::read,
    "cacheStore" => cache::store,
    "cacheFail" => cache::fail,
    "cacheAbandon" => cache::abandon,
    "cacheDelete" => cache::delete,
    "cacheValueBytes" => cache::value_bytes,
    "fetchStart" => fetch::start,
    "fetchCancel" => fetch::cancel,
    "fetchBody" => fetch::body,
    "utf8Length" => text::utf8_length,
    "utf8Write" => text::utf8_write,
    "utf8WriteInto" => text::utf8_write_into,
    "utf8Decode" => text::utf8_decode,
    "utf8Incomplete" => text::utf8_incomplete,
    "encodingName" => text::encoding_name,
    "decode" => text::decode,
    "base64Encode" => text::base64_encode,
    "base64Decode" => text::base64_decode,
    "kindOf" => kinds::kind_of,
    "bytesToString" => buffer::to_string,
    "bytesWrite" => buffer::write,
    "bytesCompare" => buffer::compare,
    "bytesIndexOf" => buffer::index_of,
    "bytesSwap" => buffer::swap,
    "bytesAreUtf8" => buffer::are_utf8,
    "bytesAreAscii" => buffer::are_ascii,
    "urlParse" => url::parse,
    "urlCanParse" => url::can_parse,
    "urlSet" => url::set,
    "domainToAscii" => url::domain_to_ascii,
    "domainToUnicode" => url::domain_to_unicode,
    "formEncode" => url::form_encode,
    "formDecode" => url::form_decode,
    "randomFill" => random::fill,
    "timingSafeEqual" => random::timing_safe_equal,
    "hashFind" => digests::find,
    "hashStart" => digests::start,
    "hashUpdate" => digests::update,
    "hashFinish" => digests::finish,
    "macStart" => digests::start_mac,
    "macFinish" => digests::finish_mac,
    "macIterate" => digests::iterate,
    "scryptMix" => scrypt::mix,
    "aesEcb" => ciphers::ecb,
    "aesCbc" => ciphers::cbc,
    "aesCtr" => ciphers::ctr,
    "gcmHash" => ciphers::gcm_hash,
    "pemRead" => keys::read_pem,
    "keyReadPrivate" => keys::read_private,
    "keyReadPublic" => keys::read_public,
    "keyWritePrivate" => keys::write_private,
    "keyWritePublic" => keys::write_public,
    "keyPublicOf" => keys::public_of,
    "keyDescribe" => keys::describe,
    "keyParts" => keys::parts,
    "keyOfParts" => keys::of_parts,
    "keyOfScalar" => keys::of_scalar,
    "keyGenerate" => keys::generate,
    "rsaPrime" => keys::find_prime,
    "rsaOfPrimes" => keys::of_primes,
    "passwordRead" => keys::read_protection,
    "passwordWrite" => keys::write_protection,
    "curvePoint" => keys::point,
    "keySign" => key_uses::sign,
    "keyVerify" => key_uses::verify,
    "keyAgree" => key_uses::agree,
    "rsaEncrypt" => key_uses::encrypt,
    "rsaDecrypt" => key_uses::decrypt,
    "rsaSignData" => key_uses::sign_data,
    "rsaRecover" => key_uses::recover,
    "zlibOpen" => zlib::open_zlib,
    "brotliOpen" => zlib::open_brotli,
    "codecStep" => zlib::step,
    "codecReset" => zlib::reset,
    "codecClose" => zlib::close,
    "crc32" => zlib::crc32,
}

/// How a handler's end is numbered for JavaScript. `DROP_EVENT` is an error class there and no error here.
const ERROR_CODES: [(&str, Option<ErrorCode>); 7] = [
    ("BAD_REQUEST", Some(ErrorCode::BadRequest)),
    ("MESSAGE_REJECTED", Some(ErrorCode::MessageRejected)),
    (
        "UNSUPPORTED_EVENT_TYPE",
        Some(ErrorCode::UnsupportedEventType),
    ),
    ("RETRY", Some(ErrorCode::Retry)),
    ("INVALID_RESULT", Some(ErrorCode::InvalidResult)),
    ("INVALID_FUNCTION", Some(ErrorCode::InvalidFunction)),
    ("DROP_EVENT", None),
];

const FILTER_REASONS: [(&str, FilterReason); 3] = [
    ("NO_RETURN", FilterReason::NoReturn),
    ("DROP_EVENT", FilterReason::DropEvent),
    ("NOT_RETURNED", FilterReason::NotReturned),
];

const LOG_LEVELS: [LogLevel; 5] = [
    LogLevel::Trace,
    LogLevel::Debug,
    LogLevel::Info,
    LogLevel::Warn,
    LogLevel::Error,
];

/// The ops as an object, for the runtime's scripts.
pub fn object<'s>(scope: &mut v8::PinScope<'s, '_>) -> v8::Local<'s, v8::Object> {
    let object = v8::Object::new(scope);
    for (name, op) in table() {
        if let Some(function) = v8::Function::new_raw(scope, op) {
            super::set(scope, object, name, function.into());
        }
    }
    object
}

/// The numbers `ops.fail` takes, by name.
pub fn error_codes<'s>(scope: &mut v8::PinScope<'s, '_>) -> v8::Local<'s, v8::Object> {
    numbered(scope, ERROR_CODES.iter().map(|&(name, _)| name))
}

/// The numbers `ops.filter` takes, by name.
pub fn filter_reasons<'s>(scope: &mut v8::PinScope<'s, '_>) -> v8::Local<'s, v8::Object> {
    numbered(scope, FILTER_REASONS.iter().map(|&(name, _)| name))
}

/// The numbers `ops.kindOf` returns, by name.
pub fn kinds<'s>(scope: &mut v8::PinScope<'s, '_>) -> v8::Local<'s, v8::Object> {
    kinds::numbers(scope)
}

fn numbered<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    names: impl Iterator<Item = &'static str>,
) -> v8::Local<'s, v8::Object> {
    let object = v8::Object::new(scope);
    for (number, name) in (0..).zip(names) {
        let number = v8::Integer::new_from_unsigned(scope, number);
        super::set(scope, object, name, number.into());
    }
    object
}

fn text(scope: &v8::PinScope<'_, '_>, value: v8::Local<'_, v8::Value>) -> String {
    match v8::Local::<v8::String>::try_from(value) {
        Ok(string) => string.to_rust_string_lossy(scope),
        Err(_) => String::new(),
    }
}

fn throw_range_error(scope: &v8::PinScope<'_, '_>, message: &str) {
    if let Some(message) = v8::String::new(scope, message) {
        let error = v8::Exception::range_error(scope, message);
        scope.throw_exception(error);
    }
}

/// 0 for what is none; casts from it saturate.
fn number(value: v8::Local<'_, v8::Value>) -> f64 {
    v8::Local::<v8::Number>::try_from(value).map_or(0.0, |number| number.value())
}

/// The entry of `table` that a small number from JavaScript names.
fn numbered_entry<T: Copy>(table: &[T], value: v8::Local<'_, v8::Value>) -> Option<T> {
    let number = v8::Local::<v8::Integer>::try_from(value).ok()?.value();
    table.get(usize::try_from(number).ok()?).copied()
}

fn host<'a>(scope: &'a mut v8::PinScope<'_, '_>) -> Option<&'a mut HostState> {
    scope.get_slot_mut::<HostState>()
}

/// The event an op is about, by its place in the batch; `None`, all that have no outcome yet, for -1.
fn event(value: v8::Local<'_, v8::Value>) -> Option<usize> {
    let number = v8::Local::<v8::Integer>::try_from(value).ok()?.value();
    usize::try_from(number).ok()
}

/// `deliver(event, json)`: the event goes on. The size is looked at before a byte is copied.
fn deliver(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: Return<'_>) {
    let event = event(arguments.get(0));
    let Ok(json) = v8::Local::<v8::String>::try_from(arguments.get(1)) else {
        return;
    };
    let length = json.utf8_length(scope);
    let Some(checked) = host(scope).map(|host| host.check_result(length as u64)) else {
        return;
    };
    let outcome = match checked {
        Ok(()) => {
            let mut buffer = vec![0; length];
            json.write_utf8_v2(scope, &mut buffer, v8::WriteFlags::empty(), None);
            Outcome::Delivered(Bytes::from(buffer))
        }
        Err(error) => Outcome::Failed(error),
    };
    if let Some(host) = host(scope) {
        host.settle(event, outcome);
    }
}

/// `filter(event, reason, message)`: the event goes no further.
fn filter(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: Return<'_>) {
    let event = event(arguments.get(0));
    let Some((_, reason)) = numbered_entry(&FILTER_REASONS, arguments.get(1)) else {
        return;
    };
    let message = text(scope, arguments.get(2));
    if let Some(host) = host(scope) {
        host.settle(event, Outcome::Filtered { reason, message });
    }
}

/// `fail(event, code, name, message, stack, retryAfter, field, description)`; `field` is empty when no
/// place in the result is at fault.
fn fail(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: Return<'_>) {
    let event = event(arguments.get(0));
    let Some((_, Some(code))) = numbered_entry(&ERROR_CODES, arguments.get(1)) else {
        return;
    };
    let stack = text(scope, arguments.get(4));
    let field = text(scope, arguments.get(6));
    let error = FunctionError {
        name: text(scope, arguments.get(2)),
        frames: stack::frames(&stack),
        stack,
        retry_after: milliseconds(arguments.get(5)),
        violations: match field.is_empty() {
            true => Vec::new(),
            false => vec![Violation {
                field,
                description: text(scope, arguments.get(7)),
            }],
        },
        ..FunctionError::new(code, text(scope, arguments.get(3)))
    };
    if let Some(host) = host(scope) {
        host.settle(event, error.into());
    }
}

/// The async context that runs, as V8 has carried it here; `None` for code that belongs to no event.
fn context(scope: &v8::PinScope<'_, '_>) -> Option<u32> {
    let data = scope.get_continuation_preserved_embedder_data();
    let number = v8::Local::<v8::Integer>::try_from(data).ok()?.value();
    u32::try_from(number).ok()
}

/// Has what is entered next belong to an async context.
pub fn enter_context(scope: &v8::PinScope<'_, '_>, context: Option<u32>) {
    let data = match context {
        Some(context) => v8::Integer::new_from_unsigned(scope, context).into(),
        None => v8::undefined(scope).into(),
    };
    scope.set_continuation_preserved_embedder_data(data);
}

fn milliseconds(value: v8::Local<'_, v8::Value>) -> Option<Duration> {
    let milliseconds = v8::Local::<v8::Number>::try_from(value).ok()?.value();
    Duration::try_from_secs_f64(milliseconds / 1000.0).ok()
}

/// `log(level, text)`: one call of console.
fn log(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: Return<'_>) {
    let Some(level) = numbered_entry(&LOG_LEVELS, arguments.get(0)) else {
        return;
    };
    let message = text(scope, arguments.get(1));
    let context = context(scope);
    if let Some(host) = host(scope) {
        host.log(level, message, context);
    }
}

/// `now()`: whole milliseconds of a clock that only goes forward. No finer, so that a function can't time
/// what its neighbours do.
fn now(_: &mut v8::PinScope<'_, '_>, _: Arguments<'_>, mut value: Return<'_>) {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    value.set_double(START.elapsed().as_millis() as f64);
}

/// `timerStart(milliseconds, quiet)`: the id of a new timer; throws a `RangeError` at the bound. Nobody is
/// told of a quiet one that is left when the invocation ends.
fn timer_start(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, mut value: Return<'_>) {
    let delay = milliseconds(arguments.get(0)).unwrap_or_default();
    let notice = match arguments.get(1).is_true() {
        true => LeftoverNotice::None,
        false => LeftoverNotice::Logged,
    };
    match host(scope).map(|host| host.timers.start(delay, notice)) {
        Some(Ok(id)) => value.set_double(id as f64),
        Some(Err(refused)) => {
            if let Some(message) = v8::String::new(scope, &refused.to_string()) {
                let error = v8::Exception::range_error(scope, message);
                scope.throw_exception(error);
            }
        }
        None => {}
    }
}

/// `timerCancel(id)`.
fn timer_cancel(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: Return<'_>) {
    let id = v8::Local::<v8::Number>::try_from(arguments.get(0)).map(|id| id.value());
    if let (Ok(id), Some(host)) = (id, host(scope)) {
        host.timers.cancel(id as u64);
    }
}

/// `heapUsage()`: `[bytes the heap has, bytes of them in use, bytes beside the heap]`.
fn heap_usage(scope: &mut v8::PinScope<'_, '_>, _: Arguments<'_>, mut value: Return<'_>) {
    let heap = scope.get_heap_statistics();
    let bytes = [
        heap.total_heap_size(),
        heap.used_heap_size(),
        heap.external_memory(),
    ];
    let bytes = bytes.map(|bytes| v8::Number::new(scope, bytes as f64).into());
    value.set(v8::Array::new_with_elements(scope, &bytes).into());
}

/// `enqueueMicrotask(function)`; the function must not throw.
fn enqueue_microtask(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: Return<'_>) {
    if let Ok(function) = v8::Local::<v8::Function>::try_from(arguments.get(0)) {
        scope.enqueue_microtask(function);
    }
}

/// `pause(function)`: calls the function, and so has V8 look whether it was told to stop. It looks where a
/// function begins; in a loop over ops only once in thousands of rounds, as if rounds were short.
fn pause(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: Return<'_>) {
    if let Ok(function) = v8::Local::<v8::Function>::try_from(arguments.get(0)) {
        // None when it was told to: the exception is on its way.
        let _ = function.call(scope, v8::undefined(scope).into(), &[]);
    }
}

/// `runLazy(name, primordials, host, exports)`: runs a script that is not part of the snapshot.
fn run_lazy<'s>(scope: &mut v8::PinScope<'s, '_>, arguments: Arguments<'s>, _: Return<'_>) {
    let name = text(scope, arguments.get(0));
    let passed = [arguments.get(1), arguments.get(2), arguments.get(3)];
    let _ = lazy::run(scope, &name, &passed);
}

/// V8's word that a promise was rejected with nobody listening, or that somebody listens after all.
///
/// # Safety
/// To be called by V8 only, as a promise-reject callback.
#[allow(unsafe_code, reason = "V8 calls it as a C function")]
pub unsafe extern "C" fn on_promise_reject(message: v8::PromiseRejectMessage<'_>) {
    // SAFETY: V8 calls this with a live message and the isolate entered, which is what the scope needs.
    v8::callback_scope!(unsafe scope, &message);
    let promise = v8::Global::new(scope, message.get_promise());
    match message.get_event() {
        v8::PromiseRejectEvent::PromiseRejectWithNoHandler => {
            let Some(reason) = message.get_value() else {
                return;
            };
            let reason = v8::Global::new(scope, reason);
            let context = context(scope);
            if let Some(host) = scope.get_slot_mut::<HostState>()
                && host.rejections.len() < MAX_REJECTIONS
            {
                host.rejections.push(UnhandledRejection {
                    promise,
                    reason,
                    context,
                });
            }
        }
        v8::PromiseRejectEvent::PromiseHandlerAddedAfterReject => {
            if let Some(host) = scope.get_slot_mut::<HostState>() {
                host.rejections
                    .retain(|rejection| rejection.promise != promise);
            }
        }
        v8::PromiseRejectEvent::PromiseRejectAfterResolved
        | v8::PromiseRejectEvent::PromiseResolveAfterResolved => {}
    }
}

/// `import()` in a function: always refused, with what to do instead.
pub fn refuse_dynamic_import<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    _host_options: v8::Local<'s, v8::Data>,
    _importer: v8::Local<'s, v8::Value>,
    specifier: v8::Local<'s, v8::String>,
    _attributes: v8::Local<'s, v8::FixedArray>,
) -> Option<v8::Local<'s, v8::Promise>> {
    let message = format!(
        "import(\"{}\") is not available: a function is one file",
        specifier.to_rust_string_lossy(scope)
    );
    let message = v8::String::new(scope, &message)?;
    let error = v8::Exception::error(scope, message);
    let resolver = v8::PromiseResolver::new(scope)?;
    resolver.reject(scope, error);
    Some(resolver.get_promise(scope))
}
