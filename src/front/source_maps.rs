//! Errors and logs told in the author's files: what a version's source map says of the places in them.
//!
//! A map is read when something of its version fails for the first time, and kept as long as there is room.
//! A map that is broken changes nothing: the places stay those of `index.js`, and the log says why.

use std::sync::Arc;

use quick_cache::{Weighter, sync::Cache};
use tokio::{sync::Semaphore, task};

use super::functions::{BadDataUrl, FunctionVersion, SourceMapText};
use crate::invocation::{Finished, FunctionError, Outcome};

mod decode;
mod file_name;
mod rewrite;

use decode::{BadMap, SourceMap};
use rewrite::{Rewriter, mentions};

/// Bytes of read maps that are kept.
const KEPT_BYTES: u64 = 64 << 20;

/// Read maps among which the kept bytes are divided.
const EXPECTED_MAPS: usize = 256;

/// What a kept map costs besides what it says.
const OVERHEAD_BYTES: u64 = 256;

/// Maps read at a time: it takes a core and some memory.
const READING: usize = 1;

/// Calls that may wait for a map to be read; the next ones go without.
const WAITING: usize = 256;

/// Reads maps and turns places back by them.
#[derive(Debug)]
pub struct SourceMaps {
    kept: Cache<u64, Kept, BySize>,
    reading: Arc<Semaphore>,
    waiting: Semaphore,
    /// The longest map read, in bytes; 0 reads none.
    limit: u64,
}

/// A version's map; none, if it is broken.
type Kept = Option<Arc<SourceMap>>;

#[derive(Clone, Debug)]
struct BySize;

impl Weighter<u64, Kept> for BySize {
    fn weight(&self, _: &u64, kept: &Kept) -> u64 {
        kept.as_ref().map_or(0, |map| map.bytes() as u64) + OVERHEAD_BYTES
    }
}

/// Why a version's map is not used.
#[derive(Debug, thiserror::Error)]
enum Unused {
    #[error("{WAITING} calls wait for source maps already")]
    Busy,
    #[error(transparent)]
    BadDataUrl(#[from] BadDataUrl),
    #[error(transparent)]
    BadMap(#[from] BadMap),
    #[error("reading it failed: {0}")]
    Reading(#[from] task::JoinError),
    #[error("the executor is ending")]
    Ending,
}

impl SourceMaps {
    /// `limit` is the longest map read, in bytes; 0 reads none.
    pub fn new(limit: u64) -> Self {
        Self {
            kept: Cache::with_weighter(EXPECTED_MAPS, KEPT_BYTES, BySize),
            reading: Arc::new(Semaphore::new(READING)),
            waiting: Semaphore::new(WAITING),
            limit,
        }
    }

    /// Turns the places in a version's errors and log lines back to its author's files. To be done before
    /// secrets are taken out, since a map may have anything for a name.
    pub async fn apply(&self, version: &FunctionVersion, finished: &mut Finished) {
        let Some(text) = &version.source_map else {
            return;
        };
        let file = &*version.file_name;
        if self.limit == 0 || !has_places(finished, file) {
            return;
        }
        let map = match self.map(version.handle, text).await {
            Ok(Some(map)) => map,
            Ok(None) => return,
            Err(error) => {
                tracing::debug!(function = %version.key, %error, "source map not used");
                return;
            }
        };
        let rewriter = Rewriter { map: &map, file };
        for outcome in &mut finished.outcomes {
            if let Outcome::Failed(error) = outcome {
                rewriter.error(error);
            }
        }
        for line in &mut finished.logs {
            rewriter.lines(&mut line.message);
        }
    }

    async fn map(&self, handle: u64, text: &SourceMapText) -> Result<Kept, Unused> {
        if let Some(kept) = self.kept.get(&handle) {
            return Ok(kept);
        }
        let _waiting = self.waiting.try_acquire().map_err(|_| Unused::Busy)?;
        self.kept
            .get_or_insert_async(&handle, self.read(text.clone()))
            .await
    }

    /// Reads on a thread that no call waits on, and one at a time, also when nobody waits any more.
    async fn read(&self, text: SourceMapText) -> Result<Kept, Unused> {
        let reading = self.reading.clone().acquire_owned().await;
        let reading = reading.map_err(|_| Unused::Ending)?;
        let limit = self.limit;
        let read = task::spawn_blocking(move || {
            let _reading = reading;
            Ok(SourceMap::parse(&text.json(limit)?)?)
        });
        match read.await? {
            Ok(map) => Ok(Some(Arc::new(map))),
            Err(error @ (Unused::BadDataUrl(_) | Unused::BadMap(_))) => {
                tracing::debug!(%error, "a source map is broken");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether something failed or was logged at a place of the file.
fn has_places(finished: &Finished, file: &str) -> bool {
    let in_error = |error: &FunctionError| {
        error.frames.iter().any(|frame| frame.file == file)
            || mentions(&error.stack, file)
            || mentions(&error.message, file)
    };
    let in_outcome = |outcome: &Outcome| match outcome {
        Outcome::Failed(error) => in_error(error),
        Outcome::Delivered(_) | Outcome::Filtered { .. } => false,
    };
    finished.outcomes.iter().any(in_outcome)
        || finished
            .logs
            .iter()
            .any(|line| mentions(&line.message, file))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::invocation::{ErrorCode, Usage, VersionKey, stack};

    const MAP: &str = r#"{"version":3,"sources":["a.ts"],"mappings":"AAAA"}"#;

    fn version(map: Option<&'static str>) -> FunctionVersion {
        let key = VersionKey {
            function_id: "f".into(),
            version: "1".into(),
        };
        FunctionVersion {
            source_map: map.map(|map| SourceMapText::Beside(Bytes::from_static(map.as_bytes()))),
            ..FunctionVersion::new(7, key, "".into(), None)
        }
    }

    fn failed() -> Finished {
        let mut error = FunctionError::new(ErrorCode::BadRequest, "no");
        error.stack = "Error: no\n    at t (f/index.js:1:5)".to_owned();
        error.frames = stack::frames(&error.stack);
        Finished {
            outcomes: vec![Outcome::Failed(Box::new(error))],
            logs: Vec::new(),
            usage: Usage::default(),
        }
    }

    #[track_caller]
    fn file(finished: &Finished) -> &str {
        match finished.outcomes.as_slice() {
            [Outcome::Failed(error)] => &error.frames[0].file,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_map_is_read_once_and_a_broken_one_changes_nothing() {
        let maps = SourceMaps::new(1000);
        let mut finished = failed();
        maps.apply(&version(Some(MAP)), &mut finished).await;
        assert_eq!(file(&finished), "a.ts");
        assert_eq!(maps.kept.len(), 1);
        for (map, limit) in [
            (None, 1000),
            (Some("{"), 1000),
            (Some(MAP), 10),
            (Some(MAP), 0),
        ] {
            let maps = SourceMaps::new(limit);
            let mut finished = failed();
            maps.apply(&version(map), &mut finished).await;
            assert_eq!(finished, failed(), "{map:?} {limit}");
        }
    }
}
