//! Decompression, bounded by what comes out. A hundred bytes can stand for a gigabyte.

use std::{
    io::{self, BufRead, Read},
    num::NonZeroUsize,
    sync::Arc,
    thread,
};

use brotli_decompressor::Decompressor;
use bytes::Bytes;
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use http::{HeaderMap, header};
use ruzstd::decoding::{
    StreamingDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};
use tokio::{sync::Semaphore, task};

use super::budget::{BudgetSpent, Reservation};

/// Bytes decoded between two looks at the limits.
const STEP_BYTES: usize = 32 << 10;

/// The largest window of zstd in HTTP (RFC 9659).
const ZSTD_WINDOW_BYTES: u64 = 8 << 20;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A content coding that is undone. Several in a row are left to the function, as node-fetch does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    Gzip,
    /// With or without zlib's envelope: servers send either by this name.
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut named = headers.get_all(header::CONTENT_ENCODING).iter();
        let (Some(name), None) = (named.next(), named.next()) else {
            return None;
        };
        match name.to_str().ok()?.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" | "x-deflate" => Some(Self::Deflate),
            "br" => Some(Self::Brotli),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("over the limit")]
    TooLarge,
    #[error(transparent)]
    Budget(#[from] BudgetSpent),
    #[error("{0}")]
    Corrupt(String),
}

impl From<io::Error> for DecodeError {
    fn from(error: io::Error) -> Self {
        Self::Corrupt(error.to_string())
    }
}

/// Decodes beside the tasks that serve connections, no more bodies at once than there are cores.
#[derive(Debug)]
pub struct Decoders {
    places: Arc<Semaphore>,
}

impl Default for Decoders {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            places: Arc::new(Semaphore::new(cores)),
        }
    }
}

impl Decoders {
    /// `compressed` decoded into at most `limit` bytes, for which `reservation` grows.
    ///
    /// # Errors
    /// [`DecodeError`] when it is no sound `coding`, or too much comes out.
    pub async fn decode(
        &self,
        coding: Coding,
        compressed: Bytes,
        limit: u64,
        mut reservation: Reservation,
    ) -> Result<Bytes, DecodeError> {
        // The place goes along: a decoding whose caller is gone still takes a core until its limit.
        let place = self.places.clone().acquire_owned().await;
        let decoding = task::spawn_blocking(move || {
            let _place = place;
            let decoded = decode(coding, &compressed, limit, &mut reservation)?;
            Ok(reservation.hold(decoded))
        });
        // A panic in a decoder is no more than a body that it could not decode.
        decoding.await.unwrap_or_else(|error| {
            tracing::error!(?coding, %error, "a decoder failed");
            Err(DecodeError::Corrupt("the decoder failed".to_owned()))
        })
    }
}

/// What is decoded so far, and its bounds.
struct Output<'a> {
    decoded: Vec<u8>,
    limit: u64,
    reservation: &'a mut Reservation,
}

impl Output<'_> {
    fn fill(&mut self, mut decoder: impl Read) -> Result<(), DecodeError> {
        let mut step = vec![0; STEP_BYTES];
        loop {
            let read = match decoder.read(&mut step) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            if (self.decoded.len() + read) as u64 > self.limit {
                return Err(DecodeError::TooLarge);
            }
            self.reservation.grow(read)?;
            self.decoded.extend(step.iter().take(read));
        }
    }
}

/// # Errors
/// [`DecodeError`] when it is no sound `coding`, or too much comes out.
fn decode(
    coding: Coding,
    compressed: &[u8],
    limit: u64,
    reservation: &mut Reservation,
) -> Result<Vec<u8>, DecodeError> {
    let mut output = Output {
        decoded: Vec::new(),
        limit,
        reservation,
    };
    match (coding, compressed) {
        (_, []) => {}
        (Coding::Gzip, _) => gzip(compressed, &mut output)?,
        (Coding::Deflate, [first, ..]) if first & 0x0f == 8 => {
            output.fill(ZlibDecoder::new(compressed))?;
        }
        (Coding::Deflate, _) => output.fill(DeflateDecoder::new(compressed))?,
        (Coding::Brotli, _) => output.fill(Decompressor::new(compressed, STEP_BYTES))?,
        (Coding::Zstd, _) => zstd(compressed, &mut output)?,
    }
    Ok(output.decoded)
}

/// All members. One that was cut off counts as far as it came, and what follows the last is left out: servers
/// do both, and node-fetch, as browsers, takes it.
fn gzip(mut rest: &[u8], output: &mut Output) -> Result<(), DecodeError> {
    loop {
        let mut tolerant = CutOff(GzDecoder::new(&mut rest));
        output.fill(&mut tolerant)?;
        if !rest.starts_with(&GZIP_MAGIC) {
            return Ok(());
        }
    }
}

/// Takes an end that comes too early for the end.
struct CutOff<R>(R);

impl<R: Read> Read for CutOff<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            read => read,
        }
    }
}

/// All frames; skippable ones are skipped.
fn zstd(mut rest: &[u8], output: &mut Output) -> Result<(), DecodeError> {
    while !rest.is_empty() {
        match StreamingDecoder::new_with_max_window_size(&mut rest, ZSTD_WINDOW_BYTES) {
            Ok(decoder) => output.fill(decoder)?,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => rest.consume(rest.len().min(length as usize)),
            Err(error) => return Err(DecodeError::Corrupt(error.to_string())),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{
        Compression,
        write::{DeflateEncoder, GzEncoder, ZlibEncoder},
    };

    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::{super::budget::Budget, *};

    const ROUNDS: usize = 2_000;

    const TEXT: &[u8] = b"a text that is long enough to be compressed, compressed, compressed";

    fn reservation(most: u64) -> Reservation {
        Reservation::new(Budget::new(most), Budget::new(most))
    }

    #[track_caller]
    fn check(coding: Coding, compressed: &[u8], expect: Result<&[u8], &str>) {
        let decoded = decode(coding, compressed, 1 << 20, &mut reservation(1 << 30));
        match (decoded, expect) {
            (Ok(decoded), Ok(expect)) => assert_eq!(decoded, expect),
            (Err(error), Err(text)) => assert!(error.to_string().contains(text), "{error}"),
            (decoded, expect) => panic!("{decoded:?}, not {expect:?}"),
        }
    }

    fn gzipped(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn deflate_comes_with_zlibs_envelope_or_without() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(TEXT).unwrap();
        check(Coding::Deflate, &zlib.finish().unwrap(), Ok(TEXT));
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
        raw.write_all(TEXT).unwrap();
        check(Coding::Deflate, &raw.finish().unwrap(), Ok(TEXT));
        check(Coding::Deflate, b"", Ok(b""));
        check(Coding::Deflate, b"\xff\xff\xff", Err("corrupt"));
    }

    #[test]
    fn gzip_is_taken_with_the_faults_that_servers_make() {
        let whole = gzipped(TEXT);
        check(Coding::Gzip, &whole, Ok(TEXT));
        check(
            Coding::Gzip,
            &[whole.clone(), whole.clone()].concat(),
            Ok(&[TEXT, TEXT].concat()),
        );
        check(Coding::Gzip, &[&whole[..], b"trailing"].concat(), Ok(TEXT));
        check(Coding::Gzip, &whole[..whole.len() - 4], Ok(TEXT));
        check(Coding::Gzip, b"", Ok(b""));
        check(Coding::Gzip, &whole[..5], Ok(b""));
        check(Coding::Gzip, b"no gzip at all", Err("invalid gzip header"));
        let mut wrong = whole;
        wrong[20] ^= 0x55;
        let decoded = decode(Coding::Gzip, &wrong, 1 << 20, &mut reservation(1 << 30));
        assert!(
            matches!(decoded, Err(DecodeError::Corrupt(_))),
            "{decoded:?}"
        );
    }

    /// `echo -n hello | brotli`, and `zstd` with a skippable frame before.
    #[test]
    fn brotli_and_zstd() {
        let brotli = b"\x0b\x02\x80hello\x03";
        check(Coding::Brotli, brotli, Ok(b"hello"));
        check(Coding::Brotli, &brotli[..5], Err(""));
        check(Coding::Brotli, b"", Ok(b""));
        let zstd = b"\x28\xb5\x2f\xfd\x20\x05\x29\x00\x00hello";
        check(Coding::Zstd, zstd, Ok(b"hello"));
        let skipped = [b"\x50\x2a\x4d\x18\x02\x00\x00\x00xy".as_slice(), zstd, zstd].concat();
        check(Coding::Zstd, &skipped, Ok(b"hellohello"));
        check(Coding::Zstd, &zstd[..9], Err(""));
        check(Coding::Zstd, b"hello", Err(""));
        // A window of 1 TiB, asked for in two bytes.
        check(
            Coding::Zstd,
            b"\x28\xb5\x2f\xfd\x00\xf0\x01\x00\x00",
            Err(""),
        );
    }

    #[test]
    fn what_comes_out_is_bounded_by_limit_and_budget() {
        let bomb = gzipped(&vec![0; 1 << 20]);
        let mut room = reservation(1 << 30);
        let decoded = decode(Coding::Gzip, &bomb, (1 << 20) - 1, &mut room);
        assert_eq!(decoded, Err(DecodeError::TooLarge));
        let decoded = decode(Coding::Gzip, &bomb, 1 << 20, &mut room);
        assert_eq!(decoded.unwrap().len(), 1 << 20);
        let decoded = decode(Coding::Gzip, &bomb, 1 << 20, &mut reservation(100_000));
        assert_eq!(decoded, Err(DecodeError::Budget(BudgetSpent)));
    }

    /// Half-sound bodies are where decoders fail. The noise is the same each time.
    #[test]
    fn noise_is_decoded_or_refused() {
        let zstd = compress_to_vec(&b"text text "[..].repeat(50)[..], CompressionLevel::Fastest);
        let seeds = [
            (Coding::Gzip, gzipped(TEXT)),
            (Coding::Deflate, gzipped(TEXT).split_off(10)),
            (Coding::Brotli, b"\x0b\x02\x80hello\x03".to_vec()),
            (Coding::Zstd, zstd),
        ];
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as usize % below
        };
        for _ in 0..ROUNDS {
            for (coding, seed) in &seeds {
                let mut noisy = seed.clone();
                for _ in 0..=random(4) {
                    let at = random(noisy.len());
                    noisy[at] = u8::try_from(random(256)).unwrap();
                }
                noisy.truncate(1 + random(2 * noisy.len()));
                let decoded = decode(*coding, &noisy, 100_000, &mut reservation(1 << 30));
                assert!(decoded.is_err() || decoded.is_ok_and(|all| all.len() <= 100_000));
            }
        }
    }
}
