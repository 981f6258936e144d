//! From the text of a `function.json` to a [`Manifest`], or to everything that is wrong with it and where.

use std::{collections::HashSet, sync::Arc, time::Duration};

use jsonc_parser::ast::Value;
use serde_json::Value as Json;

use super::{
    MAX_MANIFEST_BYTES, Manifest, ManifestFault, ManifestLimits, SettingSchema, SettingType,
};
use crate::{
    config::{MAX_PAYLOAD_BYTES, MAX_TIME_MS},
    front::egress::AllowedHosts,
    json_file::{self, Reader, kind},
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
    json_file::read(file, "the manifest", MAX_MANIFEST_BYTES, |reader, root| {
        reader.manifest(root)
    })
}

/// Reads the parts of a manifest; one at fault counts as if it were not there.
impl Reader<'_> {
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
