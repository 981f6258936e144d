//! The libraries that the front handed over, as texts in memory that all cells share.

#![allow(unsafe_code, reason = "mapping memory has no safe binding")]

use std::{io, os::fd::AsFd, ptr, slice, sync::OnceLock};

use rustix::{
    fs::{SealFlags, fcntl_get_seals, fstat},
    mm::{MapFlags, ProtFlags, mmap},
};

use crate::wire::{WireLibrary, WirePackage, WirePart, WireSpan};

/// The libraries of this process, by name.
#[derive(Debug, Default)]
pub struct Libraries(Vec<Library>);

/// A library, and what V8 made of it when it was first used in this process.
#[derive(Debug)]
pub struct Library {
    pub name: String,
    /// The global that it is found as.
    pub global: String,
    pub packages: Vec<WirePackage>,
    /// ASCII, as parts are, so that isolates can share it as it stands.
    pub source: &'static [u8],
    pub code_cache: OnceLock<Vec<u8>>,
    parts: Vec<(String, &'static [u8])>,
}

/// What the front handed over can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LibrariesUnusable {
    #[error("the memory of the libraries could not be mapped: {0}")]
    NotMapped(#[from] io::Error),
    #[error("the memory of the libraries is not sealed")]
    NotSealed,
    #[error("the library {0} is not in the memory that came with it")]
    Outside(String),
}

impl Libraries {
    /// The libraries that the front told of, in the memory it handed over. They stay for the life of the process.
    ///
    /// # Errors
    /// [`LibrariesUnusable`] when they are not what the front hands over.
    pub fn map(told: Vec<WireLibrary>, memory: impl AsFd) -> Result<Self, LibrariesUnusable> {
        if told.is_empty() {
            return Ok(Self::default());
        }
        let texts = map_sealed(memory)?;
        let libraries = told
            .into_iter()
            .map(|library| Library::find(library, texts));
        libraries.collect::<Result<_, _>>().map(Self)
    }

    pub fn all(&self) -> &[Library] {
        &self.0
    }

    pub fn get(&self, name: &str) -> Option<&Library> {
        self.0.iter().find(|library| library.name == name)
    }
}

impl Library {
    fn find(told: WireLibrary, texts: &'static [u8]) -> Result<Self, LibrariesUnusable> {
        let WireLibrary {
            name,
            global,
            packages,
            code,
            parts,
        } = told;
        let text = |span: WireSpan| {
            let found = text_at(texts, span);
            found.ok_or_else(|| LibrariesUnusable::Outside(name.clone()))
        };
        let source = text(code)?;
        let parts = parts
            .into_iter()
            .map(|WirePart { name, text: span }| Ok((name, text(span)?)));
        Ok(Self {
            parts: parts.collect::<Result<_, LibrariesUnusable>>()?,
            name,
            global,
            packages,
            source,
            code_cache: OnceLock::new(),
        })
    }

    /// A text that the library reads only when it needs it.
    pub fn part(&self, name: &str) -> Option<&'static [u8]> {
        let part = self.parts.iter().find(|(part, _)| part == name);
        part.map(|(_, text)| *text)
    }
}

fn text_at(texts: &'static [u8], span: WireSpan) -> Option<&'static [u8]> {
    let start = usize::try_from(span.offset).ok()?;
    let end = start.checked_add(usize::try_from(span.bytes).ok()?)?;
    texts.get(start..end)
}

fn map_sealed(memory: impl AsFd) -> Result<&'static [u8], LibrariesUnusable> {
    let needed = SealFlags::WRITE | SealFlags::SHRINK;
    let seals = fcntl_get_seals(&memory).map_err(io::Error::from)?;
    if !seals.contains(needed) {
        return Err(LibrariesUnusable::NotSealed);
    }
    let length = fstat(&memory).map_err(io::Error::from)?.st_size;
    let length = usize::try_from(length).unwrap_or(0);
    if length == 0 {
        return Ok(&[]);
    }
    // SAFETY: a new mapping, at a place of the kernel's choice, touches nothing that is mapped already.
    let start = unsafe {
        mmap(
            ptr::null_mut(),
            length,
            ProtFlags::READ,
            MapFlags::SHARED,
            memory,
            0,
        )
    };
    let start = start.map_err(io::Error::from)?;
    // SAFETY: the mapping is `length` bytes long, readable, and never unmapped; its seals keep the bytes from ever
    // changing and the file from shrinking.
    Ok(unsafe { slice::from_raw_parts(start.cast(), length) })
}

#[cfg(test)]
mod tests {
    use std::{fs::File, io::Write};

    use rustix::fs::{MemfdFlags, fcntl_add_seals, memfd_create};

    use super::*;

    fn told(bytes: u64) -> Vec<WireLibrary> {
        let code = WireSpan { offset: 1, bytes };
        let name = "a".to_owned();
        vec![WireLibrary {
            name,
            code,
            ..WireLibrary::default()
        }]
    }

    fn memory(seals: SealFlags) -> File {
        let memory = memfd_create(c"texts", MemfdFlags::ALLOW_SEALING).unwrap();
        let mut memory = File::from(memory);
        memory.write_all(b"0123").unwrap();
        fcntl_add_seals(&memory, seals).unwrap();
        memory
    }

    #[test]
    fn only_texts_in_memory_that_stays_as_it_is_are_used() {
        let sealed = SealFlags::WRITE | SealFlags::SHRINK;
        let libraries = Libraries::map(told(3), memory(sealed)).unwrap();
        assert_eq!(libraries.get("a").unwrap().source, b"123");
        assert!(libraries.get("b").is_none());
        let error = |bytes, memory: File| Libraries::map(told(bytes), memory).unwrap_err();
        for bytes in [4, u64::MAX] {
            assert!(matches!(
                error(bytes, memory(sealed)),
                LibrariesUnusable::Outside(_)
            ));
        }
        let unsealed = error(3, memory(SealFlags::SHRINK));
        assert!(matches!(unsealed, LibrariesUnusable::NotSealed));
        let no_memory = error(3, tempfile::tempfile().unwrap());
        assert!(matches!(no_memory, LibrariesUnusable::NotMapped(_)));
        assert!(
            Libraries::map(Vec::new(), tempfile::tempfile().unwrap())
                .unwrap()
                .all()
                .is_empty()
        );
    }
}
