//! Types out of a source, by the parser that Node uses for it: what is of a type becomes blanks, so that every
//! line and column stays.

use std::sync::{Arc, Mutex, PoisonError};

use swc_common::{
    BytePos, GLOBALS, Globals, SourceMap,
    errors::{DiagnosticBuilder, Emitter, Handler},
    sync::Lrc,
};
use swc_ts_fast_strip::{Options, TsError, operate};

use crate::{
    source_text::shortened,
    wire::{Construct, StripFault, StripFaults, StripOutcome},
};

/// Faults told of one source.
const MAX_FAULTS: usize = 20;

/// Bytes of a fault's message.
const MESSAGE_BYTES: usize = 300;

/// What is said of a place, in bytes from 0.
struct Told {
    offset: Option<usize>,
    message: String,
}

/// Gathers what the parser says.
struct Gather {
    told: Arc<Mutex<Vec<Told>>>,
    sources: Lrc<SourceMap>,
}

impl Emitter for Gather {
    fn emit(&mut self, diagnostic: &mut DiagnosticBuilder<'_>) {
        let span = diagnostic.span.primary_span();
        let offset = span.map(|span| self.sources.lookup_byte_offset(span.lo).pos);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < MAX_FAULTS {
            told.push(Told {
                offset: offset.map(|BytePos(offset)| offset as usize),
                message: diagnostic.message(),
            });
        }
    }
}

/// The source without its types, or what is wrong with it.
pub fn strip(source: String) -> StripOutcome {
    let sources: Lrc<SourceMap> = Lrc::default();
    let told = Arc::default();
    let gather = Gather {
        told: Arc::clone(&told),
        sources: sources.clone(),
    };
    let handler = Handler::with_emitter(false, false, Box::new(gather));
    let text = source.clone();
    let stripped = GLOBALS.set(&Globals::default(), || {
        operate(&sources, &handler, text, Options::default())
    });
    match stripped {
        Ok(output) => StripOutcome::JavaScript(output.code.into()),
        Err(error) => {
            let told = std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
            StripOutcome::Faults(faults(&source, told, &error))
        }
    }
}

fn faults(source: &str, told: Vec<Told>, error: &TsError) -> StripFaults {
    let mut faults: Vec<_> = told
        .into_iter()
        .map(|told| fault(source, told.offset.unwrap_or(0), &told.message))
        .collect();
    faults.sort_by_key(|fault| (fault.line, fault.column));
    if faults.is_empty() {
        faults.push(fault(source, 0, &error.message));
    }
    StripFaults { faults }
}

fn fault(source: &str, offset: usize, message: &str) -> StripFault {
    let (before, rest) = source.split_at(source.floor_char_boundary(offset));
    let mut lines = before.rsplit('\n');
    let column = lines.next().map_or(0, |line| line.encode_utf16().count());
    let line = lines.count() + 1;
    let construct = construct(message, rest);
    StripFault {
        construct: construct.into(),
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: u32::try_from(column + 1).unwrap_or(u32::MAX),
        message: shortened(message, MESSAGE_BYTES),
    }
}

/// What the parser means; it tells so in words only. Decorators are no syntax to it here: they would stay,
/// and V8 does not know them.
fn construct(message: &str, at: &str) -> Construct {
    const BY_WORDS: [(&str, Construct); 6] = [
        ("TypeScript enum", Construct::Enum),
        ("TypeScript namespace", Construct::Namespace),
        ("TypeScript import equals", Construct::ImportEquals),
        ("TypeScript export assignment", Construct::ExportAssignment),
        (
            "TypeScript parameter property",
            Construct::ParameterProperty,
        ),
        ("The angle-bracket syntax", Construct::AngleBracketAssertion),
    ];
    let known = BY_WORDS
        .iter()
        .find(|(words, _)| message.starts_with(words));
    match known {
        Some((_, construct)) => *construct,
        None if message.contains("strip-only mode") => Construct::Other,
        None if at.starts_with('@') => Construct::Decorator,
        None => Construct::Syntax,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expect: &str) {
        match strip(source.to_owned()) {
            StripOutcome::JavaScript(code) => {
                let code = String::from_utf8_lossy(&code);
                assert_eq!(code, expect, "{source}");
                let columns = |text: &str| -> Vec<_> {
                    let lines = text.lines();
                    lines.map(|line| line.encode_utf16().count()).collect()
                };
                assert_eq!(columns(&code), columns(source), "{source}");
            }
            other => panic!("{other:?} of {source}"),
        }
    }

    #[track_caller]
    fn refused(source: &str, expect: &[(Construct, u32, u32)]) {
        let StripOutcome::Faults(faults) = strip(source.to_owned()) else {
            panic!("{source} passed");
        };
        let found = faults.faults.iter();
        let found: Vec<_> = found
            .map(|fault| (fault.construct(), fault.line, fault.column))
            .collect();
        assert_eq!(found, expect, "{faults:?} of {source}");
    }

    #[test]
    fn every_place_stays() {
        check("let a: string = 'é' as any;", "let a         = 'é'       ;");
        check("f<T>(x!)", "f   (x )");
        check("const f = <T,>(x: T) => x", "const f =     (x   ) => x");
        check(
            "type A = {\n  b: 'ü𝒳'\n}\nf()",
            ";         \n          \n \nf()",
        );
        check(
            "import type { A } from 'a'\nf()",
            ";                         \nf()",
        );
        check("a satisfies B", "a            ");
        check("", "");
    }

    #[test]
    fn what_is_more_than_types_is_named_with_its_place() {
        refused("enum A {}", &[(Construct::Enum, 1, 1)]);
        refused("'é𝒳'; enum A {}", &[(Construct::Enum, 1, 8)]);
        refused(
            "\n\n  namespace A { export const b = 1 }",
            &[(Construct::Namespace, 3, 3)],
        );
        refused(
            "import a = require('a')",
            &[(Construct::ImportEquals, 1, 1)],
        );
        refused("export = 1", &[(Construct::ExportAssignment, 1, 1)]);
        refused(
            "class A { constructor(private b: C) {} }",
            &[(Construct::ParameterProperty, 1, 31)],
        );
        refused("let a = <B>c", &[(Construct::AngleBracketAssertion, 1, 9)]);
        refused("@a class B {}", &[(Construct::Decorator, 1, 1)]);
        refused("class B { @a b() {} }", &[(Construct::Decorator, 1, 11)]);
        refused(
            "enum A {}\nenum B {}",
            &[(Construct::Enum, 1, 1), (Construct::Enum, 2, 1)],
        );
    }

    #[test]
    fn wrong_syntax_is_told_with_its_place() {
        refused("function f( {\n let x: = 5", &[(Construct::Syntax, 2, 6)]);
        refused("let a: string = 'b", &[(Construct::Syntax, 1, 17)]);
    }
}
