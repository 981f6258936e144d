//! The process that takes types out of one TypeScript source, started as `penstock strip`.
//!
//! A parser that is fed by anyone may overflow its stack, never end or eat up the memory. So it runs in a
//! process that may be lost: locked down like a cell, with limits of its own, for one source. The source
//! comes on standard input, the answer goes to standard output.

use std::{
    io::{self, Read, Write},
    num::NonZeroU32,
    thread,
};

use clap::Args;
use prost::Message;
use rustix::process::{self, Resource, Rlimit};

use crate::{
    cell::lockdown::{self, NotLockedDown},
    wire::{StripOutcome, Stripped},
};

mod types;

/// The parser's stack: some thousand brackets in each other.
const STACK_BYTES: usize = 64 << 20;

/// What the process may use.
#[derive(Args, Clone, Copy, Debug)]
pub struct StripArguments {
    /// Seconds of CPU time
    #[arg(long, value_name = "SECONDS")]
    pub cpu_seconds: NonZeroU32,

    /// Bytes of memory, the parser's stack among it
    #[arg(long, value_name = "BYTES")]
    pub memory_bytes: u64,

    /// Refuse to work when the process can't be locked down
    #[arg(long)]
    pub require_lockdown: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum StripError {
    #[error("--require-lockdown: {0}")]
    Lockdown(#[from] NotLockedDown),
    #[error("a limit was refused: {0}")]
    Limit(#[from] rustix::io::Errno),
    #[error("the source can't be read, or the answer not be written: {0}")]
    Io(#[from] io::Error),
    #[error("the source is not UTF-8")]
    NotUtf8,
}

/// Answers for the source on standard input.
///
/// # Errors
/// [`StripError`]; a source that can't be stripped is an answer, too.
pub fn run(arguments: StripArguments) -> Result<(), StripError> {
    lockdown::close_inherited_files();
    let _ = rustix::thread::set_name(c"penstock-strip");
    let _ = process::set_parent_process_death_signal(Some(process::Signal::KILL));
    limit(arguments)?;
    let not_locked_down = match lockdown::lock_down() {
        Ok(()) => String::new(),
        Err(error) if arguments.require_lockdown => return Err(error.into()),
        Err(error) => error.to_string(),
    };
    let mut source = Vec::new();
    io::stdin().lock().read_to_end(&mut source)?;
    let source = String::from_utf8(source).map_err(|_| StripError::NotUtf8)?;
    let answer = Stripped {
        outcome: Some(on_large_stack(source)?),
        not_locked_down,
    };
    let mut output = io::stdout().lock();
    output.write_all(&answer.encode_to_vec())?;
    Ok(output.flush()?)
}

fn on_large_stack(source: String) -> io::Result<StripOutcome> {
    let parser = thread::Builder::new().stack_size(STACK_BYTES);
    let parser = parser.spawn(move || types::strip(source))?;
    Ok(parser.join().unwrap_or(StripOutcome::ParserFailed(())))
}

/// The kernel ends a process that passes its CPU time and gives it no more memory than that.
fn limit(arguments: StripArguments) -> Result<(), StripError> {
    let seconds = u64::from(arguments.cpu_seconds.get());
    let limits = [
        // A second later than the signal that tells what it was.
        (Resource::Cpu, seconds, seconds + 1),
        (
            Resource::Data,
            arguments.memory_bytes,
            arguments.memory_bytes,
        ),
        (Resource::Core, 0, 0),
    ];
    for (resource, current, maximum) in limits {
        let (current, maximum) = (Some(current), Some(maximum));
        process::setrlimit(resource, Rlimit { current, maximum })?;
    }
    Ok(())
}
