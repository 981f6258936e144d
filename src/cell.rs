//! The untrusted process: V8, isolates and turns behind one socket, started as `penstock cell`.
//!
//! It has no listener and asks for nothing but what it inherits: its socket as standard input, and the memory that
//! holds the libraries as standard output. It ends when the front does.

use std::{
    collections::HashMap, io, os::unix::net::UnixStream as StdUnixStream, sync::Arc, thread,
    time::Duration,
};

use futures_util::StreamExt;
use rustix::{process, stdio};
use tokio::net::{UnixStream, unix::OwnedReadHalf};
use tokio_util::codec::FramedRead;

use crate::{
    invocation::{FunctionKey, Input, InvocationLimits, SettingsJson, VersionKey},
    wire::{
        CellFrame, Configure, FrameCodec, FrameError, FrontFrame, Load, Ready, Start, ToCell,
        ToFront,
    },
};

mod cache;
mod fair_queue;
mod hogs;
mod invocation;
mod isolate;
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

use cache::CacheLimits;
use invocation::{Delivery, Invocation};
use isolate::{Call, Engine, EngineError, FunctionSource, fatal};
use libraries::{Libraries, LibrariesUnusable};
use lockdown::NotLockedDown;
use outbox::Outbox;
use scheduler::{Scheduler, Settings};

type Frames = FramedRead<OwnedReadHalf, FrameCodec<ToFront, ToCell>>;

/// Why a cell ends.
#[derive(Debug, thiserror::Error)]
pub enum CellError {
    #[error("standard input is no socket of a front: {0}")]
    NoSocket(io::Error),
    #[error("the system refused a thread: {0}")]
    NoThread(io::Error),
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
    let socket = inherited_socket().map_err(CellError::NoSocket)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .map_err(CellError::NoThread)?;
    runtime.block_on(async {
        let outbox = Outbox::new(socket.try_clone().map_err(CellError::NoSocket)?);
        let socket = UnixStream::from_std(socket).map_err(CellError::NoSocket)?;
        let (read, write) = socket.into_split();
        let mut frames = FramedRead::new(read, FrameCodec::default());
        let configure = first_frame(&mut frames).await?;
        let (scheduler, ready) = set_up(&configure, outbox.clone())?;
        outbox.send(FrontFrame::Ready(ready));
        tokio::select! {
            read = read_frames(frames, &scheduler) => read,
            failure = outbox.write_rest(write) => Err(failure.into()),
        }
    })
}

/// Ends the process, whatever JS threads are doing.
pub fn leave(code: i32) -> ! {
    lockdown::leave(code)
}

/// Brings V8 up, locks the process down and starts the threads.
fn set_up(configure: &Configure, outbox: Outbox) -> Result<(Arc<Scheduler>, Ready), CellError> {
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
    let scheduler = Scheduler::start(engine, settings, outbox).map_err(CellError::NoThread)?;
    let told = scheduler.clone();
    thread::Builder::new()
        .name("parking-watch".into())
        .spawn(move || {
            while let Ok(parked) = watch.wait() {
                for parked in parked {
                    told.parked(parked);
                }
            }
        })
        .map_err(CellError::NoThread)?;
    let v8_version = isolate::v8_version().to_owned();
    Ok((
        scheduler,
        Ready {
            v8_version,
            not_locked_down,
        },
    ))
}

fn inherited_socket() -> io::Result<StdUnixStream> {
    let socket = StdUnixStream::from(stdio::stdin().try_clone_to_owned()?);
    socket.peer_addr()?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

async fn first_frame(frames: &mut Frames) -> Result<Configure, CellError> {
    match frames
        .next()
        .await
        .transpose()?
        .and_then(|frame| frame.frame)
    {
        Some(CellFrame::Configure(configure)) => Ok(configure),
        _ => Err(CellError::NotConfigured),
    }
}

/// Does what the front says until it hangs up.
async fn read_frames(mut frames: Frames, scheduler: &Scheduler) -> Result<(), CellError> {
    let mut versions = Versions::default();
    while let Some(frame) = frames.next().await.transpose()? {
        match frame.frame {
            Some(CellFrame::Start(start)) => scheduler.submit(versions.invocation(start)?),
            Some(CellFrame::Cancel(cancel)) => scheduler.cancel(cancel.invocation),
            Some(CellFrame::Fetched(fetched)) => {
                let invocation = fetched.invocation;
                scheduler.deliver(invocation, Delivery::Fetched(fetched));
            }
            Some(CellFrame::Load(load)) => versions.load(load),
            Some(CellFrame::Forget(forget)) => versions.forget(forget.handle),
            Some(CellFrame::Configure(_)) | None => return Err(CellError::NotConfigured),
        }
    }
    Ok(())
}

/// The sources the front has sent, by the number it gave them.
#[derive(Debug, Default)]
struct Versions(HashMap<u64, (VersionKey, Arc<FunctionSource>)>);

impl Versions {
    fn load(&mut self, load: Load) {
        let key = VersionKey {
            function_id: load.function_id.into(),
            version: load.version.into(),
        };
        let source = FunctionSource::new(load.file_name, load.source);
        self.0.insert(load.handle, (key, Arc::new(source)));
    }

    fn forget(&mut self, handle: u64) {
        self.0.remove(&handle);
    }

    fn invocation(&self, start: Start) -> Result<Invocation, CellError> {
        let (version, source) = self
            .0
            .get(&start.handle)
            .ok_or(CellError::UnknownVersion(start.handle))?;
        let key = FunctionKey {
            version: version.clone(),
            instance_id: start.instance_id.into(),
        };
        let call = Call {
            input: match (start.describe, start.batch_events) {
                (true, _) => Input::Describe,
                (false, None) => Input::Event(start.input),
                (false, Some(events)) => Input::Batch {
                    events,
                    json: start.input,
                },
            },
            settings: SettingsJson::new(start.settings),
        };
        let limits = InvocationLimits {
            wall_time: Duration::from_nanos(start.wall_nanos),
            cpu_time: Duration::from_nanos(start.cpu_nanos),
            result_bytes: start.result_bytes,
            batch_result_bytes: start.batch_result_bytes,
            log_bytes: start.log_bytes,
            requests: start.requests,
        };
        Ok(Invocation::new(
            start.invocation,
            key,
            start.handle,
            source.clone(),
            call,
            limits,
            start.patience_nanos.map(Duration::from_nanos),
        ))
    }
}
