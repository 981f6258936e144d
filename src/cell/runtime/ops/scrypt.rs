//! The op of scrypt's mixing (RFC 7914), some steps at a time.
//!
//! The crates that have scrypt do it all in one call, which nothing can stop, and allocate its memory
//! themselves, where the isolate's account has no part of it.

use super::{Arguments, Return, number};
use crate::cell::runtime::bytes::with_bytes_mut;

/// The most bytes that one call mixes, so that a termination is seen soon.
const MOST_BYTES: usize = 1 << 18;

/// Bytes of a block of Salsa20, and its words.
const SALSA: usize = 64;
const WORDS: usize = SALSA / 4;

/// `scryptMix(block, memory, scratch, step)`: goes on from a step, and returns the next. The first N steps,
/// as many as blocks fit into the memory, fill it; N more mix it back in. `block` and `scratch` have 128 r
/// bytes. A step that is not smaller than the end, or lengths that don't go together, change nothing.
pub fn mix(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, mut value: Return<'_>) {
    let first = number(arguments.get(3)) as usize;
    let (memory, scratch) = (arguments.get(1), arguments.get(2));
    let next = with_bytes_mut(scope, arguments.get(0), |scope, block| {
        with_bytes_mut(scope, memory, |scope, memory| {
            with_bytes_mut(scope, scratch, |_, scratch| {
                mix_some(block, memory, scratch, first)
            })
        })
    });
    value.set_double(next as f64);
}

fn mix_some(block: &mut [u8], memory: &mut [u8], scratch: &mut [u8], first: usize) -> usize {
    let length = block.len();
    if length == 0 || !length.is_multiple_of(2 * SALSA) || scratch.len() != length {
        return first;
    }
    let count = memory.len() / length;
    let end = (first + (MOST_BYTES / length).max(1)).min(count.saturating_mul(2));
    for step in first..end {
        let at = if step < count {
            step
        } else {
            last_integer(block) as usize % count
        };
        let Some(kept) = memory.get_mut(at * length..(at + 1) * length) else {
            return first;
        };
        if step < count {
            kept.copy_from_slice(block);
        } else {
            add(block, kept);
        }
        mix_block(block, scratch);
    }
    end.max(first)
}

/// The number that tells where to look next: that at the start of the last 64 bytes.
fn last_integer(block: &[u8]) -> u32 {
    let last = block.len().saturating_sub(SALSA);
    let bytes = block.get(last..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |&bytes| u32::from_le_bytes(bytes))
}

fn add(target: &mut [u8], bytes: &[u8]) {
    for (target, byte) in target.iter_mut().zip(bytes) {
        *target ^= byte;
    }
}

/// scryptBlockMix: RFC 7914, 4.
fn mix_block(block: &mut [u8], scratch: &mut [u8]) {
    let half = scratch.len() / 2;
    let mut mixed = [0; SALSA];
    let (parts, _) = block.as_chunks::<SALSA>();
    if let Some(last) = parts.last() {
        mixed = *last;
    }
    let (even, odd) = scratch.split_at_mut(half);
    let targets = even.as_chunks_mut::<SALSA>().0.iter_mut();
    let targets = targets.zip(odd.as_chunks_mut::<SALSA>().0);
    for (pair, (even, odd)) in parts.as_chunks::<2>().0.iter().zip(targets) {
        add(&mut mixed, &pair[0]);
        salsa(&mut mixed);
        *even = mixed;
        add(&mut mixed, &pair[1]);
        salsa(&mut mixed);
        *odd = mixed;
    }
    block.copy_from_slice(scratch);
}

/// Salsa20/8: RFC 7914, 3.
fn salsa(bytes: &mut [u8; SALSA]) {
    const COLUMNS: [[usize; 4]; 4] = [[0, 4, 8, 12], [5, 9, 13, 1], [10, 14, 2, 6], [15, 3, 7, 11]];
    const ROWS: [[usize; 4]; 4] = [[0, 1, 2, 3], [5, 6, 7, 4], [10, 11, 8, 9], [15, 12, 13, 14]];
    let mut words = [0_u32; WORDS];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    let before = words;
    for _ in 0..4 {
        for [a, b, c, d] in COLUMNS.into_iter().chain(ROWS) {
            words[b] ^= words[a].wrapping_add(words[d]).rotate_left(7);
            words[c] ^= words[b].wrapping_add(words[a]).rotate_left(9);
            words[d] ^= words[c].wrapping_add(words[b]).rotate_left(13);
            words[a] ^= words[d].wrapping_add(words[c]).rotate_left(18);
        }
    }
    for ((bytes, word), before) in bytes
        .as_chunks_mut::<4>()
        .0
        .iter_mut()
        .zip(words)
        .zip(before)
    {
        *bytes = word.wrapping_add(before).to_le_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_does_a_bounded_share_of_the_work() {
        for length in [128, 1024, 1 << 17, 1 << 19] {
            let (mut block, mut scratch) = (vec![1; length], vec![0; length]);
            let mut memory = vec![0; 1 << 21];
            let next = mix_some(&mut block, &mut memory, &mut scratch, 1);
            assert_eq!(next, 1 + (MOST_BYTES / length).max(1));
        }
    }

    #[test]
    fn lengths_that_do_not_go_together_change_nothing() {
        for (block, memory, scratch) in
            [(0, 128, 0), (100, 400, 100), (128, 0, 128), (128, 256, 64)]
        {
            let (mut block, mut memory, mut scratch) =
                (vec![1; block], vec![1; memory], vec![1; scratch]);
            assert_eq!(mix_some(&mut block, &mut memory, &mut scratch, 0), 0);
            assert!(block.iter().all(|&byte| byte == 1));
        }
    }
}
