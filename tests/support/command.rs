//! A command of the binary, run on files in a directory of its own: its output and exit code.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::processes::Guarded;
use super::service::penstock;

const BOUND: Duration = Duration::from_mins(1);

/// A directory with the files of one run, and the command that is run in it.
pub struct Files {
    command: &'static str,
    directory: TempDir,
}

/// What one run came to.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Files {
    pub fn of(command: &'static str, files: &[(&str, &str)]) -> Files {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let all = Files { command, directory };
        for (name, text) in files {
            all.write(name, text);
        }
        all
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The name may have directories in it, which are made.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        let directory = path.parent().expect("a directory");
        std::fs::create_dir_all(directory).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a file")
    }

    /// Runs the command in the directory; output goes to files, so that no pipe can fill.
    pub fn start(&self, arguments: &[&str]) -> Guarded {
        self.start_command(self.command, arguments)
    }

    fn start_command(&self, command: &str, arguments: &[&str]) -> Guarded {
        let output = |name| Stdio::from(std::fs::File::create(self.path(name)).expect("a file"));
        let mut process = penstock();
        process
            .arg(command)
            .args(arguments)
            .current_dir(self.directory.path())
            .stdin(Stdio::null());
        Guarded::spawn(process.stdout(output("stdout")).stderr(output("stderr")))
    }

    pub fn finish(&self, mut process: Guarded) -> Run {
        let code = process.exit_code_within(BOUND);
        let read = |name| {
            String::from_utf8_lossy(&std::fs::read(self.path(name)).expect("a file")).into_owned()
        };
        Run {
            code,
            stdout: read("stdout"),
            stderr: read("stderr"),
        }
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        self.finish(self.start(arguments))
    }

    /// Another command on the same files.
    pub fn run_command(&self, command: &str, arguments: &[&str]) -> Run {
        self.finish(self.start_command(command, arguments))
    }
}

impl Run {
    #[track_caller]
    pub fn exits(self, code: i32) -> Run {
        assert_eq!(self.code, Some(code), "the exit code of\n{self:#?}");
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in\n{self:#?}"))
    }
}
