//! Opened settings join those that came in the clear, before the schema is looked at.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::{
    front::{
        functions::manifest::{Manifest, SettingType},
        sealed::{Opened, Value},
    },
    invocation::Violation,
};

/// The settings that came sealed, each with what is wrong with it, if something is.
pub(super) struct Joined(BTreeMap<String, Option<Violation>>);

/// Adds what was opened to the settings. A name that is in both is refused before, with the request.
pub(super) fn join(manifest: &Manifest, sealed: Opened, fields: &mut Map<String, Json>) -> Joined {
    let joined = sealed.into_iter().map(|(name, opened)| {
        let value = match opened {
            Ok(value) => typed(manifest, &name, &value),
            Err(unopened) => Err(unopened.to_string()),
        };
        let violation = match value {
            Ok(value) => {
                fields.insert(name.clone(), value);
                None
            }
            Err(description) => Some(Violation {
                field: format!("sealed_settings.{name}"),
                description,
            }),
        };
        (name, violation)
    });
    Joined(joined.collect())
}

fn typed(manifest: &Manifest, name: &str, value: &Value) -> Result<Json, String> {
    let mut settings = manifest.settings.iter();
    let setting_type = settings
        .find(|setting| setting.name == name)
        .map(|setting| setting.setting_type);
    value.json(setting_type).ok_or_else(|| {
        let expected = setting_type.map_or("a value", SettingType::expected);
        format!("expected {expected} as JSON, found what is no JSON")
    })
}

impl Joined {
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// Where the setting is in the request.
    pub(super) fn place(&self, name: &str) -> String {
        match self.0.contains_key(name) {
            true => format!("sealed_settings.{name}"),
            false => format!("settings.{name}"),
        }
    }

    /// Whether the setting's value could not be had, so that nothing else can be said of it.
    pub(super) fn is_unknown(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(Option::is_some)
    }

    pub(super) fn violations(&self) -> impl Iterator<Item = Violation> {
        self.0.values().flatten().cloned()
    }
}
