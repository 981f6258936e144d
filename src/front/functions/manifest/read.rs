//! From the text of a `function.json` to a [`Manifest`], or to everything that is wrong with it and where.

use std::{collections::HashSet, ops::RangeInclusive, sync::Arc, time::Duration};

use jsonc_parser::{
    CollectOptions, ParseOptions,
    ast::{Object, ObjectProp, Value},
    common::Ranged,
    parse_to_ast,
};
use serde_json::Value as Json;

use super::{
    MAX_FAULTS, MAX_MANIFEST_BYTES, Manifest, ManifestFault, ManifestLimits, SettingSchema,
    SettingType,
};
use crate::{
    config::{MAX_PAYLOAD_BYTES, MAX_TIME_MS},
    front::egress::AllowedHosts,
};

const KEYS: [&str; 6] = [
    "$schema",
    "displayName",
    "description",
    "settings",
    "limits",
    "allowedHosts",
];
const SETTING_KEYS: [&str; 7] = [
    "name",
    "label",
    "type",
    "description",
    "required",
    "encrypted",
    "default",
];
const LIMIT_KEYS: [&str; 5] = [
    "wallTimeMs",
    "cpuTimeMs",
    "resultBytes",
    "logBytes",
    "requests",
];

/// In characters.
const MAX_LABEL: usize = 120;
const MAX_DESCRIPTION: usize = 4096;
const MAX_SETTING_NAME: usize = 64;

const MAX_SETTINGS: usize = 100;
const MAX_HOSTS: usize = 100;
const MAX_REQUESTS: u64 = 10_000;

/// The longest name DNS knows, in bytes; `*.` counts.
const MAX_HOST: usize = 253;

/// # Errors
/// All faults, in the order of the file; of one that is no JSON, the first.
pub fn manifest(file: &[u8]) -> Result<Manifest, Vec<ManifestFault>> {
    if file.len() as u64 > MAX_MANIFEST_BYTES {
        let size = format!("is larger than {MAX_MANIFEST_BYTES} bytes");
        return Err(whole_file(size));
    }
    let text =
        std::str::from_utf8(file).map_err(|error| whole_file(format!("is not UTF-8: {error}")))?;
    // Says what JSON is, to the letter; the parser below only adds the places.
    serde_json::from_str::<Json>(text).map_err(not_json)?;
    let options = ParseOptions::default();
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options);
    let Ok(Some(root)) = parsed.map(|parsed| parsed.value) else {
        return Err(whole_file("can't be read as JSON".to_owned()));
    };
    let mut reader = Reader {
        text,
        faults: Vec::new(),
    };
    let manifest = reader.manifest(&root);
    if reader.faults.is_empty() {
        Ok(manifest)
    } else {
        reader
            .faults
            .sort_by_key(|fault| (fault.line, fault.column));
        Err(reader.faults)
    }
}

fn whole_file(description: String) -> Vec<ManifestFault> {
    vec![ManifestFault {
        line: 1,
        column: 1,
        path: String::new(),
        description,
    }]
}

fn not_json(error: serde_json::Error) -> Vec<ManifestFault> {
    let told = error.to_string();
    // The place is told in fields of its own.
    let what = told
        .rsplit_once(" at line ")
        .map_or(&*told, |(what, _)| what);
    vec![ManifestFault {
        line: u32::try_from(error.line()).unwrap_or(u32::MAX).max(1),
        column: u32::try_from(error.column()).unwrap_or(u32::MAX).max(1),
        path: String::new(),
        description: format!("is not JSON: {what}"),
    }]
}

/// Walks the file and keeps what is wrong; a part at fault counts as if it were not there.
struct Reader<'t> {
    text: &'t str,
    faults: Vec<ManifestFault>,
}

impl Reader<'_> {
    fn fault(&mut self, place: &impl Ranged, path: &str, description: impl Into<String>) {
        if self.faults.len() >= MAX_FAULTS {
            return;
        }
        let before = self.text.get(..place.start()).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        self.faults.push(ManifestFault {
            line: u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
            path: path.to_owned(),
            description: description.into(),
        });
    }

    fn manifest(&mut self, root: &Value<'_>) -> Manifest {
        let mut manifest = Manifest::default();
        let Some(object) = self.object(root, "") else {
            return manifest;
        };
        for field in self.fields(object, "", &KEYS) {
            let (name, value) = (field.name.as_str(), &field.value);
            match name {
                "displayName" => manifest.display_name = self.text(value, name, 1..=MAX_LABEL),
                "description" => manifest.description = self.text(value, name, 0..=MAX_DESCRIPTION),
                "settings" => manifest.settings = self.settings(value),
                "limits" => manifest.limits = self.limits(value),
                "allowedHosts" => manifest.allowed_hosts = Some(self.hosts(value)),
                _ => {
                    self.text(value, name, 0..=usize::MAX);
                }
            }
        }
        manifest
    }

    fn settings(&mut self, value: &Value<'_>) -> Vec<SettingSchema> {
        let mut settings = Vec::new();
        let mut names = HashSet::new();
        for (number, element) in self
            .list(value, "settings", MAX_SETTINGS)
            .iter()
            .enumerate()
        {
            let path = format!("settings[{number}]");
            let Some(setting) = self.setting(element, &path) else {
                continue;
            };
            if !names.insert(setting.name.clone()) {
                let again = format!("\"{}\" is the name of another setting", setting.name);
                self.fault(element, &format!("{path}.name"), again);
            }
            settings.push(setting);
        }
        settings
    }

    fn setting(&mut self, value: &Value<'_>, path: &str) -> Option<SettingSchema> {
        let object = self.object(value, path)?;
        let (mut name, mut setting_type, mut default) = (None, None, None);
        let mut setting = SettingSchema {
            name: String::new(),
            label: String::new(),
            setting_type: SettingType::String,
            description: String::new(),
            required: false,
            encrypted: false,
            default: None,
        };
        for field in self.fields(object, path, &SETTING_KEYS) {
            let (key, value) = (field.name.as_str(), &field.value);
            let path = format!("{path}.{key}");
            match key {
                "name" => name = self.setting_name(value, &path),
                "label" => setting.label = self.text(value, &path, 1..=MAX_LABEL),
                "type" => setting_type = self.setting_type(value, &path),
                "description" => {
                    setting.description = self.text(value, &path, 0..=MAX_DESCRIPTION);
                }
                "required" => setting.required = self.truth(value, &path),
                "encrypted" => setting.encrypted = self.truth(value, &path),
                _ => default = Some(value),
            }
        }
        for missing in ["name", "type"] {
            if object.get(missing).is_none() {
                self.fault(value, &format!("{path}.{missing}"), "is missing");
            }
        }
        setting.name = name?;
        setting.setting_type = setting_type?;
        setting.default = default.and_then(|value| self.default(value, path, &setting));
        if setting.encrypted && setting.setting_type == SettingType::Boolean {
            self.fault(
                value,
                path,
                "is a boolean, which can't be encrypted: its two values are known",
            );
        }
        Some(setting)
    }

    fn setting_name(&mut self, value: &Value<'_>, path: &str) -> Option<String> {
        let Value::StringLit(name) = value else {
            self.wrong_type(value, path, "a string");
            return None;
        };
        let name = &*name.value;
        let sound = name.len() <= MAX_SETTING_NAME
            && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if !sound {
            let form = format!(
                "must be 1 to {MAX_SETTING_NAME} characters of A-Z a-z 0-9 _ - and start with a letter or _"
            );
            self.fault(value, path, form);
            return None;
        }
        Some(name.to_owned())
    }

    fn setting_type(&mut self, value: &Value<'_>, path: &str) -> Option<SettingType> {
        let named = value.as_string_lit().map(|literal| &*literal.value);
        let found = SettingType::ALL
            .into_iter()
            .find(|setting_type| Some(setting_type.name()) == named);
        if found.is_none() {
            let names = SettingType::ALL.map(SettingType::name).join(", ");
            let found = named.map_or_else(|| kind(value).to_owned(), |name| format!("\"{name}\""));
            self.fault(value, path, format!("must be one of {names}, not {found}"));
        }
        found
    }

    fn default(&mut self, value: &Value<'_>, path: &str, setting: &SettingSchema) -> Option<Json> {
        let path = format!("{path}.default");
        if setting.encrypted {
            let open = "stands in the open: an encrypted setting can't have a default";
            self.fault(value, &path, open);
            return None;
        }
        let fits = match (setting.setting_type, value) {
            (SettingType::String, Value::StringLit(_))
            | (SettingType::Boolean, Value::BooleanLit(_))
            | (SettingType::Number, Value::NumberLit(_))
            | (SettingType::Map, Value::Object(_)) => true,
            (SettingType::StringList, Value::Array(list)) => list
                .elements
                .iter()
                .all(|element| matches!(element, Value::StringLit(_))),
            _ => false,
        };
        if !fits {
            self.wrong_type(value, &path, setting.setting_type.expected());
            return None;
        }
        Some(value.clone().into())
    }

    fn limits(&mut self, value: &Value<'_>) -> ManifestLimits {
        let mut limits = ManifestLimits::default();
        let Some(object) = self.object(value, "limits") else {
            return limits;
        };
        for field in self.fields(object, "limits", &LIMIT_KEYS) {
            let (name, value) = (field.name.as_str(), &field.value);
            let path = format!("limits.{name}");
            match name {
                "wallTimeMs" => limits.wall_time = self.milliseconds(value, &path),
                "cpuTimeMs" => limits.cpu_time = self.milliseconds(value, &path),
                "resultBytes" => {
                    limits.result_bytes = self.integer(value, &path, 1..=MAX_PAYLOAD_BYTES);
                }
                "logBytes" => limits.log_bytes = self.integer(value, &path, 0..=MAX_PAYLOAD_BYTES),
                _ => {
                    let requests = self.integer(value, &path, 0..=MAX_REQUESTS);
                    limits.requests = requests.and_then(|requests| u32::try_from(requests).ok());
                }
            }
        }
        limits
    }

    fn milliseconds(&mut self, value: &Value<'_>, path: &str) -> Option<Duration> {
        self.integer(value, path, 1..=MAX_TIME_MS)
            .map(Duration::from_millis)
    }

    fn hosts(&mut self, value: &Value<'_>) -> Arc<AllowedHosts> {
        let mut patterns = Vec::new();
        for (number, element) in self
            .list(value, "allowedHosts", MAX_HOSTS)
            .iter()
            .enumerate()
        {
            let pattern = element.as_string_lit().map(|text| text.value.as_ref());
            let fits = |pattern: &&str| is_host(pattern) && AllowedHosts::parse([*pattern]).is_ok();
            match pattern.filter(fits) {
                Some(pattern) => patterns.push(pattern),
                None => self.fault(
                    element,
                    &format!("allowedHosts[{number}]"),
                    "must be a host such as api.example.com, or *.example.com for all below it: \
                     ASCII, without scheme, port or path",
                ),
            }
        }
        // Each was parsed above.
        Arc::new(AllowedHosts::parse(patterns).unwrap_or_default())
    }

    /// The fields of an object, without those that have no business there.
    fn fields<'v, 't>(
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
                let whose = if path.is_empty() {
                    "the manifest"
                } else {
                    path
                };
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

    fn object<'v, 't>(&mut self, value: &'v Value<'t>, path: &str) -> Option<&'v Object<'t>> {
        let object = value.as_object();
        if object.is_none() {
            self.wrong_type(value, path, "an object");
        }
        object
    }

    fn list<'v, 't>(&mut self, value: &'v Value<'t>, path: &str, most: usize) -> &'v [Value<'t>] {
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
    fn text(&mut self, value: &Value<'_>, path: &str, lengths: RangeInclusive<usize>) -> String {
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

    fn truth(&mut self, value: &Value<'_>, path: &str) -> bool {
        let Value::BooleanLit(truth) = value else {
            self.wrong_type(value, path, "true or false");
            return false;
        };
        truth.value
    }

    /// A whole number, however it is written: 5000, 5e3.
    fn integer(
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

    fn wrong_type(&mut self, value: &Value<'_>, path: &str, expected: &str) {
        self.fault(
            value,
            path,
            format!("must be {expected}, not {}", kind(value)),
        );
    }
}

fn kind(value: &Value<'_>) -> &'static str {
    match value {
        Value::StringLit(_) => "a string",
        Value::NumberLit(_) => "a number",
        Value::BooleanLit(_) => "a boolean",
        Value::Object(_) => "an object",
        Value::Array(_) => "a list",
        Value::NullKeyword(_) => "null",
    }
}

/// Whether the text is a host's name, or `*.` and one. Only what is written as a name: no address, no port.
fn is_host(text: &str) -> bool {
    let name = text.strip_prefix("*.").unwrap_or(text);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.len() <= MAX_HOST && name.split('.').all(label)
}
