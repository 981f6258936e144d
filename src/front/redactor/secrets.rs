//! From the values of secret settings to the texts that must not go out.

use std::{collections::HashSet, fmt};

use serde_json::{Number, Value as Json};

/// Shorter values are not redacted: they would turn up everywhere by chance, and say where they are not.
pub const MIN_BYTES: usize = 4;

/// Lines of a value of several lines are secrets of their own from this length on: a key in PEM form is
/// printed line by line, with indentation in between.
const MIN_LINE_BYTES: usize = 8;

/// Numbers of fewer digits are like any other number in a log.
const MIN_DIGITS: usize = 6;

/// What the secret values of one invocation may have together, in bytes; lines count again, what they are in
/// lower case does not. It bounds what the search for them costs.
pub const MAX_SECRET_BYTES: usize = 256 << 10;

/// JSON in strings of JSON is looked into so deep.
const MAX_TEXTS_IN_TEXTS: usize = 2;

/// Texts to be kept out, and the settings they are of.
#[derive(Default)]
pub struct Secrets {
    names: Vec<String>,
    texts: Vec<Secret>,
    known: HashSet<String>,
    bytes: usize,
}

pub(super) struct Secret {
    pub text: String,
    /// Place of the setting's name.
    pub name: usize,
}

/// Prints no secret.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

impl Secrets {
    /// Adds a setting's value: its strings, wherever they are in it, and its long numbers. Of a string, the
    /// text without the white space around it, its long lines, and if it is JSON, the values in it are
    /// secret as well: functions trim, split and parse. So is each of them in lower case.
    pub fn add(&mut self, name: &str, value: &Json) {
        let number = self.names.len();
        self.names.push(name.to_owned());
        self.add_value(number, value, 0);
    }

    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Bytes of all texts as they were given; not to be over [`MAX_SECRET_BYTES`].
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn texts(&self) -> &[Secret] {
        &self.texts
    }

    pub(super) fn name(&self, number: usize) -> &str {
        self.names.get(number).map_or("", String::as_str)
    }

    fn add_value(&mut self, name: usize, value: &Json, depth: usize) {
        match value {
            Json::Null | Json::Bool(_) => {}
            Json::Number(number) => self.add_number(name, number),
            Json::String(text) => self.add_string(name, text, depth),
            Json::Array(elements) => {
                for element in elements {
                    self.add_value(name, element, depth);
                }
            }
            Json::Object(fields) => {
                for value in fields.values() {
                    self.add_value(name, value, depth);
                }
            }
        }
    }

    fn add_string(&mut self, name: usize, text: &str, depth: usize) {
        let trimmed = text.trim();
        self.add_text(name, trimmed, MIN_BYTES);
        if trimmed.len() >= MIN_BYTES {
            self.add_text(name, text, MIN_BYTES);
        }
        // URLs of the web turn one into the other.
        if trimmed.contains('\\') {
            self.add_text(name, &trimmed.replace('\\', "/"), MIN_BYTES);
        }
        if trimmed.contains(['\n', '\r']) {
            for line in trimmed.split(['\n', '\r']) {
                self.add_text(name, line.trim(), MIN_LINE_BYTES);
            }
        }
        if trimmed.starts_with(['{', '['])
            && depth < MAX_TEXTS_IN_TEXTS
            && let Ok(value) = serde_json::from_str(trimmed)
        {
            self.add_value(name, &value, depth + 1);
        }
    }

    fn add_number(&mut self, name: usize, number: &Number) {
        let Some(number) = number.as_f64() else {
            return;
        };
        let text = as_javascript(number);
        if text.bytes().filter(u8::is_ascii_digit).count() >= MIN_DIGITS {
            self.add_text(name, &text, MIN_BYTES);
        }
    }

    fn add_text(&mut self, name: usize, text: &str, least: usize) {
        if text.len() < least {
            return;
        }
        if self.keep(name, text.to_owned()) {
            self.bytes += text.len();
        }
        // URLs and headers make lower-case letters of those in hosts and names.
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            self.keep(name, text.to_ascii_lowercase());
        }
    }

    /// Whether it was not known before.
    fn keep(&mut self, name: usize, text: String) -> bool {
        let is_new = self.known.insert(text.clone());
        if is_new {
            self.texts.push(Secret { text, name });
        }
        is_new
    }
}

/// A number as JavaScript prints it.
fn as_javascript(number: f64) -> String {
    let magnitude = number.abs();
    if magnitude >= 1e21 {
        return format!("{number:e}").replace('e', "e+");
    }
    if magnitude != 0.0 && magnitude < 1e-6 {
        return format!("{number:e}");
    }
    number.to_string()
}
