//! The heap limit of an isolate: one grant to unwind in, then an end.

#![allow(unsafe_code, reason = "V8 calls back with a raw pointer")]

use std::{
    ffi::c_void,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Stands behind an isolate's near-heap-limit callback; must outlive the isolate.
#[derive(Debug)]
pub struct HeapGuard {
    terminator: v8::IsolateHandle,
    reached: AtomicBool,
}

impl HeapGuard {
    /// Has the isolate terminated when its heap comes to its limit.
    pub fn install(isolate: &mut v8::OwnedIsolate) -> Arc<Self> {
        let guard = Arc::new(Self {
            terminator: isolate.thread_safe_handle(),
            reached: AtomicBool::new(false),
        });
        let data = Arc::as_ptr(&guard).cast_mut().cast::<c_void>();
        isolate.add_near_heap_limit_callback(near_heap_limit, data);
        guard
    }

    /// Whether the heap came to its limit.
    pub fn reached(&self) -> bool {
        self.reached.load(Ordering::Acquire)
    }
}

/// Doubles the limit the first time it is asked, so that V8 has room to unwind, and terminates. A
/// callback that grants more each time lets one loop take the machine's memory.
///
/// # Safety
/// To be called by V8 only, with the pointer [`HeapGuard::install`] gave it.
unsafe extern "C" fn near_heap_limit(data: *mut c_void, current: usize, initial: usize) -> usize {
    // SAFETY: `data` points to the HeapGuard of the isolate, which outlives the isolate and is only shared.
    let guard = unsafe { &*data.cast::<HeapGuard>() };
    if guard.reached.swap(true, Ordering::AcqRel) {
        return current;
    }
    guard.terminator.terminate_execution();
    current + initial
}
