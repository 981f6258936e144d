//! Sealed settings: values that only the executor can open, so that who routes them never has them in the
//! clear. They come as age files and are opened here, off the threads that serve calls, and kept as long as
//! there is room and the keys are the same.

use std::{collections::BTreeMap, sync::Arc, thread};

use bytes::Bytes;
use tokio::{sync::Semaphore, task};

use super::files::{FileFault, Kept, Watched, told};
use crate::config::SealedConfig;

mod envelope;
mod keyring;
mod opening;
mod sealing;

pub use envelope::{Binding, Value};
pub use opening::Unopened;
pub use sealing::{NotSealed, Recipient, armored, seal};

use keyring::{IdentityFiles, Keys};

/// The most sealed settings of one request.
pub const MAX_SEALED: usize = 64;

/// The longest name of a sealed setting, in bytes.
pub const MAX_NAME_BYTES: usize = 256;

/// Identity files that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("{}", told(.0))]
pub struct IdentitiesError(Vec<FileFault>);

/// The sealed settings of a request: age files, binary or armored, by name.
pub type Sealed = BTreeMap<String, Bytes>;

/// Sealed settings after the attempt to open them, in the order of their names.
pub type Opened = Vec<(String, Result<Arc<Value>, Unopened>)>;

/// What settings are for, which decides whether a bound value may be used.
#[derive(Clone, Copy, Debug)]
pub struct Purpose<'a> {
    pub function_id: &'a str,
    pub instance_id: &'a str,
}

/// Sealed settings can't be opened, whatever they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealedError {
    #[error("sealed_settings can't be opened: the executor has no keys (knob --sealed-identities)")]
    NoKeys,
    #[error(
        "as many calls wait for sealed settings to be opened as may be in flight (knob --max-in-flight)"
    )]
    Busy,
    #[error("sealed_settings could not be opened: a defect of the executor's own")]
    Defect,
}

/// Opens sealed settings with the keys of the identity files.
#[derive(Debug)]
pub struct Opener {
    /// `None` without identity files.
    keys: Option<Arc<Kept<IdentityFiles>>>,
    requires_binding: bool,
    waiting: Semaphore,
    /// Openings under way; the others wait, so that they leave the machine to those who serve calls.
    at_once: Arc<Semaphore>,
}

impl Opener {
    /// Reads the identity files. `waiting` is the most calls that may wait for an opening.
    ///
    /// # Errors
    /// [`IdentitiesError`] when one of them can't be used.
    pub fn new(config: &SealedConfig, waiting: usize) -> Result<Self, IdentitiesError> {
        let keys = match config.sealed_identities.is_empty() {
            true => None,
            false => Some(Kept::open(IdentityFiles::new(config)).map_err(IdentitiesError)?),
        };
        let at_once = thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2));
        Ok(Self {
            keys: keys.map(Arc::new),
            requires_binding: config.require_bound_seals,
            waiting: Semaphore::new(waiting.min(Semaphore::MAX_PERMITS)),
            at_once: Arc::new(Semaphore::new(at_once)),
        })
    }

    /// Opens what can be opened and may be used for the purpose, and says of the rest why not.
    ///
    /// # Errors
    /// [`SealedError`]; never when there is nothing to open.
    pub async fn open(&self, sealed: Sealed, purpose: Purpose<'_>) -> Result<Opened, SealedError> {
        if sealed.is_empty() {
            return Ok(Vec::new());
        }
        let keys = self.keys.as_ref().ok_or(SealedError::NoKeys)?.current();
        let kept: Option<Vec<_>> = sealed.values().map(|file| keys.kept(file)).collect();
        let values = match kept {
            Some(values) => values,
            None => {
                let files = sealed.values().cloned().collect();
                Box::pin(self.open_files(keys, files)).await?
            }
        };
        let named = sealed.into_keys().zip(values);
        let opened = named.map(|(name, value)| {
            let usable = value.and_then(|value| self.usable(value, &name, purpose));
            (name, usable)
        });
        Ok(opened.collect())
    }

    /// One takes a tenth of a millisecond for each key and recipient, in which the thread can't serve others.
    async fn open_files(
        &self,
        keys: Arc<Keys>,
        files: Vec<Bytes>,
    ) -> Result<Vec<Result<Arc<Value>, Unopened>>, SealedError> {
        let _waiting = self.waiting.try_acquire().map_err(|_| SealedError::Busy)?;
        let turn = self.at_once.clone().acquire_owned().await;
        let opening = task::spawn_blocking(move || {
            // Held to the end, even if the caller has gone.
            let _turn = turn;
            files.iter().map(|file| keys.open(file)).collect()
        });
        opening.await.map_err(|_| SealedError::Defect)
    }

    fn usable(
        &self,
        value: Arc<Value>,
        name: &str,
        purpose: Purpose<'_>,
    ) -> Result<Arc<Value>, Unopened> {
        let is_bound = value.binding().is_some_and(Binding::is_whole);
        if self.requires_binding && !is_bound {
            return Err(Unopened::Unbound);
        }
        if let Some(binding) = value.binding() {
            binding.check(name, purpose)?;
        }
        Ok(value)
    }

    /// The identity files, if there are any. Those that can't be used leave the keys as they were.
    pub fn watched(&self) -> Option<Arc<dyn Watched>> {
        self.keys.clone().map(|keys| keys as Arc<dyn Watched>)
    }
}

#[cfg(test)]
mod tests;
