//! The search for the primes of an RSA key, one candidate a call: all of it can take many seconds.

use std::num::NonZeroU32;

use crypto_primes::{Flavor, hazmat::SmallFactorsSieve, is_prime};
use rsa::{BoxedUint, PrivateKey, traits::PublicKeyParts};
use zeroize::Zeroizing;

use super::{KeyFault, Secret};

/// The most bits of a modulus that primes are looked for: the last look at one takes some 20 ms then.
pub const MOST_BITS: u32 = 4096;

/// Tries a number of so many bits, the first two of them set, that no small prime divides. `None` when it is
/// no prime, or one less of it has a factor in common with the exponent.
///
/// # Errors
/// [`KeyFault::Failed`] when the system has no random bytes; [`KeyFault::TooLarge`].
pub fn attempt(bits: u32, exponent: u64) -> Result<Option<Secret>, KeyFault> {
    let length = NonZeroU32::new(bits).filter(|bits| (16..=MOST_BITS / 2).contains(&bits.get()));
    let length = length.ok_or(KeyFault::TooLarge)?;
    let start = random_start(bits)?;
    let start = BoxedUint::from_be_slice(&start, bits).map_err(|_| KeyFault::Failed)?;
    let mut sieve = SmallFactorsSieve::new(start, length, false).map_err(|_| KeyFault::Failed)?;
    // None so close to the largest number of its length that there is nothing left.
    let Some(candidate) = sieve.next() else {
        return Ok(None);
    };
    let bytes = Zeroizing::new(candidate.to_be_bytes().into_vec());
    let fits = is_coprime(&bytes, exponent) && is_prime(Flavor::Any, &candidate);
    Ok(fits.then_some(bytes))
}

fn random_start(bits: u32) -> Result<Secret, KeyFault> {
    let mut bytes = Zeroizing::new(vec![0; bits.div_ceil(8) as usize]);
    getrandom::fill(&mut bytes).map_err(|_| KeyFault::Failed)?;
    let unused = bytes.len() as u32 * 8 - bits;
    bytes[0] &= 0xFF >> unused;
    for place in [unused, unused + 1] {
        bytes[place as usize / 8] |= 0x80 >> (place % 8);
    }
    if let Some(last) = bytes.last_mut() {
        *last |= 1;
    }
    Ok(bytes)
}

/// Whether one less of an odd number has no factor in common with the exponent.
fn is_coprime(odd: &[u8], exponent: u64) -> bool {
    let modulus = u128::from(exponent.max(1));
    let rest = odd
        .iter()
        .fold(0, |rest, &byte| (rest << 8 | u128::from(byte)) % modulus);
    let (mut left, mut right) = ((rest + modulus - 1) % modulus, modulus);
    while left > 0 {
        (left, right) = (right % left, left);
    }
    right == 1
}

/// # Errors
/// [`KeyFault::Malformed`] for numbers that no key can be made of, such as the same one twice.
pub fn key_of(primes: [&[u8]; 2], exponent: u64) -> Result<PrivateKey, KeyFault> {
    let primes = primes.map(BoxedUint::from_be_slice_vartime);
    let key = PrivateKey::from_primes(primes.into(), BoxedUint::from(exponent));
    let key = key.map_err(|_| KeyFault::Malformed)?;
    match key.size() * 8 > MOST_BITS as usize {
        true => Err(KeyFault::TooLarge),
        false => Ok(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_has_its_length_and_is_odd() {
        for bits in [16, 17, 255, 256, 1023, 1024, 2048] {
            let start = random_start(bits).expect("random bytes");
            assert_eq!(start.last().map(|last| last & 1), Some(1));
            let start = BoxedUint::from_be_slice_vartime(&start);
            assert_eq!(start.bit_width(), bits);
            assert_eq!(start >> (bits - 2), BoxedUint::from(0b11_u32), "{bits}");
        }
    }

    #[test]
    fn factors_in_common_with_the_exponent_are_seen() {
        for (odd, exponent, expected) in [
            (7, 3, false),
            (11, 3, true),
            (0x01_00_03, 65_537, true),
            (0x01_00_01 + 1, 65_537, false),
            (0x02_00_03, 65_537, false),
        ] {
            let bytes = u32::to_be_bytes(odd);
            assert_eq!(is_coprime(&bytes, exponent), expected, "{odd} {exponent}");
        }
    }
}
