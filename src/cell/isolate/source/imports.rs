//! What a module imports: Node's modules as far as functions have them, and libraries, each with what it exports.

#![allow(unsafe_code, reason = "V8 calls back as C does")]

use super::{FunctionSource, NotLoaded, located, report, syntax_error};
use crate::{
    cell::{
        isolate::{TryCatch, call_entry},
        runtime::Entry,
    },
    invocation::Place,
};

/// The modules that stand for what is imported, while V8 asks for them.
struct Imports(Vec<Import>);

struct Import {
    specifier: String,
    module: v8::Global<v8::Module>,
    /// Names and values in turn.
    exports: v8::Global<v8::Array>,
}

/// Links a module with what it imports.
///
/// # Errors
/// When something is not there, does not run, or lacks what is wanted of it, with the place of the import.
pub fn link<'s>(
    scope: &mut TryCatch<'_, '_, 's, '_>,
    entries: &[v8::Global<v8::Function>],
    source: &FunctionSource,
    module: v8::Local<'s, v8::Module>,
) -> Result<(), NotLoaded> {
    let imports = find(scope, entries, source, module)?;
    scope.set_slot(Imports(imports));
    let linked = module.instantiate_module(scope, resolve);
    let imports = scope.remove_slot::<Imports>();
    if linked.is_none() {
        return Err(syntax_error(scope, source));
    }
    for import in imports.map_or_else(Vec::new, |imports| imports.0) {
        import.fill(scope);
    }
    Ok(())
}

fn find<'s>(
    scope: &mut TryCatch<'_, '_, 's, '_>,
    entries: &[v8::Global<v8::Function>],
    source: &FunctionSource,
    module: v8::Local<'s, v8::Module>,
) -> Result<Vec<Import>, NotLoaded> {
    let requests = module.get_module_requests();
    let mut imports = Vec::with_capacity(requests.length());
    for index in 0..requests.length() {
        let request = requests.get(scope, index);
        let Some(Ok(request)) = request.map(v8::Local::<v8::ModuleRequest>::try_from) else {
            continue;
        };
        let specifier = request.get_specifier();
        let place = place_of(module, request);
        let found = call_entry(scope, entries, Entry::ImportModule, &[specifier.into()]);
        let Some(found) = found else {
            return Err(thrown(scope, entries, place));
        };
        match v8::Local::<v8::Array>::try_from(found) {
            Ok(exports) => imports.push(Import::new(scope, specifier, exports)),
            Err(_) => return Err(unknown(scope, source, specifier, place)),
        }
    }
    Ok(imports)
}

impl Import {
    fn new<'s>(
        scope: &v8::PinScope<'s, '_>,
        specifier: v8::Local<'s, v8::String>,
        exports: v8::Local<'s, v8::Array>,
    ) -> Self {
        let names = (0..exports.length()).step_by(2);
        let names = names.filter_map(|index| exports.get_index(scope, index));
        let names: Vec<_> = names
            .filter_map(|name| v8::Local::<v8::String>::try_from(name).ok())
            .collect();
        let module = v8::Module::create_synthetic_module(scope, specifier, &names, evaluate);
        Self {
            specifier: specifier.to_rust_string_lossy(scope),
            module: v8::Global::new(scope, module),
            exports: v8::Global::new(scope, exports),
        }
    }

    /// Gives the module its exports. To be called once it is linked.
    fn fill(&self, scope: &mut v8::PinScope<'_, '_>) {
        let module = v8::Local::new(scope, &self.module);
        let exports = v8::Local::new(scope, &self.exports);
        for index in (0..exports.length()).step_by(2) {
            let name = exports.get_index(scope, index);
            let name = name.map(v8::Local::<v8::String>::try_from);
            if let (Some(Ok(name)), Some(value)) = (name, exports.get_index(scope, index + 1)) {
                let _ = module.set_synthetic_module_export(scope, name, value);
            }
        }
    }
}

/// V8's question for what a module imports.
fn resolve<'s>(
    context: v8::Local<'s, v8::Context>,
    specifier: v8::Local<'s, v8::String>,
    _attributes: v8::Local<'s, v8::FixedArray>,
    _referrer: v8::Local<'s, v8::Module>,
) -> Option<v8::Local<'s, v8::Module>> {
    // SAFETY: V8 calls this with the isolate entered and a live context, which is what the scope needs.
    v8::callback_scope!(unsafe scope, context);
    let specifier = specifier.to_rust_string_lossy(scope);
    let imports = scope.get_slot::<Imports>()?;
    let import = imports
        .0
        .iter()
        .find(|import| import.specifier == specifier)?;
    let module = import.module.clone();
    Some(v8::Local::new(scope, module))
}

/// There is nothing left to run: the exports are there.
#[allow(clippy::unnecessary_wraps, reason = "V8's signature")]
fn evaluate<'s>(
    context: v8::Local<'s, v8::Context>,
    _module: v8::Local<'s, v8::Module>,
) -> Option<v8::Local<'s, v8::Value>> {
    // SAFETY: as in `resolve`.
    v8::callback_scope!(unsafe scope, context);
    Some(v8::undefined(scope).into())
}

fn place_of(
    module: v8::Local<'_, v8::Module>,
    request: v8::Local<'_, v8::ModuleRequest>,
) -> Option<Place> {
    let place = module.source_offset_to_location(request.get_source_offset());
    // V8 counts both from 0 here.
    let line = u32::try_from(place.get_line_number() + 1).ok()?;
    let column = u32::try_from(place.get_column_number() + 1).ok()?;
    Some(Place { line, column })
}

fn unknown<'s>(
    scope: &v8::PinScope<'s, '_>,
    source: &FunctionSource,
    specifier: v8::Local<'s, v8::String>,
    place: Option<Place>,
) -> NotLoaded {
    let specifier = specifier.to_rust_string_lossy(scope);
    let message = format!("import of \"{specifier}\" is not available: a function is one file");
    located(source, "", message, place)
}

/// What an import threw, told at its place: where it was thrown is none of the function's.
fn thrown(
    scope: &mut TryCatch<'_, '_, '_, '_>,
    entries: &[v8::Global<v8::Function>],
    place: Option<Place>,
) -> NotLoaded {
    match scope.exception() {
        Some(exception) if !scope.has_terminated() => {
            scope.reset();
            report(scope, entries, exception, place)
        }
        _ => NotLoaded::Reported(None),
    }
}
