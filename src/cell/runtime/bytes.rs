//! Bytes of array buffers and characters of strings, as ops read and write them without copies.
//!
//! Nothing here makes memory for JavaScript: the runtime's scripts do, so that the isolate's account has it.

#![allow(unsafe_code, reason = "array buffers are raw memory")]

/// What V8 keeps of a small view on its own heap, where it may be moved.
const MOST_ON_HEAP: usize = v8::TYPED_ARRAY_MAX_SIZE_IN_HEAP;

/// Results smaller than this are made without a look at what the heap has room for.
const SMALL: usize = 1 << 20;

/// Gives `read` the bytes of a view; none when the value is no view, or detached. `read` may make strings,
/// but not run JavaScript.
pub fn with_bytes<R>(value: v8::Local<'_, v8::Value>, read: impl FnOnce(&[u8]) -> R) -> R {
    match v8::Local::<v8::ArrayBufferView>::try_from(value) {
        Ok(view) => read(view.get_contents(&mut [0; MOST_ON_HEAP])),
        Err(_) => read(&[]),
    }
}

/// Gives `write` the bytes of a view to change; none when the value is no view, or detached.
pub fn with_bytes_mut<R>(
    scope: &mut v8::PinScope<'_, '_>,
    value: v8::Local<'_, v8::Value>,
    write: impl FnOnce(&mut v8::PinScope<'_, '_>, &mut [u8]) -> R,
) -> R {
    let Ok(view) = v8::Local::<v8::ArrayBufferView>::try_from(value) else {
        return write(scope, &mut []);
    };
    let length = view.byte_length();
    // Moves the bytes of a small view off V8's heap.
    let data = view.buffer(scope).and_then(|buffer| buffer.data());
    match data {
        Some(data) if length > 0 => {
            // SAFETY: V8 says that the view is `length` bytes from its offset into this memory, which the
            // view keeps alive. Ops run no JavaScript and touch no other view while they write, and buffers
            // are not shared between threads, so nothing else reads or writes it meanwhile.
            let bytes = unsafe {
                let start = data.as_ptr().cast::<u8>().add(view.byte_offset());
                std::slice::from_raw_parts_mut(start, length)
            };
            write(scope, bytes)
        }
        _ => write(scope, &mut []),
    }
}

/// Gives `read` the characters of a string as V8 has them. `read` must not allocate on V8's heap, which
/// could move them.
pub fn with_characters<R>(
    scope: &mut v8::PinScope<'_, '_>,
    string: v8::Local<'_, v8::String>,
    read: impl FnOnce(v8::ValueViewData<'_>) -> R,
) -> R {
    let view = v8::ValueView::new(scope, string);
    read(view.data())
}

/// Whether a result of so many bytes is worth an attempt. What is more than the isolate's whole heap would
/// be the end of the process, whatever else the heap holds.
pub fn may_fit(scope: &mut v8::PinScope<'_, '_>, bytes: usize) -> bool {
    bytes < SMALL
        || (bytes <= v8::String::MAX_LENGTH
            && bytes <= scope.get_heap_statistics().heap_size_limit())
}

/// Makes a string of one byte a character; `None` when it is longer than strings can be.
pub fn one_byte_string<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    characters: &[u8],
) -> Option<v8::Local<'s, v8::String>> {
    if !may_fit(scope, characters.len()) {
        return None;
    }
    v8::String::new_from_one_byte(scope, characters, v8::NewStringType::Normal)
}

/// Makes a string of UTF-16; `None` when it is longer than strings can be.
pub fn two_byte_string<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    units: &[u16],
) -> Option<v8::Local<'s, v8::String>> {
    if !may_fit(scope, units.len().saturating_mul(2)) {
        return None;
    }
    v8::String::new_from_two_byte(scope, units, v8::NewStringType::Normal)
}

/// Makes a string of UTF-8, with U+FFFD for what is none; `None` when it is longer than strings can be.
pub fn utf8_string<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    text: &[u8],
) -> Option<v8::Local<'s, v8::String>> {
    if !may_fit(scope, text.len()) {
        return None;
    }
    if text.is_ascii() {
        return v8::String::new_from_one_byte(scope, text, v8::NewStringType::Normal);
    }
    v8::String::new_from_utf8(scope, text, v8::NewStringType::Normal)
}
