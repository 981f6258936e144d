//! Writes into a case's file and leaves the rest of it as its author has it.

use jsonc_parser::{
    CollectOptions, ParseOptions,
    ast::{Object, ObjectProp, Value},
    common::Ranged,
    parse_to_ast,
};
use serde_json::Value as Json;

/// What a line is indented by in a file that does not show.
const INDENT: usize = 2;

/// The key that comes last.
const LAST: &str = "expect";

/// The same text with another value of a key of its object. `None` for a text that is no JSON object.
pub fn with_value(text: &str, key: &str, value: &Json) -> Option<String> {
    let parsed = parse(text)?;
    let object = parsed.as_object()?;
    let indent = indent(text, object);
    let printed = indented(value, indent);
    if let Some(field) = object.get(key) {
        let value = &field.value;
        return Some(replaced(text, value.start(), value.end(), &printed));
    }
    let mut others = object.properties.iter();
    let before: &ObjectProp<'_> = others.rfind(|field| field.name.as_str() != LAST)?;
    let added = format!(",\n{:indent$}\"{key}\": {printed}", "");
    Some(replaced(text, before.end(), before.end(), &added))
}

/// The same text with more elements in the list of a key, which there need not be.
pub fn with_elements(text: &str, key: &str, elements: &[Json]) -> Option<String> {
    let parsed = parse(text)?;
    let object = parsed.as_object()?;
    let list = object.get(key).and_then(|field| field.value.as_array());
    let Some(last) = list.and_then(|list| list.elements.last()) else {
        return with_value(text, key, &elements.to_vec().into());
    };
    let indent = 2 * indent(text, object);
    let added = elements.iter().map(|element| {
        let printed = indented(element, indent);
        format!(",\n{:indent$}{printed}", "")
    });
    let added: String = added.collect();
    Some(replaced(text, last.end(), last.end(), &added))
}

fn parse(text: &str) -> Option<Value<'_>> {
    let parsed = parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default());
    parsed.ok()?.value
}

/// By how much the keys of the file's object are indented.
fn indent(text: &str, object: &Object<'_>) -> usize {
    let first = object.properties.first().map_or(0, Ranged::start);
    let before = text.get(..first).unwrap_or_default();
    match before.rsplit_once('\n') {
        Some((_, indent)) if indent.chars().all(|letter| letter == ' ') => indent.len(),
        _ => INDENT,
    }
}

/// A value over several lines, the first of which has its indent already.
fn indented(value: &Json, indent: usize) -> String {
    let printed = format!("{value:#}");
    printed.replace('\n', &format!("\n{:indent$}", ""))
}

fn replaced(text: &str, start: usize, end: usize, by: &str) -> String {
    let before = text.get(..start).unwrap_or_default();
    let after = text.get(end..).unwrap_or_default();
    format!("{before}{by}{after}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_rest_of_a_file_stays_as_it_is() {
        #[track_caller]
        fn check(text: &str, expect: &str) {
            let value = json!({"event": {"a": [1]}});
            assert_eq!(with_value(text, "expect", &value).as_deref(), Some(expect));
        }
        let printed = "{\n    \"event\": {\n      \"a\": [\n        1\n      ]\n    }\n  }";
        check(
            "{\n  \"event\": {\"type\":  \"a\"}\n}\n",
            &format!("{{\n  \"event\": {{\"type\":  \"a\"}},\n  \"expect\": {printed}\n}}\n"),
        );
        check(
            "{\n  \"expect\": {\"filtered\": {}},\n  \"event\": {\"type\":  \"a\"}\n}",
            &format!("{{\n  \"expect\": {printed},\n  \"event\": {{\"type\":  \"a\"}}\n}}"),
        );
    }

    #[test]
    fn elements_come_after_those_there_are_and_before_what_is_expected() {
        #[track_caller]
        fn check(text: &str, expect: &str) {
            let added = with_elements(text, "responses", &[json!(1), json!([])]);
            assert_eq!(added.as_deref(), Some(expect));
        }
        check(
            "{\n  \"event\": {},\n  \"expect\": {}\n}",
            "{\n  \"event\": {},\n  \"responses\": [\n    1,\n    []\n  ],\n  \"expect\": {}\n}",
        );
        check(
            "{\n  \"event\": {},\n  \"responses\": [ 0 ]\n}",
            "{\n  \"event\": {},\n  \"responses\": [ 0,\n    1,\n    [] ]\n}",
        );
        check(
            "{\n  \"event\": {},\n  \"responses\": []\n}",
            "{\n  \"event\": {},\n  \"responses\": [\n    1,\n    []\n  ]\n}",
        );
    }
}
