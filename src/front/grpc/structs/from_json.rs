//! From JSON text to the bytes of a Struct, with nothing between.

use std::{borrow::Cow, fmt};

use prost::{encoding::encode_varint, length_delimiter_len};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{ENVELOPE_DEPTH, MAX_MESSAGE_DEPTH, NotAStruct, Step, surrogates, utf8};
use crate::api::WireStruct;

/// The Struct of a JSON object, its fields in the order they come in. Lone surrogates, which protobuf strings can't
/// hold, become U+FFFD.
///
/// # Errors
/// [`NotAStruct`] for a text nested so deep that decoders would refuse the answer, and for one that is not UTF-8.
pub fn from_json(json: &[u8]) -> Result<WireStruct, NotAStruct> {
    let text = surrogates::without_lone(json);
    // Once and not for each of its strings.
    let text = utf8(&text)?;
    let mut writer = Writer::with_capacity(text.len());
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let fields = Fields {
        writer: &mut writer,
        depth: ENVELOPE_DEPTH,
    };
    let read = deserializer
        .deserialize_map(fields)
        .and_then(|()| deserializer.end());
    match read {
        Ok(()) => Ok(WireStruct::from_encoded(writer.encoded())),
        // A cell's JSON is V8's own: what serde_json refuses of it is nesting beyond its bound.
        Err(_) => Err(writer.fault.unwrap_or_else(NotAStruct::too_deep)),
    }
}

/// The fields of an object. `depth` counts the messages around them, the Struct included.
struct Fields<'w> {
    writer: &'w mut Writer,
    depth: usize,
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(Key)? {
            let value = Item {
                writer: &mut *self.writer,
                // A map's entry is a message of its own.
                depth: self.depth + 2,
                place: Place::Field(&key),
            };
            map.next_value_seed(value)
                .inspect_err(|_| self.writer.fault_is_within(Step::Field(&key)))?;
        }
        Ok(())
    }
}

/// The elements of an array, as [`Fields`] those of an object.
struct Items<'w> {
    writer: &'w mut Writer,
    depth: usize,
}

impl Items<'_> {
    fn read<'de, A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut number = 0;
        loop {
            let item = Item {
                writer: &mut *self.writer,
                depth: self.depth + 1,
                place: Place::Item,
            };
            let read = items.next_element_seed(item);
            let read = read.inspect_err(|_| self.writer.fault_is_within(Step::Item(number)));
            if read?.is_none() {
                return Ok(());
            }
            number += 1;
        }
    }
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: de::Error>(self, key: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

/// A value, whose own message is `depth` deep, at its place in what holds it.
struct Item<'w> {
    writer: &'w mut Writer,
    depth: usize,
    place: Place<'w>,
}

impl<'de> DeserializeSeed<'de> for Item<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth >= MAX_MESSAGE_DEPTH {
            self.writer.fault = Some(NotAStruct::too_deep());
            return Err(de::Error::custom("too deep"));
        }
        deserializer.deserialize_any(self)
    }
}

/// The fields of a Value.
const NULL: u8 = 1 << 3;
const NUMBER: u8 = 2 << 3 | 1;
const STRING: u8 = 3 << 3 | 2;
const BOOL: u8 = 4 << 3;
const STRUCT: u8 = 5 << 3 | 2;
const LIST: u8 = 6 << 3 | 2;

impl<'de> Visitor<'de> for Item<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.writer.scalar(self.place, &[NULL, 0], &[]);
        Ok(())
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<(), E> {
        let value = [BOOL, u8::from(truth)];
        self.writer.scalar(self.place, &value, &[]);
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<(), E> {
        self.visit_f64(number as f64)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<(), E> {
        self.visit_f64(number as f64)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<(), E> {
        self.writer
            .scalar(self.place, &[NUMBER], &number.to_le_bytes());
        Ok(())
    }

    fn visit_str<E: de::Error>(self, string: &str) -> Result<(), E> {
        let mut head = Head::new(STRING);
        head.put_length(string.len());
        self.writer
            .scalar(self.place, head.bytes(), string.as_bytes());
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<(), A::Error> {
        let depth = self.depth + 1;
        let read = |writer: &mut Writer| Items { writer, depth }.read(items);
        self.writer.container(self.place, LIST, read)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let depth = self.depth + 1;
        let read = |writer: &mut Writer| Fields { writer, depth }.visit_map(map);
        self.writer.container(self.place, STRUCT, read)
    }
}

/// Where a value stands.
#[derive(Clone, Copy)]
enum Place<'a> {
    /// In an object, under this key.
    Field(&'a str),
    /// In an array.
    Item,
}

/// The tag and the length before what a Value holds.
struct Head {
    bytes: [u8; Self::MOST],
    length: usize,
}

impl Head {
    /// A tag, and a length of 64 bits in groups of 7.
    const MOST: usize = 1 + 10;

    fn new(tag: u8) -> Self {
        let mut bytes = [0; Self::MOST];
        bytes[0] = tag;
        Self { bytes, length: 1 }
    }

    fn put_length(&mut self, length: usize) {
        let mut room = &mut self.bytes[1..];
        encode_varint(length as u64, &mut room);
        self.length = Self::MOST - room.len();
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// A length that is known only when what it stands before is written.
struct Prefix {
    /// Where it belongs, in what is written without such lengths.
    at: usize,
    length: usize,
}

/// Writes the fields of a Struct, each message's length when it is known; in the end everything is put in its place in
/// one go, however deep the messages are within each other.
struct Writer {
    written: Vec<u8>,
    prefixes: Vec<Prefix>,
    /// What the prefixes of messages that are complete take.
    prefix_bytes: usize,
    fault: Option<NotAStruct>,
}

/// The only field of a Struct and of a `ListValue`, and the key of a map's entry.
const FIRST: u8 = 1 << 3 | 2;
/// The value of a map's entry.
const SECOND: u8 = 2 << 3 | 2;

impl Writer {
    fn with_capacity(bytes: usize) -> Self {
        Self {
            written: Vec::with_capacity(bytes),
            prefixes: Vec::new(),
            prefix_bytes: 0,
            fault: None,
        }
    }

    fn fault_is_within(&mut self, step: Step<'_>) {
        self.fault = self.fault.take().map(|fault| fault.within(step));
    }

    /// A Value whose encoding is `head` and `rest`.
    fn scalar(&mut self, place: Place<'_>, head: &[u8], rest: &[u8]) {
        let value = head.len() + rest.len();
        self.written.push(FIRST);
        if let Place::Field(key) = place {
            self.length(field_len(key.len()) + field_len(value));
            self.key(key);
            self.written.push(SECOND);
        }
        self.length(value);
        self.written.extend_from_slice(head);
        self.written.extend_from_slice(rest);
    }

    /// A Value that holds a message, under `tag`, which `write` writes.
    fn container<E>(
        &mut self,
        place: Place<'_>,
        tag: u8,
        write: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        let value = |writer: &mut Self| {
            writer.written.push(tag);
            writer.message(write)
        };
        self.written.push(FIRST);
        match place {
            Place::Item => self.message(value),
            Place::Field(key) => self.message(|writer| {
                writer.key(key);
                writer.written.push(SECOND);
                writer.message(value)
            }),
        }
    }

    fn key(&mut self, key: &str) {
        self.written.push(FIRST);
        self.length(key.len());
        self.written.extend_from_slice(key.as_bytes());
    }

    fn length(&mut self, length: usize) {
        encode_varint(length as u64, &mut self.written);
    }

    /// A message, and before it its length.
    fn message<E>(&mut self, write: impl FnOnce(&mut Self) -> Result<(), E>) -> Result<(), E> {
        let (prefix, at) = (self.prefixes.len(), self.written.len());
        self.prefixes.push(Prefix { at, length: 0 });
        let before = self.bytes();
        write(self)?;
        let length = self.bytes() - before;
        self.prefixes[prefix].length = length;
        self.prefix_bytes += length_delimiter_len(length);
        Ok(())
    }

    /// All there is so far, complete messages with their lengths.
    fn bytes(&self) -> usize {
        self.written.len() + self.prefix_bytes
    }

    fn encoded(&self) -> Vec<u8> {
        let mut encoded = Vec::with_capacity(self.bytes());
        let mut done = 0;
        for prefix in &self.prefixes {
            encoded.extend_from_slice(&self.written[done..prefix.at]);
            encode_varint(prefix.length as u64, &mut encoded);
            done = prefix.at;
        }
        encoded.extend_from_slice(&self.written[done..]);
        encoded
    }
}

/// A field of `length` bytes with its tag and its length.
fn field_len(length: usize) -> usize {
    1 + length_delimiter_len(length) + length
}
