//! What is made of files, and made anew when they change, while the executor serves.
//!
//! Files are compared by content: Kubernetes swaps a link two folders up, and others write in place. What
//! can't be made of the new content leaves the old in use.

use std::{
    fmt,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use aws_lc_rs::digest::{Context, SHA256};

use crate::lock::Lock;

/// No file of a configuration is larger.
const MAX_BYTES: u64 = 4 << 20;

/// A file by the flag that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFile {
    pub flag: &'static str,
    pub path: PathBuf,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{flag} {}: {description}", path.display())]
pub struct FileFault {
    flag: &'static str,
    path: PathBuf,
    description: String,
}

impl NamedFile {
    pub fn new(flag: &'static str, path: &Path) -> Self {
        let path = path.to_owned();
        Self { flag, path }
    }

    /// Something that is wrong with it.
    pub fn fault(&self, description: impl fmt::Display) -> FileFault {
        FileFault {
            flag: self.flag,
            path: self.path.clone(),
            description: description.to_string(),
        }
    }

    fn read(&self) -> Result<Vec<u8>, FileFault> {
        let mut bytes = Vec::new();
        let read = File::open(&self.path)
            .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
        match read {
            Ok(_) if bytes.len() as u64 > MAX_BYTES => Err(self.fault("is over 4 MiB")),
            Ok(_) => Ok(bytes),
            Err(error) => Err(self.fault(error)),
        }
    }
}

/// Something that is made of the contents of some files.
pub trait FromFiles: fmt::Debug + Send + Sync + 'static {
    type Made: Send + Sync;

    /// What it is called in logs and metrics.
    fn subject(&self) -> &'static str;

    /// The files, always the same.
    fn files(&self) -> Vec<NamedFile>;

    /// What comes of the files' contents.
    ///
    /// # Errors
    /// All that is wrong with them.
    fn make(&self, contents: &Contents) -> Result<Self::Made, Vec<FileFault>>;
}

/// What is in some files, as far as they can be read. It may be secret, so there is no way to print it.
#[allow(missing_debug_implementations)]
pub struct Contents(Vec<(NamedFile, Result<Vec<u8>, FileFault>)>);

impl Contents {
    fn read(files: Vec<NamedFile>) -> Self {
        let read = |file: NamedFile| {
            let contents = file.read();
            (file, contents)
        };
        Self(files.into_iter().map(read).collect())
    }

    /// What is in a file.
    ///
    /// # Errors
    /// When it could not be read.
    pub fn of(&self, file: &NamedFile) -> Result<&[u8], FileFault> {
        match self.0.iter().find(|(read, _)| read == file) {
            Some((_, Ok(bytes))) => Ok(bytes),
            Some((_, Err(fault))) => Err(fault.clone()),
            None => Err(file.fault("was not read")),
        }
    }

    /// A digest of all, each with its length, so that bytes can't pass from one file to the next unnoticed;
    /// a file that can't be read counts by why.
    fn digest(&self) -> Vec<u8> {
        let mut context = Context::new(&SHA256);
        for (_, contents) in &self.0 {
            let why = contents.as_ref().err().map(ToString::to_string);
            let bytes = contents.as_deref().unwrap_or_default();
            for part in [bytes, why.unwrap_or_default().as_bytes()] {
                context.update(&(part.len() as u64).to_be_bytes());
                context.update(part);
            }
        }
        context.finish().as_ref().to_vec()
    }
}

/// What was made of files last, as far as it could be.
pub struct Kept<F: FromFiles> {
    recipe: F,
    made: Lock<Arc<F::Made>>,
    /// The digest of the contents that were looked at last, of use or not; no copy, for one of the files may
    /// be a private key.
    seen: Lock<Vec<u8>>,
    stale: AtomicBool,
    reloads: AtomicU64,
    failures: AtomicU64,
}

/// Whether contents are made anew that were seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eagerness {
    /// Only what has changed.
    IfChanged,
    /// Somebody asked for it.
    Insisting,
}

/// What a look at the files found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    Unchanged,
    Reloaded,
    /// The old is still in use.
    Failed(Vec<FileFault>),
}

/// Something that looks after its files when told to. It reads them: not for an async thread.
pub trait Watched: fmt::Debug + Send + Sync {
    /// What it is called in logs and metrics.
    fn subject(&self) -> &'static str;

    /// Makes it anew if its files have changed.
    fn look(&self, eagerness: Eagerness) -> Look;

    /// Whether the files are not what is in use.
    fn is_stale(&self) -> bool;

    /// Times it was made anew.
    fn reloads(&self) -> u64;

    /// Times the files were of no use.
    fn failures(&self) -> u64;
}

impl<F: FromFiles> Kept<F> {
    /// # Errors
    /// All that is wrong with the files.
    pub fn open(recipe: F) -> Result<Self, Vec<FileFault>> {
        let contents = Contents::read(recipe.files());
        let made = recipe.make(&contents)?;
        Ok(Self {
            recipe,
            made: Lock::new(Arc::new(made)),
            seen: Lock::new(contents.digest()),
            stale: AtomicBool::new(false),
            reloads: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        })
    }

    /// What is in use now.
    pub fn current(&self) -> Arc<F::Made> {
        self.made.lock().clone()
    }

    /// What the files are now, and whether that was seen before.
    fn look_at_files(&self, eagerness: Eagerness) -> Look {
        let contents = Contents::read(self.recipe.files());
        let found = contents.digest();
        let mut seen = self.seen.lock();
        if *seen == found && eagerness == Eagerness::IfChanged {
            return Look::Unchanged;
        }
        *seen = found;
        match self.recipe.make(&contents) {
            Ok(made) => {
                *self.made.lock() = Arc::new(made);
                Look::Reloaded
            }
            Err(faults) => Look::Failed(faults),
        }
    }
}

impl<F: FromFiles> Watched for Kept<F> {
    fn subject(&self) -> &'static str {
        self.recipe.subject()
    }

    fn look(&self, eagerness: Eagerness) -> Look {
        let mut look = self.look_at_files(eagerness);
        if matches!(look, Look::Failed(_)) {
            // Files that belong together may have been read in the middle of their change.
            match self.look_at_files(Eagerness::IfChanged) {
                Look::Unchanged => {}
                second => look = second,
            }
        }
        match &look {
            Look::Unchanged => return look,
            Look::Reloaded => self.reloads.fetch_add(1, Ordering::Relaxed),
            Look::Failed(_) => self.failures.fetch_add(1, Ordering::Relaxed),
        };
        let stale = matches!(look, Look::Failed(_));
        self.stale.store(stale, Ordering::Relaxed);
        look
    }

    fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Relaxed)
    }

    fn reloads(&self) -> u64 {
        self.reloads.load(Ordering::Relaxed)
    }

    fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }
}

impl<F: FromFiles> fmt::Debug for Kept<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("recipe", &self.recipe)
            .finish_non_exhaustive()
    }
}

/// Faults in one line.
pub fn told(faults: &[FileFault]) -> String {
    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
    faults.join("; ")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    /// The texts of two files in one; `bad` in either is of no use.
    #[derive(Debug)]
    struct Texts(TempDir);

    impl FromFiles for Texts {
        type Made = String;

        fn subject(&self) -> &'static str {
            "texts"
        }

        fn files(&self) -> Vec<NamedFile> {
            let file = |name| NamedFile::new("--text", &self.0.path().join(name));
            vec![file("one"), file("two")]
        }

        fn make(&self, contents: &Contents) -> Result<String, Vec<FileFault>> {
            let files = self.files();
            let texts: Vec<_> = files.iter().map(|file| contents.of(file)).collect();
            let faults: Vec<_> = texts.iter().filter_map(|text| text.clone().err()).collect();
            if !faults.is_empty() {
                return Err(faults);
            }
            let text: Vec<_> = texts.into_iter().map(Result::unwrap).collect();
            let text = String::from_utf8(text.concat()).unwrap();
            match text.contains("bad") {
                true => Err(vec![files[0].fault("is bad")]),
                false => Ok(text),
            }
        }
    }

    #[test]
    fn a_change_is_seen_by_content_and_a_bad_one_keeps_the_old() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().to_owned();
        let write = |name: &str, text: &str| fs::write(path.join(name), text).unwrap();
        write("one", "1");
        write("two", "2");
        let kept = Kept::open(Texts(directory)).unwrap();
        let check = |eagerness, expect: &str, made: &str, stale| {
            let look = match kept.look(eagerness) {
                Look::Unchanged => "unchanged".to_owned(),
                Look::Reloaded => "reloaded".to_owned(),
                Look::Failed(faults) => told(&faults),
            };
            assert!(look.contains(expect), "{look}, not {expect}");
            assert_eq!((kept.current().as_str(), kept.is_stale()), (made, stale));
        };
        let (changed, insisting) = (Eagerness::IfChanged, Eagerness::Insisting);
        check(changed, "unchanged", "12", false);
        write("one", "1");
        check(changed, "unchanged", "12", false);
        check(insisting, "reloaded", "12", false);
        write("one", "12");
        write("two", "");
        check(changed, "reloaded", "12", false);
        write("two", "bad");
        check(changed, "one: is bad", "12", true);
        check(changed, "unchanged", "12", true);
        check(insisting, "one: is bad", "12", true);
        fs::remove_file(path.join("two")).unwrap();
        check(changed, "two: No such file", "12", true);
        check(changed, "unchanged", "12", true);
        write("two", "3");
        check(changed, "reloaded", "123", false);
        assert_eq!((kept.reloads(), kept.failures()), (3, 3));
    }

    #[test]
    fn all_unreadable_files_are_named_at_once() {
        let faults = Kept::open(Texts(TempDir::new().unwrap())).unwrap_err();
        assert_eq!(faults.len(), 2, "{faults:?}");
    }
}
