//! The keys that open sealed settings, made of files, and what they opened so far.

use std::{path::PathBuf, sync::Arc};

use age::{Identity, IdentityFile};
use aws_lc_rs::digest;
use bytes::Bytes;
use quick_cache::{Weighter, sync::Cache};

use super::{
    envelope::Value,
    opening::{self, Unopened},
};
use crate::{
    config::SealedConfig,
    front::files::{Contents, FileFault, FromFiles, NamedFile},
};

/// The largest identity file, in bytes.
const MAX_FILE_BYTES: usize = 64 << 10;

/// The most identities of all files: each is tried on each recipient of a value.
const MAX_IDENTITIES: usize = 32;

/// What a kept value costs besides its text.
const OVERHEAD_BYTES: u64 = 256;

/// Where the keys are, and how much of what they open is kept.
#[derive(Debug)]
pub(super) struct IdentityFiles {
    paths: Vec<PathBuf>,
    cache_bytes: u64,
}

impl IdentityFiles {
    pub(super) fn new(config: &SealedConfig) -> Self {
        Self {
            paths: config.sealed_identities.clone(),
            cache_bytes: config.sealed_cache_bytes,
        }
    }
}

impl FromFiles for IdentityFiles {
    type Made = Keys;

    fn subject(&self) -> &'static str {
        "sealed_identities"
    }

    fn files(&self) -> Vec<NamedFile> {
        let paths = self.paths.iter();
        paths
            .map(|path| NamedFile::new("--sealed-identities", path))
            .collect()
    }

    fn make(&self, contents: &Contents) -> Result<Keys, Vec<FileFault>> {
        let (mut identities, mut recipients, mut faults) = (Vec::new(), Vec::new(), Vec::new());
        for file in self.files() {
            match contents.of(&file).and_then(|text| listed(&file, text)) {
                Ok(listed) => {
                    identities.extend(listed.identities);
                    recipients.extend(listed.recipients);
                }
                Err(fault) => faults.push(fault),
            }
            if identities.len() > MAX_IDENTITIES {
                let many = format!("makes it over {MAX_IDENTITIES} identities in all");
                return Err(vec![file.fault(many)]);
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        tracing::info!(?recipients, "sealed settings can be opened");
        Ok(Keys {
            identities,
            opened: cache(self.cache_bytes),
        })
    }
}

/// What a file has in it.
struct Listed {
    identities: Vec<Box<dyn Identity + Send + Sync>>,
    /// The public keys, as `age -r` takes them.
    recipients: Vec<String>,
}

fn listed(file: &NamedFile, text: &[u8]) -> Result<Listed, FileFault> {
    if text.len() > MAX_FILE_BYTES {
        return Err(file.fault(format!("is larger than {MAX_FILE_BYTES} bytes")));
    }
    // It tells the line that is no identity, and not what is in it.
    let identities = IdentityFile::from_buffer(text).map_err(|error| file.fault(error))?;
    let mut lines = Vec::new();
    let listed = identities.write_recipients_file(&mut lines);
    listed.map_err(|_| file.fault("has no identity, as age-keygen writes it"))?;
    let recipients = String::from_utf8_lossy(&lines)
        .lines()
        .map(str::to_owned)
        .collect();
    let identities = identities
        .into_identities()
        .map_err(|error| file.fault(error))?;
    Ok(Listed {
        identities,
        recipients,
    })
}

fn as_array(digest: digest::Digest) -> Digest {
    let mut bytes = Digest::default();
    bytes.copy_from_slice(digest.as_ref());
    bytes
}

type Digest = [u8; 32];

/// Keys, and what they opened: it goes with them when others take their place.
pub(super) struct Keys {
    identities: Vec<Box<dyn Identity + Send + Sync>>,
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
