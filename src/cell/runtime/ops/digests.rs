//! Ops of hashes, HMAC and PBKDF2.
//!
//! What a hash has taken in is kept as bytes that the runtime's scripts allocate, so that the isolate's account
//! has it, a copy is a copy of bytes, and nothing is left behind when a function forgets it.

use digest::{
    Digest, Output,
    common::{BlockSizeUser, hazmat::SerializableState},
};
use md5::Md5;
use ripemd::Ripemd160;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};

use super::{Arguments, Return, numbered_entry};
use crate::cell::runtime::bytes::{with_bytes, with_bytes_mut};

/// The most that one call takes of iterations, so that a termination is seen soon.
const MOST_ITERATIONS: u32 = 256;

/// A hash that can be set aside as bytes and taken up again.
trait Suspendable: Digest + BlockSizeUser + SerializableState + Clone {}

impl<D: Digest + BlockSizeUser + SerializableState + Clone> Suspendable for D {}

/// What one hash does, for tables over all of them.
#[derive(Clone, Copy)]
struct Operations {
    state_length: usize,
    digest_length: usize,
    start: fn(state: &mut [u8]),
    update: fn(state: &mut [u8], data: &[u8]),
    finish: fn(state: &[u8], digest: &mut [u8]),
    start_mac: fn(key: &[u8], states: &mut [u8]),
    finish_mac: fn(states: &[u8], digest: &mut [u8]),
    iterate: fn(states: &[u8], rounds: u32, last: &mut [u8]),
}

impl Operations {
    fn of<D: Suspendable>() -> Self {
        Self {
            state_length: suspended(&D::new()).len(),
            digest_length: <D as Digest>::output_size(),
            start: |state| put(state, &suspended(&D::new())),
            update: |state, data| {
                if let Some(hash) = resumed::<D>(state) {
                    put(state, &suspended(&hash.chain_update(data)));
                }
            },
            finish: |state, digest| {
                if let Some(hash) = resumed::<D>(state) {
                    put(digest, &hash.finalize());
                }
            },
            start_mac: |key, states| {
                let mac = Mac::<D>::new(key);
                put(
                    states,
                    &[suspended(&mac.within), suspended(&mac.around)].concat(),
                );
            },
            finish_mac: |states, digest| {
                if let Some(mac) = Mac::<D>::resumed(states) {
                    put(digest, &mac.finish());
                }
            },
            iterate: |states, rounds, last| {
                if let Some(mac) = Mac::<D>::resumed(states) {
                    mac.iterate(rounds, last);
                }
            },
        }
    }
}

/// As many bytes as fit; all of them where the caller keeps to the lengths that [`find`] tells.
fn put(target: &mut [u8], bytes: &[u8]) {
    for (target, &byte) in target.iter_mut().zip(bytes) {
        *target = byte;
    }
}

fn suspended<D: SerializableState>(hash: &D) -> Vec<u8> {
    hash.serialize().to_vec()
}

fn resumed<D: SerializableState>(state: &[u8]) -> Option<D> {
    D::deserialize(state.try_into().ok()?).ok()
}

/// HMAC (RFC 2104) as the two hashes that it is, which the `hmac` crate does not let go of.
#[derive(Clone)]
struct Mac<D> {
    within: D,
    around: D,
}

impl<D: Suspendable> Mac<D> {
    fn new(key: &[u8]) -> Self {
        let mut block = vec![0; D::block_size()];
        if key.len() > block.len() {
            put(&mut block, &D::digest(key));
        } else {
            put(&mut block, key);
        }
        let padded = |padding: u8| -> Vec<u8> { block.iter().map(|byte| byte ^ padding).collect() };
        Self {
            within: D::new_with_prefix(padded(0x36)),
            around: D::new_with_prefix(padded(0x5C)),
        }
    }

    fn resumed(states: &[u8]) -> Option<Self> {
        let (within, around) = states.split_at_checked(states.len() / 2)?;
        Some(Self {
            within: resumed(within)?,
            around: resumed(around)?,
        })
    }

    fn finish(self) -> Output<D> {
        let within = self.within.finalize();
        self.around.chain_update(within).finalize()
    }

    /// Rounds of PBKDF2 (RFC 8018, 5.2): `last` is U followed by T, both as they are after the last round.
    fn iterate(&self, rounds: u32, last: &mut [u8]) {
        let half = last.len() / 2;
        let (previous, sum) = last.split_at_mut(half);
        for _ in 0..rounds {
            let mut mac = self.clone();
            mac.within.update(&*previous);
            let next = mac.finish();
            put(previous, &next);
            for (sum, byte) in sum.iter_mut().zip(&next) {
                *sum ^= byte;
            }
        }
    }
}

/// A hash by its name.
type Algorithm = (&'static str, fn() -> Operations);

/// The hashes, in the order of the numbers that JavaScript has for them.
const ALGORITHMS: [Algorithm; 13] = [
    ("md5", Operations::of::<Md5>),
    ("ripemd160", Operations::of::<Ripemd160>),
    ("sha1", Operations::of::<Sha1>),
    ("sha224", Operations::of::<Sha224>),
    ("sha256", Operations::of::<Sha256>),
    ("sha384", Operations::of::<Sha384>),
    ("sha512", Operations::of::<Sha512>),
    ("sha512-224", Operations::of::<Sha512_224>),
    ("sha512-256", Operations::of::<Sha512_256>),
    ("sha3-224", Operations::of::<Sha3_224>),
    ("sha3-256", Operations::of::<Sha3_256>),
    ("sha3-384", Operations::of::<Sha3_384>),
    ("sha3-512", Operations::of::<Sha3_512>),
];

fn operations(value: v8::Local<'_, v8::Value>) -> Option<Operations> {
    numbered_entry(&ALGORITHMS, value).map(|(_, of)| of())
}

/// The name of a hash by its number.
pub fn name_of(value: v8::Local<'_, v8::Value>) -> Option<&'static str> {
    numbered_entry(&ALGORITHMS, value).map(|(name, _)| name)
}

/// `hashFind(name)`: `[number, bytes of a digest, bytes of a state]`; `undefined` for names of none. Names
/// are those of [`ALGORITHMS`]; what else they are known as is the scripts' business.
pub fn find(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, mut value: Return<'_>) {
    let wanted = super::text(scope, arguments.get(0));
    let Some(number) = ALGORITHMS.iter().position(|&(name, _)| name == wanted) else {
        return;
    };
    let hash = ALGORITHMS[number].1();
    let found = [number, hash.digest_length, hash.state_length]
        .map(|number| v8::Number::new(scope, number as f64).into());
    value.set(v8::Array::new_with_elements(scope, &found).into());
}

/// `hashStart(hash, state)`: makes the state that of a hash that has taken in nothing.
pub fn start(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: Return<'_>) {
    if let Some(hash) = operations(arguments.get(0)) {
        with_bytes_mut(scope, arguments.get(1), |_, state| (hash.start)(state));
    }
}

/// `hashUpdate(hash, state, data)`: takes in the data. The state is no part of the same buffer.
pub fn update(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: Return<'_>) {
    let Some(hash) = operations(arguments.get(0)) else {
        return;
    };
    let data = arguments.get(2);
    with_bytes_mut(scope, arguments.get(1), |_, state| {
        with_bytes(data, |data| (hash.update)(state, data));
    });
}

/// `hashFinish(hash, state, digest)`: writes the digest.
pub fn finish(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: Return<'_>) {
    let Some(hash) = operations(arguments.get(0)) else {
        return;
    };
    let state = with_bytes(arguments.get(1), <[u8]>::to_vec);
    with_bytes_mut(scope, arguments.get(2), |_, digest| {
        (hash.finish)(&state, digest);
    });
}

/// `macStart(hash, key, states)`: makes the two states, one after the other, those of an HMAC. Data goes
/// into the first by `hashUpdate`.
pub fn start_mac(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: Return<'_>) {
    let Some(hash) = operations(arguments.get(0)) else {
        return;
    };
    let key = arguments.get(1);
    with_bytes_mut(scope, arguments.get(2), |_, states| {
        with_bytes(key, |key| (hash.start_mac)(key, states));
    });
}

/// `macFinish(hash, states, digest)`: writes what the HMAC comes to.
pub fn finish_mac(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: Return<'_>) {
    let Some(hash) = operations(arguments.get(0)) else {
        return;
    };
    let states = with_bytes(arguments.get(1), <[u8]>::to_vec);
    with_bytes_mut(scope, arguments.get(2), |_, digest| {
        (hash.finish_mac)(&states, digest);
    });
}

/// `macIterate(hash, states, rounds, last)`: rounds of PBKDF2, and returns how many it took; `last` is U and T.
pub fn iterate(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, mut value: Return<'_>) {
    let Some(hash) = operations(arguments.get(0)) else {
        return;
    };
    let states = with_bytes(arguments.get(1), <[u8]>::to_vec);
    let rounds = (super::number(arguments.get(2)) as u32).min(MOST_ITERATIONS);
    with_bytes_mut(scope, arguments.get(3), |_, last| {
        (hash.iterate)(&states, rounds, last);
    });
    value.set_uint32(rounds);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_abc_are_those_of_the_standards() {
        for (name, start) in [
            ("md5", "900150983cd24fb0"),
            ("ripemd160", "8eb208f7e05d987a"),
            ("sha1", "a9993e364706816a"),
            ("sha224", "23097d223405d822"),
            ("sha256", "ba7816bf8f01cfea"),
            ("sha384", "cb00753f45a35e8b"),
            ("sha512", "ddaf35a193617aba"),
            ("sha512-224", "4634270f707b6a54"),
            ("sha512-256", "53048e2681941ef9"),
            ("sha3-224", "e642824c3f8cf24a"),
            ("sha3-256", "3a985da74fe225b2"),
            ("sha3-384", "ec01498288516fc9"),
            ("sha3-512", "b751850b1a57168a"),
        ] {
            let (_, of) = ALGORITHMS.iter().find(|entry| entry.0 == name).unwrap();
            let hash = of();
            let mut state = vec![0; hash.state_length];
            let mut digest = vec![0; hash.digest_length];
            (hash.start)(&mut state);
            for byte in b"abc" {
                (hash.update)(&mut state, &[*byte]);
            }
            (hash.finish)(&state, &mut digest);
            let found = digest.first_chunk().copied().map(u64::from_be_bytes);
            let start = u64::from_str_radix(start, 16).ok();
            assert_eq!(found, start, "{name}");
        }
    }

    #[test]
    fn a_state_of_another_length_is_left_alone() {
        let hash = Operations::of::<Sha256>();
        let mut digest = [7; 32];
        (hash.update)(&mut [1; 3], b"abc");
        (hash.finish)(&[1; 3], &mut digest);
        (hash.finish_mac)(&[1; 5], &mut digest);
        (hash.iterate)(&[], 1, &mut digest);
        assert_eq!(digest, [7; 32]);
    }
}
