//! Errors and logs told in the author's files: what a version's source map says of the places in them.
//!
//! A map is read when something of its version fails for the first time, and kept as long as there is room.
//! A map that is broken changes nothing: the places stay those of `index.js`, and the log says why.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use quick_cache::{Weighter, sync::Cache};
use tokio::{sync::Semaphore, task, time};

use super::functions::{BadDataUrl, FunctionVersion, SourceMapText};
use crate::{
    invocation::{Finished, FunctionError, LogLevel, LogLine, Outcome},
    source_text::shortened,
};

mod decode;
mod file_name;
mod rewrite;

use decode::{BadMap, SourceMap};
use rewrite::{Rewriter, mentions};

/// Bytes of read maps that are kept.
const KEPT_BYTES: u64 = 64 << 20;

/// Few enough that the bytes are not divided over parts that are too small for the largest map.
const EXPECTED_MAPS: usize = 32;

/// What a kept map costs besides what it says.
const OVERHEAD_BYTES: u64 = 256;

/// The cache keeps nothing that weighs more than its hot part, 97 % of the whole.
const _: () = assert!(decode::MAX_BYTES as u64 + OVERHEAD_BYTES <= KEPT_BYTES / 100 * 97);

/// Maps read at a time: it takes a core and some memory.
const READING: usize = 1;

/// Calls that may wait for a map to be read; the next ones go without.
const WAITING: usize = 256;

/// Longest that a call waits for its map. It is read to its end, for the next call.
const PATIENCE: Duration = Duration::from_secs(1);

/// Bytes told of why a map is broken.
const REASON_BYTES: usize = 200;

/// Reads maps and turns places back by them.
#[derive(Debug)]
pub struct SourceMaps {
    shelf: Arc<Shelf>,
    waiting: Arc<Semaphore>,
}

/// Maps that were read.
#[derive(Debug)]
struct Shelf {
    kept: Cache<u64, Kept, BySize>,
    reading: Semaphore,
    /// The longest map read, in bytes; 0 reads none.
    limit: u64,
}

/// A version's map, or what is wrong with it.
#[derive(Clone, Debug)]
enum Kept {
    Sound(Arc<SourceMap>),
    Broken(Arc<Broken>),
}

#[derive(Debug)]
struct Broken {
    reason: Box<str>,
    is_told: AtomicBool,
}

#[derive(Clone, Debug)]
struct BySize;

impl Weighter<u64, Kept> for BySize {
    fn weight(&self, _: &u64, kept: &Kept) -> u64 {
        let bytes = match kept {
            Kept::Sound(map) => map.bytes(),
            Kept::Broken(broken) => broken.reason.len(),
        };
        bytes as u64 + OVERHEAD_BYTES
    }
}

/// Why there is no map for now.
#[derive(Debug, thiserror::Error)]
enum NotRead {
    #[error("{WAITING} calls wait for source maps already")]
    Busy,
    #[error("reading it takes longer than {} ms", PATIENCE.as_millis())]
    Slow,
    #[error("reading it failed: {0}")]
    Reading(#[from] task::JoinError),
}

/// Why a text is no map that is used.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error(transparent)]
    BadDataUrl(#[from] BadDataUrl),
    #[error(transparent)]
    BadMap(#[from] BadMap),
}

impl SourceMaps {
    /// `limit` is the longest map read, in bytes; 0 reads none.
    pub fn new(limit: u64) -> Self {
        let shelf = Shelf {
            kept: Cache::with_weighter(EXPECTED_MAPS, KEPT_BYTES, BySize),
            reading: Semaphore::new(READING),
            limit,
        };
        Self {
            shelf: Arc::new(shelf),
            waiting: Arc::new(Semaphore::new(WAITING)),
        }
    }

    /// Turns the places in a version's errors and log lines back to its author's files; of a broken map it
    /// tells in a line of the log, once. To be done before secrets are taken out, since a map may have
    /// anything for a name.
    pub async fn apply(&self, version: &FunctionVersion, finished: &mut Finished) {
        let Some(text) = &version.source_map else {
            return;
        };
        let file = &*version.file_name;
        if self.shelf.limit == 0 || !has_places(finished, file) {
            return;
        }
        match self.map(version.handle, text).await {
            Ok(Kept::Sound(map)) => Rewriter { map: &map, file }.finished(finished),
            Ok(Kept::Broken(broken)) => finished.logs.extend(broken.first_told(file)),
            Err(error) => tracing::debug!(function = %version.key, %error, "source map not used"),
        }
    }

    /// Why a version's map is not used, if it has one that is of no use.
    pub async fn fault(&self, version: &FunctionVersion) -> Option<String> {
        let text = version
            .source_map
            .as_ref()
            .filter(|_| self.shelf.limit > 0)?;
        match self.map(version.handle, text).await {
            Ok(Kept::Broken(broken)) => Some(broken.reason.to_string()),
            Ok(Kept::Sound(_)) | Err(_) => None,
        }
    }

    async fn map(&self, handle: u64, text: &SourceMapText) -> Result<Kept, NotRead> {
        if let Some(kept) = self.shelf.kept.get(&handle) {
            return Ok(kept);
        }
        let waiting = self.waiting.clone().try_acquire_owned();
        let waiting = waiting.map_err(|_| NotRead::Busy)?;
        let (shelf, text) = (self.shelf.clone(), text.clone());
        let reading = tokio::spawn(async move {
            let _waiting = waiting;
            shelf.read(handle, text).await
        });
        time::timeout(PATIENCE, reading)
            .await
            .unwrap_or(Ok(Err(NotRead::Slow)))?
    }
}

impl Shelf {
    /// Reads a map on a thread that no call waits on, unless it was read meanwhile.
    async fn read(&self, handle: u64, text: SourceMapText) -> Result<Kept, NotRead> {
        let limit = self.limit;
        let read = async {
            let _reading = self.reading.acquire().await;
            Ok(task::spawn_blocking(move || read(&text, limit)).await?)
        };
        self.kept.get_or_insert_async(&handle, read).await
    }
}

fn read(text: &SourceMapText, limit: u64) -> Kept {
    let parse = || -> Result<_, Unusable> { Ok(SourceMap::parse(&text.json(limit)?)?) };
    match parse() {
        Ok(map) => Kept::Sound(Arc::new(map)),
        Err(error) => {
            let reason = shortened(&error.to_string(), REASON_BYTES).into();
            let is_told = AtomicBool::new(false);
            Kept::Broken(Arc::new(Broken { reason, is_told }))
        }
    }
}

impl Broken {
    /// A line for the author, the first time.
    fn first_told(&self, file: &str) -> Option<LogLine> {
        let reason = &self.reason;
        let line = || LogLine {
            time: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
            level: LogLevel::Warn,
            message: format!("the source map is not used, so places are those of {file}: {reason}"),
            event: None,
        };
        (!self.is_told.swap(true, Ordering::Relaxed)).then(line)
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
        Outcome::Described(description) => description
            .fault
            .as_ref()
            .is_some_and(|fault| in_error(fault)),
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
    async fn a_map_is_read_once_and_a_broken_one_changes_no_place() {
        let maps = SourceMaps::new(1000);
        let sound = version(Some(MAP));
        for _ in 0..2 {
            let mut finished = failed();
            maps.apply(&sound, &mut finished).await;
            assert_eq!(file(&finished), "a.ts");
            assert_eq!(maps.shelf.kept.len(), 1);
        }
        for (map, limit, lines) in [
            (None, 1000, 0),
            (Some("{"), 1000, 1),
            (Some(MAP), 10, 1),
            (Some(MAP), 0, 0),
        ] {
            let maps = SourceMaps::new(limit);
            for lines in [lines, 0] {
                let mut finished = failed();
                maps.apply(&version(map), &mut finished).await;
                assert_eq!(finished.outcomes, failed().outcomes, "{map:?} {limit}");
                assert_eq!(finished.logs.len(), lines, "{:?}", finished.logs);
            }
        }
    }

    #[tokio::test]
    async fn the_costliest_map_that_is_read_is_kept() {
        let mappings = vec!["A"; decode::MAX_MAPPINGS].join(",");
        let text = format!(r#"{{"version":3,"sources":["a.ts"],"mappings":"{mappings}"}}"#);
        let maps = SourceMaps::new(text.len() as u64);
        let text = SourceMapText::Beside(text.into());
        for _ in 0..2 {
            let kept = maps.shelf.read(7, text.clone()).await.unwrap();
            assert!(matches!(kept, Kept::Sound(_)), "{kept:?}");
            assert_eq!(maps.shelf.kept.len(), 1);
        }
    }

    #[test]
    fn what_is_told_of_a_broken_map_is_bounded() {
        let version = format!(r#"{{"version":"{}"}}"#, "é".repeat(1000));
        let kept = read(&SourceMapText::Beside(version.into()), 10_000);
        let Kept::Broken(broken) = kept else {
            panic!("{kept:?}");
        };
        let line = broken.first_told("f/index.js").unwrap();
        assert!(
            line.message.ends_with("é…") && line.message.len() < 300,
            "{line:?}"
        );
        assert_eq!(broken.first_told("f/index.js"), None);
    }
}
