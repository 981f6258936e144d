//! What is inside a sealed setting: a value, and before it, if it is bound, what it was sealed for.
//!
//! ```text
//! penstock-sealed/1
//! {"setting":"apiKey","function_id":"enrich","instance_id":"customer-7"}
//! the value, to the last byte
//! ```
//!
//! Being inside, the header can't be changed by who holds the age file. A text that does not start like this
//! is the value itself.

use std::fmt;

use age::secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Purpose, opening::Unopened};
use crate::front::functions::manifest::SettingType;

const MAGIC: &str = "penstock-sealed/";
const FIRST_LINE: &str = "penstock-sealed/1\n";

/// The longest header, in bytes.
const MAX_HEADER_BYTES: usize = 4 << 10;

/// An envelope that can't be read. Its value is not used: what it is bound to is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEnvelope {
    #[error("has a penstock-sealed header of a version other than 1")]
    Version,
    #[error("has a penstock-sealed header that can't be read")]
    Header,
}

/// What a value was sealed for; whatever is not named is left open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
// A binding that this executor does not know must not be passed over.
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// The setting's name.
    pub setting: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function_id: Option<String>,
    /// Empty is an instance like any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
}

impl Binding {
    /// Whether it names function and instance, so that the value is of use nowhere else.
    pub fn is_whole(&self) -> bool {
        self.function_id.is_some() && self.instance_id.is_some()
    }

    pub(super) fn check(&self, name: &str, purpose: Purpose<'_>) -> Result<(), Unopened> {
        let fits = |bound: &Option<String>, found: &str| {
            bound.as_deref().is_none_or(|bound| bound == found)
        };
        let is_for = self.setting == name
            && fits(&self.function_id, purpose.function_id)
            && fits(&self.instance_id, purpose.instance_id);
        match is_for {
            true => Ok(()),
            false => Err(Unopened::SealedFor(self.clone())),
        }
    }
}

/// As in "was sealed for setting "apiKey" of function "enrich"".
impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "setting {:?}", self.setting)?;
        if let Some(function) = &self.function_id {
            write!(f, " of function {function:?}")?;
        }
        if let Some(instance) = &self.instance_id {
            write!(f, " of instance {instance:?}")?;
        }
        Ok(())
    }
}

/// What was in a sealed setting. Does not print its text, and wipes it when dropped.
#[derive(Debug)]
pub struct Value {
    binding: Option<Binding>,
    text: SecretString,
}

impl Value {
    /// Takes an opened file apart.
    pub(super) fn read(plain: String) -> Result<Self, BadEnvelope> {
        if !plain.starts_with(MAGIC) {
            let text = plain.into();
            return Ok(Self {
                binding: None,
                text,
            });
        }
        // Wiped when it goes, as the value in it is copied.
        let plain = SecretString::from(plain);
        let rest = plain.expose_secret().strip_prefix(FIRST_LINE);
        let (header, text) = rest
            .ok_or(BadEnvelope::Version)?
            .split_once('\n')
            .ok_or(BadEnvelope::Header)?;
        if header.len() > MAX_HEADER_BYTES {
            return Err(BadEnvelope::Header);
        }
        // The error would quote what it read.
        let binding = serde_json::from_str(header).map_err(|_| BadEnvelope::Header)?;
        Ok(Self {
            binding: Some(binding),
            text: text.into(),
        })
    }

    /// What it was sealed for, if it says so.
    pub fn binding(&self) -> Option<&Binding> {
        self.binding.as_ref()
    }

    pub(super) fn text(&self) -> &str {
        self.text.expose_secret()
    }

    /// The value for a setting of this type: the text itself for strings and without a schema, else what it
    /// says as JSON. `None` when it is no JSON.
    pub fn json(&self, setting_type: Option<SettingType>) -> Option<Json> {
        match setting_type {
            None | Some(SettingType::String) => Some(Json::String(self.text().to_owned())),
            Some(_) => serde_json::from_str(self.text()).ok(),
        }
    }
}

/// The text to be sealed.
pub(super) fn write(binding: &Binding, value: &str) -> Result<SecretString, serde_json::Error> {
    let header = serde_json::to_string(binding)?;
    Ok(format!("{FIRST_LINE}{header}\n{value}").into())
}
