//! A text, and what it is when decoded, with the way back to the places in the text.
//!
//! Encodings come one around the other, but not any around any: JSON in JSON, JSON or base64 in a URL, JSON
//! in base64. Only those are followed, and base64 in decoded text only where decoding changed it, so
//! that whatever a function writes, the search looks at each byte of it about a dozen times at most.

use std::{borrow::Cow, ops::Range, sync::LazyLock};

use aho_corasick::AhoCorasick;
use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// What a decoded text must have to be worth a look.
#[derive(Clone, Copy, Debug)]
pub struct Needs {
    /// Bytes of the shortest secret.
    pub shortest: usize,
    /// Bytes of a secret that are looked for beside a cut.
    pub piece: usize,
    /// Whether a secret has a space in it, which forms write as `+`.
    pub spaces: bool,
}

/// Bytes to be searched, and where they are in the text.
pub struct View<'v> {
    data: Cow<'v, [u8]>,
    origin: Origin<'v>,
    /// The places at which something was cut off, in order.
    cut_ends: Vec<usize>,
}

enum Origin<'v> {
    /// The text itself.
    Text,
    Decoded {
        from: &'v View<'v>,
        encoding: Encoding,
        map: Map,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// As in strings of JSON and JavaScript.
    Escapes,
    Percent,
    /// As in forms: percent-encoded, with `+` for space.
    Form,
    Base64,
    Hex,
}

/// Where decoded bytes are in what they were decoded from.
enum Map {
    /// The start of each byte's code, and the end of the last.
    Starts(Vec<u32>),
    /// The start of each byte's two digits.
    Pairs(Vec<u32>),
    /// Four characters for three bytes; padding belongs to the last of them.
    Base64(Range<usize>),
}

/// What stands where a text was cut off. `inspect` and V8's errors about JSON cut in ways of their own.
static CUT_MARKS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let marks = ["…", "'... ", "\"... ", "`... ", "\" is not valid JSON"];
    AhoCorasick::new(marks).ok()
});

/// What V8's errors about JSON put before an excerpt.
static EXCERPT_MARK: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(["...\""]).ok());

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

impl<'v> View<'v> {
    pub fn text(text: &'v [u8]) -> Self {
        Self::new(Cow::Borrowed(text), Origin::Text, text.ends_with(b"..."))
    }

    /// A text that goes on where nobody looks.
    pub fn cut_text(text: &'v [u8]) -> Self {
        Self::new(Cow::Borrowed(text), Origin::Text, true)
    }

    fn new(data: Cow<'v, [u8]>, origin: Origin<'v>, ends_cut: bool) -> Self {
        let marks = CUT_MARKS.iter().flat_map(|marks| marks.find_iter(&data));
        let mut cut_ends: Vec<_> = marks.map(|mark| mark.start()).collect();
        if ends_cut {
            cut_ends.push(data.strip_suffix(b"...").unwrap_or(&data).len());
        }
        Self {
            data,
            origin,
            cut_ends,
        }
    }

    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Where a part of the data is in the text.
    pub fn place(&self, range: Range<usize>) -> Range<usize> {
        let Origin::Decoded { from, map, .. } = &self.origin else {
            return range;
        };
        let place = |starts: &[u32], number| starts.get(number).map_or(0, |start| *start as usize);
        let range = match map {
            Map::Starts(starts) => place(starts, range.start)..place(starts, range.end),
            Map::Pairs(starts) => {
                let last = range.end.saturating_sub(1);
                place(starts, range.start)..place(starts, last) + 2
            }
            Map::Base64(run) => {
                let end = run.start + (range.end * 4).div_ceil(3);
                let reaches_the_end = range.end == self.data.len();
                let end = if reaches_the_end { run.end } else { end };
                run.start + range.start * 4 / 3..end
            }
        };
        from.place(range)
    }

    /// The places at which something was cut off, in order.
    pub fn cut_ends(&self) -> &[usize] {
        &self.cut_ends
    }

    fn is_cut_at(&self, place: usize) -> bool {
        self.cut_ends.binary_search(&place).is_ok()
    }

    fn ends_cut(&self) -> bool {
        self.is_cut_at(self.data.len())
    }

    /// The places before which something was cut off.
    pub fn cut_starts(&self) -> Vec<usize> {
        let marks = EXCERPT_MARK
            .iter()
            .flat_map(|mark| mark.find_iter(&self.data));
        marks.map(|mark| mark.end()).collect()
    }

    /// Gives every decoding of the data that may have a secret in it.
    pub fn decoded(&self, needs: Needs, mut look: impl FnMut(View<'_>)) {
        let has = |byte| self.data.contains(&byte);
        if self.may_hold(Encoding::Escapes) && has(b'\\') {
            look(self.unescaped());
        }
        if self.may_hold(Encoding::Percent) && has(b'%') {
            look(self.percent_decoded(Encoding::Percent));
        }
        if self.may_hold(Encoding::Form) && needs.spaces && has(b'+') {
            look(self.percent_decoded(Encoding::Form));
        }
        if self.may_hold(Encoding::Base64) {
            for run in self.base64_runs(needs) {
                // A secret's code may start at any character of a run, and so in one of four ways.
                for offset in 0..4 {
                    look(self.base64_decoded(run.start + offset..run.end));
                }
            }
        }
        if self.may_hold(Encoding::Hex) {
            for offset in 0..2 {
                self.hex_decoded(offset, needs, &mut look);
            }
        }
    }

    fn may_hold(&self, inner: Encoding) -> bool {
        use Encoding::{Base64, Escapes, Percent};
        let Origin::Decoded { from, encoding, .. } = &self.origin else {
            return true;
        };
        match (encoding, inner) {
            (Escapes, Escapes) | (Percent, Escapes | Percent) => from.is_the_text(),
            (Escapes | Percent, Base64) => true,
            (Base64, Escapes) => self.is_like_text(),
            _ => false,
        }
    }

    fn is_the_text(&self) -> bool {
        matches!(self.origin, Origin::Text)
    }

    /// Whether there are no more control characters than text could have beside what is no text around it.
    /// What is no base64 decodes to an eighth of them.
    fn is_like_text(&self) -> bool {
        let controls = self.data.iter().filter(|byte| byte.is_ascii_control());
        controls.count() <= self.data.len() / 16 + 4
    }

    /// The stretches that could be the base64 of a secret, or beside a cut of what is left of one; in a
    /// decoded text only those that were not there before.
    fn base64_runs(&self, needs: Needs) -> Vec<Range<usize>> {
        let mut runs = Vec::new();
        let mut start = 0;
        for stretch in self.data.split_inclusive(|byte| !is_base64(*byte)) {
            let end = start + stretch.len()
                - usize::from(!stretch.last().copied().is_some_and(is_base64));
            let bytes = match self.is_cut_at(end) {
                true => needs.piece,
                false => needs.shortest,
            };
            let run = start..end;
            if run.len() >= base64_length(bytes) && self.is_new(&run) {
                runs.push(run);
            }
            start += stretch.len();
        }
        runs
    }

    /// Whether decoding changed anything in a part of the data.
    fn is_new(&self, range: &Range<usize>) -> bool {
        self.is_the_text() || self.place(range.clone()).len() != range.len()
    }

    fn base64_decoded(&self, run: Range<usize>) -> View<'_> {
        let mut code = self.data.get(run.clone()).unwrap_or_default().to_vec();
        for character in &mut code {
            match character {
                b'-' => *character = b'+',
                b'_' => *character = b'/',
                _ => {}
            }
        }
        if code.len() % 4 == 1 {
            code.pop();
        }
        let data = BASE64.decode(code).unwrap_or_default();
        let ends_cut = self.is_cut_at(run.end);
        let padding = self.data.get(run.end..).unwrap_or_default();
        let padding = padding.iter().take_while(|byte| **byte == b'=').take(2);
        let map = Map::Base64(run.start..run.end + padding.count());
        self.child(Encoding::Base64, data, map, ends_cut)
    }

    /// Gives the bytes that pairs of hex digits stand for, side by side or with a space or colon between
    /// pairs. An `offset` of 1 starts each run of digits at its second.
    fn hex_decoded(&self, offset: usize, needs: Needs, look: &mut impl FnMut(View<'_>)) {
        let mut place = 0;
        while place < self.data.len() {
            if self.hex_digit(place).is_none() {
                place += 1;
                continue;
            }
            let mut decoding = Decoding::default();
            let mut next = place + offset;
            while let Some(byte) = self.hex_pair(next) {
                decoding.push(&[byte], next);
                next += 2;
                let separated = matches!(self.data.get(next), Some(b' ' | b':'));
                if separated && self.hex_pair(next + 1).is_some() {
                    next += 1;
                }
            }
            // The cut may have left half a pair.
            let ends_cut = self.is_cut_at(next) || self.is_cut_at(next + 1);
            let least = if ends_cut {
                needs.piece
            } else {
                needs.shortest
            };
            if decoding.data.len() >= least {
                let Decoding { data, starts } = decoding;
                look(self.child(Encoding::Hex, data, Map::Pairs(starts), ends_cut));
            }
            place = next.max(place + 1);
            while self.hex_digit(place).is_some() && self.hex_pair(place).is_none() {
                place += 1;
            }
        }
    }

    fn hex_digit(&self, place: usize) -> Option<u8> {
        let digit = char::from(*self.data.get(place)?).to_digit(16)?;
        u8::try_from(digit).ok()
    }

    fn hex_pair(&self, place: usize) -> Option<u8> {
        Some(self.hex_digit(place)? << 4 | self.hex_digit(place + 1)?)
    }

    fn percent_decoded(&self, encoding: Encoding) -> View<'_> {
        let plus = if encoding == Encoding::Form {
            b' '
        } else {
            b'+'
        };
        let mut decoding = Decoding::default();
        let mut place = 0;
        while let Some(&byte) = self.data.get(place) {
            let (byte, length) = match (byte, self.hex_pair(place + 1)) {
                (b'%', Some(code)) => (code, 3),
                (b'+', _) => (plus, 1),
                (byte, _) => (byte, 1),
            };
            decoding.push(&[byte], place);
            place += length;
        }
        let (data, map) = decoding.ending(place);
        self.child(encoding, data, map, self.ends_cut())
    }

    /// The text with the escapes of JSON and of JavaScript's strings undone.
    fn unescaped(&self) -> View<'_> {
        let mut decoding = Decoding::default();
        let mut place = 0;
        while let Some(&byte) = self.data.get(place) {
            let escape = match byte {
                b'\\' => self.escape(place + 1),
                _ => None,
            };
            match escape {
                Some((character, length)) => {
                    let mut utf8 = [0; 4];
                    decoding.push(character.encode_utf8(&mut utf8).as_bytes(), place);
                    place += 1 + length;
                }
                None => {
                    decoding.push(&[byte], place);
                    place += 1;
                }
            }
        }
        let (data, map) = decoding.ending(place);
        self.child(Encoding::Escapes, data, map, self.ends_cut())
    }

    /// The character an escape stands for, and the escape's length without the backslash.
    fn escape(&self, place: usize) -> Option<(char, usize)> {
        let simple = match self.data.get(place)? {
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'v' => '\u{b}',
            b'0' => '\0',
            quoted @ (b'\\' | b'"' | b'\'' | b'`' | b'/') => char::from(*quoted),
            b'x' => return Some((char::from(self.hex_pair(place + 1)?), 3)),
            b'u' => return self.unicode_escape(place),
            _ => return None,
        };
        Some((simple, 1))
    }

    fn unicode_escape(&self, place: usize) -> Option<(char, usize)> {
        let unit = |place| {
            let (high, low) = (self.hex_pair(place)?, self.hex_pair(place + 2)?);
            Some(u16::from_be_bytes([high, low]))
        };
        let first = unit(place + 1)?;
        let follows = self.data.get(place + 5..place + 7) == Some(b"\\u");
        let second = follows.then(|| unit(place + 7)).flatten();
        let units = std::iter::once(first).chain(second);
        let character = char::decode_utf16(units).next()?.ok()?;
        Some((character, if character.len_utf16() == 2 { 11 } else { 5 }))
    }

    fn child(&self, encoding: Encoding, data: Vec<u8>, map: Map, ends_cut: bool) -> View<'_> {
        let from = self;
        let origin = Origin::Decoded {
            from,
            encoding,
            map,
        };
        View::new(data.into(), origin, ends_cut)
    }
}

/// Decoded bytes and where the code of each starts.
#[derive(Default)]
struct Decoding {
    data: Vec<u8>,
    starts: Vec<u32>,
}

impl Decoding {
    fn push(&mut self, bytes: &[u8], place: usize) {
        self.data.extend_from_slice(bytes);
        self.starts.resize(self.data.len(), place_number(place));
    }

    /// With the end of the last code.
    fn ending(mut self, place: usize) -> (Vec<u8>, Map) {
        self.starts.push(place_number(place));
        (self.data, Map::Starts(self.starts))
    }
}

/// Texts are far shorter than four gigabytes.
fn place_number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// Of either alphabet; a text may even mix them.
fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// Characters that surely hold so many bytes, whatever else they share.
fn base64_length(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}
