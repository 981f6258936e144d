//! What a source defines at top level under a name that is all but a handler's.

use std::{collections::HashSet, fmt::Write};

use super::{FunctionSource, TryCatch};
use crate::{
    invocation::{Handler, Place},
    source_text,
};

/// Names that are looked at; a source that defines more of the kind is not in error by a slip.
const MAX_SUSPECTS: usize = 64;

/// A handler that is missing, and what stands in its stead.
#[derive(Debug)]
pub struct Misnamed {
    pub handler: Handler,
    name: String,
    what: What,
    /// Where its name stands, for a function.
    pub place: Option<Place>,
}

#[derive(Debug)]
enum What {
    Function,
    /// Something else, by its `typeof`.
    NoFunction(String),
}

impl Misnamed {
    /// For who knows that the handler is missing.
    pub fn hint(&self) -> String {
        let (name, handler) = (&self.name, self.handler.name());
        match &self.what {
            What::NoFunction(kind) if *name == handler => {
                format!("{name} is of type {kind}, not a function")
            }
            _ => format!("this function defines {}", self.guess()),
        }
    }

    /// What is defined, to go on with after the names of the handlers that are.
    pub fn guess(&self) -> String {
        let (name, handler) = (&self.name, self.handler.name());
        match &self.what {
            What::Function => format!("{name}: did you mean {handler}?"),
            What::NoFunction(kind) if *name == handler => {
                format!("{name}, which is of type {kind}, not a function")
            }
            What::NoFunction(kind) => format!("{name}, of type {kind}: did you mean {handler}?"),
        }
    }

    /// For who does not.
    pub fn warning(&self) -> String {
        format!("no {}; {}", self.handler.name(), self.hint())
    }
}

/// A name that may be a slip for a handler's.
#[derive(Clone, Debug)]
pub struct Suspect {
    handler: Handler,
    name: String,
}

/// What is named like a handler that is not among those `defined`, at most one for each. To be called after the
/// top level has run. Getters and proxies of the function run here.
pub fn find<'s>(
    scope: &mut TryCatch<'_, '_, 's, '_>,
    source: &FunctionSource,
    module: Option<v8::Local<'s, v8::Module>>,
    defined: &[Handler],
) -> Vec<Misnamed> {
    let found = match module {
        None => in_script(scope, source, defined),
        Some(module) => in_module(scope, module, defined),
    };
    if scope.has_terminated() {
        return Vec::new();
    }
    scope.reset();
    let mut told = HashSet::new();
    let found = found.unwrap_or_default().into_iter();
    let misnamed = found.filter_map(|(suspect, value)| judge(scope, source, suspect, value));
    misnamed
        .filter(|misnamed| told.insert(misnamed.handler.name()))
        .collect()
}

fn judge<'s>(
    scope: &v8::PinScope<'s, '_>,
    source: &FunctionSource,
    suspect: Suspect,
    value: v8::Local<'s, v8::Value>,
) -> Option<Misnamed> {
    let Suspect { handler, name } = suspect;
    if value.is_undefined() {
        return None;
    }
    let function = v8::Local::<v8::Function>::try_from(value).ok();
    let place = function.and_then(|function| place_of(scope, source, function, &name));
    let what = match function {
        Some(_) => What::Function,
        None => What::NoFunction(value.type_of(scope).to_rust_string_lossy(scope)),
    };
    Some(Misnamed {
        handler,
        name,
        what,
        place,
    })
}

type Values<'s> = Vec<(Suspect, v8::Local<'s, v8::Value>)>;

/// `let` and `const` are no properties of the global object, so every word of the source that looks like a
/// handler's name is asked for as a variable.
fn in_script<'s>(
    scope: &TryCatch<'_, '_, 's, '_>,
    source: &FunctionSource,
    defined: &[Handler],
) -> Option<Values<'s>> {
    let known = source
        .suspects
        .get_or_init(|| suspects(words(source.text()), &[]));
    let is_missing = |suspect: &&Suspect| !defined.contains(&suspect.handler);
    let suspects: Vec<_> = known.iter().filter(is_missing).cloned().collect();
    if suspects.is_empty() {
        return None;
    }
    let mut list = String::from("[");
    for Suspect { name, .. } in &suspects {
        let _ = write!(list, "typeof {name}=='undefined'?undefined:{name},");
    }
    list.push(']');
    let list = v8::String::new(scope, &list)?;
    let values = v8::Script::compile(scope, list, None)?.run(scope)?;
    let values = v8::Local::<v8::Array>::try_from(values).ok()?;
    let with_value = |(index, suspect)| Some((suspect, values.get_index(scope, index)?));
    (0..).zip(suspects).map(with_value).collect()
}

/// Among what a module exports, and what its default export has.
fn in_module<'s>(
    scope: &TryCatch<'_, '_, 's, '_>,
    module: v8::Local<'s, v8::Module>,
    defined: &[Handler],
) -> Option<Values<'s>> {
    let namespace = v8::Local::<v8::Object>::try_from(module.get_module_namespace()).ok()?;
    let mut found = of_object(scope, namespace, defined)?;
    let name = v8::String::new(scope, "default")?;
    let default = namespace.get(scope, name.into())?;
    if let Ok(default) = v8::Local::<v8::Object>::try_from(default) {
        found.extend(of_object(scope, default, defined)?);
    }
    Some(found)
}

fn of_object<'s>(
    scope: &TryCatch<'_, '_, 's, '_>,
    object: v8::Local<'s, v8::Object>,
    defined: &[Handler],
) -> Option<Values<'s>> {
    let keys = object.get_own_property_names(scope, v8::GetPropertyNamesArgs::default())?;
    let keys = (0..keys.length()).filter_map(|index| keys.get_index(scope, index));
    let names = keys.filter(|key| key.is_string());
    let names: Vec<_> = names.map(|name| name.to_rust_string_lossy(scope)).collect();
    let suspects = suspects(names.iter().map(String::as_str), defined);
    let with_value = |suspect: Suspect| {
        let name = v8::String::new(scope, &suspect.name)?;
        Some((suspect, object.get(scope, name.into())?))
    };
    suspects.into_iter().map(with_value).collect()
}

/// The names among these that look like handlers' that are missing, each once.
fn suspects<'t>(names: impl Iterator<Item = &'t str>, defined: &[Handler]) -> Vec<Suspect> {
    let mut seen = HashSet::new();
    let suspect = |name: &'t str| {
        let like = |handler: &Handler| looks_like(name.as_bytes(), handler.name().as_bytes());
        let handler = Handler::ALL.into_iter().find(like)?;
        let is_news = !defined.contains(&handler) && seen.insert(name);
        is_news.then(|| Suspect {
            handler,
            name: name.to_owned(),
        })
    };
    names.filter_map(suspect).take(MAX_SUSPECTS).collect()
}

/// What may be a variable's name, be it in a comment or a text; words with other letters than ASCII's as one.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_name = |word: &&str| {
        let first = word.bytes().next();
        first.is_some_and(|first| !first.is_ascii_digit()) && word.is_ascii()
    };
    text.split(|letter: char| !is_part_of_a_word(letter))
        .filter(is_name)
}

fn is_part_of_a_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '$') || !letter.is_ascii()
}

/// Whether the two are the same but for case and one letter too few, too many, other, or in its neighbour's
/// place. Another first letter after `on` makes another word: `onMatch` is not meant to be `onBatch`.
fn looks_like(word: &[u8], handler: &[u8]) -> bool {
    if word.len().abs_diff(handler.len()) > 1 {
        return false;
    }
    let alike = |(one, other): &(&u8, &u8)| one.eq_ignore_ascii_case(other);
    let start = word.iter().zip(handler).take_while(alike).count();
    let (word, handler) = (&word[start..], &handler[start..]);
    let end = word.iter().rev().zip(handler.iter().rev());
    let end = end.take_while(alike).count();
    match (&word[..word.len() - end], &handler[..handler.len() - end]) {
        ([other], [_]) => start != "on".len() || !other.is_ascii_alphabetic(),
        ([] | [_], []) | ([], [_]) => true,
        ([one, two], [first, second]) => alike(&(one, second)) && alike(&(two, first)),
        _ => false,
    }
}

/// Where the function's name stands in its definition. V8 knows the place of its parameters.
fn place_of<'s>(
    scope: &v8::PinScope<'s, '_>,
    source: &FunctionSource,
    function: v8::Local<'s, v8::Function>,
    name: &str,
) -> Option<Place> {
    let file = function.get_script_origin(scope).resource_name()?;
    if file.to_rust_string_lossy(scope) != source.file_name {
        return None;
    }
    let line = function.get_script_line_number()?.checked_add(1)?;
    let text = source_text::line(source.text(), line)?;
    let mut at = text.match_indices(name).map(|(at, _)| at);
    let at = at.find(|&at| stands_alone(text, at, name.len()));
    let column = match at {
        Some(at) => u32::try_from(text.get(..at)?.encode_utf16().count()).ok()?,
        None => function.get_script_column_number()?,
    };
    Some(Place {
        line,
        column: column.checked_add(1)?,
    })
}

fn stands_alone(text: &str, at: usize, length: usize) -> bool {
    let before = text.get(..at).and_then(|text| text.chars().next_back());
    let after = text.get(at + length..).and_then(|text| text.chars().next());
    ![before, after].into_iter().flatten().any(is_part_of_a_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_look_like_a_handler_and_other_words_do_not() {
        #[track_caller]
        fn check(words: &[&str], expect: Option<Handler>) {
            for word in words {
                let found = suspects([*word].into_iter(), &[]);
                let found = found.first().map(|suspect| suspect.handler);
                assert_eq!(found, expect, "{word}");
            }
        }
        let slips = [
            "onTrack", "ontrack", "OnTrack", "ONTRACK", "onTrak", "onTracks", "onTarck",
            "on_track", "nTrack", "noTrack", "onTrac", "onTrick", "onnTrack", "ontrak", "_onTrack",
            "on1rack",
        ];
        check(&slips, Some(Handler::Track));
        check(
            &["onIdentity", "onidentify", "onIdentfiy"],
            Some(Handler::Identify),
        );
        check(&["onBatches"], None);
        check(
            &["onMatch", "onCatch", "onPatch", "onRage", "onCrack"],
            None,
        );
        check(
            &[
                "",
                "on",
                "track",
                "onTr",
                "onTrackAll",
                "onTaker",
                "onPagination",
            ],
            None,
        );
    }

    #[test]
    fn only_handlers_that_are_missing_have_slips() {
        let text = "function onTrack() {} const onTracks = 1, onPages = onPages, öonPage = 2";
        let found = suspects(words(text), &[Handler::Track]);
        let found: Vec<_> = found.iter().map(|suspect| &*suspect.name).collect();
        assert_eq!(found, ["onPages"]);
        let many: Vec<_> = (0..1000).map(|number| format!("onTrac{number}")).collect();
        let few = suspects(many.iter().map(String::as_str), &[]);
        assert_eq!(few.len(), 10, "only those of one digit look like it");
    }

    #[test]
    fn a_name_is_found_where_it_stands_alone() {
        assert!(stands_alone("function onTrak() {}", 9, 6));
        assert!(!stands_alone("onTraks", 0, 6));
        assert!(!stands_alone("$onTrak", 1, 6));
        assert!(stands_alone("onTrak", 0, 6));
    }
}
