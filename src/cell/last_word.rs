//! A cell's last word when its memory turns out to be broken: where, before the signal ends the process.
//!
//! After SIGSEGV or SIGBUS nothing in the process can be trusted, so it ends and the front puts another in its place.
//! What it leaves is one line, told from the signal's handler: the address, the instruction and what the stack holds
//! of this program's code. With the same binary, `addr2line -fC -e penstock OFFSET...` turns those into names.

#![allow(
    unsafe_code,
    reason = "a signal handler, and the registers it is given"
)]

use std::{
    fmt::{self, Write as _},
    io, mem, ptr,
    sync::atomic::{AtomicUsize, Ordering},
};

use super::isolate::fatal;

const SIGNALS: [libc::c_int; 2] = [libc::SIGSEGV, libc::SIGBUS];

/// How far up the stack is looked for return addresses.
const STACK_WORDS: usize = 1024;

/// How many of them are told.
const MAX_CALLERS: usize = 32;

/// Where the program's code is, found beforehand: a handler may not look for it. All 0 until [`install`] is called.
static CODE: Code = Code {
    base: AtomicUsize::new(0),
    start: AtomicUsize::new(0),
    end: AtomicUsize::new(0),
};

/// Whom the signals belonged to before: the standard library, which tells of a stack that overflowed.
static FORMER: [AtomicUsize; SIGNALS.len()] =
    [const { AtomicUsize::new(libc::SIG_DFL) }; SIGNALS.len()];

struct Code {
    /// What offsets in the binary are counted from.
    base: AtomicUsize,
    start: AtomicUsize,
    end: AtomicUsize,
}

/// Has the signals of broken memory leave a last word, from now on and on all threads.
///
/// # Errors
/// When the system refuses a handler.
pub fn install() -> io::Result<()> {
    // SAFETY: the callback does not unwind, and reads only what it is given for the time of its call.
    unsafe { libc::dl_iterate_phdr(Some(note_code), ptr::null_mut()) };
    for (signal, former) in SIGNALS.into_iter().zip(&FORMER) {
        // SAFETY: an all-zero sigaction is a valid one, with an empty mask and no flags.
        let (mut action, mut old): (libc::sigaction, libc::sigaction) =
            unsafe { (mem::zeroed(), mem::zeroed()) };
        action.sa_sigaction = on_signal as *const () as libc::sighandler_t;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        // SAFETY: both are initialised; the handler does only what a handler may.
        if unsafe { libc::sigaction(signal, &raw const action, &raw mut old) } != 0 {
            return Err(io::Error::last_os_error());
        }
        former.store(old.sa_sigaction, Ordering::Release);
    }
    Ok(())
}

/// Notes where the first object's code is, which is the program itself.
unsafe extern "C" fn note_code(
    object: *mut libc::dl_phdr_info,
    _size: libc::size_t,
    _data: *mut libc::c_void,
) -> libc::c_int {
    // SAFETY: dl_iterate_phdr gives a live object with as many headers as it says.
    let (object, headers) = unsafe {
        let object = &*object;
        let headers = std::slice::from_raw_parts(object.dlpi_phdr, object.dlpi_phnum.into());
        (object, headers)
    };
    let code = headers
        .iter()
        .find(|header| header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_X != 0);
    if let Some(code) = code {
        let base = object.dlpi_addr as usize;
        let start = base + code.p_vaddr as usize;
        CODE.base.store(base, Ordering::Relaxed);
        CODE.start.store(start, Ordering::Relaxed);
        CODE.end
            .store(start + code.p_memsz as usize, Ordering::Release);
    }
    1
}

/// Only atomics, memory of its own, the stack and write(2): a signal may have come in the middle of an allocation.
extern "C" fn on_signal(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    // SAFETY: the kernel gives a handler with SA_SIGINFO both, for the time of its call.
    let (code, address, registers) = unsafe {
        let info = &*info;
        (
            info.si_code,
            info.si_addr() as usize,
            Registers::of(context),
        )
    };
    let mut line = Line::default();
    let thread = if fatal::is_seated() {
        "a JS thread"
    } else {
        "a thread without JavaScript"
    };
    // What is too long for the line is left out.
    let _ = write!(
        line,
        "penstock-cell: signal {signal} (code {code}) at address {address:#x} on {thread}"
    );
    if let Some(registers) = registers {
        let _ = write!(line, ", instruction {:#x} = ", registers.instruction);
        let _ = line.place(registers.instruction);
        line.tell();
        line = Line::default();
        let _ = write!(line, "penstock-cell: stack {:#x}:", registers.stack);
        // A stack that cannot be read raises the signal again, which then ends the process at once.
        let _ = line.callers(registers.stack);
    }
    line.tell();
    hand_back(signal);
}

/// The signal comes again as soon as the handler is left, and goes to whom it belonged to before.
fn hand_back(signal: libc::c_int) {
    let former = SIGNALS
        .into_iter()
        .zip(&FORMER)
        .find(|(its, _)| *its == signal);
    let handler = former.map_or(libc::SIG_DFL, |(_, former)| former.load(Ordering::Acquire));
    // SAFETY: an all-zero sigaction is a valid one, with an empty mask and no flags.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    action.sa_sigaction = handler;
    if handler != libc::SIG_DFL && handler != libc::SIG_IGN {
        // As the standard library's handler wants it.
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    }
    // SAFETY: the action is initialised, and its handler was installed with these flags before.
    unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) };
}

/// Where the thread was.
struct Registers {
    instruction: usize,
    stack: usize,
}

#[allow(
    clippy::unnecessary_wraps,
    reason = "on other machines they are not known"
)]
impl Registers {
    /// # Safety
    /// `context` is what the kernel gave a signal handler.
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    unsafe fn of(context: *mut libc::c_void) -> Option<Self> {
        // SAFETY: as the caller promises.
        let registers = unsafe { &(*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs };
        Some(Self {
            instruction: registers[libc::REG_RIP as usize] as usize,
            stack: registers[libc::REG_RSP as usize] as usize,
        })
    }

    /// # Safety
    /// `context` is what the kernel gave a signal handler.
    #[cfg(all(target_os = "linux", target_arch = "aarch64"))]
    unsafe fn of(context: *mut libc::c_void) -> Option<Self> {
        // SAFETY: as the caller promises.
        let machine = unsafe { &(*context.cast::<libc::ucontext_t>()).uc_mcontext };
        Some(Self {
            instruction: machine.pc as usize,
            stack: machine.sp as usize,
        })
    }

    #[cfg(not(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64")
    )))]
    unsafe fn of(_context: *mut libc::c_void) -> Option<Self> {
        None
    }
}

/// A line made without allocating.
struct Line {
    bytes: [u8; 1024],
    length: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            bytes: [0; 1024],
            length: 0,
        }
    }
}

impl Line {
    /// An address of the program's code as an offset in its binary, for `addr2line`.
    fn place(&mut self, address: usize) -> fmt::Result {
        match offset(address) {
            Some(offset) => write!(self, "penstock+{offset:#x}"),
            None => self.write_str("not this program's code"),
        }
    }

    /// What may be return addresses on the stack, the innermost first.
    fn callers(&mut self, stack: usize) -> fmt::Result {
        let stack = stack.next_multiple_of(size_of::<usize>()) as *const usize;
        let mut told = 0;
        for word in 0..STACK_WORDS {
            // SAFETY: aligned; where nothing is mapped the signal comes again and ends the process, which ends anyway.
            let word = unsafe { ptr::read_volatile(stack.wrapping_add(word)) };
            if let Some(offset) = offset(word) {
                write!(self, " +{offset:#x}")?;
                told += 1;
            }
            if told == MAX_CALLERS {
                break;
            }
        }
        Ok(())
    }

    fn tell(&mut self) {
        let end = self.length.min(self.bytes.len() - 1);
        self.bytes[end] = b'\n';
        // SAFETY: so many bytes of a live array; a closed descriptor makes the call fail, which nobody minds.
        unsafe { libc::write(libc::STDERR_FILENO, self.bytes.as_ptr().cast(), end + 1) };
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = &mut self.bytes[self.length..];
        let taken = text.len().min(room.len());
        room[..taken].copy_from_slice(&text.as_bytes()[..taken]);
        self.length += taken;
        if taken < text.len() {
            Err(fmt::Error)
        } else {
            Ok(())
        }
    }
}

fn offset(address: usize) -> Option<usize> {
    let end = CODE.end.load(Ordering::Acquire);
    let code = CODE.start.load(Ordering::Relaxed)..end;
    code.contains(&address)
        .then(|| address - CODE.base.load(Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use std::{env, os::unix::process::ExitStatusExt, process::Command};

    use super::*;

    /// Set in the process that is to end.
    const ENDS: &str = "PENSTOCK_TEST_LAST_WORD";

    #[test]
    fn broken_memory_is_told_of_and_ends_the_process_all_the_same() {
        if env::var_os(ENDS).is_some() {
            install().unwrap();
            // SAFETY: not sound, and meant not to be: nothing is mapped there.
            unsafe { ptr::read_volatile(0x10 as *const u8) };
        }
        let itself = thread_name();
        let ended = Command::new(env::current_exe().unwrap())
            .args(["--exact", &itself, "--nocapture"])
            .env(ENDS, "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.signal(), Some(libc::SIGSEGV), "{said}");
        let word = "penstock-cell: signal 11 (code 1) at address 0x10 on a thread without JavaScript, instruction 0x";
        assert!(said.contains(word), "{said}");
        assert!(said.contains(" = penstock+0x"), "{said}");
        let callers = said
            .lines()
            .find(|line| line.starts_with("penstock-cell: stack 0x"));
        assert!(callers.is_some_and(|line| line.contains(": +0x")), "{said}");
    }

    /// The test's own name, as the test harness names the thread it runs it on.
    fn thread_name() -> String {
        std::thread::current().name().unwrap().to_owned()
    }

    #[test]
    fn what_does_not_fit_a_line_is_left_out() {
        let mut line = Line::default();
        assert!(line.write_str(&"x".repeat(2000)).is_err());
        assert_eq!(line.length, line.bytes.len());
    }
}
