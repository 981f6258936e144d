//! `google.protobuf.Struct` as it is on the wire, for who turns it into something else.

use std::{collections::BTreeMap, fmt};

use bytes::{Buf, BufMut, Bytes};
use prost::{
    DecodeError, Message,
    encoding::{self, DecodeContext, WireType},
};
use prost_types::{Struct, Value};

/// The field of a Struct: its map, an entry at a time.
const FIELDS: u32 = 1;

/// A `google.protobuf.Struct` whose fields are not read, so that none has to be put into a tree to be taken out again.
/// Nothing in it is checked, not even that it is protobuf; who reads it has to. As for any message, one that is
/// merged into another follows it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct WireStruct(Vec<u8>);

impl WireStruct {
    /// Of its encoded fields.
    pub fn from_encoded(fields: Vec<u8>) -> Self {
        Self(fields)
    }

    /// Its fields as they are encoded.
    pub fn encoded(&self) -> &[u8] {
        &self.0
    }

    /// Its fields in a tree.
    ///
    /// # Errors
    /// [`DecodeError`] when they are no protobuf.
    pub fn fields(&self) -> Result<BTreeMap<String, Value>, DecodeError> {
        Struct::decode(self.encoded()).map(|read| read.fields)
    }
}

impl From<Struct> for WireStruct {
    fn from(value: Struct) -> Self {
        Self(value.encode_to_vec())
    }
}

impl fmt::Debug for WireStruct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fields() {
            Ok(fields) => f.debug_map().entries(&fields).finish(),
            Err(_) => f.debug_tuple("WireStruct").field(&self.0).finish(),
        }
    }
}

impl Message for WireStruct {
    fn encode_raw(&self, buffer: &mut impl BufMut) {
        buffer.put_slice(&self.0);
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buffer: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        if tag != FIELDS {
            return encoding::skip_field(wire_type, tag, buffer, context);
        }
        let mut entry = Bytes::new();
        encoding::bytes::merge(wire_type, &mut entry, buffer, context)?;
        encoding::bytes::encode(FIELDS, &entry, &mut self.0);
        Ok(())
    }

    fn encoded_len(&self) -> usize {
        self.0.len()
    }

    fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use prost_types::value::Kind;

    use super::*;

    fn tree(fields: &[(&str, f64)]) -> Struct {
        let value = |number| Value {
            kind: Some(Kind::NumberValue(number)),
        };
        let fields = fields.iter();
        Struct {
            fields: fields
                .map(|&(key, number)| (key.to_owned(), value(number)))
                .collect(),
        }
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        let tree = tree(&[("a", 1.0), ("b", 2.0)]);
        let encoded = tree.encode_to_vec();
        let read = WireStruct::decode(&*encoded).unwrap();
        assert_eq!(read.encode_to_vec(), encoded);
        assert_eq!(read.encoded_len(), encoded.len());
        assert_eq!(read.fields().unwrap(), tree.fields);
        assert_eq!(read, WireStruct::from(tree));
    }

    #[test]
    fn one_that_comes_in_two_parts_has_the_fields_of_both() {
        let parts = [tree(&[("a", 1.0)]), tree(&[("a", 2.0), ("b", 3.0)])];
        let encoded: Vec<u8> = parts.iter().flat_map(Message::encode_to_vec).collect();
        let read = WireStruct::decode(&*encoded).unwrap();
        assert_eq!(read.fields().unwrap(), parts[1].fields);
    }

    #[test]
    fn what_it_does_not_know_is_left_out_and_what_is_no_protobuf_refused() {
        let read = WireStruct::decode(&b"\x10\x05\x1a\x01x"[..]).unwrap();
        assert_eq!(read, WireStruct::default());
        for malformed in [&b"\x0a\x05x"[..], b"\x08\x05", b"\x0a", b"\xff"] {
            assert!(WireStruct::decode(malformed).is_err(), "{malformed:?}");
        }
    }
}
