//! Sees that a function's files were saved, by looking: it works on every file system, and a look costs four calls.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::Duration,
};

/// What a function may consist of.
const FILES: [&str; 4] = ["index.js", "index.ts", "function.json", "index.js.map"];

/// How often they are looked at.
const LOOK: Duration = Duration::from_millis(150);

/// What changes when a file does: its number, its length, and when it was written, in seconds and nanoseconds.
type Mark = Option<(u64, u64, i64, i64)>;

/// Looks at the files of a directory.
#[derive(Debug)]
pub struct Watch {
    directory: PathBuf,
    seen: [Mark; FILES.len()],
}

impl Watch {
    /// From what is there now.
    pub fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            seen: marks(directory),
        }
    }

    /// Waits until files have changed, and then until nobody writes to them for a moment; tells which. `None` once the
    /// other end of `ended` is gone.
    pub fn next(&mut self, ended: &Receiver<()>) -> Option<Vec<&'static str>> {
        let mut before = self.seen;
        loop {
            match ended.recv_timeout(LOOK) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return None,
            }
            let now = marks(&self.directory);
            if now == before && now != self.seen {
                let files = FILES.iter().zip(now.iter().zip(&self.seen));
                let changed = files.filter(|(_, (now, seen))| now != seen);
                let changed = changed.map(|(name, _)| *name).collect();
                self.seen = now;
                return Some(changed);
            }
            before = now;
        }
    }
}

fn marks(directory: &Path) -> [Mark; FILES.len()] {
    FILES.map(|name| {
        let file = fs::metadata(directory.join(name)).ok()?;
        Some((file.ino(), file.len(), file.mtime(), file.mtime_nsec()))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn what_was_written_removed_or_replaced_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("index.js"), "1").unwrap();
        let mut watch = Watch::new(directory.path());
        let (serving, ended) = mpsc::channel();
        fs::write(path("index.js"), "12").unwrap();
        fs::write(path("function.json"), "{}").unwrap();
        fs::write(path("notes.txt"), "").unwrap();
        let changed = watch.next(&ended);
        assert_eq!(changed.unwrap(), ["index.js", "function.json"]);
        fs::remove_file(path("function.json")).unwrap();
        assert_eq!(watch.next(&ended).unwrap(), ["function.json"]);
        fs::write(path("aside"), "21").unwrap();
        fs::rename(path("aside"), path("index.js")).unwrap();
        assert_eq!(watch.next(&ended).unwrap(), ["index.js"]);
        drop(serving);
        assert_eq!(watch.next(&ended), None);
    }
}
