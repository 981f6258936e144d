//! The keys that open sealed settings: read from files, and again when those change.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use age::{Identity, IdentityFile};
use aws_lc_rs::digest;
use bytes::Bytes;
use quick_cache::{Weighter, sync::Cache};

use super::{
    envelope::Value,
    opening::{self, Unopened},
};
use crate::{config::SealedConfig, lock::Lock};

/// The largest identity file, in bytes.
const MAX_FILE_BYTES: u64 = 64 << 10;

/// The most identities of all files: each is tried on each recipient of a value.
const MAX_IDENTITIES: usize = 32;

/// What a kept value costs besides its text.
const OVERHEAD_BYTES: u64 = 256;

/// Identity files that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentitiesError {
    #[error("--sealed-identities {}: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("--sealed-identities {}: is larger than {MAX_FILE_BYTES} bytes", .0.display())]
    TooLarge(PathBuf),
    #[error("--sealed-identities {}: has no identity, as age-keygen writes it", .0.display())]
    Empty(PathBuf),
    #[error("--sealed-identities: {0} identities, over the limit of {MAX_IDENTITIES}")]
    TooMany(usize),
}

/// The keys in force.
pub(super) struct Keyring {
    files: Vec<PathBuf>,
    cache_bytes: u64,
    keys: Lock<Arc<Keys>>,
    seen: Lock<Seen>,
}

/// What the files were when last looked at: their digest, or why they could not be read.
type Seen = Result<Digest, String>;

type Digest = [u8; 32];

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl Keyring {
    pub(super) fn read(config: &SealedConfig) -> Result<Self, IdentitiesError> {
        let files = config.sealed_identities.clone();
        let contents = Contents::read(&files)?;
        let keys = contents.keys(config.sealed_cache_bytes)?;
        tracing::info!(recipients = ?keys.recipients, "sealed settings can be opened");
        Ok(Self {
            seen: Lock::new(Ok(contents.digest())),
            files,
            cache_bytes: config.sealed_cache_bytes,
            keys: Lock::new(Arc::new(keys)),
        })
    }

    pub(super) fn keys(&self) -> Arc<Keys> {
        self.keys.lock().clone()
    }

    /// Takes what is in the files now if it is something else than the last time, and usable. If it is not
    /// usable, that is logged once.
    pub(super) fn reread(&self) {
        let contents = Contents::read(&self.files);
        let now = match &contents {
            Ok(contents) => Ok(contents.digest()),
            Err(error) => Err(error.to_string()),
        };
        let before = std::mem::replace(&mut *self.seen.lock(), now.clone());
        if before == now {
            return;
        }
        match contents.and_then(|contents| contents.keys(self.cache_bytes)) {
            Ok(keys) => {
                tracing::info!(recipients = ?keys.recipients, "the identity files changed");
                *self.keys.lock() = Arc::new(keys);
            }
            Err(error) => {
                tracing::error!(
                    "the identity files changed, and the keys stay as they were: {error}"
                );
            }
        }
    }
}

/// What is in the identity files. Not to be printed.
struct Contents(Vec<(PathBuf, Vec<u8>)>);

impl Contents {
    fn read(paths: &[PathBuf]) -> Result<Self, IdentitiesError> {
        let files = paths.iter().map(|path| Ok((path.clone(), read(path)?)));
        files.collect::<Result<_, _>>().map(Self)
    }

    fn digest(&self) -> Digest {
        let mut context = digest::Context::new(&digest::SHA256);
        for (_, text) in &self.0 {
            context.update(&(text.len() as u64).to_be_bytes());
            context.update(text);
        }
        as_array(context.finish())
    }

    fn keys(&self, cache_bytes: u64) -> Result<Keys, IdentitiesError> {
        let (mut identities, mut recipients) = (Vec::new(), Vec::new());
        for (path, text) in &self.0 {
            let unusable = |error| IdentitiesError::Unreadable {
                path: path.clone(),
                error,
            };
            // It tells the line that is no identity, and not what is in it.
            let file = IdentityFile::from_buffer(&text[..]).map_err(unusable)?;
            let mut lines = Vec::new();
            let listed = file.write_recipients_file(&mut lines);
            listed.map_err(|_| IdentitiesError::Empty(path.clone()))?;
            recipients.extend(String::from_utf8_lossy(&lines).lines().map(str::to_owned));
            let found = file.into_identities();
            identities.extend(found.map_err(|error| unusable(io::Error::other(error)))?);
        }
        if identities.len() > MAX_IDENTITIES {
            return Err(IdentitiesError::TooMany(identities.len()));
        }
        Ok(Keys {
            identities,
            recipients,
            opened: cache(cache_bytes),
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, IdentitiesError> {
    let mut text = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut text));
    read.map_err(|error| IdentitiesError::Unreadable {
        path: path.to_owned(),
        error,
    })?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(IdentitiesError::TooLarge(path.to_owned()));
    }
    Ok(text)
}

fn as_array(digest: digest::Digest) -> Digest {
    let mut bytes = Digest::default();
    bytes.copy_from_slice(digest.as_ref());
    bytes
}

/// Keys, and what they opened: it goes with them when others take their place.
pub(super) struct Keys {
    identities: Vec<Box<dyn Identity + Send + Sync>>,
    /// The public keys, as `age -r` takes them.
    recipients: Vec<String>,
    /// What became of files, by their SHA-256. It is the same each time, for good and bad.
    opened: Cache<Digest, Outcome, ByText>,
}

type Outcome = Result<Arc<Value>, Unopened>;

#[derive(Clone)]
struct ByText;

impl Weighter<Digest, Outcome> for ByText {
    fn weight(&self, _: &Digest, outcome: &Outcome) -> u64 {
        let text = outcome.as_ref().map_or(0, |value| value.text().len());
        text as u64 + OVERHEAD_BYTES
    }
}

fn cache(bytes: u64) -> Cache<Digest, Outcome, ByText> {
    let expected = usize::try_from(bytes / (4 * OVERHEAD_BYTES)).unwrap_or(usize::MAX);
    Cache::with_weighter(expected.max(1), bytes, ByText)
}

impl Keys {
    /// What became of the file before, if that is still known.
    pub(super) fn kept(&self, file: &Bytes) -> Option<Outcome> {
        self.opened.get(&digest_of(file))
    }

    /// Opens a file, with no more than the work that [`opening::open`] allows for each identity.
    pub(super) fn open(&self, file: &Bytes) -> Outcome {
        let digest = digest_of(file);
        if let Some(outcome) = self.opened.get(&digest) {
            return outcome;
        }
        let outcome = opening::open(file, &self.identities).map(Arc::new);
        self.opened.insert(digest, outcome.clone());
        outcome
    }
}

fn digest_of(file: &[u8]) -> Digest {
    as_array(digest::digest(&digest::SHA256, file))
}
