//! Looks at and signals processes through /proc, and makes sure that none outlives the tests.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

/// Kills what is still on its list when its input ends, which is when the test process does, however it
/// ends. Statics are never dropped, so the shared service has no other end.
const REAPER: &str = r#"
trap '' INT TERM HUP
live=
while read -r sign pid; do
  case $sign in
    +) live="$live $pid" ;;
    -) kept=; for p in $live; do [ "$p" = "$pid" ] || kept="$kept $p"; done; live=$kept ;;
  esac
done
[ -z "$live" ] || kill -KILL $live
"#;

static REAPER_INPUT: LazyLock<Mutex<Child>> = LazyLock::new(|| {
    let reaper = Command::new("/bin/sh")
        .args(["-c", REAPER])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the reaper starts");
    Mutex::new(reaper)
});

fn tell_reaper(sign: char, pid: u32) {
    let mut reaper = REAPER_INPUT
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let input = reaper.stdin.as_mut().expect("the reaper has an input");
    writeln!(input, "{sign} {pid}").expect("the reaper listens");
}

/// A child process that is killed and reaped when dropped, or when the test process ends.
pub struct Guarded {
    child: Child,
}

impl Guarded {
    pub fn spawn(command: &mut Command) -> Guarded {
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        tell_reaper('+', child.id());
        Guarded { child }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// The exit code, or nothing when a signal ended it or it still runs after `bound`.
    pub fn exit_code_within(&mut self, bound: Duration) -> Option<i32> {
        let mut status = None;
        wait_until(bound, || {
            status = self.child.try_wait().expect("the child can be waited for");
            status.is_some()
        });
        status.and_then(|status| status.code())
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.child.kill();
        // Before the wait, which frees the number for others.
        tell_reaper('-', self.child.id());
        let _ = self.child.wait();
    }
}

/// Polls until `done` holds; whether it did within `bound`.
pub fn wait_until(bound: Duration, mut done: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if done() {
            return true;
        }
        if start.elapsed() > bound {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub fn signal(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid)
        .ok()
        .and_then(Pid::from_raw)
        .expect("a process id");
    if let Err(error) = rustix::process::kill_process(pid, signal) {
        panic!("{signal:?} to {pid:?}: {error}");
    }
}

/// What /proc/PID/stat says of a process.
#[derive(Clone, Copy, Debug)]
pub struct Stat {
    pub state: char,
    pub parent: u32,
    /// CPU time used, in ticks of 10 ms.
    pub cpu_ticks: u64,
}

/// Nothing when there is no such process.
pub fn stat(pid: u32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything, so the fields are counted from its end.
    let mut fields = text[text.rfind(')')? + 1..].split_whitespace();
    Some(Stat {
        state: fields.next()?.chars().next()?,
        parent: fields.next()?.parse().ok()?,
        cpu_ticks: fields.nth(9)?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?,
    })
}

/// Of all its threads so far.
#[allow(dead_code, reason = "the benchmarks measure by it")]
pub fn cpu_time(pid: u32) -> Duration {
    let ticks = stat(pid).expect("it lives").cpu_ticks;
    Duration::from_millis(ticks * 1_000 / rustix::param::clock_ticks_per_second())
}

/// Whether it runs; a zombie does not.
pub fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|stat| !matches!(stat.state, 'Z' | 'X'))
}

/// The live children of `parent` that were started as `… cell …`, those that worked most first.
pub fn cells_of(parent: u32) -> Vec<u32> {
    let mut cells: Vec<(u64, u32)> = std::fs::read_dir("/proc")
        .expect("/proc is there")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid: u32| Some((stat(pid)?, pid)))
        .filter(|(stat, pid)| stat.parent == parent && stat.state != 'Z' && is_cell(*pid))
        .map(|(stat, pid)| (stat.cpu_ticks, pid))
        .collect();
    cells.sort_unstable_by(|one, other| other.cmp(one));
    cells.into_iter().map(|(_, pid)| pid).collect()
}

fn is_cell(pid: u32) -> bool {
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    command
        .split(|byte| *byte == 0)
        .any(|argument| argument == b"cell")
}
