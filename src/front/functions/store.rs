//! Where functions are kept: a directory, or the examples built into the executor.

use std::{
    io,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use tokio::{fs::File, io::AsyncReadExt};

use crate::invocation::VersionKey;

macro_rules! example {
    ($id:literal) => {
        (
            $id,
            "1",
            include_str!(concat!("../../../examples/functions/", $id, "/1/index.js")),
        )
    };
}

/// The examples: function id, version, source.
const EXAMPLES: [(&str, &str, &str); 12] = [
    example!("batch-by-type"),
    example!("batch-to-api"),
    example!("cached-lookup"),
    example!("enrich-from-api"),
    example!("enrich-from-setting"),
    example!("filter-by-rule"),
    example!("hello"),
    example!("mask-pii"),
    example!("oauth-token"),
    example!("rename-and-validate"),
    example!("retry-on-429"),
    example!("tokenise"),
];

/// A source of functions; versions in it never change.
#[derive(Clone, Debug)]
pub enum Store {
    /// The examples built into the executor.
    Embedded,
    /// `<root>/<function_id>/<version>/index.js`.
    Directory(PathBuf),
}

/// A store that can't be used at all; found when the executor starts.
#[derive(Debug, thiserror::Error)]
pub enum UnusableLocation {
    #[error("--functions {0}: only a directory or a file:// URL is supported")]
    Scheme(String),
    #[error("--functions {}: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("--functions {}: not a directory", .0.display())]
    NotADirectory(PathBuf),
}

/// The store did not give an answer about a function.
#[derive(Debug, thiserror::Error)]
#[error("the function store could not be read for {key}: {error}")]
pub struct StoreError {
    pub key: VersionKey,
    error: io::Error,
}

impl Store {
    /// The store at `location`, a path or a `file://` URL.
    ///
    /// # Errors
    /// [`UnusableLocation`] when there is no such directory.
    pub fn open(location: &str) -> Result<Self, UnusableLocation> {
        let path = match location.split_once("://") {
            Some(("file", path)) => Path::new(path),
            Some(_) => return Err(UnusableLocation::Scheme(location.to_owned())),
            None => Path::new(location),
        };
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Ok(Self::Directory(path.to_owned())),
            Ok(_) => Err(UnusableLocation::NotADirectory(path.to_owned())),
            Err(error) => Err(UnusableLocation::Unreadable {
                path: path.to_owned(),
                error,
            }),
        }
    }

    /// The source of `key`, or `None` if the store has none. Of a file over `limit` bytes, one byte more
    /// than the limit is read, so that the caller sees it is too large.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't tell.
    pub async fn fetch(&self, key: &VersionKey, limit: u64) -> Result<Option<Bytes>, StoreError> {
        match self {
            Self::Embedded => Ok(embedded(key)),
            Self::Directory(root) => {
                let path = root
                    .join(&*key.function_id)
                    .join(&*key.version)
                    .join("index.js");
                let read = read_up_to(&path, limit.saturating_add(1)).await;
                read.map_err(|error| StoreError {
                    key: key.clone(),
                    error,
                })
            }
        }
    }
}

fn embedded(key: &VersionKey) -> Option<Bytes> {
    let example = EXAMPLES
        .iter()
        .find(|(id, version, _)| *id == &*key.function_id && *version == &*key.version);
    example.map(|(_, _, source)| Bytes::from_static(source.as_bytes()))
}

async fn read_up_to(path: &Path, limit: u64) -> io::Result<Option<Bytes>> {
    let file = match File::open(path).await {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut source = Vec::new();
    file.take(limit).read_to_end(&mut source).await?;
    Ok(Some(source.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(function_id: &str) -> VersionKey {
        VersionKey {
            function_id: function_id.into(),
            version: "1".into(),
        }
    }

    #[tokio::test]
    async fn a_directory_is_read_by_id_and_version() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("f/1")).unwrap();
        std::fs::write(root.path().join("f/1/index.js"), "source").unwrap();
        let store = Store::open(&format!("file://{}", root.path().display())).unwrap();
        assert_eq!(
            store.fetch(&key("f"), 100).await.unwrap(),
            Some(Bytes::from("source"))
        );
        assert_eq!(
            store.fetch(&key("f"), 3).await.unwrap(),
            Some(Bytes::from("sour"))
        );
        assert_eq!(store.fetch(&key("g"), 100).await.unwrap(), None);
    }

    #[test]
    fn a_location_that_is_none_is_told_by_name() {
        #[track_caller]
        fn check(location: &str, expect: &str) {
            let error = Store::open(location).unwrap_err().to_string();
            assert!(
                error.contains(expect) && error.contains(location),
                "{error}"
            );
        }
        check(
            "ftp://host/functions",
            "only a directory or a file:// URL is supported",
        );
        check("/nowhere/at/all", "No such file or directory");
        check("/dev/null", "not a directory");
    }
}
