//! Memory of array buffers, counted against the isolate's heap limit: V8 keeps it outside of its heap.

#![allow(unsafe_code, reason = "V8 asks for memory by C functions")]

use std::{
    alloc::{Layout, alloc, alloc_zeroed, dealloc},
    ffi::c_void,
    ptr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// The account of one isolate's array buffers.
#[derive(Debug)]
pub struct Buffers {
    /// Bytes of buffers there are.
    used: AtomicUsize,
    /// Bytes on the isolate's heap when last looked at.
    heap: AtomicUsize,
    /// For heap and buffers together.
    limit: usize,
    /// Whether a buffer was refused since last asked.
    refused: AtomicBool,
}

static VTABLE: v8::RustAllocatorVtable<Buffers> = v8::RustAllocatorVtable {
    allocate: allocate_zeroed,
    allocate_uninitialized,
    free,
    drop: release,
};

impl Buffers {
    pub fn with_limit(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            used: AtomicUsize::new(0),
            heap: AtomicUsize::new(0),
            limit,
            refused: AtomicBool::new(false),
        })
    }

    /// The allocator V8 is to use for one isolate.
    pub fn allocator(self: &Arc<Self>) -> v8::UniqueRef<v8::Allocator> {
        let handle = Arc::into_raw(self.clone());
        // SAFETY: the handle is a live Buffers, which V8 gives back through `release` once.
        unsafe { v8::new_rust_allocator(handle, &VTABLE) }
    }

    /// Bytes of buffers there are.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Bytes that heap and buffers may have together.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Notes what is on the heap beside the buffers.
    pub fn note_heap(&self, bytes: usize) {
        self.heap.store(bytes, Ordering::Relaxed);
    }

    /// Whether a buffer was refused since this was last asked.
    pub fn take_refused(&self) -> bool {
        self.refused.swap(false, Ordering::Relaxed)
    }

    fn reserve(&self, bytes: usize) -> bool {
        let room = self.limit.saturating_sub(self.heap.load(Ordering::Relaxed));
        let before = self.used.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) <= room {
            return true;
        }
        self.used.fetch_sub(bytes, Ordering::Relaxed);
        self.refused.store(true, Ordering::Relaxed);
        false
    }

    /// Memory from `source`, or null when there is no room: V8 then collects garbage, asks again, tells the
    /// near-heap-limit callback, and throws a `RangeError` in the end.
    fn allocate(&self, bytes: usize, source: unsafe fn(Layout) -> *mut u8) -> *mut c_void {
        let Some(layout) = layout(bytes) else {
            return ptr::null_mut();
        };
        if !self.reserve(bytes) {
            return ptr::null_mut();
        }
        // SAFETY: the layout is not of size zero.
        let data = unsafe { source(layout) };
        if data.is_null() {
            self.used.fetch_sub(bytes, Ordering::Relaxed);
        }
        data.cast()
    }
}

/// Of at least a byte, since a layout of none can't be allocated.
fn layout(bytes: usize) -> Option<Layout> {
    Layout::from_size_align(bytes.max(1), align_of::<u128>()).ok()
}

unsafe extern "C" fn allocate_zeroed(buffers: &Buffers, bytes: usize) -> *mut c_void {
    buffers.allocate(bytes, alloc_zeroed)
}

unsafe extern "C" fn allocate_uninitialized(buffers: &Buffers, bytes: usize) -> *mut c_void {
    buffers.allocate(bytes, alloc)
}

/// # Safety
/// `data` was allocated by one of the above with `bytes`, and is freed once: V8's promise.
unsafe extern "C" fn free(buffers: &Buffers, data: *mut c_void, bytes: usize) {
    if let Some(layout) = layout(bytes) {
        // SAFETY: as above; the layout is the one `data` was allocated with.
        unsafe { dealloc(data.cast(), layout) };
        buffers.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// # Safety
/// `buffers` came from [`Buffers::allocator`] and is released once: V8's promise.
unsafe extern "C" fn release(buffers: *const Buffers) {
    // SAFETY: as above.
    drop(unsafe { Arc::from_raw(buffers) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_refused_beyond_the_limit_and_room_comes_back() {
        let buffers = Buffers::with_limit(1000);
        buffers.note_heap(400);
        let held = buffers.allocate(600, alloc);
        assert!(!held.is_null());
        assert!(!buffers.take_refused());
        assert!(buffers.allocate(1, alloc_zeroed).is_null());
        assert!(buffers.take_refused() && !buffers.take_refused());
        assert!(buffers.allocate(usize::MAX, alloc).is_null());
        // SAFETY: allocated above with this size.
        unsafe { free(&buffers, held, 600) };
        assert_eq!(buffers.used(), 0);
    }
}
