//! Halves of surrogate pairs in JSON text, which JavaScript's strings can hold and protobuf's can't.

use std::borrow::Cow;

use memchr::memchr;

/// The text with every `\ud800`–`\udfff` escape that is no half of a pair made `\ufffd`. JSON.stringify
/// writes lone surrogates as such escapes, in lower case, and never otherwise.
pub fn without_lone(json: &[u8]) -> Cow<'_, [u8]> {
    let mut text = Cow::Borrowed(json);
    let mut place = 0;
    while let Some(plain) = json.get(place..).and_then(|rest| memchr(b'\\', rest)) {
        place += plain;
        match json.get(place + 1..place + 6).and_then(surrogate_half) {
            Some(Half::High) if low_follows(json, place + 6) => place += 12,
            Some(_) => {
                text.to_mut()[place + 2..place + 6].copy_from_slice(b"fffd");
                place += 6;
            }
            None => place += 2,
        }
    }
    text
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    High,
    Low,
}

fn low_follows(json: &[u8], place: usize) -> bool {
    json.get(place) == Some(&b'\\')
        && json.get(place + 1..place + 6).and_then(surrogate_half) == Some(Half::Low)
}

/// Which half of a pair `uXXXX` stands for, if it stands for one.
fn surrogate_half(escape: &[u8]) -> Option<Half> {
    let [b'u', b'd' | b'D', third, rest @ ..] = escape else {
        return None;
    };
    if !rest.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    match third {
        b'8' | b'9' | b'a' | b'b' | b'A' | b'B' => Some(Half::High),
        b'c'..=b'f' | b'C'..=b'F' => Some(Half::Low),
        _ => None,
    }
}
