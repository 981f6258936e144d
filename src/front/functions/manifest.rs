//! `function.json`: what a version of a function says of itself beside its source.
//!
//! `docs/function.schema.json` says the same for editors; a test holds the two together.

use std::{path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::Value as Json;

pub use crate::json_file::Fault as ManifestFault;
use crate::{front::egress::AllowedHosts, invocation::InvocationLimits};

mod read;
#[cfg(test)]
mod tests;

/// The largest manifest read, in bytes.
pub const MAX_MANIFEST_BYTES: u64 = 64 << 10;

/// The manifest's name, as far as the source beside it has one with a folder.
pub fn name_beside(source_file: &str) -> String {
    let path = Path::new(source_file).with_file_name("function.json");
    path.to_string_lossy().into_owned()
}

/// A version's manifest. A version without a `function.json` has the default one: no schema, no limits of
/// its own, any host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Manifest {
    /// As people know the function; at most 120 characters, empty when none is given.
    pub display_name: String,
    pub description: String,
    /// The settings schema, in the order a form shows it. Names are unique.
    pub settings: Vec<SettingSchema>,
    pub limits: ManifestLimits,
    /// Hosts the function may call; `None` when the manifest does not restrict them.
    pub allowed_hosts: Option<Arc<AllowedHosts>>,
}

/// One setting that the function takes.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingSchema {
    /// The key in the handler's `settings`.
    pub name: String,
    /// What a form shows; empty when none is given.
    pub label: String,
    pub setting_type: SettingType,
    pub description: String,
    pub required: bool,
    /// Whether values are kept out of all that goes out. Never together with a default.
    pub encrypted: bool,
    /// Of `setting_type`; what the function gets when no value is given.
    pub default: Option<Json>,
}

impl SettingSchema {
    fn bytes(&self) -> usize {
        let default = self.default.as_ref();
        let default = default.map_or(0, |default| default.to_string().len());
        let texts = self.name.len() + self.label.len() + self.description.len();
        size_of::<Self>() + texts + default
    }
}

/// The type of a setting's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingType {
    String,
    Boolean,
    Number,
    StringList,
    /// An object; its values may be of any type.
    Map,
}

impl SettingType {
    pub const ALL: [Self; 5] = [
        Self::String,
        Self::Boolean,
        Self::Number,
        Self::StringList,
        Self::Map,
    ];

    /// As a manifest writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::StringList => "string[]",
            Self::Map => "map",
        }
    }

    /// As in "expected a string".
    pub fn expected(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::StringList => "a list of strings",
            Self::Map => "a map (an object)",
        }
    }
}

/// Limits a version sets for itself. They hold where they are lower than what the operator allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ManifestLimits {
    pub wall_time: Option<Duration>,
    pub cpu_time: Option<Duration>,
    pub result_bytes: Option<u64>,
    pub log_bytes: Option<u64>,
    /// Outgoing requests of an invocation; 0 allows none.
    pub requests: Option<u32>,
}

impl ManifestLimits {
    /// Lowers an invocation's limits to these.
    pub fn lower(&self, limits: &mut InvocationLimits) {
        lower(&mut limits.wall_time, self.wall_time);
        lower(&mut limits.cpu_time, self.cpu_time);
        lower(&mut limits.result_bytes, self.result_bytes);
        lower(&mut limits.log_bytes, self.log_bytes);
        lower(&mut limits.requests, self.requests);
    }
}

fn lower<T: Copy + Ord>(limit: &mut T, wish: Option<T>) {
    *limit = wish.map_or(*limit, |wish| wish.min(*limit));
}

/// A `function.json` that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("function.json: {}", join(faults))]
pub struct BadManifest {
    /// In the order of the file, at least one.
    pub faults: Vec<ManifestFault>,
    /// The file, in which they are shown.
    pub text: Bytes,
}

impl BadManifest {
    /// What it takes to keep, about.
    pub fn bytes(&self) -> usize {
        let texts = self.faults.iter();
        let texts = texts.map(|fault| fault.path.len() + fault.description.len());
        self.text.len() + size_of_val(&*self.faults) + texts.sum::<usize>()
    }
}

fn join(faults: &[ManifestFault]) -> String {
    let told: Vec<_> = faults.iter().map(ManifestFault::to_string).collect();
    told.join("; ")
}

impl Manifest {
    /// Reads a `function.json`.
    ///
    /// # Errors
    /// [`BadManifest`] with all its faults; of a file that is no JSON, the first one.
    pub fn parse(file: &[u8]) -> Result<Self, BadManifest> {
        read::manifest(file).map_err(|faults| BadManifest {
            faults,
            text: Bytes::copy_from_slice(file),
        })
    }

    /// What it takes to keep, about.
    pub fn bytes(&self) -> usize {
        let hosts = self.allowed_hosts.iter().flat_map(|hosts| hosts.patterns());
        let hosts = hosts.map(|host| host.len());
        let settings = self.settings.iter().map(SettingSchema::bytes);
        let texts = self.display_name.len() + self.description.len();
        texts + hosts.chain(settings).sum::<usize>()
    }
}
