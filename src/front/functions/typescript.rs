//! TypeScript sources: their types are taken out by a process that may be lost, `penstock strip`; the places
//! of what is left stay, so errors need no map.

use std::{
    io,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use bytes::Bytes;
use libc::{SIGABRT, SIGBUS, SIGILL, SIGSEGV, SIGTRAP, SIGXCPU};
use prost::Message;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    sync::Semaphore,
    time,
};

use crate::{
    config::TypeScriptConfig,
    wire::{Construct, StripFault, StripOutcome, Stripped},
};

/// Processes at a time; more would only take CPU time from each other and from functions.
const AT_ONCE: usize = 2;

/// Longest that one source may wait for its turn and its process together, beyond the CPU time it may take:
/// a machine under load is no fault of the source.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes of an answer besides the source.
const ANSWER_OVERHEAD: u64 = 64 << 10;

/// What always helps.
const COMPILED: &str = "compile the source and store index.js with its index.js.map instead";

/// Takes types out of sources.
#[derive(Debug)]
pub struct TypeStripper {
    /// The executor's own binary.
    program: PathBuf,
    config: TypeScriptConfig,
    require_lockdown: bool,
    running: Semaphore,
}

/// No answer about a source, for no fault of it.
#[derive(Debug, thiserror::Error)]
pub enum StripFailed {
    #[error("no process could be started to take types out of the source: {0}")]
    Spawn(#[from] io::Error),
    #[error("taking types out of the source took too long; the executor is busy")]
    Slow,
    #[error("the process that takes types out of the source was lost ({0})")]
    Lost(ExitStatus),
}

/// What keeps a TypeScript source from being run; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadTypeScript(pub Vec<TypeScriptFault>);

impl BadTypeScript {
    /// What it takes to keep, about.
    pub fn bytes(&self) -> usize {
        let texts = self.0.iter().map(|fault| match fault {
            TypeScriptFault::Syntax { message, .. }
            | TypeScriptFault::Unsupported { message, .. } => message.len(),
            TypeScriptFault::CpuTime { .. }
            | TypeScriptFault::TooDeep { .. }
            | TypeScriptFault::ParserFailed => 0,
        });
        size_of_val(&*self.0) + texts.sum::<usize>()
    }
}

/// One thing wrong with a TypeScript source. Lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TypeScriptFault {
    #[error("{message}")]
    Syntax {
        line: u32,
        column: u32,
        message: String,
    },
    #[error("{}", unsupported(*construct, message))]
    Unsupported {
        line: u32,
        column: u32,
        construct: Construct,
        /// The parser's words.
        message: String,
    },
    #[error(
        "taking its types out passed the typescript_cpu limit of {seconds} s (knob --typescript-cpu-seconds)"
    )]
    CpuTime { seconds: u32 },
    #[error(
        "it is nested too deep to take its types out, or that needs more than the \
         typescript_memory limit of {bytes} bytes (knob --typescript-memory-bytes)"
    )]
    TooDeep { bytes: u64 },
    #[error("the parser of TypeScript fails on it: {COMPILED}")]
    ParserFailed,
}

impl TypeScriptFault {
    /// Line and column, if it has a place.
    pub fn place(&self) -> Option<(u32, u32)> {
        match *self {
            Self::Syntax { line, column, .. } | Self::Unsupported { line, column, .. } => {
                Some((line, column))
            }
            Self::CpuTime { .. } | Self::TooDeep { .. } | Self::ParserFailed => None,
        }
    }
}

/// What a construct is, and what to write in its place.
fn unsupported(construct: Construct, message: &str) -> String {
    let (what, instead) = match construct {
        Construct::Enum => ("an enum", "write a const object and a union type"),
        Construct::Namespace => ("a namespace with values", "write a const object"),
        Construct::ImportEquals => ("import =", "write const name = require(…)"),
        Construct::ExportAssignment => ("export =", "write export default"),
        Construct::ParameterProperty => (
            "a parameter property",
            "declare the field and assign it in the constructor",
        ),
        Construct::AngleBracketAssertion => {
            ("a type assertion in angle brackets", "write value as Type")
        }
        Construct::Decorator => ("a decorator", "call the function yourself"),
        Construct::Syntax | Construct::Other => (message, "write it as JavaScript has it"),
    };
    format!("{what} is more than a type, and only types are taken out: {instead}, or {COMPILED}")
}

impl TypeStripper {
    pub fn new(program: PathBuf, config: TypeScriptConfig, require_lockdown: bool) -> Self {
        Self {
            program,
            config,
            require_lockdown,
            running: Semaphore::new(AT_ONCE),
        }
    }

    /// The JavaScript of a TypeScript source, or what is wrong with it, which will always be so. Dropping the
    /// future ends the process.
    ///
    /// # Errors
    /// [`StripFailed`] when nobody can tell now.
    pub async fn strip(&self, source: &Bytes) -> Result<Result<Bytes, BadTypeScript>, StripFailed> {
        let cpu_time = Duration::from_secs(self.config.typescript_cpu_seconds.get().into());
        time::timeout(PATIENCE + cpu_time, self.strip_in_turn(source))
            .await
            .unwrap_or(Err(StripFailed::Slow))
    }

    async fn strip_in_turn(
        &self,
        source: &Bytes,
    ) -> Result<Result<Bytes, BadTypeScript>, StripFailed> {
        let _turn = self.running.acquire().await;
        let child = self.spawn()?;
        let most = (source.len() as u64).saturating_add(ANSWER_OVERHEAD);
        let (answer, status) = converse(child, source, most).await?;
        if !status.success() {
            return self.lost(status).map(Err);
        }
        let answer = Stripped::decode(answer).ok();
        let Some((outcome, unlocked)) =
            answer.and_then(|answer| Some((answer.outcome?, answer.not_locked_down)))
        else {
            return Err(StripFailed::Lost(status));
        };
        if !unlocked.is_empty() {
            tracing::warn!(
                reason = unlocked,
                "types are taken out by a process that is NOT locked down"
            );
        }
        match outcome {
            StripOutcome::JavaScript(code) if std::str::from_utf8(&code).is_ok() => Ok(Ok(code)),
            StripOutcome::Faults(told) if !told.faults.is_empty() => {
                let faults = told.faults.into_iter().map(TypeScriptFault::from);
                Ok(Err(BadTypeScript(faults.collect())))
            }
            StripOutcome::ParserFailed(()) => {
                Ok(Err(BadTypeScript(vec![TypeScriptFault::ParserFailed])))
            }
            _ => Err(StripFailed::Lost(status)),
        }
    }

    fn spawn(&self) -> io::Result<Child> {
        let TypeScriptConfig {
            typescript_cpu_seconds,
            typescript_memory_bytes,
            ..
        } = self.config;
        let mut command = Command::new(&self.program);
        command
            .arg0("penstock")
            .arg("strip")
            .args(["--cpu-seconds", &typescript_cpu_seconds.to_string()])
            .args(["--memory-bytes", &typescript_memory_bytes.to_string()]);
        if self.require_lockdown {
            command.arg("--require-lockdown");
        }
        command
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
    }

    /// What the end of a process says of the source it had. Signals that it brought on itself are the source's
    /// doing, and would come again.
    fn lost(&self, status: ExitStatus) -> Result<BadTypeScript, StripFailed> {
        let fault = match status.signal() {
            Some(SIGXCPU) => TypeScriptFault::CpuTime {
                seconds: self.config.typescript_cpu_seconds.get(),
            },
            Some(SIGABRT | SIGBUS | SIGILL | SIGSEGV | SIGTRAP) => TypeScriptFault::TooDeep {
                bytes: self.config.typescript_memory_bytes,
            },
            _ => return Err(StripFailed::Lost(status)),
        };
        Ok(BadTypeScript(vec![fault]))
    }
}

impl From<StripFault> for TypeScriptFault {
    fn from(fault: StripFault) -> Self {
        let construct = fault.construct();
        let StripFault {
            line,
            column,
            message,
            ..
        } = fault;
        match construct {
            Construct::Syntax => Self::Syntax {
                line,
                column,
                message,
            },
            construct => Self::Unsupported {
                line,
                column,
                construct,
                message,
            },
        }
    }
}

/// Gives a process its source and takes its answer, up to `most` bytes, and its end.
async fn converse(
    mut child: Child,
    source: &[u8],
    most: u64,
) -> Result<(Bytes, ExitStatus), StripFailed> {
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    if let Some(mut stdin) = stdin {
        // One that has ended reads nothing; its status says why.
        let _ = stdin.write_all(source).await;
    }
    let mut answer = Vec::new();
    if let Some(stdout) = stdout {
        stdout.take(most).read_to_end(&mut answer).await?;
    }
    Ok((answer.into(), child.wait().await?))
}
