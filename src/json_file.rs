//! JSON files that people write: read with everything that is wrong in them, each fault with its line and field.

use std::{collections::HashSet, fmt, ops::RangeInclusive};

use jsonc_parser::{
    CollectOptions, ParseOptions,
    ast::{Object, ObjectProp, Value},
    common::Ranged,
    parse_to_ast,
};
use serde_json::Value as Json;

/// Faults told of one file; one with more has one cause that is told already.
pub const MAX_FAULTS: usize = 50;

/// One fault of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// Such as `settings[0].type`; empty for the file as a whole.
    pub path: String,
    pub description: String,
}

impl Fault {
    /// What is wrong with what, without the place.
    pub fn told(&self) -> String {
        match self.path.is_empty() {
            true => self.description.clone(),
            false => format!("{} {}", self.path, self.description),
        }
    }

    /// Of a file that can't be looked into.
    fn of_whole_file(description: String) -> Self {
        Self {
            line: 1,
            column: 1,
            path: String::new(),
            description,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = (self.line, self.column);
        write!(f, "line {line}, column {column}: {}", self.told())
    }
}

/// Reads a file of at most `most` bytes with `parse`, which is given the whole of it. `whole` is what the file is
/// called in a fault of its outermost object, such as "the manifest".
///
/// # Errors
/// All faults, in the order of the file; of one that is no JSON, the first.
pub fn read<T>(
    file: &[u8],
    whole: &'static str,
    most: u64,
    parse: impl FnOnce(&mut Reader<'_>, &Value<'_>) -> T,
) -> Result<T, Vec<Fault>> {
    let of_whole_file = |description| vec![Fault::of_whole_file(description)];
    if file.len() as u64 > most {
        return Err(of_whole_file(format!("is larger than {most} bytes")));
    }
    let text = std::str::from_utf8(file)
        .map_err(|error| of_whole_file(format!("is not UTF-8: {error}")))?;
    // Says what JSON is, to the letter; the parser below only adds the places.
    serde_json::from_str::<Json>(text).map_err(not_json)?;
    let options = ParseOptions::default();
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options);
    let Ok(Some(root)) = parsed.map(|parsed| parsed.value) else {
        return Err(of_whole_file("can't be read as JSON".to_owned()));
    };
    let mut reader = Reader {
        text,
        whole,
        faults: Vec::new(),
    };
    let parsed = parse(&mut reader, &root);
    if reader.faults.is_empty() {
        return Ok(parsed);
    }
    reader
        .faults
        .sort_by_key(|fault| (fault.line, fault.column));
    Err(reader.faults)
}

fn not_json(error: serde_json::Error) -> Vec<Fault> {
    let told = error.to_string();
    // The place is told in fields of its own.
    let what = told
        .rsplit_once(" at line ")
        .map_or(&*told, |(what, _)| what);
    vec![Fault {
        line: u32::try_from(error.line()).unwrap_or(u32::MAX).max(1),
        column: u32::try_from(error.column()).unwrap_or(u32::MAX).max(1),
        path: String::new(),
        description: format!("is not JSON: {what}"),
    }]
}

/// Walks a file and keeps what is wrong; a part at fault counts as if it were not there.
#[derive(Debug)]
pub struct Reader<'t> {
    text: &'t str,
    /// What the whole file is called.
    whole: &'static str,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    /// Keeps a fault of what stands at `place`.
    pub fn fault(&mut self, place: &impl Ranged, path: &str, description: impl Into<String>) {
        if self.faults.len() >= MAX_FAULTS {
            return;
        }
        let before = self.text.get(..place.start()).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        self.faults.push(Fault {
            line: u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
            path: path.to_owned(),
            description: description.into(),
        });
    }

    /// What stands at `place`, as it is written.
    pub fn written(&self, place: &impl Ranged) -> &str {
        self.text
            .get(place.start()..place.end())
            .unwrap_or_default()
    }

    /// The fields of an object, without those that have no business there.
    pub fn fields<'v, 't>(
        &mut self,
        object: &'v Object<'t>,
        path: &str,
        known: &[&str],
    ) -> Vec<&'v ObjectProp<'t>> {
        let mut seen = HashSet::new();
        let mut fields = Vec::new();
        for field in &object.properties {
            let name = field.name.as_str();
            if !known.contains(&name) {
                let keys = known.join(", ");
                let description = format!("has no key \"{name}\"; there are {keys}");
                let whose = if path.is_empty() { self.whole } else { path };
                self.fault(field, whose, description);
            } else if !seen.insert(name.to_owned()) {
                let path = if path.is_empty() {
                    name.to_owned()
                } else {
                    format!("{path}.{name}")
                };
                self.fault(field, &path, "is given twice");
            } else {
                fields.push(field);
            }
        }
        fields
    }

    /// The value, if it is an object.
    pub fn object<'v, 't>(&mut self, value: &'v Value<'t>, path: &str) -> Option<&'v Object<'t>> {
        let object = value.as_object();
        if object.is_none() {
            self.wrong_type(value, path, "an object");
        }
        object
    }

    /// The elements of a list of no more than `most`; none when it is at fault.
    pub fn list<'v, 't>(
        &mut self,
        value: &'v Value<'t>,
        path: &str,
        most: usize,
    ) -> &'v [Value<'t>] {
        match value {
            Value::Array(list) if list.elements.len() <= most => &list.elements,
            Value::Array(list) => {
                let many = format!("has {} elements, more than {most}", list.elements.len());
                self.fault(value, path, many);
                &[]
            }
            _ => {
                self.wrong_type(value, path, "a list");
                &[]
            }
        }
    }

    /// A text of so many characters; empty when it is at fault.
    pub fn text(
        &mut self,
        value: &Value<'_>,
        path: &str,
        lengths: RangeInclusive<usize>,
    ) -> String {
        let Value::StringLit(text) = value else {
            self.wrong_type(value, path, "a string");
            return String::new();
        };
        let length = text.value.chars().count();
        if !lengths.contains(&length) {
            let (least, most) = (lengths.start(), lengths.end());
            let description = format!("must have {least} to {most} characters, not {length}");
            self.fault(value, path, description);
            return String::new();
        }
        text.value.clone().into_owned()
    }

    /// A boolean; `false` when it is at fault.
    pub fn truth(&mut self, value: &Value<'_>, path: &str) -> bool {
        let Value::BooleanLit(truth) = value else {
            self.wrong_type(value, path, "true or false");
            return false;
        };
        truth.value
    }

    /// A whole number, however it is written: 5000, 5e3.
    pub fn integer(
        &mut self,
        value: &Value<'_>,
        path: &str,
        range: RangeInclusive<u64>,
    ) -> Option<u64> {
        let number = value
            .as_number_lit()
            .and_then(|literal| literal.value.parse::<f64>().ok());
        let whole = number
            .filter(|number| number.fract() == 0.0 && *number >= 0.0)
            .map(|number| number as u64)
            .filter(|number| range.contains(number));
        if whole.is_none() {
            let (least, most) = (range.start(), range.end());
            let description = format!("must be a whole number from {least} to {most}");
            self.fault(value, path, description);
        }
        whole
    }

    /// Keeps that a value is not of the type it has to be.
    pub fn wrong_type(&mut self, value: &Value<'_>, path: &str, expected: &str) {
        self.fault(
            value,
            path,
            format!("must be {expected}, not {}", kind(value)),
        );
    }
}

/// What a value is, as in "must be a list, not a string".
pub fn kind(value: &Value<'_>) -> &'static str {
    match value {
        Value::StringLit(_) => "a string",
        Value::NumberLit(_) => "a number",
        Value::BooleanLit(_) => "a boolean",
        Value::Object(_) => "an object",
        Value::Array(_) => "a list",
        Value::NullKeyword(_) => "null",
    }
}
