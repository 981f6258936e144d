//! The file: TOML, whose keys are named as the flags.

use std::{ffi::OsString, fs, ops::Range, path::Path};

use toml::de::{DeInteger, DeTable, DeValue};

use super::{
    faults::{Fault, Faults, Origin, Place},
    knobs::{Knob, Knobs, Shape},
    layers::{Given, Layer},
};

/// What the file at `path` sets.
pub fn read(knobs: &Knobs, path: &Path, faults: &mut Faults) -> Layer {
    match fs::read_to_string(path) {
        Ok(text) => File { path, text: &text }.read(knobs, faults),
        Err(error) => {
            let path = path.to_owned();
            faults.add(Fault::Unreadable { path, error });
            Layer::new()
        }
    }
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
}

impl File<'_> {
    fn read(&self, knobs: &Knobs, faults: &mut Faults) -> Layer {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        let mut spoilt = Vec::new();
        for error in errors {
            let place = self.place(error.span().unwrap_or_default());
            spoilt.push(place.line);
            let message = error.message().to_owned();
            faults.add(Fault::Syntax { place, message });
        }
        let mut entries: Vec<_> = table.into_inner().into_iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let mut layer = Layer::new();
        for (key, value) in entries {
            let place = self.place(key.span());
            // What is recovered of a line that is no TOML says nothing.
            if spoilt.contains(&place.line) {
                continue;
            }
            match entry(knobs, key.get_ref(), value.get_ref(), &place) {
                Ok((key, values)) => {
                    let origin = Origin::File(place);
                    layer.insert(key, Given { values, origin });
                }
                Err(fault) => faults.add(fault),
            }
        }
        layer
    }

    fn place(&self, span: Range<usize>) -> Place {
        let before = self.text.as_bytes().iter().take(span.start);
        Place {
            path: self.path.to_owned(),
            line: 1 + before.filter(|byte| **byte == b'\n').count(),
        }
    }
}

/// The key, known, and its values.
fn entry(
    knobs: &Knobs,
    key: &str,
    value: &DeValue<'_>,
    place: &Place,
) -> Result<(String, Vec<OsString>), Fault> {
    let Some(knob) = knobs.of_key(key) else {
        return Err(unknown(knobs, key, value, place));
    };
    let shape = |wanted, found| Fault::Shape {
        place: place.clone(),
        key: key.to_owned(),
        wanted,
        found,
    };
    let values = match (knob.shape(), value) {
        (Shape::List, DeValue::Array(elements)) => {
            let texts = elements.iter().map(|element| {
                text(element.get_ref()).ok_or_else(|| shape("a list of values", "one of lists"))
            });
            texts.collect::<Result<Vec<_>, _>>()?
        }
        (Shape::List, _) => return Err(shape("a list, in brackets", "one value")),
        (Shape::Switch, DeValue::Boolean(on)) => vec![on.to_string().into()],
        (Shape::Switch, _) => return Err(shape("true or false", value.type_str())),
        (Shape::Value, value) => {
            vec![text(value).ok_or_else(|| shape(wanted(knob), value.type_str()))?]
        }
    };
    Ok((key.to_owned(), values))
}

fn unknown(knobs: &Knobs, key: &str, value: &DeValue<'_>, place: &Place) -> Fault {
    let (place, key) = (place.clone(), key.to_owned());
    if value.is_table() {
        return Fault::Section {
            place,
            section: key,
        };
    }
    let nearest = knobs.key_like(&key);
    Fault::UnknownKey {
        place,
        key,
        nearest,
    }
}

/// What the flag's own parser reads.
fn text(value: &DeValue<'_>) -> Option<OsString> {
    match value {
        DeValue::String(text) => Some(OsString::from(&**text)),
        DeValue::Integer(integer) => Some(decimal(integer).into()),
        DeValue::Float(float) => Some(float.as_str().into()),
        DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

fn decimal(integer: &DeInteger<'_>) -> String {
    let number = i128::from_str_radix(integer.as_str(), integer.radix());
    number.map_or_else(|_| integer.to_string(), |number| number.to_string())
}

fn wanted(knob: &Knob) -> &'static str {
    match knob.value_name() {
        Some("MS" | "BYTES" | "N") => "a number",
        _ => "a string",
    }
}
