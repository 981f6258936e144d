//! What the kernel does for a thread: its CPU clock, its scheduling class.

#![allow(unsafe_code, reason = "no safe binding does either for another thread")]

use std::{io, time::Duration};

use rustix::thread::Pid;

/// Linux's clock id of a thread's CPU time is made from its id: the complement in the upper bits, then
/// 4 for "of a thread" and 2 for "as scheduled" (`MAKE_THREAD_CPUCLOCK` in the kernel's posix-timers.h).
const PER_THREAD_SCHEDULED: libc::clockid_t = 4 | 2;

/// CPU time that a thread of this process has used since it started; zero when it is gone.
pub fn cpu_time_of(thread: Pid) -> Duration {
    let clock = (!thread.as_raw_nonzero().get() << 3) | PER_THREAD_SCHEDULED;
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid place to write to; a clock id of no thread makes the call fail.
    let result = unsafe { libc::clock_gettime(clock, &raw mut time) };
    if result != 0 {
        return Duration::ZERO;
    }
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Lets a thread of this process run only when nobody else wants to. Lower than the lowest priority: a
/// thread of priority 19 still finishes its slice when another wakes, some ten milliseconds long.
///
/// # Errors
/// When the thread is gone or the kernel refuses.
pub fn run_only_when_idle(thread: Pid) -> io::Result<()> {
    let parameters = libc::sched_param { sched_priority: 0 };
    let id = thread.as_raw_nonzero().get();
    // SAFETY: the parameters live through the call; an id of no thread makes it fail.
    match unsafe { libc::sched_setscheduler(id, libc::SCHED_IDLE, &raw const parameters) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Whether a thread is as [`run_only_when_idle`] has it.
#[cfg(test)]
pub fn runs_only_when_idle(thread: Pid) -> bool {
    // SAFETY: an id of no thread makes the call fail.
    unsafe { libc::sched_getscheduler(thread.as_raw_nonzero().get()) == libc::SCHED_IDLE }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread};

    use rustix::thread::gettid;

    use super::*;

    #[test]
    fn another_threads_clock_goes_while_it_works_and_only_then() {
        let (send, receive) = mpsc::channel();
        let (work, working) = mpsc::channel::<()>();
        let worker = thread::spawn(move || {
            send.send(gettid()).unwrap();
            while working.try_recv().is_err() {
                std::hint::spin_loop();
            }
        });
        let id = receive.recv().unwrap();
        while cpu_time_of(id) < Duration::from_millis(5) {
            thread::yield_now();
        }
        work.send(()).unwrap();
        worker.join().unwrap();
    }
}
