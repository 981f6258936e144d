//! Source maps as ECMA-426 has them, read with bounds: what a map says is a customer's word.
//!
//! The crate for it, `sourcemap`, trusts them: it copies `sourceRoot` before every source, which makes a terabyte
//! of a map of 4 MiB, and lets numbers out of range wrap. So this reads what frames need and no more, in time
//! and memory linear in the text.

use std::borrow::Cow;

use serde::Deserialize;

use crate::source_text::shortened;

/// The most places that one map may tell of; a mebibyte of minified JavaScript has some 250,000.
pub const MAX_MAPPINGS: usize = 2 << 20;

/// The most bytes that one map may take once it is read: those places, and texts that few maps come near.
pub const MAX_BYTES: usize = MAX_MAPPINGS * size_of::<Mapping>() + (4 << 20);

/// Bytes kept of a function's name.
const NAME_BYTES: usize = 128;

/// Bytes kept of a source's name, and of what stands before all of them.
const SOURCE_BYTES: usize = 256;

/// In place of a source or name, for none.
const NONE: u32 = u32::MAX;

/// Why a text is no map that can be used.
#[derive(Debug, thiserror::Error)]
pub enum BadMap {
    #[error("it is not JSON of a source map: {0}")]
    NotJson(#[from] serde_json::Error),
    #[error("it is of version {0}, not 3")]
    OtherVersion(u32),
    #[error("it has neither mappings nor sections")]
    Empty,
    #[error("a number of its mappings is no base64 VLQ, or not in its range")]
    BadNumber,
    #[error("a mapping has {0} numbers, not 1, 4 or 5")]
    BadSegment(usize),
    #[error("a mapping names a source or name that the map does not list")]
    NotListed,
    #[error("it has more than {MAX_MAPPINGS} mappings")]
    TooMany,
    #[error("it takes {bytes} bytes once it is read, more than the {MAX_BYTES} that one may")]
    TooLarge { bytes: usize },
}

/// Where places of a generated file come from.
#[derive(Debug, Default)]
pub struct SourceMap {
    /// By line and column.
    mappings: Vec<Mapping>,
    sources: Vec<Box<str>>,
    names: Vec<Box<str>>,
    /// One for each section.
    roots: Vec<Box<str>>,
}

/// All count from 0.
#[derive(Clone, Copy, Debug)]
struct Mapping {
    line: u32,
    column: u32,
    /// `NONE` where the generator says that nothing was there.
    source: u32,
    source_line: u32,
    source_column: u32,
    name: u32,
    root: u32,
}

/// A place of an author's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Original<'m> {
    /// Put before the source's name; may be empty.
    pub root: &'m str,
    /// As the map has it.
    pub source: &'m str,
    /// From 1, as the column.
    pub line: u32,
    pub column: u32,
    /// What the author called what stands exactly here.
    pub name: Option<&'m str>,
}

/// The keys that are not listed, `sourcesContent` among them, are passed over.
#[derive(Deserialize)]
struct Text<'t> {
    version: Option<u32>,
    #[serde(borrow)]
    mappings: Option<Cow<'t, str>>,
    #[serde(rename = "sourceRoot")]
    source_root: Option<String>,
    #[serde(default)]
    sources: Vec<Option<String>>,
    #[serde(default)]
    names: Vec<String>,
    #[serde(borrow)]
    sections: Option<Vec<Section<'t>>>,
}

#[derive(Deserialize)]
struct Section<'t> {
    offset: Offset,
    #[serde(borrow)]
    map: Text<'t>,
}

/// Where a section starts in the generated file, from 0.
#[derive(Clone, Copy, Default, Deserialize)]
struct Offset {
    line: u32,
    column: u32,
}

impl SourceMap {
    /// Reads a map, or an index of several.
    ///
    /// # Errors
    /// [`BadMap`] when it breaks the format, or a bound.
    pub fn parse(text: &[u8]) -> Result<Self, BadMap> {
        let text: Text<'_> = serde_json::from_slice(without_guard(text))?;
        if let Some(other) = text.version.filter(|version| *version != 3) {
            return Err(BadMap::OtherVersion(other));
        }
        let mut map = Self::default();
        match text.sections {
            None => map.add(text, Offset::default())?,
            // A section is no index of others, so what it has of sections is not looked at.
            Some(sections) => sections
                .into_iter()
                .try_for_each(|section| map.add(section.map, section.offset))?,
        }
        let place = |mapping: &Mapping| (mapping.line, mapping.column);
        if !map.mappings.is_sorted_by_key(place) {
            map.mappings.sort_by_key(place);
        }
        map.mappings.shrink_to_fit();
        match map.bytes() {
            bytes if bytes > MAX_BYTES => Err(BadMap::TooLarge { bytes }),
            _ => Ok(map),
        }
    }

    /// Where the generated place comes from; both count from 1.
    pub fn original(&self, line: u32, column: u32) -> Option<Original<'_>> {
        let place = (line.checked_sub(1)?, column.checked_sub(1)?);
        let after = self
            .mappings
            .partition_point(|mapping| (mapping.line, mapping.column) <= place);
        let mapping = self.mappings.get(after.checked_sub(1)?)?;
        if mapping.line != place.0 {
            return None;
        }
        let source = self.sources.get(mapping.source as usize)?;
        let name = match mapping.column == place.1 {
            true => self.names.get(mapping.name as usize),
            false => None,
        };
        Some(Original {
            root: self.roots.get(mapping.root as usize)?,
            source,
            line: mapping.source_line.saturating_add(1),
            column: mapping.source_column.saturating_add(1),
            name: name.map(|name| &**name),
        })
    }

    /// What it costs to keep, in bytes.
    pub fn bytes(&self) -> usize {
        let texts = [&self.sources, &self.names, &self.roots]
            .into_iter()
            .flatten();
        let texts = texts.map(|text| text.len() + 2 * size_of::<Box<str>>());
        self.mappings.len() * size_of::<Mapping>() + texts.sum::<usize>()
    }

    /// Adds a map that starts at `offset` of the generated file.
    fn add(&mut self, text: Text<'_>, offset: Offset) -> Result<(), BadMap> {
        let Some(mappings) = text.mappings else {
            return Err(BadMap::Empty);
        };
        let base = Mapping {
            line: offset.line,
            column: 0,
            source: number_of(&self.sources),
            source_line: 0,
            source_column: 0,
            name: number_of(&self.names),
            root: number_of(&self.roots),
        };
        let source_root = text.source_root.unwrap_or_default();
        self.roots
            .push(shortened(&source_root, SOURCE_BYTES).into());
        let sources = text.sources.into_iter().map(Option::unwrap_or_default);
        self.sources
            .extend(sources.map(|source| tail(&source, SOURCE_BYTES)));
        let names = text.names.iter();
        self.names
            .extend(names.map(|name| shortened(name, NAME_BYTES).into()));
        self.read_mappings(&mappings, base, offset.column)
    }

    /// `base` has what the numbers of the mappings are counted from; `indent` is the first line's column.
    fn read_mappings(&mut self, text: &str, base: Mapping, indent: u32) -> Result<(), BadMap> {
        let (sources, names) = (self.sources.len(), self.names.len());
        let mut at = base;
        for (index, line) in text.split(';').enumerate() {
            let index = u32::try_from(index).map_err(|_| BadMap::BadNumber)?;
            at.line = moved(base.line, i64::from(index))?;
            at.column = if index == 0 { indent } else { 0 };
            for segment in line.split(',').filter(|segment| !segment.is_empty()) {
                if self.mappings.len() == MAX_MAPPINGS {
                    return Err(BadMap::TooMany);
                }
                let mapping = at.step(segment)?;
                let is_listed = |number: u32, listed| number == NONE || (number as usize) < listed;
                if !is_listed(mapping.source, sources) || !is_listed(mapping.name, names) {
                    return Err(BadMap::NotListed);
                }
                self.mappings.push(mapping);
            }
        }
        Ok(())
    }
}

impl Mapping {
    /// Moves on by what a segment says, and gives the mapping it stands for.
    fn step(&mut self, segment: &str) -> Result<Self, BadMap> {
        let mut numbers = [0_i64; 5];
        let mut count = 0;
        let mut rest = segment.bytes();
        while rest.len() > 0 {
            let number = read_vlq(&mut rest)?;
            if let Some(place) = numbers.get_mut(count) {
                *place = number;
            }
            count += 1;
        }
        let [column, source, source_line, source_column, name] = numbers;
        self.column = moved(self.column, column)?;
        let nowhere = Self {
            source: NONE,
            name: NONE,
            ..*self
        };
        if count == 1 {
            return Ok(nowhere);
        }
        self.source = moved(self.source, source)?;
        self.source_line = moved(self.source_line, source_line)?;
        self.source_column = moved(self.source_column, source_column)?;
        match count {
            4 => Ok(Self {
                name: NONE,
                ..*self
            }),
            5 => {
                self.name = moved(self.name, name)?;
                Ok(*self)
            }
            other => Err(BadMap::BadSegment(other)),
        }
    }
}

/// The next number: digits of five bits, the lowest first, each with a bit that says whether another
/// follows; the lowest bit of all is the sign.
fn read_vlq(digits: &mut impl Iterator<Item = u8>) -> Result<i64, BadMap> {
    const DIGIT_BITS: u32 = 5;
    // Enough for 32 bits and the sign.
    const MAX_DIGITS: u32 = 7;
    let mut value = 0_i64;
    for place in 0..MAX_DIGITS {
        let digit = digits
            .next()
            .and_then(base64_digit)
            .ok_or(BadMap::BadNumber)?;
        value |= i64::from(digit & 31) << (place * DIGIT_BITS);
        if digit & 32 == 0 {
            let size = value >> 1;
            return Ok(if value & 1 == 0 { size } else { -size });
        }
    }
    Err(BadMap::BadNumber)
}

fn base64_digit(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'a'..=b'z' => Some(character - b'a' + 26),
        b'0'..=b'9' => Some(character - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

fn moved(from: u32, by: i64) -> Result<u32, BadMap> {
    u32::try_from(i64::from(from) + by).map_err(|_| BadMap::BadNumber)
}

/// The number the next of a list gets; a list has fewer entries than its text has bytes.
fn number_of(list: &[Box<str>]) -> u32 {
    u32::try_from(list.len()).unwrap_or(NONE)
}

/// Without the line that keeps browsers from running a map as a script.
fn without_guard(text: &[u8]) -> &[u8] {
    match text.strip_prefix(b")]}") {
        Some(rest) => match memchr::memchr(b'\n', rest) {
            Some(end) => rest.get(end..).unwrap_or_default(),
            None => b"",
        },
        None => text,
    }
}

/// The last `most` bytes: of a path, its end says most.
fn tail(text: &str, most: usize) -> Box<str> {
    let start = text.ceil_char_boundary(text.len().saturating_sub(most));
    match text.get(start..) {
        Some(kept) if start > 0 => format!("…{kept}").into(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests;
