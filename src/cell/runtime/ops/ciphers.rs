//! Ops of AES: its modes over whole blocks or key stream, and the hash of GCM.
//!
//! As with hashes, what a cipher has to remember is the scripts' own bytes. Data is changed in place.

use aes::{
    Aes128, Aes192, Aes256, Block,
    cipher::{
        BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, BlockSizeUser,
        InnerIvInit, KeyInit, StreamCipher, StreamCipherCoreWrapper, StreamCipherSeek, consts::U16,
    },
};
use ctr::{CtrCore, flavors};
use ghash::{GHash, universal_hash::UniversalHash};

use super::{Arguments, Return, number};
use crate::cell::runtime::bytes::{with_bytes, with_bytes_mut};

const BLOCK: usize = 16;

/// AES with a key of any of its lengths.
enum Aes {
    Of128(Aes128),
    Of192(Aes192),
    Of256(Aes256),
}

/// Calls a function that is generic over the cipher.
macro_rules! with_aes {
    ($aes:expr, $cipher:ident => $call:expr) => {
        match $aes {
            Aes::Of128($cipher) => $call,
            Aes::Of192($cipher) => $call,
            Aes::Of256($cipher) => $call,
        }
    };
}

impl Aes {
    fn new(key: &[u8]) -> Option<Self> {
        match key.len() {
            16 => Aes128::new_from_slice(key).ok().map(Self::Of128),
            24 => Aes192::new_from_slice(key).ok().map(Self::Of192),
            32 => Aes256::new_from_slice(key).ok().map(Self::Of256),
            _ => None,
        }
    }

    fn of(value: v8::Local<'_, v8::Value>) -> Option<Self> {
        with_bytes(value, Self::new)
    }

    fn encrypted(&self, block: [u8; BLOCK]) -> [u8; BLOCK] {
        let mut block = Block::from(block);
        with_aes!(self, cipher => cipher.encrypt_block(&mut block));
        block.into()
    }
}

fn block_of(value: v8::Local<'_, v8::Value>) -> Option<[u8; BLOCK]> {
    with_bytes(value, |bytes| bytes.try_into().ok())
}

/// `aesEcb(key, data, decrypts)`: whole blocks, each by itself; what is beyond the last stays as it is.
pub fn ecb(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: Return<'_>) {
    let Some(aes) = Aes::of(arguments.get(0)) else {
        return;
    };
    let decrypts = arguments.get(2).is_true();
    with_bytes_mut(scope, arguments.get(1), |_, data| {
        let (blocks, _) = Block::slice_as_chunks_mut(data);
        with_aes!(aes, cipher => match decrypts {
            true => cipher.decrypt_blocks(blocks),
            false => cipher.encrypt_blocks(blocks),
        });
    });
}

/// `aesCbc(key, iv, data, decrypts)`: whole blocks, each chained to the one before. `iv` becomes what the
/// next call has to be given.
pub fn cbc(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: Return<'_>) {
    let (Some(aes), Some(iv)) = (Aes::of(arguments.get(0)), block_of(arguments.get(1))) else {
        return;
    };
    let decrypts = arguments.get(3).is_true();
    let next = with_bytes_mut(scope, arguments.get(2), |_, data| {
        let (blocks, _) = Block::slice_as_chunks_mut(data);
        let last_read = blocks.last().copied();
        let iv = Block::from(iv);
        with_aes!(aes, cipher => match decrypts {
            true => cbc::Decryptor::inner_iv_init(cipher, &iv).decrypt_blocks(blocks),
            false => cbc::Encryptor::inner_iv_init(cipher, &iv).encrypt_blocks(blocks),
        });
        if decrypts {
            last_read
        } else {
            blocks.last().copied()
        }
    });
    if let Some(next) = next {
        with_bytes_mut(scope, arguments.get(1), |_, iv| iv.copy_from_slice(&next));
    }
}

/// `aesCtr(key, counter, position, data, counts32)`: the key stream from a position on, in bytes from where
/// the counter is the one given. It counts in all its 128 bits, or as GCM has it in the last 32.
pub fn ctr(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, mut value: Return<'_>) {
    let (Some(aes), Some(counter)) = (Aes::of(arguments.get(0)), block_of(arguments.get(1))) else {
        return;
    };
    let position = number(arguments.get(2)) as u64;
    let counts32 = arguments.get(4).is_true();
    let done = with_bytes_mut(scope, arguments.get(3), |_, data| {
        with_aes!(aes, cipher => match counts32 {
            true => apply::<_, flavors::Ctr32BE>(cipher, counter, position, data),
            false => apply::<_, flavors::Ctr128BE>(cipher, counter, position, data),
        })
    });
    value.set_bool(done.is_some());
}

/// `None` when the key stream is used up.
fn apply<C, F>(cipher: C, counter: [u8; BLOCK], position: u64, data: &mut [u8]) -> Option<()>
where
    C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>,
    F: ctr::CtrFlavor<U16>,
    CtrCore<C, F>:
        aes::cipher::StreamCipherSeekCore + InnerIvInit<Inner = C> + BlockSizeUser<BlockSize = U16>,
    CtrCore<C, F>: aes::cipher::IvSizeUser<IvSize = U16>,
{
    let core = CtrCore::<C, F>::inner_iv_init(cipher, &Block::from(counter));
    let mut stream = StreamCipherCoreWrapper::from_core(core);
    stream.try_seek(position).ok()?;
    stream.try_apply_keystream(data).ok()
}

/// `gcmHash(key, hash, data)`: takes blocks into the 16 bytes of GCM's hash, the last filled up with zeros.
pub fn gcm_hash(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: Return<'_>) {
    let (Some(aes), Some(hash)) = (Aes::of(arguments.get(0)), block_of(arguments.get(1))) else {
        return;
    };
    let next = with_bytes(arguments.get(2), |data| hashed(&aes, hash, data));
    if let Some(next) = next {
        with_bytes_mut(scope, arguments.get(1), |_, hash| {
            hash.copy_from_slice(&next);
        });
    }
}

/// The hash starts from nothing; that it goes on from `hash` is the same as if that had been added to the
/// first block.
fn hashed(aes: &Aes, hash: [u8; BLOCK], data: &[u8]) -> Option<[u8; BLOCK]> {
    let (first, rest) = data.split_at(data.len().min(BLOCK));
    if first.is_empty() {
        return None;
    }
    let mut block = hash;
    for (byte, added) in block.iter_mut().zip(first) {
        *byte ^= added;
    }
    let mut ghash = GHash::new(&aes.encrypted([0; BLOCK]).into());
    ghash.update(&[block.into()]);
    ghash.update_padded(rest);
    Some(ghash.finalize().into())
}
