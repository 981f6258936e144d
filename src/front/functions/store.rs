//! Where functions are kept: a directory or an object store, `<root>/<function_id>/<version>/index.js` or
//! `index.ts`, with an optional `function.json` beside it, and `index.js.map`; or in the executor itself: the
//! examples built into it, what is being written beside it.
//!
//! A version exists once its source does, so that has to be put there last: the other files are looked for
//! after it, and one that is not there then never comes.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use object_store::{GetResult, ObjectStore, ObjectStoreExt, path::Path};
use tokio::time;

use super::{Language, SourceFault, SourceMapText, manifest::MAX_MANIFEST_BYTES};
use crate::invocation::VersionKey;

mod drafts;
mod examples;
mod location;
mod shown;

pub use drafts::Drafts;
pub use location::UnusableLocation;
pub use shown::Shown;

/// What a store has of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub source: Bytes,
    pub language: Language,
    /// The text of its `function.json`, if it has one.
    pub manifest: Option<Bytes>,
    /// The source map beside the source, if there is one.
    pub source_map: Option<Bytes>,
}

/// What a store has of a version, or what keeps that from being one.
pub type Found = Result<Stored, SourceFault>;

/// The largest files that are taken, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct StoredBounds {
    pub source_bytes: u64,
    /// Of a source map; 0 looks for none.
    pub map_bytes: u64,
}

/// A source of functions; versions in it never change.
#[derive(Clone)]
pub struct Store(Kind);

#[derive(Clone)]
enum Kind {
    /// The examples built into the executor.
    Examples,
    /// A function that is being written.
    Drafts(Drafts),
    Objects {
        objects: Arc<dyn ObjectStore>,
        root: Path,
        /// The directory on this machine, when it is one.
        directory: Option<PathBuf>,
        /// Longest that a look may take, over all its requests.
        patience: Duration,
    },
}

/// Without what object stores print of themselves, credentials maybe among it.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Examples => f.write_str("Store(examples)"),
            Kind::Drafts(drafts) => write!(f, "Store({drafts:?})"),
            Kind::Objects { root, .. } => write!(f, "Store({root})"),
        }
    }
}

/// The store did not give an answer about a function. Whether it has the function is not known.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "the function store did not answer for {key} within {} ms (knob --store-timeout-ms)",
        patience.as_millis()
    )]
    Slow { key: VersionKey, patience: Duration },
    /// The cause is for the operator; it may speak of what callers need not know.
    #[error("the function store could not be read for {key}; the executor's log says why")]
    Failed { key: VersionKey, cause: ReadError },
}

/// Why a file of a store could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Object(#[from] Box<object_store::Error>),
    #[error("{path} ended after {found} of {size} bytes")]
    Truncated { path: Path, found: u64, size: u64 },
    #[error("{} is not there any more", .0.display())]
    DirectoryGone(PathBuf),
}

impl From<object_store::Error> for ReadError {
    fn from(error: object_store::Error) -> Self {
        Self::Object(Box::new(error))
    }
}

impl Store {
    /// The examples built into the executor.
    pub fn examples() -> Self {
        Self(Kind::Examples)
    }

    /// What is being written, as it was saved last.
    pub fn drafts(drafts: Drafts) -> Self {
        Self(Kind::Drafts(drafts))
    }

    /// The store at a path or URL. A remote one is not called yet. Credentials come from the environment.
    ///
    /// # Errors
    /// [`UnusableLocation`] when it can't be one.
    pub fn open(location: &str, patience: Duration) -> Result<Self, UnusableLocation> {
        let opened = location::open(location)?;
        Ok(Self(Kind::Objects {
            objects: opened.objects,
            root: opened.root,
            directory: opened.directory,
            patience,
        }))
    }

    /// Whether it is in the executor itself, where there is nothing to wait for.
    pub fn is_built_in(&self) -> bool {
        matches!(self.0, Kind::Examples | Kind::Drafts(_))
    }

    /// What is stored of `key`, or what keeps it from being a function, or `None` if the store says that it has
    /// nothing. Of a file over its bound, at most one byte more is given, so that the caller sees it is too
    /// large.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't tell.
    pub async fn fetch(
        &self,
        key: &VersionKey,
        bounds: StoredBounds,
    ) -> Result<Option<Found>, StoreError> {
        let patience = match &self.0 {
            Kind::Examples => return Ok(examples::find(key).map(Ok)),
            Kind::Drafts(drafts) => return Ok(drafts.find(key).map(Ok)),
            Kind::Objects { patience, .. } => *patience,
        };
        match time::timeout(patience, self.read_version(key, bounds)).await {
            Ok(Ok(stored)) => Ok(stored),
            Ok(Err(cause)) => Err(StoreError::Failed {
                key: key.clone(),
                cause,
            }),
            Err(_) => Err(StoreError::Slow {
                key: key.clone(),
                patience,
            }),
        }
    }

    async fn read_version(
        &self,
        key: &VersionKey,
        bounds: StoredBounds,
    ) -> Result<Option<Found>, ReadError> {
        let limit = bounds.source_bytes;
        let sources = tokio::try_join!(
            self.read(key, Language::JavaScript.file_name(), limit),
            self.read(key, Language::TypeScript.file_name(), limit),
        )?;
        let (source, language) = match sources {
            (None, None) => return Ok(None),
            (Some(source), None) => (source, Language::JavaScript),
            (None, Some(source)) => (source, Language::TypeScript),
            (Some(_), Some(_)) => return Ok(Some(Err(SourceFault::Twice))),
        };
        let looks_for_map = language == Language::JavaScript
            && bounds.map_bytes > 0
            && SourceMapText::inline(&source).is_none();
        let read_map = async {
            match looks_for_map {
                true => self.read(key, "index.js.map", bounds.map_bytes).await,
                false => Ok(None),
            }
        };
        let read_manifest = self.read(key, "function.json", MAX_MANIFEST_BYTES);
        let (manifest, source_map) = tokio::try_join!(read_manifest, read_map)?;
        Ok(Some(Ok(Stored {
            source,
            language,
            manifest,
            source_map,
        })))
    }

    async fn read(
        &self,
        key: &VersionKey,
        name: &str,
        limit: u64,
    ) -> Result<Option<Bytes>, ReadError> {
        let Kind::Objects {
            objects,
            root,
            directory,
            ..
        } = &self.0
        else {
            return Ok(None);
        };
        // Ids and versions are names of folders, checked by `check_name`; `join` would encode a slash.
        let path = root
            .clone()
            .join(&*key.function_id)
            .join(&*key.version)
            .join(name);
        match objects.get(&path).await {
            Ok(found) => read_up_to(found, path, limit.saturating_add(1))
                .await
                .map(Some),
            Err(error @ object_store::Error::NotFound { .. }) if container_is_gone(&error) => {
                Err(error.into())
            }
            Err(object_store::Error::NotFound { .. }) => match directory {
                Some(directory) if !directory.is_dir() => {
                    Err(ReadError::DirectoryGone(directory.clone()))
                }
                _ => Ok(None),
            },
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether it is the whole bucket or container that is not there, or not for us to know of, which Azure says
/// with the last of these codes: a fault of the store, which says nothing of the function.
fn container_is_gone(not_found: &object_store::Error) -> bool {
    let told = not_found.to_string();
    [
        "NoSuchBucket",
        "ContainerNotFound",
        "ContainerBeingDeleted",
        "ResourceNotFound",
    ]
    .iter()
    .any(|code| told.contains(code))
}

/// The first `most` bytes of an object, which is read no further than that.
async fn read_up_to(found: GetResult, path: Path, most: u64) -> Result<Bytes, ReadError> {
    let size = found.meta.size;
    let wanted = size.min(most);
    let mut read = BytesMut::new();
    let mut chunks = found.into_stream();
    while (read.len() as u64) < wanted {
        match chunks.try_next().await? {
            Some(chunk) => read.extend_from_slice(&chunk),
            None => {
                let found = read.len() as u64;
                return Err(ReadError::Truncated { path, found, size });
            }
        }
    }
    read.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
    Ok(read.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(function_id: &str, version: &str) -> VersionKey {
        VersionKey {
            function_id: function_id.into(),
            version: version.into(),
        }
    }

    fn bounds(source_bytes: u64) -> StoredBounds {
        StoredBounds {
            source_bytes,
            map_bytes: 10,
        }
    }

    fn open(location: &str) -> Store {
        Store::open(location, Duration::from_mins(1)).unwrap()
    }

    fn write(root: &std::path::Path, path: &str, text: &str) {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[tokio::test]
    async fn a_directory_is_read_by_id_and_version() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "f/1/index.js", "source");
        write(root.path(), "g/1.0-a_b/index.js", "other");
        write(root.path(), "g/1.0-a_b/function.json", "{}");
        write(root.path(), "h/1/function.json", "{}");
        for location in [
            root.path().display().to_string(),
            format!("file://{}", root.path().display()),
        ] {
            let store = open(&location);
            let fetch = async |id, version, limit| {
                let stored = store.fetch(&key(id, version), bounds(limit)).await.unwrap();
                stored.map(|stored| {
                    stored
                        .map(|stored| (stored.source, stored.manifest))
                        .unwrap()
                })
            };
            assert_eq!(fetch("f", "1", 100).await, Some(("source".into(), None)));
            assert_eq!(fetch("f", "1", 6).await, Some(("source".into(), None)));
            assert_eq!(fetch("f", "1", 3).await, Some(("sour".into(), None)));
            let other = Some(("other".into(), Some("{}".into())));
            assert_eq!(fetch("g", "1.0-a_b", 100).await, other);
            for (id, version) in [("g", "1"), ("i", "1"), ("h", "1"), ("f", "index.js")] {
                assert_eq!(fetch(id, version, 100).await, None, "{id} {version}");
            }
        }
    }

    #[tokio::test]
    async fn a_source_is_there_once_with_its_map() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "ts/1/index.ts", "typed");
        write(root.path(), "ts/1/index.js.map", "no");
        write(root.path(), "js/1/index.js", "built");
        write(root.path(), "js/1/index.js.map", "{}");
        write(root.path(), "large/1/index.js", "built");
        write(root.path(), "large/1/index.js.map", "0123456789+more");
        let inline = "//# sourceMappingURL=data:application/json,{}";
        write(root.path(), "inline/1/index.js", inline);
        write(root.path(), "inline/1/index.js.map", "{}");
        write(root.path(), "both/1/index.ts", "typed");
        write(root.path(), "both/1/index.js", "built");
        let store = open(root.path().to_str().unwrap());
        let fetch = async |id| store.fetch(&key(id, "1"), bounds(100)).await.unwrap();
        let check = async |id, source: &'static str, language, map: Option<&'static str>| {
            let expect = Stored {
                source: source.into(),
                language,
                manifest: None,
                source_map: map.map(Bytes::from),
            };
            assert_eq!(fetch(id).await, Some(Ok(expect)), "{id}");
        };
        check("ts", "typed", Language::TypeScript, None).await;
        check("js", "built", Language::JavaScript, Some("{}")).await;
        check("large", "built", Language::JavaScript, Some("0123456789+")).await;
        check("inline", inline, Language::JavaScript, None).await;
        assert_eq!(fetch("both").await, Some(Err(SourceFault::Twice)));
    }

    #[tokio::test]
    async fn a_directory_that_is_gone_says_nothing_of_functions() {
        let root = tempfile::tempdir().unwrap();
        let store = open(root.path().to_str().unwrap());
        assert_eq!(store.fetch(&key("f", "1"), bounds(1)).await.unwrap(), None);
        drop(root);
        let error = store.fetch(&key("f", "1"), bounds(1)).await.unwrap_err();
        assert!(
            matches!(
                &error,
                StoreError::Failed {
                    cause: ReadError::DirectoryGone(_),
                    ..
                }
            ),
            "{error:?}"
        );
    }

    #[tokio::test]
    async fn what_cant_be_read_is_not_missing() {
        let root = tempfile::tempdir().unwrap();
        // A file where a folder should be.
        write(root.path(), "f", "");
        let store = open(root.path().to_str().unwrap());
        let error = store.fetch(&key("f", "1"), bounds(1)).await.unwrap_err();
        assert!(matches!(error, StoreError::Failed { .. }), "{error:?}");
        let told = error.to_string();
        assert!(!told.contains(root.path().to_str().unwrap()), "{told}");
    }

    /// Names are checked before they get here; should one ever not be, it still stays in its place.
    #[tokio::test]
    async fn no_name_leads_out_of_the_root() {
        let around = tempfile::tempdir().unwrap();
        write(around.path(), "secret/1/index.js", "secret");
        write(around.path(), "root/f/1/index.js", "source");
        let store = open(around.path().join("root").to_str().unwrap());
        for id in [
            "../secret",
            "..",
            "%2e%2e/secret",
            "..%2fsecret",
            "/secret",
            "f/../../secret",
        ] {
            let found = store.fetch(&key(id, "1"), bounds(100)).await;
            assert!(!matches!(found, Ok(Some(_))), "{id}: {found:?}");
        }
    }
}
