//! The compressors and decompressors that are open in an isolate.
//!
//! A codec is known by a number, and lives until it is closed, its [`Token`] is collected, or the isolate goes. Its
//! weight is told to the runtime's scripts, which hold as many bytes of array buffers for it: so the isolate's
//! account has it, and bounds how many there are.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use crate::lock::Lock;

mod brotli;
mod deflate;

pub use brotli::{BrotliCompressor, BrotliDecompressor};
pub use deflate::{DeflateSettings, Deflater, Format, Inflater};

/// What any codec weighs at least, in bytes: for the account, and for the table.
const LEAST_WEIGHT: usize = 16 << 10;

/// What one call of a codec did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Bytes taken from the input.
    pub consumed: usize,
    /// Bytes written to the output.
    pub produced: usize,
    pub status: Status,
}

/// How a codec stands after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It wants more input, or more room.
    Open,
    /// The stream is complete.
    Ended,
    /// It can't go on: the library's number for the reason, and its words where it has any.
    Failed {
        number: i32,
        message: Option<&'static str>,
    },
}

/// Compresses or decompresses a stream, part by part.
pub trait Codec: Send {
    /// Takes some of `input` and writes some `output`. `flush` is a number of zlib's or brotli's.
    fn step(&mut self, input: &[u8], output: &mut [u8], flush: u32) -> Step;

    /// Bytes of memory that it has taken.
    fn weight(&self) -> usize;

    /// Begins anew, with the same settings.
    fn reset(&mut self);
}

/// The open ones by number, and the number given last.
#[derive(Default)]
struct Table {
    open: HashMap<u32, Box<dyn Codec>>,
    last: u32,
}

/// The codecs of one isolate; clones are of the same.
#[derive(Clone, Default)]
pub struct Codecs(Arc<Lock<Table>>);

/// Closes its codec when dropped, which may be by V8 on a thread of its own. It has no bytes.
pub struct Token {
    codecs: Codecs,
    id: u32,
}

impl std::fmt::Debug for Codecs {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Codecs").finish_non_exhaustive()
    }
}

impl Codecs {
    /// Keeps a codec: its number, and what it lives by.
    pub fn open(&self, codec: Box<dyn Codec>) -> (u32, Token) {
        let mut table = self.0.lock();
        table.last = table.last.wrapping_add(1);
        let id = table.last;
        table.open.insert(id, codec);
        let codecs = self.clone();
        (id, Token { codecs, id })
    }

    /// Does nothing for one that is closed.
    pub fn close(&self, id: u32) {
        // Dropped after the lock is given up.
        let _closed = self.take(id);
    }

    fn take(&self, id: u32) -> Option<Box<dyn Codec>> {
        self.0.lock().open.remove(&id)
    }

    /// Has `use_codec` use an open one; `None` when it is closed. One that panics is closed: a fault of a library in
    /// one stream is no more than a stream that fails.
    pub fn with<R>(&self, id: u32, use_codec: impl FnOnce(&mut dyn Codec) -> R) -> Option<R> {
        // Out of the table meanwhile, so that the lock is not held for as long as it works.
        let mut codec = self.take(id)?;
        let used = catch_unwind(AssertUnwindSafe(|| use_codec(codec.as_mut()))).ok()?;
        self.0.lock().open.insert(id, codec);
        Some(used)
    }

    /// What the codec weighs, for the account; 0 when it is closed.
    pub fn weight(&self, id: u32) -> usize {
        let table = self.0.lock();
        let codec = table.open.get(&id);
        codec.map_or(0, |codec| codec.weight().max(LEAST_WEIGHT))
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.codecs.close(self.id);
    }
}

impl AsMut<[u8]> for Token {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut []
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Faulty;

    impl Codec for Faulty {
        fn step(&mut self, _: &[u8], _: &mut [u8], _: u32) -> Step {
            panic!("a fault")
        }
        fn weight(&self) -> usize {
            0
        }
        fn reset(&mut self) {}
    }

    #[test]
    fn a_codec_lives_until_it_is_closed_forgotten_or_faulty() {
        let codecs = Codecs::default();
        let (closed, _token) = codecs.open(Box::new(Faulty));
        let (forgotten, token) = codecs.open(Box::new(Faulty));
        let (faulty, _held) = codecs.open(Box::new(Faulty));
        assert_eq!(codecs.weight(closed), LEAST_WEIGHT);
        codecs.close(closed);
        drop(token);
        let step = codecs.with(faulty, |codec| codec.step(&[], &mut [], 0));
        assert_eq!(step, None);
        for id in [closed, forgotten, faulty] {
            assert_eq!(codecs.weight(id), 0);
        }
    }
}
