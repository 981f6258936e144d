//! The untrusted process: V8, isolates and turns behind one socket, started as `penstock cell`.
//!
//! It has no listener and asks for nothing but what it inherits: its socket as standard input, and the memory that
//! holds the libraries as standard output. It ends when the front does.

use std::{io, os::unix::net::UnixStream, sync::Arc, thread, time::Duration};

use rustix::{process, stdio};

use crate::wire::{FrameError, FrontFrame, Ready};

mod bell;
mod cache;
mod fair_queue;
mod hogs;
mod intake;
mod invocation;
mod isolate;
mod last_word;
mod libraries;
pub(crate) mod lockdown;
mod logs;
mod os_thread;
mod outbox;
mod places;
mod pool;
mod record;
mod run_queue;
mod runtime;
mod scheduler;
mod stock;
mod threads;
mod watchdog;

use bell::Bell;
use cache::CacheLimits;
use intake::{Frames, Intake};
use isolate::{Engine, EngineError, fatal};
use libraries::{Libraries, LibrariesUnusable};
use lockdown::NotLockedDown;
use outbox::{Ended, Outbox, Socket};
use scheduler::{Scheduler, Settings};

/// Why a cell ends.
#[derive(Debug, thiserror::Error)]
pub enum CellError {
    #[error("standard input is no socket of a front: {0}")]
    NoSocket(io::Error),
    #[error("the system refused a thread: {0}")]
    NoThread(io::Error),
    #[error("the system refused a descriptor: {0}")]
    NoBell(io::Error),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Libraries(#[from] LibrariesUnusable),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("the front's first frame was not a configuration")]
    NotConfigured,
    #[error("--require-lockdown: {0}")]
    Lockdown(#[from] NotLockedDown),
    #[error("the front named a version it had not sent: {0}")]
    UnknownVersion(u64),
}

/// Serves the front at the other end of standard input until it hangs up.
///
/// # Errors
/// [`CellError`] when the cell can't start, or when the front sends what it never should.
pub fn serve() -> Result<(), CellError> {
    lockdown::close_inherited_files();
    lockdown::leave_stopping_to_the_front();
    // For those who look at the processes: the program's own path is no name.
    let _ = rustix::thread::set_name(c"penstock-cell");
    // Both: the signal comes when the front's thread that started us ends, the socket tells of any end.
    let _ = process::set_parent_process_death_signal(Some(process::Signal::KILL));
    let socket = Arc::new(inherited_socket().map_err(CellError::NoSocket)?);
    let bell = Bell::new().map_err(CellError::NoBell)?;
    let outbox = Outbox::new(socket.clone(), bell.clone());
    set_up(socket, &bell, &outbox)?;
    match outbox.ended() {
        Ended::HungUp => Ok(()),
        Ended::Failed(error) => Err(error),
    }
}

/// Ends the process, whatever JS threads are doing.
pub fn leave(code: i32) -> ! {
    lockdown::leave(code)
}

/// Brings V8 up, locks the process down, starts the threads and says so.
fn set_up(socket: Socket, bell: &Bell, outbox: &Outbox) -> Result<(), CellError> {
    let mut frames = Frames::new(socket);
    let configure = frames.configure()?;
    last_word::install().map_err(CellError::NoThread)?;
    let mut watch = fatal::watch().map_err(CellError::NoThread)?;
    let libraries = Libraries::map(configure.libraries.clone(), stdio::stdout())?;
    let heap_bytes = usize::try_from(configure.heap_bytes).unwrap_or(usize::MAX);
    let engine = Engine::start(heap_bytes, libraries)?;
    let not_locked_down = match lockdown::lock_down() {
        Ok(()) => String::new(),
        Err(error) if configure.require_lockdown => return Err(error.into()),
        Err(error) => error.to_string(),
    };
    let settings = Settings {
        threads: configure.threads as usize,
        max_isolates: configure.max_isolates as usize,
        idle_bytes: configure.idle_bytes,
        top_level_time: Duration::from_nanos(configure.top_level_nanos),
        cache: CacheLimits {
            instance_bytes: configure.cache_instance_bytes,
            process_bytes: configure.cache_bytes,
        },
    };
    // First: what is said after it comes of what it made the front say.
    outbox.send(FrontFrame::Ready(Ready {
        v8_version: isolate::v8_version().to_owned(),
        not_locked_down,
    }));
    let door = |scheduler| Intake::new(frames, bell.clone(), outbox.clone(), scheduler);
    let scheduler = Scheduler::start(engine, settings, outbox.clone(), bell, door)
        .map_err(CellError::NoThread)?;
    thread::Builder::new()
        .name("parking-watch".into())
        .spawn(move || {
            while let Ok(parked) = watch.wait() {
                for parked in parked {
                    scheduler.parked(parked);
                }
            }
        })
        .map_err(CellError::NoThread)?;
    Ok(())
}

fn inherited_socket() -> io::Result<UnixStream> {
    let socket = UnixStream::from(stdio::stdin().try_clone_to_owned()?);
    socket.peer_addr()?;
    socket.set_nonblocking(false)?;
    Ok(socket)
}
