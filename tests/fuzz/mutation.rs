//! Small damage to valid bytes: what parsers meet when a peer is broken or hostile.

use crate::targets::random::Random;

/// Bytes that sit at the edges of lengths, variable-length numbers, UTF-8 and JSON.
const EDGES: [&[u8]; 14] = [
    &[0],
    &[0xff],
    &[0x7f],
    &[0x80],
    b"\n",
    b"\"",
    b"\\",
    &[0xff; 4],
    &[4, 0, 0, 0],
    &[3, 0xff, 0xff, 0xff],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
    &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1],
    &[0xed, 0xa0, 0x80],
    &[0xf4, 0x90, 0x80, 0x80],
];

/// Changes `bytes` in one to four places. `words` are what the format is made of.
pub fn mutate(bytes: &mut Vec<u8>, words: &[&[u8]], random: &mut Random) {
    for _ in 0..=random.below(4) {
        let place = random.below(bytes.len() + 1);
        let end = place + random.below((bytes.len() - place).min(16) + 1);
        match random.below(7) {
            0 => flip_a_bit(bytes, random),
            1 => drop(bytes.drain(place..end)),
            2 => bytes.truncate(place),
            3 => insert(bytes, place, random.pick(&EDGES)),
            4 if !words.is_empty() => insert(bytes, place, random.pick(words)),
            5 => {
                let repeated = bytes[place..end].to_vec();
                insert(bytes, random.below(place + 1), &repeated);
            }
            _ => overwrite(bytes, place, random.pick(&EDGES)),
        }
    }
}

fn flip_a_bit(bytes: &mut [u8], random: &mut Random) {
    let place = random.below(bytes.len());
    if let Some(byte) = bytes.get_mut(place) {
        *byte ^= 1 << random.below(8);
    }
}

fn insert(bytes: &mut Vec<u8>, place: usize, inserted: &[u8]) {
    bytes.splice(place..place, inserted.iter().copied());
}

fn overwrite(bytes: &mut [u8], place: usize, written: &[u8]) {
    for (old, new) in bytes.iter_mut().skip(place).zip(written) {
        *old = *new;
    }
}
