//! What the front says, taken in by whichever serving thread has nothing else to do.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Weak},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use rustix::{
    event::{PollFd, PollFlags},
    io::Errno,
    net::{RecvFlags, recv},
};
use tokio_util::codec::Decoder;

use super::{
    CellError,
    bell::{Bell, wait_for},
    invocation::{Delivery, Invocation},
    isolate::{Call, FunctionSource},
    outbox::{Ended, Outbox, Socket},
    scheduler::Scheduler,
    threads::Door,
};
use crate::{
    invocation::{FunctionKey, Input, InvocationLimits, SettingsJson, VersionKey},
    lock::Lock,
    wire::{CellFrame, Configure, FrameCodec, Load, Start, ToCell, ToFront},
};

/// Read with one system call at most.
const READ_BYTES: usize = 64 << 10;

/// The frames of a front, as they come.
#[derive(Debug)]
pub struct Frames {
    socket: Socket,
    codec: FrameCodec<ToFront, ToCell>,
    /// What no frame was made of yet.
    read: BytesMut,
    /// Where the kernel puts what it has.
    room: Box<[u8]>,
}

/// How much is there to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum There {
    /// Perhaps more than was read.
    More,
    /// Nothing beyond what was read.
    NoMore,
}

impl Frames {
    pub fn new(socket: Socket) -> Self {
        Self {
            socket,
            codec: FrameCodec::default(),
            read: BytesMut::new(),
            room: vec![0; READ_BYTES].into(),
        }
    }

    /// Waits for the first frame, which says how to run.
    ///
    /// # Errors
    /// [`CellError`] when it is another, or none.
    pub fn configure(&mut self) -> Result<Configure, CellError> {
        loop {
            if let Some(frame) = self.codec.decode(&mut self.read)? {
                return match frame.frame {
                    Some(CellFrame::Configure(configure)) => Ok(configure),
                    _ => Err(CellError::NotConfigured),
                };
            }
            self.read_some(RecvFlags::empty())?
                .ok_or(CellError::NotConfigured)?;
        }
    }

    /// Reads what is there; `None` when the front has hung up.
    fn read_some(&mut self, flags: RecvFlags) -> Result<Option<There>, CellError> {
        loop {
            return match recv(&*self.socket, &mut *self.room, flags) {
                Ok((0, _)) => Ok(None),
                Ok((count, _)) => {
                    self.read.extend_from_slice(&self.room[..count]);
                    let there = match count == self.room.len() {
                        true => There::More,
                        false => There::NoMore,
                    };
                    Ok(Some(there))
                }
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => Ok(Some(There::NoMore)),
                Err(error) => Err(CellError::Frame(io::Error::from(error).into())),
            };
        }
    }
}

/// The way in from the front and the way out to it, for threads that serve.
#[derive(Debug)]
pub struct Intake {
    socket: Socket,
    bell: Bell,
    outbox: Outbox,
    scheduler: Weak<Scheduler>,
    /// Of who takes in; a second one need not wait for the first.
    reading: Lock<Reading>,
}

#[derive(Debug)]
struct Reading {
    frames: Frames,
    versions: Versions,
}

impl Intake {
    /// Gives what `frames` says to `scheduler`.
    pub fn new(frames: Frames, bell: Bell, outbox: Outbox, scheduler: Weak<Scheduler>) -> Self {
        Self {
            socket: frames.socket.clone(),
            bell,
            outbox,
            scheduler,
            reading: Lock::new(Reading {
                frames,
                versions: Versions::default(),
            }),
        }
    }
}

impl Door for Intake {
    fn take_in(&self) {
        let (Some(mut reading), Some(scheduler)) =
            (self.reading.try_lock(), self.scheduler.upgrade())
        else {
            return;
        };
        match reading.take_in(&scheduler) {
            Ok(true) => {}
            Ok(false) => self.outbox.end(Ended::HungUp),
            Err(error) => self.outbox.end(Ended::Failed(error)),
        }
    }

    fn let_out(&self) {
        self.outbox.let_out();
    }

    fn demoted(&self, at_work: bool) {
        self.outbox.demoted(at_work);
    }

    fn wait(&self, patience: Option<Duration>) -> bool {
        let flags = match self.outbox.awaits_room() {
            true => PollFlags::IN | PollFlags::OUT,
            false => PollFlags::IN,
        };
        let mut files = [PollFd::new(&*self.socket, flags), self.bell.rings()];
        let comes = wait_for(&mut files, patience);
        if !files[1].revents().is_empty() {
            self.bell.hush();
        }
        comes.unwrap_or_else(|error| {
            self.outbox
                .end(Ended::Failed(CellError::Frame(error.into())));
            true
        })
    }
}

impl Reading {
    /// Does what the front has said by now; false when it has hung up.
    fn take_in(&mut self, scheduler: &Scheduler) -> Result<bool, CellError> {
        loop {
            let there = self.frames.read_some(RecvFlags::DONTWAIT)?;
            while let Some(frame) = self.frames.codec.decode(&mut self.frames.read)? {
                self.versions.take(frame, scheduler)?;
            }
            match there {
                None => return Ok(false),
                Some(There::NoMore) => return Ok(true),
                Some(There::More) => {}
            }
        }
    }
}

/// The sources the front has sent, by the number it gave them.
#[derive(Debug, Default)]
struct Versions(HashMap<u64, (VersionKey, Arc<FunctionSource>)>);

impl Versions {
    fn take(&mut self, frame: ToCell, scheduler: &Scheduler) -> Result<(), CellError> {
        match frame.frame {
            Some(CellFrame::Start(start)) => scheduler.submit(self.invocation(start)?),
            Some(CellFrame::Cancel(cancel)) => scheduler.cancel(cancel.invocation),
            Some(CellFrame::Fetched(fetched)) => {
                let invocation = fetched.invocation;
                scheduler.deliver(invocation, Delivery::Fetched(fetched));
            }
            Some(CellFrame::Load(load)) => self.load(load),
            Some(CellFrame::Forget(forget)) => self.forget(forget.handle),
            Some(CellFrame::Configure(_)) | None => return Err(CellError::NotConfigured),
        }
        Ok(())
    }

    fn load(&mut self, load: Load) {
        let key = VersionKey {
            function_id: load.function_id.into(),
            version: load.version.into(),
        };
        // A copy: as it came it is part of all that was read with it, which would be kept as long.
        let text = Bytes::copy_from_slice(&load.source);
        let source = FunctionSource::new(load.file_name, text);
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
