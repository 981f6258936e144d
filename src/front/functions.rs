//! From a function reference to its source: what was sent before, else the store, else what was sent now.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use quick_cache::{Weighter, sync::Cache};
use tokio::sync::Semaphore;

use crate::{
    config::FunctionsConfig,
    front::{
        access::NotAllowed,
        audit::{Audit, SourceOrigin},
    },
    invocation::VersionKey,
    lock::Lock,
};

mod account;
mod digest;
pub mod manifest;
mod map_text;
mod measured_store;
mod source_fault;
mod store;
mod typescript;
mod version;
mod wanted;

pub use digest::SourceDigest;
use manifest::MAX_MANIFEST_BYTES;
pub use map_text::{BadDataUrl, SourceMapText};
use measured_store::MeasuredStore;
use source_fault::check_size;
pub use source_fault::{SourceFault, check_source};
pub use store::{Drafts, Shown, Store, StoreError, Stored, StoredBounds, UnusableLocation};
pub use typescript::{BadTypeScript, StripFailed, TypeScriptFault, TypeStripper};
pub use version::{FunctionVersion, Language};
pub use wanted::{BadName, Wanted, WantedFor, check_name};

/// What a kept version costs besides its source and manifest.
const OVERHEAD_BYTES: u64 = 512;

/// Versions that are known to be missing from the store; beyond it the least asked for are looked for again.
const MISSING_VERSIONS: usize = 16_384;

/// Finds functions' sources and keeps them, so that each is fetched or sent once.
pub struct Functions {
    store: MeasuredStore,
    stripper: TypeStripper,
    known: Cache<VersionKey, Arc<Known>, BySource>,
    /// Versions the store did not have, and when it said so.
    missing: Cache<VersionKey, Instant>,
    /// How long the store's word about a version counts before it is asked once more, where it matters.
    trust: Duration,
    bounds: StoredBounds,
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
        known.version.bytes() + OVERHEAD_BYTES
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
         a version never changes its source, nor the language of it"
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
    #[error(transparent)]
    Strip(#[from] StripFailed),
}

impl Functions {
    /// `bounds` are the largest files taken, `waiting` is the most calls that may wait for the store.
    pub fn new(
        store: Store,
        stripper: TypeStripper,
        config: &FunctionsConfig,
        bounds: StoredBounds,
        waiting: usize,
    ) -> Self {
        let kept_bytes = config.function_cache_bytes;
        // With its code, which in TypeScript is another text.
        let largest = (2 * bounds.source_bytes)
            .saturating_add(bounds.map_bytes)
            .saturating_add(MAX_MANIFEST_BYTES);
        // The cache splits its bytes over shards of 32 entries or more: with so many expected, each has
        // room for several of the largest.
        let expected = (kept_bytes / largest).saturating_mul(8).max(32);
        let expected = usize::try_from(expected).unwrap_or(usize::MAX);
        Self {
            store: MeasuredStore::unmeasured(store),
            stripper,
            known: Cache::with_weighter(expected, kept_bytes, BySource),
            missing: Cache::new(MISSING_VERSIONS),
            trust: config.missing_time(),
            bounds,
            waiting: Semaphore::new(waiting.min(Semaphore::MAX_PERMITS)),
            last_handle: AtomicU64::new(0),
            audit: Audit::default(),
        }
    }

    /// As [`Self::resolve`], for any caller.
    async fn version_of(&self, wanted: &Wanted) -> Result<Arc<FunctionVersion>, ResolveError> {
        if let Some(source) = &wanted.inline {
            check_size(source, self.bounds.source_bytes).map_err(ResolveError::Unusable)?;
        }
        let known = match self.known.get(&wanted.key) {
            Some(known) => known,
            // In boxes, so that calls of what is known don't carry the room for it.
            None => Box::pin(self.find(wanted)).await?,
        };
        let version = &known.version;
        if wanted
            .inline
            .as_ref()
            .is_some_and(|source| *source != version.source || wanted.language != version.language)
        {
            return Err(ResolveError::Conflict(wanted.key.clone()));
        }
        let checked = check_digest(version, wanted.digest);
        if checked.is_err() && wanted.inline.is_none() {
            return Box::pin(self.look_again(wanted, &known)).await;
        }
        checked.map(|()| version.clone())
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
        let first_seen = self.first_seen(wanted);
        let kept = self.known.get_or_insert_async(&wanted.key, first_seen);
        match (kept.await, wanted.wanted_for) {
            (Err(ResolveError::NotFound(_)), WantedFor::Describing) => {
                self.only_described(wanted).await
            }
            (kept, _) => kept,
        }
    }

    /// What is to be kept.
    async fn first_seen(&self, wanted: &Wanted) -> Result<Arc<Known>, ResolveError> {
        if let Some(version) = self.stored(&wanted.key).await? {
            self.tell_accepted(wanted, &version, SourceOrigin::Store);
            let asked = Some(Lock::new(Instant::now()));
            return Ok(Arc::new(Known { version, asked }));
        }
        match wanted.wanted_for {
            WantedFor::Describing => Err(ResolveError::NotFound(wanted.key.clone())),
            WantedFor::Running => {
                let known = self.sent(wanted, wanted.key.clone()).await?;
                self.tell_accepted(wanted, &known.version, SourceOrigin::Inline);
                Ok(known)
            }
        }
    }

    /// A source that is not kept. It goes by its digest, so that cells it costs are not the version's doing.
    async fn only_described(&self, wanted: &Wanted) -> Result<Arc<Known>, ResolveError> {
        let source = wanted.inline.as_deref().unwrap_or_default();
        let key = VersionKey {
            version: SourceDigest::of(source).to_string().into(),
            ..wanted.key.clone()
        };
        self.sent(wanted, key).await
    }

    async fn sent(&self, wanted: &Wanted, key: VersionKey) -> Result<Arc<Known>, ResolveError> {
        let Some(source) = wanted.inline.clone() else {
            return Err(ResolveError::NotFound(wanted.key.clone()));
        };
        let sent = Stored {
            source,
            language: wanted.language,
            manifest: None,
            source_map: None,
        };
        let version = self.version(&key, sent).await?;
        check_digest(&version, wanted.digest)?;
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
        let Some(stored) = self.store.fetch(key, self.bounds).await? else {
            self.missing.insert(key.clone(), Instant::now());
            return Ok(None);
        };
        self.missing.remove(key);
        let unusable = |fault| ResolveError::StoredUnusable {
            key: key.clone(),
            fault,
        };
        let stored = stored.map_err(unusable)?;
        check_source(&stored.source, self.bounds.source_bytes).map_err(unusable)?;
        Ok(Some(self.version(key, stored).await?))
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

    /// A version with a number of its own. What is wrong with its TypeScript is kept with it: it will be so
    /// each time.
    async fn version(
        &self,
        key: &VersionKey,
        stored: Stored,
    ) -> Result<Arc<FunctionVersion>, StripFailed> {
        let handle = self.last_handle.fetch_add(1, Ordering::Relaxed);
        let source = stored.source.clone();
        let manifest = stored.manifest.as_deref();
        let version = FunctionVersion::new(handle, key.clone(), source, manifest);
        Ok(Arc::new(match stored.language {
            Language::JavaScript => version.with_map(stored.source_map),
            Language::TypeScript => FunctionVersion {
                file_name: Language::TypeScript.name_in_stacks(&key.function_id),
                ..version.in_typescript(self.stripper.strip(&stored.source).await?)
            },
        }))
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
    use bytes::Bytes;

    use super::*;
    use crate::{
        config::TypeScriptConfig,
        front::{access::Caller, peer::Peer},
    };

    fn key(function_id: &str) -> VersionKey {
        VersionKey {
            function_id: function_id.into(),
            version: "1".into(),
        }
    }

    fn functions() -> Functions {
        let bounds = StoredBounds {
            source_bytes: 1024,
            map_bytes: 1024,
        };
        functions_of(Store::examples(), bounds)
    }

    /// Those of a store that keep 1 MiB.
    fn functions_of(store: Store, bounds: StoredBounds) -> Functions {
        let config = FunctionsConfig {
            location: None,
            store_timeout_ms: 1000,
            store_missing_ms: 0,
            function_cache_bytes: 1 << 20,
        };
        let typescript = TypeScriptConfig {
            typescript_cpu_seconds: std::num::NonZeroU32::MIN,
            typescript_memory_bytes: 1 << 20,
        };
        let stripper = TypeStripper::new("/nothing/here".into(), typescript, false);
        Functions::new(store, stripper, &config, bounds, 4)
    }

    fn wanted(id: &str, inline: Option<&'static str>) -> Wanted {
        Wanted {
            key: key(id),
            inline: inline.map(Bytes::from),
            language: Language::JavaScript,
            digest: None,
            caller: Caller::anyone(&Peer::default()),
            wanted_for: WantedFor::Running,
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
    async fn the_largest_of_versions_is_kept() {
        let bounds = StoredBounds {
            source_bytes: 1024,
            map_bytes: 256 << 10,
        };
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("f/1");
        std::fs::create_dir_all(&folder).unwrap();
        let files = [
            ("index.js", bounds.source_bytes),
            ("index.js.map", bounds.map_bytes),
            ("function.json", MAX_MANIFEST_BYTES),
        ];
        for (name, bytes) in files {
            std::fs::write(folder.join(name), vec![b' '; bytes as usize]).unwrap();
        }
        let store = Store::open(root.path().to_str().unwrap(), Duration::from_mins(1)).unwrap();
        let functions = functions_of(store, bounds);
        let first = functions.resolve(&wanted("f", None)).await.unwrap();
        let second = functions.resolve(&wanted("f", None)).await.unwrap();
        assert_eq!(
            (first.handle, functions.kept_versions()),
            (second.handle, 1)
        );
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
}
