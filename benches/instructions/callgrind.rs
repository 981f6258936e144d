//! Callgrind around one process of the binary: starts it so, and asks for counts while it runs.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::processes::Guarded;
use crate::service::penstock;

/// How long it takes to put a request where the process finds it.
const ASKED: Duration = Duration::from_millis(30);
/// How long the answer takes at most to a request that was found; if there is none, it was not.
const ANSWERED: Duration = Duration::from_secs(2);

/// One process, and where its counts are written.
pub struct Callgrind {
    directory: TempDir,
    /// Requests so far, each of which makes a file.
    asked: u32,
}

/// Valgrind's version; nothing where it is not installed.
pub fn version() -> Option<String> {
    let told = Command::new("valgrind").arg("--version").output().ok()?;
    let text = String::from_utf8(told.stdout).ok()?;
    text.trim().strip_prefix("valgrind-").map(str::to_owned)
}

impl Callgrind {
    pub fn new() -> Callgrind {
        let directory = tempfile::tempdir().expect("a temporary directory");
        Callgrind {
            directory,
            asked: 0,
        }
    }

    /// The binary under callgrind, without what it starts; its arguments are to be added.
    pub fn command(&self) -> Command {
        let binary = penstock();
        let variables = binary.get_envs();
        let mut command = Command::new("valgrind");
        command
            .args(["--tool=callgrind", "--trace-children=no"])
            // V8 writes code, and writes over it.
            .arg("--smc-check=all-non-file")
            .arg(self.option("--callgrind-out-file", "counts"))
            .arg(self.option("--log-file", "log"))
            .arg(self.option("--vgdb-prefix", "vgdb"))
            .arg(binary.get_program())
            .env_clear()
            .envs(variables.filter_map(|(name, value)| Some((name, value?))))
            // Where valgrind was found.
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .current_dir("/");
        command
    }

    /// Asks for a count. It is taken by a process that runs, so one that waits has to be given something to do. It could
    /// be reached by ptrace, but a cell allows that to nobody but root.
    pub fn ask(&mut self) -> Request {
        self.asked += 1;
        let mut command = Command::new("vgdb");
        command
            .arg(self.option("--vgdb-prefix", "vgdb"))
            .args(["--max-invoke-ms=0", "dump"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let request = Guarded::spawn(&mut command);
        std::thread::sleep(ASKED);
        Request(request)
    }

    /// Instructions on all threads since the last count, or since the start.
    pub fn read(&self) -> u64 {
        let counts = std::fs::read_to_string(self.path(&format!("counts.{}", self.asked)));
        let counts = counts.unwrap_or_default();
        let total = counts
            .lines()
            .find_map(|line| line.strip_prefix("totals: "));
        let total = total.and_then(|total| total.trim().parse().ok());
        total.unwrap_or_else(|| panic!("{}", self.nothing()))
    }

    /// What is to be said when there is no count.
    pub fn nothing(&self) -> String {
        let log = std::fs::read_to_string(self.path("log")).unwrap_or_default();
        format!("callgrind gave no count; its log:\n{log}")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn option(&self, option: &str, name: &str) -> String {
        format!("{option}={}", self.path(name).display())
    }
}

/// A count that was asked for.
pub struct Request(Guarded);

impl Request {
    /// Whether the count was taken; to be asked once the process had something to do.
    pub fn is_answered(&mut self) -> bool {
        self.0.exit_code_within(ANSWERED).is_some()
    }
}
