//! The libraries that functions find: read once, looked over, and shared by all cells as memory nobody can change.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    process::Stdio,
};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

use super::functions::SourceDigest;
use crate::wire::{WireLibrary, WirePackage, WirePart, WireSpan};

mod manifest;

use manifest::{BuiltFile, BuiltLibrary, BuiltParts, Manifest};

/// What says that a directory was built to its end.
const MANIFEST: &str = "manifest.json";

/// No manifest is larger.
const MAX_MANIFEST_BYTES: u64 = 4 << 20;

/// The texts of all libraries are no larger together.
const MAX_BYTES: u64 = 256 << 20;

/// Libraries that can't be offered.
#[derive(Debug, thiserror::Error)]
pub enum LibrariesError {
    #[error("--libraries {}: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("--libraries {}: not what libs/build.mjs writes: {error}", path.display())]
    Manifest {
        path: PathBuf,
        error: serde_json::Error,
    },
    #[error("--libraries {}: not the file that the manifest speaks of; build the libraries anew", .0.display())]
    Changed(PathBuf),
    #[error("--libraries {}: not ASCII", .0.display())]
    NotAscii(PathBuf),
    #[error("--libraries {}: over the limit of {limit} bytes", path.display())]
    TooLarge { path: PathBuf, limit: u64 },
    #[error("--libraries: the system refused memory to share: {0}")]
    Memory(io::Error),
}

/// All libraries' texts in one sealed memory file, and what stands where in it.
#[derive(Debug)]
pub struct LibraryImage {
    memory: File,
    bytes: u64,
    libraries: Vec<WireLibrary>,
}

impl LibraryImage {
    /// Reads what was built into `directory`.
    ///
    /// # Errors
    /// [`LibrariesError`], which names the file at fault.
    pub fn read(directory: &Path) -> Result<Self, LibrariesError> {
        let manifest = read_manifest(&directory.join(MANIFEST))?;
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let memory = memfd_create(c"penstock-libraries", flags).map_err(refused)?;
        let mut image = Self {
            memory: memory.into(),
            bytes: 0,
            libraries: Vec::new(),
        };
        for library in manifest.libraries {
            let library = image.add(directory, library)?;
            image.libraries.push(library);
        }
        let seals = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
        fcntl_add_seals(&image.memory, seals).map_err(refused)?;
        Ok(image)
    }

    /// What a cell is told of it.
    pub fn libraries(&self) -> &[WireLibrary] {
        &self.libraries
    }

    /// Of all texts together.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The memory, for a cell to inherit.
    ///
    /// # Errors
    /// When the process has too many files open.
    pub fn hand_over(&self) -> io::Result<Stdio> {
        self.memory.try_clone().map(Stdio::from)
    }

    fn add(
        &mut self,
        directory: &Path,
        library: BuiltLibrary,
    ) -> Result<WireLibrary, LibrariesError> {
        let code = self.append(directory, &library.code)?;
        let parts = match &library.parts {
            Some(parts) => self.add_parts(directory, parts)?,
            None => Vec::new(),
        };
        let packages = library.packages.into_iter();
        let packages = packages.map(|(name, path)| WirePackage {
            name,
            path: members(&path),
        });
        Ok(WireLibrary {
            name: library.name,
            global: library.global,
            packages: packages.collect(),
            code,
            parts,
        })
    }

    fn add_parts(
        &mut self,
        directory: &Path,
        parts: &BuiltParts,
    ) -> Result<Vec<WirePart>, LibrariesError> {
        let all = self.append(directory, &parts.file)?;
        let places = parts.places.iter().map(|(name, offset, bytes)| {
            let end = offset.checked_add(*bytes);
            if end.is_none_or(|end| end > all.bytes) {
                return Err(LibrariesError::Changed(directory.join(&parts.file.file)));
            }
            let text = WireSpan {
                offset: all.offset + offset,
                bytes: *bytes,
            };
            Ok(WirePart {
                name: name.clone(),
                text,
            })
        });
        places.collect()
    }

    /// Writes a file's text behind the others.
    fn append(&mut self, directory: &Path, built: &BuiltFile) -> Result<WireSpan, LibrariesError> {
        let path = directory.join(&built.file);
        if self.bytes.saturating_add(built.bytes) > MAX_BYTES {
            let limit = MAX_BYTES;
            return Err(LibrariesError::TooLarge { path, limit });
        }
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) => return Err(LibrariesError::Unreadable { path, error }),
        };
        let digest = SourceDigest::from_hex(&built.sha256);
        if text.len() as u64 != built.bytes || digest != Some(SourceDigest::of(&text)) {
            return Err(LibrariesError::Changed(path));
        }
        if !text.is_ascii() {
            return Err(LibrariesError::NotAscii(path));
        }
        self.memory
            .write_all(&text)
            .map_err(LibrariesError::Memory)?;
        let span = WireSpan {
            offset: self.bytes,
            bytes: built.bytes,
        };
        self.bytes += built.bytes;
        Ok(span)
    }
}

fn refused(error: rustix::io::Errno) -> LibrariesError {
    LibrariesError::Memory(error.into())
}

fn read_manifest(path: &Path) -> Result<Manifest, LibrariesError> {
    let unreadable = |error| LibrariesError::Unreadable {
        path: path.to_owned(),
        error,
    };
    if fs::metadata(path).map_err(unreadable)?.len() > MAX_MANIFEST_BYTES {
        return Err(LibrariesError::TooLarge {
            path: path.to_owned(),
            limit: MAX_MANIFEST_BYTES,
        });
    }
    let text = fs::read(path).map_err(unreadable)?;
    serde_json::from_slice(&text).map_err(|error| LibrariesError::Manifest {
        path: path.to_owned(),
        error,
    })
}

/// The members of a path that dots separate; none for an empty one.
fn members(path: &str) -> Vec<String> {
    let members = path.split('.').filter(|member| !member.is_empty());
    members.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIBRARY: &str = r#"{"libraries":[{"name":"a","global":"A","version":"1.0.0","packages":{"a":"","@b/c":"d.e"},
        "file":"a.js","bytes":3,"sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "parts":{"file":"a.js","bytes":3,"sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","places":[["p",1,2]]}}]}"#;

    fn read(manifest: &str, text: &[u8]) -> Result<LibraryImage, LibrariesError> {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(MANIFEST), manifest).unwrap();
        fs::write(directory.path().join("a.js"), text).unwrap();
        LibraryImage::read(directory.path())
    }

    #[test]
    fn texts_stand_where_cells_are_told_in_memory_that_nobody_can_change() {
        let image = read(LIBRARY, b"abc").unwrap();
        let [library] = image.libraries() else {
            panic!("one library: {image:?}");
        };
        let at = |offset, bytes| WireSpan { offset, bytes };
        assert_eq!((library.code, library.parts[0].text), (at(0, 3), at(4, 2)));
        let packages = library.packages.iter();
        let packages: Vec<_> = packages
            .map(|package| (package.name.as_str(), package.path.join("/")))
            .collect();
        assert_eq!(packages, [("@b/c", "d/e".to_owned()), ("a", String::new())]);
        assert_eq!(image.bytes(), 6);
        let error = (&image.memory).write_all(b"x").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }

    #[test]
    fn what_was_not_built_to_its_end_is_refused_by_name() {
        #[track_caller]
        fn check(manifest: &str, text: &[u8], expect: &str) {
            let error = read(manifest, text).unwrap_err().to_string();
            assert!(error.contains(expect), "{error}");
        }
        check(LIBRARY, b"abd", "a.js: not the file that the manifest");
        check(LIBRARY, b"ab", "a.js: not the file that the manifest");
        check("{}", b"", "manifest.json: not what libs/build.mjs writes");
        check(
            &LIBRARY.replace("1,2", "2,2"),
            b"abc",
            "a.js: not the file that the manifest",
        );
        check(&LIBRARY.replace("\"a.js\"", "\"b.js\""), b"abc", "b.js: ");
        check(
            &LIBRARY.replace(":3,", ":268435457,"),
            b"abc",
            "over the limit of 268435456 bytes",
        );
        let missing = LibraryImage::read(Path::new("/nothing/here")).unwrap_err();
        assert!(missing.to_string().contains("manifest.json"), "{missing}");
    }

    #[test]
    fn what_isolates_cannot_share_is_refused() {
        let manifest = LIBRARY.replace(
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            &SourceDigest::of("aé".as_bytes()).to_string(),
        );
        let error = read(&manifest, "aé".as_bytes()).unwrap_err();
        assert!(error.to_string().ends_with("a.js: not ASCII"), "{error}");
    }
}
