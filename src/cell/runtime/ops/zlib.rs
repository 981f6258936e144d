//! Ops of the module `zlib`: codecs that are opened, worked step by step, and closed.

use super::{Arguments, Return, number};
use crate::cell::runtime::{
    bytes::{with_bytes, with_bytes_mut},
    codecs::{
        BrotliCompressor, BrotliDecompressor, Codec, Codecs, DeflateSettings, Deflater, Format,
        Inflater, Status,
    },
};

/// What a step's status is to JavaScript, where it is no failure.
const OPEN: i32 = 0;
const ENDED: i32 = 1;

/// Node's numbers for the kinds of streams: `zlib.constants.DEFLATE` and so on.
fn format_of(mode: i32) -> Format {
    match mode {
        1 | 2 => Format::Zlib,
        3 | 4 => Format::Gzip,
        5 | 6 => Format::Raw,
        _ => Format::Detected,
    }
}

fn integer(value: v8::Local<'_, v8::Value>) -> i32 {
    number(value) as i32
}

fn id(value: v8::Local<'_, v8::Value>) -> u32 {
    number(value) as u32
}

/// The isolate's, which has none before the first op.
fn codecs(scope: &mut v8::PinScope<'_, '_>) -> Codecs {
    if let Some(codecs) = scope.get_slot::<Codecs>() {
        return codecs.clone();
    }
    let codecs = Codecs::default();
    scope.set_slot(codecs.clone());
    codecs
}

/// `[id, weight, token]`: the codec is closed when the token, an empty array buffer, is collected.
fn open(scope: &mut v8::PinScope<'_, '_>, codec: Box<dyn Codec>, mut value: Return<'_>) {
    let codecs = codecs(scope);
    let (id, token) = codecs.open(codec);
    let weight = codecs.weight(id);
    let store = v8::ArrayBuffer::new_backing_store_from_bytes(Box::new(token));
    let token = v8::ArrayBuffer::with_backing_store(scope, &store.make_shared());
    let id = v8::Integer::new_from_unsigned(scope, id).into();
    let weight = v8::Number::new(scope, weight as f64).into();
    let opened = [id, weight, token.into()];
    value.set(v8::Array::new_with_elements(scope, &opened).into());
}

/// `zlibOpen(mode, windowBits, level, memLevel, strategy, dictionary)`: as [`open`] returns. The mode is
/// Node's; odd ones compress.
pub fn open_zlib(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, value: Return<'_>) {
    let mode = integer(arguments.get(0));
    let format = format_of(mode);
    let window_bits = integer(arguments.get(1));
    let dictionary = with_bytes(arguments.get(5), <[u8]>::to_vec);
    let codec: Box<dyn Codec> = match mode {
        1 | 3 | 5 => {
            let settings = DeflateSettings {
                format,
                level: integer(arguments.get(2)),
                window_bits,
                memory_level: integer(arguments.get(3)),
                strategy: integer(arguments.get(4)),
            };
            Box::new(Deflater::new(settings, dictionary))
        }
        _ => Box::new(Inflater::new(format, window_bits, dictionary)),
    };
    open(scope, codec, value);
}

/// `brotliOpen(compresses, parameters)`: as [`open`] returns. The parameters' values are bytes at the places of
/// their numbers, four each; all ones where there is none.
pub fn open_brotli(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, value: Return<'_>) {
    let codec: Box<dyn Codec> = match arguments.get(0).is_true() {
        true => {
            let parameters = with_bytes(arguments.get(1), parameters_of);
            Box::new(BrotliCompressor::new(parameters))
        }
        false => Box::new(BrotliDecompressor::new()),
    };
    open(scope, codec, value);
}

fn parameters_of(bytes: &[u8]) -> Vec<(u32, u32)> {
    let values = bytes.as_chunks::<4>().0.iter().copied();
    let numbered = (0..).zip(values.map(u32::from_le_bytes));
    numbered.filter(|&(_, value)| value != u32::MAX).collect()
}

/// `codecStep(id, flush, input, output)`: `[consumed, produced, status, weight, message]`; the status is 0, or 1
/// for an end, or where there is a message the library's number for what is wrong. `undefined` when it is closed.
/// The caller sees to it that input and output are short enough for a termination to be seen soon, and no part
/// of the same buffer.
pub fn step(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, mut value: Return<'_>) {
    let id = id(arguments.get(0));
    let flush = number(arguments.get(1)) as u32;
    let input = arguments.get(2);
    let codecs = codecs(scope);
    let step = with_bytes_mut(scope, arguments.get(3), |_, output| {
        with_bytes(input, |input| {
            codecs.with(id, |codec| codec.step(input, output, flush))
        })
    });
    let Some(step) = step else {
        return;
    };
    let (status, message) = match step.status {
        Status::Open => (OPEN, None),
        Status::Ended => (ENDED, None),
        Status::Failed { number, message } => (number, Some(message.unwrap_or("Zlib error"))),
    };
    let weight = codecs.weight(id);
    let numbers = [
        step.consumed as f64,
        step.produced as f64,
        f64::from(status),
        weight as f64,
    ];
    let [consumed, produced, status, weight] =
        numbers.map(|number| v8::Number::new(scope, number).into());
    let message = match message.and_then(|message| v8::String::new(scope, message)) {
        Some(message) => message.into(),
        None => v8::undefined(scope).into(),
    };
    let parts = [consumed, produced, status, weight, message];
    value.set(v8::Array::new_with_elements(scope, &parts).into());
}

/// `codecReset(id)`: begins anew.
pub fn reset(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: Return<'_>) {
    codecs(scope).with(id(arguments.get(0)), |codec| codec.reset());
}

/// `codecClose(id)`.
pub fn close(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: Return<'_>) {
    codecs(scope).close(id(arguments.get(0)));
}

/// `crc32(bytes, start)`.
pub fn crc32(_: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, mut value: Return<'_>) {
    let start = number(arguments.get(1)) as u32;
    value.set_uint32(with_bytes(arguments.get(0), |bytes| {
        zlib_rs::crc32::crc32(start, bytes)
    }));
}
