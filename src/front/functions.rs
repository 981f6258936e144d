//! From a function reference to its source: what was sent before, else the store, else what was sent now.

use std::{
    fmt,
    str::Utf8Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use quick_cache::{Weighter, sync::Cache};

use crate::invocation::{InvocationLimits, VersionKey};

pub mod manifest;
mod store;

use manifest::{BadManifest, Manifest};
pub use store::{Store, StoreError, UnusableLocation};

/// Bytes of sources kept; beyond it the least used go, and are fetched or sent again.
const KEPT_BYTES: u64 = 256 << 20;

/// What a kept version costs besides its source.
const OVERHEAD_BYTES: u64 = 512;

/// Versions kept when each is small.
const EXPECTED_VERSIONS: usize = 16_384;

/// The longest id or version, in bytes.
pub const MAX_NAME_BYTES: usize = 128;

/// One version of a function, with its source.
#[derive(Debug)]
pub struct FunctionVersion {
    /// This front's number for it, by which cells know it.
    pub handle: u64,
    pub key: VersionKey,
    /// JavaScript in UTF-8.
    pub source: Bytes,
    /// The source's name in stacks.
    pub file_name: String,
    /// What the version says of itself; the default when it has no manifest.
    pub manifest: Result<Manifest, BadManifest>,
}

impl FunctionVersion {
    /// A version with its source and, if it has one, the text of its `function.json`.
    pub fn new(handle: u64, key: VersionKey, source: Bytes, manifest: Option<&[u8]>) -> Self {
        Self {
            handle,
            file_name: format!("{}/index.js", key.function_id),
            key,
            source,
            manifest: manifest.map_or_else(|| Ok(Manifest::default()), Manifest::parse),
        }
    }

    /// An invocation's limits, lowered to those the version sets for itself.
    #[must_use]
    pub fn lowered(&self, mut limits: InvocationLimits) -> InvocationLimits {
        if let Ok(manifest) = &self.manifest {
            manifest.limits.lower(&mut limits);
        }
        limits
    }
}

/// Finds functions' sources and keeps them, so that each is fetched or sent once.
pub struct Functions {
    store: Store,
    known: Cache<VersionKey, Arc<FunctionVersion>, BySource>,
    source_bytes: u64,
    last_handle: AtomicU64,
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Functions")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct BySource;

impl Weighter<VersionKey, Arc<FunctionVersion>> for BySource {
    fn weight(&self, _: &VersionKey, version: &Arc<FunctionVersion>) -> u64 {
        version.source.len() as u64 + OVERHEAD_BYTES
    }
}

/// Why a function can't be run as asked.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    #[error("function {0} is not known here: send its source, or put it into the function store")]
    NotFound(VersionKey),
    #[error(
        "the source sent for function {0} is not the one known for that version; \
         a version never changes its source"
    )]
    Conflict(VersionKey),
    #[error("the source is over the limit of {limit} bytes (knob --source-bytes)")]
    TooLarge { limit: u64 },
    #[error("the source is not UTF-8: {0}")]
    NotUtf8(#[from] Utf8Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A name that can't be one of a function or version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {MAX_NAME_BYTES} characters of A-Z a-z 0-9 . _ - and not start with a dot")]
pub struct BadName;

/// Checks the form of a function id or version, which are also names of folders in a store.
///
/// # Errors
/// [`BadName`] when it is empty, too long, or has other characters.
pub fn check_name(name: &str) -> Result<(), BadName> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let sound = !name.is_empty()
        && name.len() <= MAX_NAME_BYTES
        && !name.starts_with('.')
        && name.bytes().all(allowed);
    if sound { Ok(()) } else { Err(BadName) }
}

impl Functions {
    /// `source_bytes` is the largest source taken.
    pub fn new(store: Store, source_bytes: u64) -> Self {
        Self {
            store,
            known: Cache::with_weighter(EXPECTED_VERSIONS, KEPT_BYTES, BySource),
            source_bytes,
            last_handle: AtomicU64::new(0),
        }
    }

    /// The version `key` names. Concurrent callers share one look into the store. An `inline` source is
    /// taken when the version is not known otherwise, and must be the same when it is.
    ///
    /// # Errors
    /// [`ResolveError`]; nothing is kept then.
    pub async fn resolve(
        &self,
        key: VersionKey,
        inline: Option<Bytes>,
    ) -> Result<Arc<FunctionVersion>, ResolveError> {
        if let Some(source) = &inline {
            self.check_source(source)?;
        }
        let sent = inline.clone();
        let found = self
            .known
            .get_or_insert_async(&key, self.first_seen(&key, sent))
            .await?;
        match inline {
            Some(source) if source != found.source => Err(ResolveError::Conflict(key)),
            _ => Ok(found),
        }
    }

    async fn first_seen(
        &self,
        key: &VersionKey,
        sent: Option<Bytes>,
    ) -> Result<Arc<FunctionVersion>, ResolveError> {
        let stored = self.store.fetch(key, self.source_bytes).await?;
        let (source, manifest) = match stored {
            Some(stored) => (stored.source, stored.manifest),
            None => (
                sent.ok_or_else(|| ResolveError::NotFound(key.clone()))?,
                None,
            ),
        };
        self.check_source(&source)?;
        let handle = self.last_handle.fetch_add(1, Ordering::Relaxed);
        let version = FunctionVersion::new(handle, key.clone(), source, manifest.as_deref());
        Ok(Arc::new(version))
    }

    fn check_source(&self, source: &[u8]) -> Result<(), ResolveError> {
        if source.len() as u64 > self.source_bytes {
            return Err(ResolveError::TooLarge {
                limit: self.source_bytes,
            });
        }
        std::str::from_utf8(source)?;
        Ok(())
    }
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

    fn functions() -> Functions {
        Functions::new(Store::Embedded, 1024)
    }

    async fn resolve(functions: &Functions, id: &str, inline: Option<&'static str>) -> String {
        match functions.resolve(key(id), inline.map(Bytes::from)).await {
            Ok(version) => String::from_utf8(version.source.to_vec()).unwrap(),
            Err(ResolveError::NotFound(_)) => "not found".into(),
            Err(ResolveError::Conflict(_)) => "conflict".into(),
            Err(error) => error.to_string(),
        }
    }

    #[tokio::test]
    async fn a_source_sent_once_is_known_and_never_changes() {
        let functions = functions();
        assert_eq!(resolve(&functions, "f", None).await, "not found");
        assert_eq!(resolve(&functions, "f", Some("first")).await, "first");
        assert_eq!(resolve(&functions, "f", None).await, "first");
        assert_eq!(resolve(&functions, "f", Some("second")).await, "conflict");
        assert_eq!(resolve(&functions, "f", Some("first")).await, "first");
    }

    #[tokio::test]
    async fn a_source_sent_must_agree_with_the_store() {
        assert_eq!(
            resolve(&functions(), "hello", Some("mine")).await,
            "conflict"
        );
    }

    #[tokio::test]
    async fn a_source_over_the_limit_is_refused_with_the_knob() {
        let large = "x".repeat(1025).leak();
        let error = resolve(&functions(), "f", Some(large)).await;
        assert_eq!(
            error,
            "the source is over the limit of 1024 bytes (knob --source-bytes)"
        );
    }

    #[test]
    fn names() {
        for name in ["a", "sfnc_1-2.3", "0", &"x".repeat(128)] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in [
            "",
            ".",
            "..",
            ".hidden",
            "a/b",
            "a b",
            "ä",
            "a\0",
            &"x".repeat(129),
        ] {
            assert_eq!(check_name(name), Err(BadName), "{name}");
        }
    }
}
