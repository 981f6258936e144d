//! What to do when V8 gives up: the thread parks for ever, and the rest of the process goes on.
//!
//! V8 ends the process when it is out of memory or finds itself broken. It tells us first, on the thread
//! that met the end: by its handlers, or by the signal of its abort. A thread that never comes back from
//! there keeps its isolate locked and its memory; everyone else can finish. The process is then no good
//! for new work and is replaced soon.

#![allow(unsafe_code, reason = "signal handlers and V8's fatal handlers")]

use std::{
    cell::Cell,
    ffi::c_char,
    io::{self, Read},
    os::fd::IntoRawFd,
    ptr,
    sync::atomic::{AtomicI32, AtomicU8, AtomicU64, Ordering},
};

use crate::lock::Lock;

/// Signals that V8 and the compiler's traps end a process with. SIGSEGV and SIGBUS are left alone: after
/// those nothing in the process can be trusted (`last_word.rs`).
const FATAL_SIGNALS: [libc::c_int; 3] = [libc::SIGABRT, libc::SIGTRAP, libc::SIGILL];

/// Why a thread parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The isolate came to the end of its memory past the grant, or asked for more than can ever be had.
    OutOfMemory,
    /// V8 found itself broken.
    Broken,
}

const SEATED: u8 = 0;
const PARKED_OUT_OF_MEMORY: u8 = 1;
const PARKED_BROKEN: u8 = 2;
const REPORTED: u8 = 3;

/// No invocation has this number.
const NO_INVOCATION: u64 = u64::MAX;

/// What a JS thread leaves for others to read should it park. Never freed: a handler may run at any time.
#[derive(Debug)]
struct Slot {
    state: AtomicU8,
    invocation: AtomicU64,
}

/// Every slot there is; as many as there were JS threads at once.
static SLOTS: Lock<Vec<&'static Slot>> = Lock::new(Vec::new());

/// Slots of threads that have ended.
static FREE_SLOTS: Lock<Vec<&'static Slot>> = Lock::new(Vec::new());

/// Where a parking thread knocks; -1 until [`watch`] is called.
static KNOCKER: AtomicI32 = AtomicI32::new(-1);

thread_local! {
    /// This thread's slot; null on threads that run no JavaScript. Plain memory without a destructor, so
    /// that a signal handler may read it.
    static SLOT: Cell<*const Slot> = const { Cell::new(ptr::null()) };
}

/// A JS thread's place in the list of those that may park; given back when dropped.
#[derive(Debug)]
pub struct Seat(&'static Slot);

impl Seat {
    /// Seats the calling thread.
    pub fn take() -> Self {
        let free = FREE_SLOTS.lock().pop();
        let slot = free.unwrap_or_else(|| {
            let slot: &'static Slot = Box::leak(Box::new(Slot {
                state: AtomicU8::new(SEATED),
                invocation: AtomicU64::new(NO_INVOCATION),
            }));
            SLOTS.lock().push(slot);
            slot
        });
        SLOT.set(slot);
        Self(slot)
    }

    /// Notes the invocation that the thread works for until the guard is dropped.
    pub fn occupy(&self, invocation: u64) -> Occupied<'_> {
        self.0.invocation.store(invocation, Ordering::Release);
        Occupied(self)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        SLOT.set(ptr::null());
        FREE_SLOTS.lock().push(self.0);
    }
}

/// A seat whose thread works for an invocation.
#[derive(Debug)]
pub struct Occupied<'a>(&'a Seat);

impl Drop for Occupied<'_> {
    fn drop(&mut self) {
        self.0.0.invocation.store(NO_INVOCATION, Ordering::Release);
    }
}

/// A thread that has parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parked {
    /// The invocation it worked for, if for one.
    pub invocation: Option<u64>,
    pub cause: Cause,
}

/// Has JS threads park from now on instead of ending the process. The receiver tells of each.
///
/// # Errors
/// When the system has no pipe left or refuses a handler.
pub fn watch() -> io::Result<ParkingWatch> {
    let (door, knocker) = io::pipe()?;
    KNOCKER.store(knocker.into_raw_fd(), Ordering::Release);
    v8::V8::set_fatal_error_handler(on_fatal_error);
    for signal in FATAL_SIGNALS {
        install_handler(signal)?;
    }
    Ok(ParkingWatch(door))
}

/// Tells of threads that park.
#[derive(Debug)]
pub struct ParkingWatch(io::PipeReader);

impl ParkingWatch {
    /// Waits until a thread parks; those that did and were not told of before.
    ///
    /// # Errors
    /// When the pipe fails, which it does not while the process lives.
    pub fn wait(&mut self) -> io::Result<Vec<Parked>> {
        self.0.read_exact(&mut [0])?;
        let slots = SLOTS.lock();
        Ok(slots.iter().filter_map(|slot| slot.report()).collect())
    }
}

impl Slot {
    fn report(&self) -> Option<Parked> {
        let cause = match self.state.load(Ordering::Acquire) {
            PARKED_OUT_OF_MEMORY => Cause::OutOfMemory,
            PARKED_BROKEN => Cause::Broken,
            _ => return None,
        };
        self.state.store(REPORTED, Ordering::Release);
        let invocation = self.invocation.load(Ordering::Acquire);
        let invocation = (invocation != NO_INVOCATION).then_some(invocation);
        Some(Parked { invocation, cause })
    }
}

fn install_handler(signal: libc::c_int) -> io::Result<()> {
    // SAFETY: an all-zero sigaction is a valid one, with an empty mask and no flags.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_signal as *const () as libc::sighandler_t;
    // SAFETY: the action is initialised; its handler does only what a handler may.
    match unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Only atomics, write(2) and pause(2) from here on: a signal may have come in the middle of an allocation.
///
/// What V8 finds broken it tells [`on_fatal_error`] first, so what comes here unannounced is an allocation
/// that it or the system could not make: V8 aborts on sizes that no array can have.
extern "C" fn on_signal(signal: libc::c_int) {
    park_if_seated(PARKED_OUT_OF_MEMORY);
    // No JS thread: let the signal do what it does.
    // SAFETY: resetting a handler is allowed in a handler.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}

/// V8's word that it found itself broken: a check of its own failed.
fn on_fatal_error(_file: &str, _line: i32, _message: &str) {
    park_if_seated(PARKED_BROKEN);
}

/// V8's word that an isolate is out of memory; to be set on each.
///
/// # Safety
/// To be called by V8 only.
pub unsafe extern "C" fn on_out_of_memory(_location: *const c_char, _details: &v8::OomDetails) {
    park_if_seated(PARKED_OUT_OF_MEMORY);
}

/// Whether the calling thread is a JS thread; to be asked in signal handlers too.
pub fn is_seated() -> bool {
    !SLOT.get().is_null()
}

/// Never returns on a JS thread.
fn park_if_seated(state: u8) {
    let slot = SLOT.get();
    if slot.is_null() {
        return;
    }
    // SAFETY: slots are never freed.
    let slot = unsafe { &*slot };
    slot.state.store(state, Ordering::Release);
    let knock = [1_u8];
    // SAFETY: one byte from a live array; a closed descriptor makes the call fail, which nobody minds.
    unsafe { libc::write(KNOCKER.load(Ordering::Acquire), knock.as_ptr().cast(), 1) };
    loop {
        // SAFETY: waits for a signal, and for the next.
        unsafe { libc::pause() };
    }
}
