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

/// A script of the runtime's. Its text is V8's own in no isolate: all share it.
struct Script {
    name: &'static str,
    text: v8::OneByteConst,
}

macro_rules! scripts {
    ($($name:literal),* $(,)?) => {
        [$(Script {
            name: $name,
            text: v8::String::create_external_onebyte_const(
                include_bytes!(concat!("runtime/js/", $name, ".js")),
            ),
        }),*]
    };
}

/// The runtime's scripts in load order; each is a function of (primordials, host), but for the first, which makes the
/// primordials.
static SCRIPTS: [Script; 28] = scripts![
    "primordials",
    "globals",
    "lazy",
    "modules",
    "libraries",
    "continuation",
    "inspect_reading",
    "inspect_text",
    "inspect_brands",
    "inspect_errors",
    "inspect_collections",
    "inspect_properties",
    "inspect_shapes",
    "inspect_layout",
    "inspect",
    "format",
    "console_table",
    "console",
    "errors",
    "report",
    "timers",
    "deliver",
    "fetches",
    "cache_waits",
    "invoke",
    "batch_inputs",
    "batch",
    "surface",
];

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

/// The addresses of the ops and of the scripts' texts, which a snapshot names by their place in this list.
pub fn external_references() -> Cow<'static, [v8::ExternalReference]> {
    let ops = ops::table()
        .into_iter()
        .map(|(_, op)| v8::ExternalReference { function: op });
    let texts = SCRIPTS.iter().map(|script| v8::ExternalReference {
        pointer: (&raw const script.text).cast_mut().cast(),
    });
    ops.chain(texts).collect::<Vec<_>>().into()
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
    let [first, scripts @ ..] = &SCRIPTS;
    let primordials = run(scope, first, &[])?;
    for script in scripts {
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
    script: &'static Script,
    arguments: &[v8::Local<'s, v8::Value>],
) -> Result<v8::Local<'s, v8::Value>, RuntimeBroken> {
    v8::tc_scope!(let scope, scope);
    let value = evaluate(scope, script, arguments);
    value.ok_or_else(|| RuntimeBroken {
        script: script.name,
        message: match scope.exception() {
            Some(exception) => exception.to_rust_string_lossy(scope),
            None => "it is no function".to_owned(),
        },
    })
}

fn evaluate<'s>(
    scope: &v8::PinScope<'s, '_>,
    script: &'static Script,
    arguments: &[v8::Local<'s, v8::Value>],
) -> Option<v8::Local<'s, v8::Value>> {
    let name = v8_string(scope, &format!("penstock:runtime/{}.js", script.name))?;
    let origin = script_origin(scope, name, SourceForm::Script);
    let text = v8::String::new_from_onebyte_const(scope, &script.text)?;
    let function = v8::Script::compile(scope, text, Some(&origin))?.run(scope)?;
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
