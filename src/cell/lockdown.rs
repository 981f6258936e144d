//! What a cell gives up once it is set up: files, sockets, programs, processes. Then it tries them.

#![allow(unsafe_code, reason = "system calls that have no safe binding")]

use std::{fs, io, net::UdpSocket};

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

/// Why a cell is not locked down.
#[derive(Debug, thiserror::Error)]
pub enum NotLockedDown {
    #[error("this platform has no seccomp")]
    NoSeccomp,
    #[error("the seccomp filter was refused: {0}")]
    Refused(String),
    #[error("the cell could still {0}")]
    StillAllowed(&'static str),
    #[error("the process could not be made undumpable: {0}")]
    Dumpable(io::Error),
}

/// Closes every descriptor but the standard three, which a careless parent may have left open. To be
/// called before anything else is opened.
pub fn close_inherited_files() {
    #[cfg(target_os = "linux")]
    {
        const FIRST: libc::c_uint = 3;
        // SAFETY: nothing in this process has opened anything yet, so no owner loses its descriptor.
        // Where the kernel lacks the call it fails, and there is nothing to close in a sound start.
        unsafe { libc::syscall(libc::SYS_close_range, FIRST, libc::c_uint::MAX, 0) };
    }
}

/// Takes no notice of the signals that ask for an end, which a terminal's `^C`, `timeout` and service managers send
/// to every process: the front finishes what is under way first, and cells end with it.
pub fn leave_stopping_to_the_front() {
    for signal in [libc::SIGTERM, libc::SIGINT] {
        // SAFETY: no handler is installed, and nothing in this process counts on one.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
}

/// Ends the process at once, without the destructors that `exit` runs: JS threads may still be in V8.
pub fn leave(code: i32) -> ! {
    // SAFETY: ends the process; nothing runs after it.
    unsafe { libc::_exit(code) }
}

/// Gives up what running JavaScript does not need, on all threads and those to come, and makes sure that
/// it is gone.
///
/// # Errors
/// [`NotLockedDown`]; what was given up by then stays so.
pub fn lock_down() -> Result<(), NotLockedDown> {
    // The first to go when memory is short: a cell can be replaced.
    if let Err(error) = fs::write("/proc/self/oom_score_adj", "1000") {
        tracing::warn!(%error, "oom_score_adj");
    }
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|error| NotLockedDown::Dumpable(error.into()))?;
    filter::install()?;
    try_what_is_forbidden()
}

/// Something forbidden, tried; the error it failed with.
type Attempt = fn() -> io::Error;

/// Tries what must fail with `EPERM`.
fn try_what_is_forbidden() -> Result<(), NotLockedDown> {
    let attempts: [(&str, Attempt); 4] = [
        ("open a socket", || failure(UdpSocket::bind("127.0.0.1:0"))),
        ("open a file", || {
            failure(fs::File::open("/proc/self/status"))
        }),
        ("run a program", try_exec),
        ("start a process", try_fork),
    ];
    for (what, attempt) in attempts {
        if attempt().kind() != io::ErrorKind::PermissionDenied {
            return Err(NotLockedDown::StillAllowed(what));
        }
    }
    Ok(())
}

/// The error of an attempt; one that succeeded has one that is no refusal.
fn failure<T>(result: io::Result<T>) -> io::Error {
    result.err().unwrap_or_else(|| io::Error::other("allowed"))
}

/// A program that is not there: refused before it is looked for, or not found.
fn try_exec() -> io::Error {
    let arguments = [std::ptr::null()];
    // SAFETY: a terminated path and two empty, terminated lists.
    unsafe {
        libc::execve(
            c"/nothing/here".as_ptr(),
            arguments.as_ptr(),
            arguments.as_ptr(),
        )
    };
    io::Error::last_os_error()
}

fn try_fork() -> io::Error {
    // SAFETY: a child, if there is one, ends at once and touches nothing.
    match unsafe { libc::fork() } {
        0 => leave(0),
        -1 => io::Error::last_os_error(),
        _ => io::Error::other("allowed"),
    }
}

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod filter {
    //! The seccomp filter: a list of what is allowed.

    use std::collections::BTreeMap;

    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule, TargetArch,
    };

    use super::NotLockedDown;

    /// Allowed whatever the arguments. V8's mutexes ask for scheduling parameters; its code needs memory
    /// that is executable.
    const ALLOWED: &[libc::c_long] = &[
        // What is open already.
        libc::SYS_read,
        libc::SYS_readv,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_recvfrom,
        libc::SYS_recvmsg,
        libc::SYS_sendto,
        libc::SYS_sendmsg,
        libc::SYS_close,
        libc::SYS_ppoll,
        // Memory.
        libc::SYS_mmap,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_mprotect,
        libc::SYS_pkey_mprotect,
        libc::SYS_madvise,
        libc::SYS_brk,
        libc::SYS_membarrier,
        // Time and randomness.
        libc::SYS_clock_gettime,
        libc::SYS_clock_nanosleep,
        libc::SYS_nanosleep,
        libc::SYS_gettimeofday,
        libc::SYS_getrandom,
        // Threads.
        libc::SYS_futex,
        libc::SYS_sched_yield,
        libc::SYS_sched_getaffinity,
        libc::SYS_sched_getparam,
        libc::SYS_sched_getscheduler,
        libc::SYS_set_robust_list,
        libc::SYS_set_tid_address,
        libc::SYS_rseq,
        libc::SYS_gettid,
        libc::SYS_getpid,
        libc::SYS_exit,
        libc::SYS_exit_group,
        // Signals.
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
        libc::SYS_restart_syscall,
        // Refused by a filter of its own, so that libc falls back to clone, whose flags can be seen.
        libc::SYS_clone3,
        // What only the older architecture has.
        #[cfg(target_arch = "x86_64")]
        libc::SYS_poll,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_pause,
    ];

    /// Puts the filters on all threads.
    pub fn install() -> Result<(), NotLockedDown> {
        let refused = |error: &dyn std::fmt::Display| NotLockedDown::Refused(error.to_string());
        // The list last: it allows no further filter.
        for program in [no_clone3(), allow_list()] {
            let program = program.map_err(|error| refused(&error))?;
            seccompiler::apply_filter_all_threads(&program).map_err(|error| refused(&error))?;
        }
        Ok(())
    }

    fn allow_list() -> Result<BpfProgram, seccompiler::BackendError> {
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
            ALLOWED.iter().map(|&call| (call, Vec::new())).collect();
        let thread = libc::CLONE_THREAD as u64;
        rules.insert(
            libc::SYS_clone,
            vec![only(0, SeccompCmpOp::MaskedEq(thread), thread)?],
        );
        let set_name = libc::PR_SET_NAME as u64;
        rules.insert(libc::SYS_prctl, vec![only(0, SeccompCmpOp::Eq, set_name)?]);
        // Down, never up.
        let idle = libc::SCHED_IDLE as u64;
        rules.insert(
            libc::SYS_sched_setscheduler,
            vec![only(1, SeccompCmpOp::Eq, idle)?],
        );
        // Signals to threads of this process only.
        let own = u64::from(std::process::id());
        rules.insert(libc::SYS_tgkill, vec![only(0, SeccompCmpOp::Eq, own)?]);
        let refuse = SeccompAction::Errno(libc::EPERM as u32);
        SeccompFilter::new(rules, refuse, SeccompAction::Allow, architecture())?.try_into()
    }

    fn no_clone3() -> Result<BpfProgram, seccompiler::BackendError> {
        let rules = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
        let unknown = SeccompAction::Errno(libc::ENOSYS as u32);
        SeccompFilter::new(rules, SeccompAction::Allow, unknown, architecture())?.try_into()
    }

    fn only(
        argument: u8,
        operator: SeccompCmpOp,
        value: u64,
    ) -> Result<SeccompRule, seccompiler::BackendError> {
        let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Qword, operator, value)?;
        SeccompRule::new(vec![condition])
    }

    fn architecture() -> TargetArch {
        if cfg!(target_arch = "x86_64") {
            TargetArch::x86_64
        } else {
            TargetArch::aarch64
        }
    }
}

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
mod filter {
    //! No seccomp here.

    use super::NotLockedDown;

    pub fn install() -> Result<(), NotLockedDown> {
        Err(NotLockedDown::NoSeccomp)
    }
}
