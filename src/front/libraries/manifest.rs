//! `manifest.json`, in which `libs/build.mjs` says what it has built.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub struct Manifest {
    pub libraries: Vec<BuiltLibrary>,
}

#[derive(Debug, Deserialize)]
pub struct BuiltLibrary {
    pub name: String,
    /// The global that it is found as.
    pub global: String,
    /// The way to each package in it, by members that dots separate; empty for what is the library itself.
    pub packages: BTreeMap<String, String>,
    #[serde(flatten)]
    pub code: BuiltFile,
    pub parts: Option<BuiltParts>,
}

/// Texts that a library reads only when it needs them, in one file.
#[derive(Debug, Deserialize)]
pub struct BuiltParts {
    #[serde(flatten)]
    pub file: BuiltFile,
    /// Name, first byte, bytes.
    pub places: Vec<(String, u64, u64)>,
}

#[derive(Debug, Deserialize)]
pub struct BuiltFile {
    pub file: String,
    pub bytes: u64,
    /// In hex.
    pub sha256: String,
}
