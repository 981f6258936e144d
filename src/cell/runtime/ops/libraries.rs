//! The ops of libraries: their code and the texts that they read.

use super::{Arguments, Return, text};
use crate::cell::runtime::libraries;

/// `libraryList()`: which libraries there are, as JSON.
pub fn list(scope: &mut v8::PinScope<'_, '_>, _: Arguments<'_>, mut value: Return<'_>) {
    let list = libraries::list(scope).unwrap_or_default();
    if let Some(list) = v8::String::new(scope, &list) {
        value.set(list.into());
    }
}

/// `libraryRun(name, exports, require, module)`: runs a library's code; throws what it throws.
pub fn run<'s>(scope: &mut v8::PinScope<'s, '_>, arguments: Arguments<'s>, _: Return<'_>) {
    let name = text(scope, arguments.get(0));
    let exports = arguments.get(1);
    let passed = [exports, arguments.get(2), arguments.get(3)];
    let _ = libraries::run(scope, &name, exports, passed);
}

/// `libraryPart(name, part)`: a text that the library reads only when it needs it; undefined if it has no such.
pub fn part<'s>(scope: &mut v8::PinScope<'s, '_>, arguments: Arguments<'s>, mut value: Return<'_>) {
    let name = text(scope, arguments.get(0));
    let part = text(scope, arguments.get(1));
    if let Some(text) = libraries::part(scope, &name, &part) {
        value.set(text.into());
    }
}
