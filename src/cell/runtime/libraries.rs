//! Libraries in an isolate: what its runtime is told of them, and their code run at the first touch.

use std::{collections::BTreeSet, sync::Arc};

use super::{SourceForm, lazy::with_cache, script_origin, v8_string};
use crate::cell::libraries::{Libraries, Library};

/// What a library's code is a function of, as in `CommonJS`.
const PARAMETERS: [&str; 5] = ["exports", "require", "module", "__filename", "__dirname"];

/// The globals that functions count on, installed or not.
const EXPECTED: [&str; 20] = [
    "AWS",
    "OAuth",
    "_",
    "fetchretrylib",
    "google",
    "hubspotlib",
    "jsforce",
    "jsonwebtoken",
    "libphonenumberjslib",
    "mailchimplib",
    "moment",
    "nodemailjet",
    "sendgrid",
    "skyflowlib",
    "stripe",
    "twilio",
    "uuidv5",
    "winstonlib",
    "xml",
    "xml2js",
];

/// How a library is called in stacks.
fn script_name(library: &Library) -> String {
    format!("library:{}", library.name)
}

/// The globals that libraries are found as, or would be.
pub fn globals<'s>(
    scope: &v8::PinScope<'s, '_>,
    libraries: &Libraries,
) -> v8::Local<'s, v8::Array> {
    let installed = libraries.all().iter();
    let installed = installed.map(|library| library.global.as_str());
    let names: BTreeSet<_> = EXPECTED.into_iter().chain(installed).collect();
    let names: Vec<_> = names
        .into_iter()
        .filter_map(|name| v8_string(scope, name).map(Into::into))
        .collect();
    v8::Array::new_with_elements(scope, &names)
}

/// The libraries as the runtime's scripts take them: JSON, for each its name, its global, and the ways to packages.
pub fn list(scope: &mut v8::PinScope<'_, '_>) -> Option<String> {
    let libraries = scope.get_slot::<Arc<Libraries>>()?;
    let libraries = libraries.all().iter().map(|library| {
        let packages = library.packages.iter();
        let packages: Vec<_> = packages
            .map(|package| (&package.name, &package.path))
            .collect();
        (&library.name, &library.global, packages)
    });
    Some(serde_json::json!(libraries.collect::<Vec<_>>()).to_string())
}

/// Compiles the library of that name, if it is one, and runs it with `arguments` and its place in a file system that
/// it has not. `None` with an exception pending when it throws.
pub fn run<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    name: &str,
    receiver: v8::Local<'s, v8::Value>,
    arguments: [v8::Local<'s, v8::Value>; 3],
) -> Option<()> {
    let libraries = scope.get_slot::<Arc<Libraries>>()?.clone();
    let library = libraries.get(name)?;
    let function = compile(scope, library)?;
    let [exports, require, module] = arguments;
    let file = v8_string(scope, &script_name(library))?.into();
    let directory = v8_string(scope, "/")?.into();
    let arguments = [exports, require, module, file, directory];
    function.call(scope, receiver, &arguments)?;
    // Only now, so that what the library's own run compiled is in it.
    library.code_cache.get_or_init(|| {
        let cache = function.create_code_cache();
        cache.map(|cache| cache.to_vec()).unwrap_or_default()
    });
    Some(())
}

/// A text that a library reads only when it needs it.
pub fn part<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    library: &str,
    name: &str,
) -> Option<v8::Local<'s, v8::String>> {
    let libraries = scope.get_slot::<Arc<Libraries>>()?.clone();
    let text = libraries.get(library)?.part(name)?;
    v8::String::new_external_onebyte_static(scope, text)
}

fn compile<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    library: &Library,
) -> Option<v8::Local<'s, v8::Function>> {
    let name = v8_string(scope, &script_name(library))?;
    let origin = script_origin(scope, name, SourceForm::Script);
    let text = v8::String::new_external_onebyte_static(scope, library.source)?;
    let mut parameters = Vec::with_capacity(PARAMETERS.len());
    for parameter in PARAMETERS {
        parameters.push(v8_string(scope, parameter)?);
    }
    let (mut source, options) = with_cache(text, &origin, &library.code_cache);
    let reason = v8::script_compiler::NoCacheReason::NoReason;
    v8::script_compiler::compile_function(scope, &mut source, &parameters, &[], options, reason)
}
