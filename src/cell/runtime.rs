//! What a function finds in its global scope: JavaScript of ours over a few native ops.
//!
//! The scripts run once, into the snapshot, before any function does. They capture the intrinsics they
//! need then, so that a prototype a function has changed cannot touch the host's way in or out.

use std::borrow::Cow;

use super::libraries::Libraries;

mod bytes;
mod codecs;
mod host;
mod keys;
mod lazy;
mod libraries;
mod ops;
mod serialization;

pub use host::{Caching, EventContexts, Fetches, HostState, UnhandledRejection};
pub use ops::{
    cache::news_arguments, enter_context, fetch::end_of as end_of_fetch, on_promise_reject,
    refuse_dynamic_import,
};

/// The runtime's scripts in load order; each is a function of (primordials, host).
const SCRIPTS: &[(&str, &str)] = &[
    ("globals", include_str!("runtime/js/globals.js")),
    ("lazy", include_str!("runtime/js/lazy.js")),
    ("modules", include_str!("runtime/js/modules.js")),
    ("libraries", include_str!("runtime/js/libraries.js")),
    ("continuation", include_str!("runtime/js/continuation.js")),
    (
        "inspect_reading",
        include_str!("runtime/js/inspect_reading.js"),
    ),
    ("inspect_text", include_str!("runtime/js/inspect_text.js")),
    (
        "inspect_brands",
        include_str!("runtime/js/inspect_brands.js"),
    ),
    (
        "inspect_errors",
        include_str!("runtime/js/inspect_errors.js"),
    ),
    (
        "inspect_collections",
        include_str!("runtime/js/inspect_collections.js"),
    ),
    (
        "inspect_properties",
        include_str!("runtime/js/inspect_properties.js"),
    ),
    (
        "inspect_shapes",
        include_str!("runtime/js/inspect_shapes.js"),
    ),
    (
        "inspect_layout",
        include_str!("runtime/js/inspect_layout.js"),
    ),
    ("inspect", include_str!("runtime/js/inspect.js")),
    ("format", include_str!("runtime/js/format.js")),
    ("console_table", include_str!("runtime/js/console_table.js")),
    ("console", include_str!("runtime/js/console.js")),
    ("errors", include_str!("runtime/js/errors.js")),
    ("report", include_str!("runtime/js/report.js")),
    ("timers", include_str!("runtime/js/timers.js")),
    ("deliver", include_str!("runtime/js/deliver.js")),
    ("fetches", include_str!("runtime/js/fetches.js")),
    ("cache_waits", include_str!("runtime/js/cache_waits.js")),
    ("invoke", include_str!("runtime/js/invoke.js")),
    ("batch_inputs", include_str!("runtime/js/batch_inputs.js")),
    ("batch", include_str!("runtime/js/batch.js")),
    ("surface", include_str!("runtime/js/surface.js")),
];

const PRIMORDIALS: (&str, &str) = ("primordials", include_str!("runtime/js/primordials.js"));

/// A way from Rust into the runtime, by its place in the snapshot's context data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    SetHandlers,
    Begin,
    BeginBatch,
    FireTimer,
    FetchDone,
    FetchFailed,
    CacheNews,
    FailLoad,
    ReportRejection,
    ImportModule,
}

impl Entry {
    pub const ALL: [Entry; 10] = [
        Self::SetHandlers,
        Self::Begin,
        Self::BeginBatch,
        Self::FireTimer,
        Self::FetchDone,
        Self::FetchFailed,
        Self::CacheNews,
        Self::FailLoad,
        Self::ReportRejection,
        Self::ImportModule,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::SetHandlers => "setHandlers",
            Self::Begin => "begin",
            Self::BeginBatch => "beginBatch",
            Self::FireTimer => "fireTimer",
            Self::FetchDone => "fetchDone",
            Self::FetchFailed => "fetchFailed",
            Self::CacheNews => "cacheNews",
            Self::FailLoad => "failLoad",
            Self::ReportRejection => "reportRejection",
            Self::ImportModule => "importModule",
        }
    }
}

/// A runtime script that did not load: our own bug, found when the cell starts.
#[derive(Debug, thiserror::Error)]
#[error("the runtime's {script} did not load: {message}")]
pub struct RuntimeBroken {
    script: &'static str,
    message: String,
}

/// The addresses of the ops, which a snapshot names by their place in this list.
pub fn external_references() -> Cow<'static, [v8::ExternalReference]> {
    let references = ops::table()
        .into_iter()
        .map(|(_, op)| v8::ExternalReference { function: op });
    references.collect::<Vec<_>>().into()
}

/// Runs the runtime's scripts in a fresh context, for functions that find these libraries, and returns the ways into
/// them, in [`Entry::ALL`]'s order.
///
/// # Errors
/// [`RuntimeBroken`] when a script throws.
pub fn install<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    libraries: &Libraries,
) -> Result<Vec<v8::Local<'s, v8::Function>>, RuntimeBroken> {
    let host = v8::Object::new(scope);
    let ops = ops::object(scope);
    set(scope, host, "ops", ops.into());
    let codes = ops::error_codes(scope);
    set(scope, host, "codes", codes.into());
    let reasons = ops::filter_reasons(scope);
    set(scope, host, "filterReasons", reasons.into());
    let extras = scope.get_current_context().get_extras_binding_object(scope);
    set(scope, host, "extras", extras.into());
    let kinds = ops::kinds(scope);
    set(scope, host, "kinds", kinds.into());
    let globals = libraries::globals(scope, libraries);
    set(scope, host, "libraryGlobals", globals.into());
    let primordials = run(scope, PRIMORDIALS, &[])?;
    for &script in SCRIPTS {
        run(scope, script, &[primordials, host.into()])?;
    }
    Entry::ALL
        .map(|entry| {
            let value =
                v8_string(scope, entry.name()).and_then(|name| host.get(scope, name.into()));
            value
                .and_then(|value| v8::Local::<v8::Function>::try_from(value).ok())
                .ok_or_else(|| RuntimeBroken {
                    script: "invoke",
                    message: format!("host.{} is missing", entry.name()),
                })
        })
        .into_iter()
        .collect()
}

fn run<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    (script, source): (&'static str, &'static str),
    arguments: &[v8::Local<'s, v8::Value>],
) -> Result<v8::Local<'s, v8::Value>, RuntimeBroken> {
    v8::tc_scope!(let scope, scope);
    let value = evaluate(scope, script, source, arguments);
    value.ok_or_else(|| RuntimeBroken {
        script,
        message: match scope.exception() {
            Some(exception) => exception.to_rust_string_lossy(scope),
            None => "it is no function".to_owned(),
        },
    })
}

fn evaluate<'s>(
    scope: &v8::PinScope<'s, '_>,
    script: &str,
    source: &str,
    arguments: &[v8::Local<'s, v8::Value>],
) -> Option<v8::Local<'s, v8::Value>> {
    let name = v8_string(scope, &format!("penstock:runtime/{script}.js"))?;
    let origin = script_origin(scope, name, SourceForm::Script);
    let source = v8_string(scope, source)?;
    let function = v8::Script::compile(scope, source, Some(&origin))?.run(scope)?;
    let function = v8::Local::<v8::Function>::try_from(function).ok()?;
    function.call(scope, v8::undefined(scope).into(), arguments)
}

/// How a source is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceForm {
    Script,
    Module,
}

/// What V8 is told of a source: its name in stacks, and its form.
pub fn script_origin<'s>(
    scope: &v8::PinScope<'s, '_>,
    name: v8::Local<'s, v8::String>,
    form: SourceForm,
) -> v8::ScriptOrigin<'s> {
    let is_module = form == SourceForm::Module;
    let name = name.into();
    v8::ScriptOrigin::new(
        scope, name, 0, 0, false, 0, None, false, false, is_module, None,
    )
}

fn v8_string<'s>(scope: &v8::PinScope<'s, '_>, text: &str) -> Option<v8::Local<'s, v8::String>> {
    v8::String::new(scope, text)
}

/// Sets a property on one of the runtime's own objects, which no function can have changed.
fn set<'s>(
    scope: &v8::PinScope<'s, '_>,
    object: v8::Local<'s, v8::Object>,
    key: &str,
    value: v8::Local<'s, v8::Value>,
) {
    if let Some(key) = v8_string(scope, key) {
        object.set(scope, key.into(), value);
    }
}
