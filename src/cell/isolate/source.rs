//! From a function's source to its handlers: compile as script or module, run the top level, look them up.

use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};

use bytes::Bytes;
use v8::{UniqueRef, script_compiler::CachedData};

use super::{TryCatch, call_entry, drain_microtasks, host_failure};
use crate::{
    cell::{
        record::Record,
        runtime::{Entry, SourceForm, script_origin},
    },
    invocation::{ErrorCode, FunctionError, Handler, Place, SourceKind, StackFrame},
};

mod imports;
pub mod misnamed;

use misnamed::{Misnamed, Suspect};

/// A version's source, kept by the cell while the front may name it.
#[derive(Debug)]
pub struct FunctionSource {
    /// Its name in stacks.
    file_name: String,
    /// UTF-8.
    text: Bytes,
    /// V8's compiled form, made by the second isolate that loads the source, so that further ones are spared
    /// the parsing. Not by the first: most versions have but one, and somebody waits for it.
    code_cache: OnceLock<Vec<u8>>,
    /// Isolates that have loaded it.
    loads: AtomicU32,
    /// Words that may be slips for handlers' names, looked for once.
    suspects: OnceLock<Vec<Suspect>>,
}

impl FunctionSource {
    pub fn new(file_name: String, text: Bytes) -> Self {
        Self {
            file_name,
            text,
            code_cache: OnceLock::new(),
            loads: AtomicU32::new(0),
            suspects: OnceLock::new(),
        }
    }

    /// An isolate has loaded the source, and can make a cache of it.
    fn was_loaded<'a>(&self, make_cache: impl FnOnce() -> Option<UniqueRef<CachedData<'a>>>) {
        if self.loads.fetch_add(1, Ordering::Relaxed) == 1 {
            self.code_cache
                .get_or_init(|| make_cache().map(|cache| cache.to_vec()).unwrap_or_default());
        }
    }

    /// The source, or nothing in the case, which the front rules out, that it is not UTF-8.
    fn text(&self) -> &str {
        std::str::from_utf8(&self.text).unwrap_or_default()
    }

    /// A frame at a place of the top level.
    fn frame(&self, place: Place) -> StackFrame {
        StackFrame {
            function: String::new(),
            file: self.file_name.clone(),
            line: place.line,
            column: place.column,
        }
    }

    /// The name with the place, if one is known, as stacks have it.
    fn at(&self, place: Option<Place>) -> String {
        let file = &self.file_name;
        match place {
            Some(Place { line, column }) => format!("{file}:{line}:{column}"),
            None => file.clone(),
        }
    }

    /// Puts the place into an error that has none.
    fn locate(&self, error: &mut FunctionError, place: Place) {
        if !error.frames.is_empty() {
            return;
        }
        error.frames.push(self.frame(place));
        let at = self.at(Some(place));
        if error.stack.is_empty() {
            error.stack = stack_at(&error.name, &error.message, &at);
        } else if !error.stack.contains(FRAME) {
            error.stack = format!("{}{FRAME}{at}", error.stack);
        }
    }
}

/// What came of loading a source.
#[derive(Debug)]
pub struct Loaded<'s> {
    pub kind: SourceKind,
    /// The module, if it is one and ran.
    pub module: Option<v8::Local<'s, v8::Module>>,
    /// Those it defines, in order, at least one.
    pub handlers: Result<Vec<Handler>, NotLoaded>,
}

/// Why a source has no handlers to call.
#[derive(Debug)]
pub enum NotLoaded {
    /// The runtime has settled the invocation with what was thrown, at this place if V8 knows one. Also what
    /// comes of a termination, which the caller sees for itself.
    Reported(Option<Place>),
    Because(Box<FunctionError>),
}

impl NotLoaded {
    /// Settles the invocation with it. What was thrown that is no `Error` has no stack, and is told where V8 says
    /// that it was.
    pub fn settle(self, source: &FunctionSource, record: &Record) {
        match self {
            Self::Because(error) => record.settle_rest(&error.into()),
            Self::Reported(place) => {
                if let Some(place) = place {
                    record.revise_error(|error| source.locate(error, place));
                }
                record.settle_rest(&host_failure());
            }
        }
    }
}

impl From<FunctionError> for NotLoaded {
    fn from(error: FunctionError) -> Self {
        Self::Because(Box::new(error))
    }
}

/// Finds every handler a script may have declared; `let` and `const` are seen here, though not as
/// properties of the global object. In the order of the runtime's handler names.
const COLLECT_HANDLERS: &str = "[\
    typeof onIdentify === 'function' ? onIdentify : undefined,\
    typeof onTrack === 'function' ? onTrack : undefined,\
    typeof onPage === 'function' ? onPage : undefined,\
    typeof onScreen === 'function' ? onScreen : undefined,\
    typeof onGroup === 'function' ? onGroup : undefined,\
    typeof onAlias === 'function' ? onAlias : undefined,\
    typeof onDelete === 'function' ? onDelete : undefined,\
    typeof onBatch === 'function' ? onBatch : undefined]";

/// What V8 says of a source that is a module and was read as a script.
const MODULE_SYNTAX: [&str; 4] = [
    "Unexpected token 'export'",
    "Cannot use import statement outside a module",
    "Cannot use 'import.meta' outside a module",
    "await is only valid in async functions and the top level bodies of modules",
];

/// Compiles and runs `source` in the scope's context and hands its handlers to the runtime. It has none when
/// it does not compile, throws, imports what is not there, or defines no handler.
pub fn load<'s>(
    scope: &mut TryCatch<'_, '_, 's, '_>,
    entries: &[v8::Global<v8::Function>],
    source: &FunctionSource,
) -> Loaded<'s> {
    let (kind, found) = match compile_script(scope, source) {
        Some(script) => (
            SourceKind::Script,
            run_script(scope, entries, source, script),
        ),
        None if reads_as_module(scope) => {
            scope.reset();
            (SourceKind::Module, run_module(scope, entries, source))
        }
        None => (SourceKind::Script, Err(syntax_error(scope, source))),
    };
    let module = found.as_ref().ok().and_then(|found| found.module);
    Loaded {
        kind,
        module,
        handlers: found.and_then(|found| hand_over(scope, entries, source, &found)),
    }
}

/// The handlers of a source as the runtime takes them: their receiver, then one value a name.
struct Found<'s> {
    module: Option<v8::Local<'s, v8::Module>>,
    arguments: Vec<v8::Local<'s, v8::Value>>,
}

/// Gives the runtime the handlers that were found.
fn hand_over<'s>(
    scope: &mut TryCatch<'_, '_, 's, '_>,
    entries: &[v8::Global<v8::Function>],
    source: &FunctionSource,
    found: &Found<'s>,
) -> Result<Vec<Handler>, NotLoaded> {
    let values = found.arguments.iter().skip(1);
    let defined = Handler::ALL.into_iter().zip(values);
    let defined = defined.filter_map(|(handler, value)| value.is_function().then_some(handler));
    let defined: Vec<_> = defined.collect();
    if scope.has_terminated() {
        return Err(NotLoaded::Reported(None));
    }
    if defined.is_empty() {
        let misnamed = misnamed::find(scope, source, found.module, &[]);
        return Err(no_handlers(
            source,
            found.module.is_some(),
            misnamed.first(),
        ));
    }
    let mut arguments = found.arguments.clone();
    arguments.extend(slips(scope, source, found.module, &defined));
    if scope.has_terminated() {
        return Err(NotLoaded::Reported(None));
    }
    match call_entry(scope, entries, Entry::SetHandlers, &arguments) {
        None => Err(NotLoaded::Reported(None)),
        Some(_) => Ok(defined),
    }
}

/// For each handler what is defined in its stead, in words; nothing for a source without slips.
fn slips<'s>(
    scope: &mut TryCatch<'_, '_, 's, '_>,
    source: &FunctionSource,
    module: Option<v8::Local<'s, v8::Module>>,
    defined: &[Handler],
) -> Vec<v8::Local<'s, v8::Value>> {
    let misnamed = misnamed::find(scope, source, module, defined);
    if misnamed.is_empty() {
        return Vec::new();
    }
    let told = Handler::ALL.map(|handler| {
        let slip = misnamed.iter().find(|slip| slip.handler == handler);
        let words = slip.and_then(|slip| v8::String::new(scope, &slip.guess()));
        words.map_or_else(|| v8::undefined(scope).into(), Into::into)
    });
    told.to_vec()
}

fn no_handlers(source: &FunctionSource, is_module: bool, misnamed: Option<&Misnamed>) -> NotLoaded {
    let names = Handler::ALL.map(Handler::name).join(", ");
    let mut message = match is_module {
        true => {
            format!("the module defines no handler: none of {names} is a function that it exports")
        }
        false => format!("the script defines no handler: none of {names} is a function in it"),
    };
    let Some(misnamed) = misnamed else {
        return FunctionError::new(ErrorCode::InvalidFunction, message).into();
    };
    message.push_str("; ");
    message.push_str(&misnamed.hint());
    located(source, "", message, misnamed.place)
}

fn compile_script<'s>(
    scope: &v8::PinScope<'s, '_>,
    source: &FunctionSource,
) -> Option<v8::Local<'s, v8::UnboundScript>> {
    let (mut compiled, options) = source_for(scope, source, SourceForm::Script)?;
    let reason = v8::script_compiler::NoCacheReason::NoReason;
    v8::script_compiler::compile_unbound_script(scope, &mut compiled, options, reason)
}

/// The source as V8's compiler takes it, with the code cache if there is one.
fn source_for(
    scope: &v8::PinScope<'_, '_>,
    source: &FunctionSource,
    form: SourceForm,
) -> Option<(
    v8::script_compiler::Source,
    v8::script_compiler::CompileOptions,
)> {
    use v8::script_compiler::{CachedData, CompileOptions, Source};
    let name = v8::String::new(scope, &source.file_name)?;
    let origin = script_origin(scope, name, form);
    let text = super::json_string(scope, &source.text)?;
    Some(match source.code_cache.get() {
        Some(cache) => {
            let cache = CachedData::new(cache);
            let compiled = Source::new_with_cached_data(text, Some(&origin), cache);
            (compiled, CompileOptions::ConsumeCodeCache)
        }
        None => (
            Source::new(text, Some(&origin)),
            CompileOptions::NoCompileOptions,
        ),
    })
}

fn run_script<'s>(
    scope: &mut TryCatch<'_, '_, 's, '_>,
    entries: &[v8::Global<v8::Function>],
    source: &FunctionSource,
    script: v8::Local<'s, v8::UnboundScript>,
) -> Result<Found<'s>, NotLoaded> {
    if script.bind_to_current_context(scope).run(scope).is_none() {
        return Err(report_thrown(scope, entries));
    }
    drain_microtasks(scope);
    if scope.has_terminated() {
        return Err(NotLoaded::Reported(None));
    }
    let handlers = v8::String::new(scope, COLLECT_HANDLERS)
        .and_then(|collect| v8::Script::compile(scope, collect, None))
        .and_then(|collect| collect.run(scope))
        .and_then(|handlers| v8::Local::<v8::Array>::try_from(handlers).ok());
    let Some(handlers) = handlers else {
        return Err(report_thrown(scope, entries));
    };
    source.was_loaded(|| script.create_code_cache());
    let undefined = v8::undefined(scope).into();
    let mut arguments = vec![undefined];
    for index in 0..handlers.length() {
        arguments.push(handlers.get_index(scope, index).unwrap_or(undefined));
    }
    Ok(Found {
        module: None,
        arguments,
    })
}

fn run_module<'s>(
    scope: &mut TryCatch<'_, '_, 's, '_>,
    entries: &[v8::Global<v8::Function>],
    source: &FunctionSource,
) -> Result<Found<'s>, NotLoaded> {
    let module =
        source_for(scope, source, SourceForm::Module).and_then(|(mut compiled, options)| {
            let reason = v8::script_compiler::NoCacheReason::NoReason;
            v8::script_compiler::compile_module2(scope, &mut compiled, options, reason)
        });
    let Some(module) = module else {
        return Err(syntax_error(scope, source));
    };
    imports::link(scope, entries, source, module)?;
    let evaluated = module.evaluate(scope);
    let Some(Ok(promise)) = evaluated.map(v8::Local::<v8::Promise>::try_from) else {
        return Err(report_thrown(scope, entries));
    };
    promise.mark_as_handled();
    drain_microtasks(scope);
    if scope.has_terminated() {
        return Err(NotLoaded::Reported(None));
    }
    match promise.state() {
        v8::PromiseState::Fulfilled => {}
        v8::PromiseState::Rejected => {
            // Of what a module throws, V8 keeps no place besides an Error's stack.
            return Err(report(scope, entries, promise.result(scope), None));
        }
        v8::PromiseState::Pending => return Err(still_awaiting()),
    }
    let script = module.get_unbound_module_script(scope);
    source.was_loaded(|| script.create_code_cache());
    Ok(Found {
        module: Some(module),
        arguments: exported_handlers(scope, module),
    })
}

/// Named exports first; what is missing comes from the default export, if that is an object.
fn exported_handlers<'s>(
    scope: &TryCatch<'_, '_, 's, '_>,
    module: v8::Local<'s, v8::Module>,
) -> Vec<v8::Local<'s, v8::Value>> {
    let undefined: v8::Local<'_, v8::Value> = v8::undefined(scope).into();
    let namespace = module.get_module_namespace();
    let get = |from: v8::Local<'s, v8::Value>, name: &str| -> v8::Local<'s, v8::Value> {
        if scope.has_terminated() {
            return undefined;
        }
        let name = v8::String::new(scope, name);
        let object = v8::Local::<v8::Object>::try_from(from).ok();
        object
            .zip(name)
            .and_then(|(object, name)| object.get(scope, name.into()))
            .unwrap_or(undefined)
    };
    let default = get(namespace, "default");
    let mut arguments = vec![default];
    arguments.extend(Handler::ALL.map(Handler::name).map(|name| {
        let named = get(namespace, name);
        if named.is_function() {
            named
        } else {
            get(default, name)
        }
    }));
    arguments
}

fn still_awaiting() -> NotLoaded {
    let message = "the module's top level awaits what does not come by itself; \
                   await timers and requests in a handler";
    FunctionError::new(ErrorCode::InvalidFunction, message).into()
}

fn reads_as_module(scope: &TryCatch<'_, '_, '_, '_>) -> bool {
    let Some(message) = scope.message() else {
        return false;
    };
    let message = message.get(scope).to_rust_string_lossy(scope);
    MODULE_SYNTAX.iter().any(|known| message.contains(known))
}

/// Has the runtime describe what the top level threw.
fn report_thrown(
    scope: &mut TryCatch<'_, '_, '_, '_>,
    entries: &[v8::Global<v8::Function>],
) -> NotLoaded {
    match scope.exception() {
        Some(exception) if !scope.has_terminated() => {
            let place = scope.message().and_then(|message| place_of(scope, message));
            scope.reset();
            report(scope, entries, exception, place)
        }
        _ => NotLoaded::Reported(None),
    }
}

fn report<'s>(
    scope: &v8::PinScope<'s, '_>,
    entries: &[v8::Global<v8::Function>],
    exception: v8::Local<'s, v8::Value>,
    place: Option<Place>,
) -> NotLoaded {
    let _ = call_entry(scope, entries, Entry::FailLoad, &[exception]);
    NotLoaded::Reported(place)
}

/// Where V8 says that something happened. Where a source is nested too deep for the compiler's stack, it knows
/// no place.
fn place_of(scope: &v8::PinScope<'_, '_>, message: v8::Local<'_, v8::Message>) -> Option<Place> {
    let line = u32::try_from(message.get_line_number(scope)?).ok()?;
    let column = u32::try_from(message.get_start_column()).ok()?;
    Some(Place {
        line,
        column: column.saturating_add(1),
    })
}

/// What the compiler says, with its place; a `SyntaxError` has no frame of its own.
fn syntax_error(scope: &mut TryCatch<'_, '_, '_, '_>, source: &FunctionSource) -> NotLoaded {
    let Some(message) = scope.message() else {
        return NotLoaded::Reported(None);
    };
    let place = place_of(scope, message);
    let text = message.get(scope).to_rust_string_lossy(scope);
    let text = text.strip_prefix("Uncaught ").unwrap_or(&text);
    let (name, text) = text.split_once(": ").unwrap_or(("SyntaxError", text));
    scope.reset();
    located(source, name, text.to_owned(), place)
}

/// An error of the source at a place in it, if one is known; both count from 1.
fn located(
    source: &FunctionSource,
    name: &str,
    message: String,
    place: Option<Place>,
) -> NotLoaded {
    let at = source.at(place);
    let frames = place.map(|place| source.frame(place));
    FunctionError {
        name: name.to_owned(),
        stack: stack_at(name, &message, &at),
        frames: frames.into_iter().collect(),
        ..FunctionError::new(ErrorCode::InvalidFunction, format!("{message} ({at})"))
    }
    .into()
}

/// What a frame of a stack begins with.
const FRAME: &str = "\n    at ";

fn stack_at(name: &str, message: &str, at: &str) -> String {
    match name.is_empty() {
        true => format!("{message}{FRAME}{at}"),
        false => format!("{name}: {message}{FRAME}{at}"),
    }
}
