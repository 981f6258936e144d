//! From a function reference to its source: what was sent before, else the store, else what was sent now.

use std::{
    fmt,
    str::Utf8Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use quick_cache::{Weighter, sync::Cache};
use tokio::sync::Semaphore;

use crate::{
    config::FunctionsConfig,
    front::{
        access::{Caller, NotAllowed},
        audit::{Audit, SourceOrigin},
        egress::AllowedHosts,
    },
    invocation::{InvocationLimits, VersionKey},
    lock::Lock,
};

mod account;
mod digest;
pub mod manifest;
mod measured_store;
mod store;

pub use digest::SourceDigest;
use manifest::{BadManifest, Manifest};
use measured_store::MeasuredStore;
pub use store::{Store, StoreError, UnusableLocation};

/// What a kept version costs besides its source.
const OVERHEAD_BYTES: u64 = 512;

/// Versions that are known to be missing from the store; beyond it the least asked for are looked for again.
const MISSING_VERSIONS: usize = 16_384;

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
    pub digest: SourceDigest,
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
            digest: SourceDigest::of(&source),
            source,
            manifest: manifest.map_or_else(|| Ok(Manifest::default()), Manifest::parse),
        }
    }

    /// Hosts that the version's requests may go to; `None` for any.
    pub fn allowed_hosts(&self) -> Option<Arc<AllowedHosts>> {
        let manifest = self.manifest.as_ref().ok()?;
        manifest.allowed_hosts.clone()
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

/// Which version a caller means, and what it knows of its source.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub key: VersionKey,
    /// The source, if it was sent.
    pub inline: Option<Bytes>,
    /// What the source must be, if the caller says so.
    pub digest: Option<SourceDigest>,
    pub caller: Caller,
}

/// Finds functions' sources and keeps them, so that each is fetched or sent once.
pub struct Functions {
    store: MeasuredStore,
    known: Cache<VersionKey, Arc<Known>, BySource>,
    /// Versions the store did not have, and when it said so.
    missing: Cache<VersionKey, Instant>,
    /// How long the store's word about a version counts before it is asked once more, where it matters.
    trust: Duration,
    source_bytes: u64,
    /// Calls that may wait for the store.
    waiting: Semaphore,
    last_handle: AtomicU64,
    audit: Audit,
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Functions")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

/// A version that is kept.
#[derive(Debug)]
struct Known {
    version: Arc<FunctionVersion>,
    /// When the store was last asked for it; `None` for one that was sent.
    asked: Option<Lock<Instant>>,
}

#[derive(Clone)]
struct BySource;

impl Weighter<VersionKey, Arc<Known>> for BySource {
    fn weight(&self, _: &VersionKey, known: &Arc<Known>) -> u64 {
        known.version.source.len() as u64 + OVERHEAD_BYTES
    }
}

/// Why a function can't be run as asked.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    #[error(transparent)]
    NotAllowed(NotAllowed),
    #[error("function {0} is not known here: send its source, or put it into the function store")]
    NotFound(VersionKey),
    #[error(
        "the source sent for function {0} is not the one known for that version; \
         a version never changes its source"
    )]
    Conflict(VersionKey),
    #[error(
        "the source of function {key} has the SHA-256 {found}, not {wanted} as source_sha256 has it"
    )]
    OtherSource {
        key: VersionKey,
        wanted: SourceDigest,
        found: SourceDigest,
    },
    /// The source that was sent.
    #[error("the source {0}")]
    Unusable(SourceFault),
    #[error("the source of function {key} in the function store {fault}")]
    StoredUnusable { key: VersionKey, fault: SourceFault },
    #[error("as many calls wait for the function store as may be in flight (knob --max-in-flight)")]
    Busy,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What no source may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceFault {
    #[error("is over the limit of {limit} bytes (knob --source-bytes)")]
    TooLarge { limit: u64 },
    #[error("is not UTF-8: {0}")]
    NotUtf8(#[from] Utf8Error),
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
    /// `source_bytes` is the largest source taken, `waiting` the most calls that may wait for the store.
    pub fn new(store: Store, config: &FunctionsConfig, source_bytes: u64, waiting: usize) -> Self {
        let kept_bytes = config.function_cache_bytes;
        // The cache splits its bytes over shards of 32 entries or more: with so many expected, each has
        // room for several of the largest.
        let expected = (kept_bytes / source_bytes.max(1)).saturating_mul(8).max(32);
        let expected = usize::try_from(expected).unwrap_or(usize::MAX);
        Self {
            store: MeasuredStore::unmeasured(store),
            known: Cache::with_weighter(expected, kept_bytes, BySource),
            missing: Cache::new(MISSING_VERSIONS),
            trust: config.missing_time(),
            source_bytes,
            waiting: Semaphore::new(waiting.min(Semaphore::MAX_PERMITS)),
            last_handle: AtomicU64::new(0),
            audit: Audit::default(),
        }
    }

    /// As [`Self::resolve`], for any caller.
    async fn version_of(&self, wanted: &Wanted) -> Result<Arc<FunctionVersion>, ResolveError> {
        if let Some(source) = &wanted.inline {
            self.check_source(source).map_err(ResolveError::Unusable)?;
        }
        let known = match self.known.get(&wanted.key) {
            Some(known) => known,
            None => self.find(wanted).await?,
        };
        if wanted
            .inline
            .as_ref()
            .is_some_and(|source| *source != known.version.source)
        {
            return Err(ResolveError::Conflict(wanted.key.clone()));
        }
        let checked = check_digest(&known.version, wanted.digest);
        if checked.is_err() && wanted.inline.is_none() {
            return self.look_again(wanted, &known).await;
        }
        checked.map(|()| known.version.clone())
    }

    /// Versions whose source is kept.
    pub fn kept_versions(&self) -> usize {
        self.known.len()
    }

    /// What the kept sources cost, in bytes.
    pub fn kept_bytes(&self) -> u64 {
        self.known.weight()
    }

    async fn find(&self, wanted: &Wanted) -> Result<Arc<Known>, ResolveError> {
        let _waiting = self.waiting.try_acquire().map_err(|_| ResolveError::Busy)?;
        self.known
            .get_or_insert_async(&wanted.key, self.first_seen(wanted))
            .await
    }

    async fn first_seen(&self, wanted: &Wanted) -> Result<Arc<Known>, ResolveError> {
        if let Some(version) = self.stored(&wanted.key).await? {
            self.tell_accepted(wanted, &version, SourceOrigin::Store);
            let asked = Some(Lock::new(Instant::now()));
            return Ok(Arc::new(Known { version, asked }));
        }
        let Some(source) = wanted.inline.clone() else {
            return Err(ResolveError::NotFound(wanted.key.clone()));
        };
        let version = self.version(&wanted.key, source, None);
        check_digest(&version, wanted.digest)?;
        self.tell_accepted(wanted, &version, SourceOrigin::Inline);
        let asked = None;
        Ok(Arc::new(Known { version, asked }))
    }

    /// What the store has, unless it was asked for in vain a moment ago.
    async fn stored(&self, key: &VersionKey) -> Result<Option<Arc<FunctionVersion>>, ResolveError> {
        if self
            .missing
            .get(key)
            .is_some_and(|since| since.elapsed() < self.trust)
        {
            return Ok(None);
        }
        let Some(stored) = self.store.fetch(key, self.source_bytes).await? else {
            self.missing.insert(key.clone(), Instant::now());
            return Ok(None);
        };
        self.missing.remove(key);
        let unusable = |fault| ResolveError::StoredUnusable {
            key: key.clone(),
            fault,
        };
        self.check_source(&stored.source).map_err(unusable)?;
        Ok(Some(self.version(key, stored.source, stored.manifest)))
    }

    /// A caller means another source than the one that is kept: either the caller is wrong, or what the
    /// store gave was, once. So the store is asked again, but not at every call.
    async fn look_again(
        &self,
        wanted: &Wanted,
        known: &Known,
    ) -> Result<Arc<FunctionVersion>, ResolveError> {
        let key = &wanted.key;
        let now_stored = match self.may_ask_again(known) {
            true => {
                let _waiting = self.waiting.try_acquire().map_err(|_| ResolveError::Busy)?;
                self.stored(key).await?
            }
            false => None,
        };
        let version = now_stored.as_ref().unwrap_or(&known.version);
        check_digest(version, wanted.digest)?;
        tracing::warn!(function = %key, was = %known.version.digest, now = %version.digest,
            "the function store gave another source before");
        self.tell_accepted(wanted, version, SourceOrigin::Store);
        let fresh = Known {
            version: version.clone(),
            asked: Some(Lock::new(Instant::now())),
        };
        self.known.insert(key.clone(), Arc::new(fresh));
        Ok(version.clone())
    }

    /// Whether it is time to ask the store once more for a version it gave; then it is noted.
    fn may_ask_again(&self, known: &Known) -> bool {
        let Some(asked) = &known.asked else {
            return false;
        };
        let mut asked = asked.lock();
        let is_time = asked.elapsed() >= self.trust;
        if is_time {
            *asked = Instant::now();
        }
        is_time
    }

    fn version(
        &self,
        key: &VersionKey,
        source: Bytes,
        manifest: Option<Bytes>,
    ) -> Arc<FunctionVersion> {
        let handle = self.last_handle.fetch_add(1, Ordering::Relaxed);
        Arc::new(FunctionVersion::new(
            handle,
            key.clone(),
            source,
            manifest.as_deref(),
        ))
    }

    fn check_source(&self, source: &[u8]) -> Result<(), SourceFault> {
        let limit = self.source_bytes;
        if source.len() as u64 > limit {
            return Err(SourceFault::TooLarge { limit });
        }
        std::str::from_utf8(source)?;
        Ok(())
    }
}

fn check_digest(
    version: &FunctionVersion,
    wanted: Option<SourceDigest>,
) -> Result<(), ResolveError> {
    match wanted {
        Some(wanted) if wanted != version.digest => Err(ResolveError::OtherSource {
            key: version.key.clone(),
            wanted,
            found: version.digest,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::peer::Peer;

    fn key(function_id: &str) -> VersionKey {
        VersionKey {
            function_id: function_id.into(),
            version: "1".into(),
        }
    }

    fn functions() -> Functions {
        let config = FunctionsConfig {
            location: None,
            store_timeout_ms: 1000,
            store_missing_ms: 0,
            function_cache_bytes: 1 << 20,
        };
        Functions::new(Store::examples(), &config, 1024, 4)
    }

    fn wanted(id: &str, inline: Option<&'static str>) -> Wanted {
        Wanted {
            key: key(id),
            inline: inline.map(Bytes::from),
            digest: None,
            caller: Caller::anyone(&Peer::default()),
        }
    }

    async fn resolve(functions: &Functions, id: &str, inline: Option<&'static str>) -> String {
        match functions.resolve(&wanted(id, inline)).await {
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
        assert_eq!((functions.kept_versions(), functions.kept_bytes()), (0, 0));
        assert_eq!(resolve(&functions, "f", Some("first")).await, "first");
        assert_eq!(resolve(&functions, "f", None).await, "first");
        assert_eq!(resolve(&functions, "f", Some("second")).await, "conflict");
        let bytes = "first".len() as u64 + OVERHEAD_BYTES;
        assert_eq!(
            (functions.kept_versions(), functions.kept_bytes()),
            (1, bytes)
        );
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

    #[tokio::test]
    async fn a_source_that_is_not_the_one_meant_is_refused_and_not_kept() {
        let functions = functions();
        let digest = Some(SourceDigest::of(b"first"));
        let mut meant = wanted("f", Some("second"));
        meant.digest = digest;
        let error = functions.resolve(&meant).await.unwrap_err();
        assert!(matches!(error, ResolveError::OtherSource { .. }), "{error}");
        meant.inline = Some("first".into());
        assert_eq!(functions.resolve(&meant).await.unwrap().source, "first");
        meant.inline = None;
        assert_eq!(functions.resolve(&meant).await.unwrap().source, "first");
        meant.digest = Some(SourceDigest::of(b"second"));
        let error = functions.resolve(&meant).await.unwrap_err().to_string();
        let sums = ["first", "second"].map(|text| SourceDigest::of(text.as_bytes()).to_string());
        assert!(sums.iter().all(|sum| error.contains(sum)), "{error}");
        assert_eq!(resolve(&functions, "f", None).await, "first");
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
