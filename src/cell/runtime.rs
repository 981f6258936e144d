//! What a function finds in its global scope: JavaScript of ours over a few native ops.
//!
//! The scripts run once, into the snapshot, before any function does. They capture the intrinsics they
//! need then, so that a prototype a function has changed cannot touch the host's way in or out. Every function in
//! the snapshot costs each isolate time and memory: what an ordinary event does without is in the lazy scripts.

use std::{borrow::Cow, collections::HashSet};

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
/// primordials that are named in one of these or of the lazy ones.
static SCRIPTS: [Script; 16] = scripts![
    "primordials",
    "globals",
    "basics",
    "lazy",
    "modules",
    "libraries",
    "continuation",
    "words",
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
    scope.set_slot(Words::of_all_scripts());
    let is_named = v8::Function::new(scope, is_named).map(Into::into);
    let primordials = run(scope, first, is_named.as_slice())?;
    scope.remove_slot::<Words>();
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

/// The words in the runtime's scripts, of which some name primordials. Kept only while those are made.
struct Words(HashSet<&'static str>);

impl Words {
    fn of_all_scripts() -> Self {
        let texts = SCRIPTS.iter().map(|script| script.text.as_str());
        let words = texts.chain(lazy::sources()).flat_map(|text| {
            text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        });
        Self(words.collect())
    }
}

/// `isNamed(word)`: whether any of the runtime's scripts has that word. It is gone before the snapshot is made.
fn is_named(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: v8::FunctionCallbackArguments<'_>,
    mut value: v8::ReturnValue<'_>,
) {
    let word = arguments.get(0).to_rust_string_lossy(scope);
    let words = scope.get_slot::<Words>();
    value.set_bool(words.is_some_and(|Words(words)| words.contains(word.as_str())));
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
