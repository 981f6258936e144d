//! Deflate and its three envelopes, both ways, as Node drives zlib.

use zlib_rs::{
    Deflate, DeflateConfig, DeflateFlush, Inflate, InflateError, InflateFlush, Method, Strategy,
};

use super::{Codec, Status, Step};

/// zlib's numbers for what it returns.
const NEED_DICTIONARY: i32 = 2;
const STREAM_ERROR: i32 = -2;
const BUFFER_ERROR: i32 = -5;

/// zlib's number for the flush that ends a stream.
const FINISH: u32 = 4;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// What is around the deflated data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Zlib,
    Gzip,
    Raw,
    /// Gzip or zlib, as the first bytes say; for decompression.
    Detected,
}

/// How to compress; what is out of zlib's range is brought into it.
#[derive(Clone, Copy, Debug)]
pub struct DeflateSettings {
    pub format: Format,
    /// -1 for the default, 0 to 9.
    pub level: i32,
    /// The base two logarithm of the window, 9 to 15.
    pub window_bits: i32,
    /// 1 to 9.
    pub memory_level: i32,
    /// zlib's number.
    pub strategy: i32,
}

impl DeflateSettings {
    fn config(self) -> DeflateConfig {
        let window_bits = self.window_bits.clamp(9, 15);
        DeflateConfig {
            level: self.level.clamp(-1, 9),
            method: Method::Deflated,
            window_bits: match self.format {
                Format::Zlib | Format::Detected => window_bits,
                Format::Gzip => window_bits + 16,
                Format::Raw => -window_bits,
            },
            mem_level: self.memory_level.clamp(1, 9),
            strategy: Strategy::try_from(self.strategy).unwrap_or_default(),
        }
    }

    /// Bytes of the window, its chains and hashes, and what is pending.
    fn weight(self) -> usize {
        let window = 4_usize << self.window_bits.clamp(9, 15);
        let pending = 8_usize << (self.memory_level.clamp(1, 9) + 6);
        window + (128 << 10) + pending + (16 << 10)
    }
}

pub struct Deflater {
    deflate: Deflate,
    settings: DeflateSettings,
    dictionary: Vec<u8>,
}

impl Deflater {
    pub fn new(settings: DeflateSettings, dictionary: Vec<u8>) -> Self {
        let deflate = Deflate::new_with_config(settings.config());
        let mut deflater = Self {
            deflate,
            settings,
            dictionary,
        };
        deflater.use_dictionary();
        deflater
    }

    fn use_dictionary(&mut self) {
        if !self.dictionary.is_empty() {
            // Gzip has none, which its user may not know.
            let _ = self.deflate.set_dictionary(&self.dictionary);
        }
    }
}

impl Codec for Deflater {
    fn step(&mut self, input: &[u8], output: &mut [u8], flush: u32) -> Step {
        let flush = match flush {
            1 => DeflateFlush::PartialFlush,
            2 => DeflateFlush::SyncFlush,
            3 => DeflateFlush::FullFlush,
            FINISH => DeflateFlush::Finish,
            5 => DeflateFlush::Block,
            _ => DeflateFlush::NoFlush,
        };
        let (taken, made) = (self.deflate.total_in(), self.deflate.total_out());
        let result = self.deflate.compress(input, output, flush);
        Step {
            consumed: (self.deflate.total_in() - taken) as usize,
            produced: (self.deflate.total_out() - made) as usize,
            status: match result {
                Ok(zlib_rs::Status::StreamEnd) => Status::Ended,
                Ok(_) => Status::Open,
                Err(error) => Status::Failed {
                    number: error as i32,
                    message: self.deflate.error_message(),
                },
            },
        }
    }

    fn weight(&self) -> usize {
        self.settings.weight() + self.dictionary.len()
    }

    fn reset(&mut self) {
        self.deflate.reset();
        self.use_dictionary();
    }
}

pub struct Inflater {
    inflate: Inflate,
    /// As asked for.
    format: Format,
    /// As known from the first bytes.
    found: Format,
    window_bits: u8,
    dictionary: Vec<u8>,
    /// Whether the first byte was gzip's, and the second is still to come.
    awaits_second: bool,
    has_begun: bool,
}

impl Inflater {
    /// `window_bits` of 0 leaves it to the stream.
    pub fn new(format: Format, window_bits: i32, dictionary: Vec<u8>) -> Self {
        let window_bits = match window_bits {
            0 => 15,
            bits => bits.clamp(8, 15) as u8,
        };
        let mut inflater = Self {
            inflate: inflate_of(format, window_bits),
            format,
            found: format,
            window_bits,
            dictionary,
            awaits_second: false,
            has_begun: false,
        };
        inflater.use_raw_dictionary();
        inflater
    }

    fn use_raw_dictionary(&mut self) {
        if self.format == Format::Raw && !self.dictionary.is_empty() {
            let _ = self.inflate.set_dictionary(&self.dictionary);
        }
    }

    /// Looks at the first two bytes for gzip's, which may come one by one.
    fn detect(&mut self, input: &[u8]) {
        let mut bytes = input.iter();
        if !self.has_begun && !self.awaits_second {
            match bytes.next() {
                Some(&byte) if byte == GZIP_MAGIC[0] => self.awaits_second = true,
                Some(_) => self.found = Format::Zlib,
                None => return,
            }
        }
        if self.awaits_second
            && let Some(&byte) = bytes.next()
        {
            self.awaits_second = false;
            self.found = match byte == GZIP_MAGIC[1] {
                true => Format::Gzip,
                false => Format::Zlib,
            };
        }
        self.has_begun = true;
    }

    fn run(&mut self, input: &[u8], output: &mut [u8], flush: InflateFlush, step: &mut Step) {
        let (taken, made) = (self.inflate.total_in(), self.inflate.total_out());
        let result =
            self.inflate
                .decompress(&input[step.consumed..], &mut output[step.produced..], flush);
        step.consumed += (self.inflate.total_in() - taken) as usize;
        step.produced += (self.inflate.total_out() - made) as usize;
        step.status = match result {
            Ok(zlib_rs::Status::StreamEnd) => Status::Ended,
            Ok(_) => Status::Open,
            Err(InflateError::NeedDict { .. }) => Status::Failed {
                number: NEED_DICTIONARY,
                message: None,
            },
            Err(error) => Status::Failed {
                number: zlib_number(error),
                message: self.inflate.error_message(),
            },
        };
    }

    /// With the dictionary that the stream asked for.
    fn run_with_dictionary(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        flush: InflateFlush,
        step: &mut Step,
    ) {
        let missing = self.dictionary.is_empty();
        if !missing && self.inflate.set_dictionary(&self.dictionary).is_ok() {
            self.run(input, output, flush, step);
            return;
        }
        let message = Some(if missing {
            "Missing dictionary"
        } else {
            "Bad dictionary"
        });
        step.status = Status::Failed {
            number: NEED_DICTIONARY,
            message,
        };
    }
}

fn inflate_of(format: Format, window_bits: u8) -> Inflate {
    match format {
        Format::Raw => Inflate::new(false, window_bits),
        Format::Zlib => Inflate::new(true, window_bits),
        Format::Gzip => Inflate::new(true, window_bits + 16),
        Format::Detected => Inflate::new(true, window_bits + 32),
    }
}

fn zlib_number(error: InflateError) -> i32 {
    match error {
        InflateError::NeedDict { .. } => NEED_DICTIONARY,
        InflateError::StreamError => STREAM_ERROR,
        InflateError::DataError => -3,
        InflateError::MemError => -4,
    }
}

impl Codec for Inflater {
    fn step(&mut self, input: &[u8], output: &mut [u8], flush: u32) -> Step {
        if self.format == Format::Detected {
            self.detect(input);
        }
        let flushed = match flush {
            2 => InflateFlush::SyncFlush,
            FINISH => InflateFlush::Finish,
            5 => InflateFlush::Block,
            _ => InflateFlush::NoFlush,
        };
        let mut step = Step {
            consumed: 0,
            produced: 0,
            status: Status::Open,
        };
        self.run(input, output, flushed, &mut step);
        if matches!(step.status, Status::Failed { number, .. } if number == NEED_DICTIONARY) {
            self.run_with_dictionary(input, output, flushed, &mut step);
        }
        // A gzip file may go on with another member; zeros after one are padding.
        while self.found == Format::Gzip
            && step.status == Status::Ended
            && input.get(step.consumed).is_some_and(|&byte| byte != 0)
        {
            self.inflate = inflate_of(Format::Gzip, self.window_bits);
            self.run(input, output, flushed, &mut step);
        }
        if flush == FINISH && step.status == Status::Open && step.produced < output.len() {
            step.status = Status::Failed {
                number: BUFFER_ERROR,
                message: Some("unexpected end of file"),
            };
        }
        step
    }

    fn weight(&self) -> usize {
        (64 << 10) + self.dictionary.len()
    }

    fn reset(&mut self) {
        self.inflate = inflate_of(self.format, self.window_bits);
        self.found = self.format;
        self.awaits_second = false;
        self.has_begun = false;
        self.use_raw_dictionary();
    }
}
