//! A function store on disk, gone when dropped.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

#[derive(Debug)]
pub struct StoredFunctions(TempDir);

impl StoredFunctions {
    pub fn new() -> StoredFunctions {
        StoredFunctions(tempfile::tempdir().expect("a temporary directory"))
    }

    /// Puts version 1 of a function there, with its manifest.
    pub fn with(self, function_id: &str, source: &str, manifest: &str) -> StoredFunctions {
        self.put(function_id, "1", "function.json", manifest);
        self.put(function_id, "1", "index.js", source);
        self
    }

    pub fn put(&self, function_id: &str, version: &str, name: &str, text: &str) {
        let folder = self.folder(function_id, version);
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(name), text).expect("a file");
    }

    pub fn folder(&self, function_id: &str, version: &str) -> PathBuf {
        self.path().join(function_id).join(version)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn location(&self) -> &str {
        self.path().to_str().expect("a plain path")
    }
}
