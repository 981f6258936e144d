//! What a cell says to the front: how invocations ended, what requests they want made, and that it wants to
//! be replaced.

use std::{os::unix::net::UnixStream, sync::Arc};

use bytes::{Buf, BytesMut};
use rustix::{
    event::{PollFd, PollFlags},
    io::Errno,
    net::{SendFlags, send},
};
use tokio_util::codec::Encoder;

use super::{
    CellError,
    bell::{Bell, wait_for},
    cache::CacheUse,
    invocation::Invocation,
    threads::JsThread,
};
use crate::{
    invocation::{Finished, FunctionError, Input, LogLine, Outcome, Usage},
    lock::{Lock, Signal},
    wire::{
        CancelFetch, Demoted, Fetch, FetchTaken, FrameCodec, FrameError, FrontFrame, ToCell,
        ToFront, Unfit, UnfitCause, WireCacheUse, finished_to_wire,
    },
};

/// The cell's end of the line to its front.
pub type Socket = Arc<UnixStream>;

/// Bytes that wait for the socket, from which on senders wait, too: a front that does not read holds the JS
/// threads back.
const MOST_UNWRITTEN: usize = 1 << 20;

/// The way to the socket. Answers are held back until a serving thread lets them out, between two turns: so that one
/// system call, and one waking of the front, serves many. What is urgent goes out at once, with all that was held back.
/// Clones are the same way.
#[derive(Clone, Debug)]
pub struct Outbox(Arc<Way>);

#[derive(Debug)]
struct Way {
    socket: Socket,
    unwritten: Lock<Unwritten>,
    /// Wakes a serving thread for what demoted ones have to say.
    bell: Bell,
    /// Why nothing more is said or heard: the process is about to end.
    ended: Lock<Option<Ended>>,
    /// It has ended.
    end: Signal,
}

#[derive(Debug, Default)]
struct Unwritten {
    bytes: BytesMut,
    /// Whether the thread that waits for the front waits for the socket's room, too, or has been told to.
    room_is_awaited: bool,
}

/// How the line to the front ended.
#[derive(Debug)]
pub enum Ended {
    HungUp,
    Failed(CellError),
}

impl Outbox {
    /// `bell` is what ends the wait of the thread that waits for the front.
    pub fn new(socket: Socket, bell: Bell) -> Self {
        Self(Arc::new(Way {
            socket,
            unwritten: Lock::default(),
            bell,
            ended: Lock::default(),
            end: Signal::new(),
        }))
    }

    /// Whether there is something to be let out, for which the thread that waits for the front has to wait for room.
    /// What comes of a write that finds none later ends its wait.
    pub fn awaits_room(&self) -> bool {
        let mut unwritten = self.0.unwritten.lock();
        unwritten.room_is_awaited = !unwritten.bytes.is_empty();
        unwritten.room_is_awaited
    }

    /// Writes what was held back, or as much of it as the socket takes. Not for demoted threads.
    pub fn let_out(&self) {
        let mut unwritten = self.0.unwritten.lock();
        if let Err(failure) = self.0.write(&mut unwritten) {
            drop(unwritten);
            self.end(Ended::Failed(failure.into()));
        }
    }

    /// Ends [`Self::ended`], and the process with it. What comes first counts.
    pub fn end(&self, ended: Ended) {
        self.0.ended.lock().get_or_insert(ended);
        self.0.end.notify_all();
    }

    /// Waits until nothing more can be said or heard.
    pub fn ended(&self) -> Ended {
        let mut ended = self.0.ended.lock();
        loop {
            match ended.take() {
                Some(ended) => return ended,
                None => ended = self.0.end.wait(ended),
            }
        }
    }

    /// Every event of the invocation has its outcome.
    pub fn settled(&self, invocation: &Invocation, usage: Usage) {
        let (outcomes, logs) = take(invocation, &FunctionError::executor_lost);
        self.finished(invocation, outcomes, logs, usage);
    }

    /// The invocation came to `error`. Of a batch, what has settled stays: nobody can say that it was that
    /// event. One event has no success if its invocation had none, even if it came before anybody could
    /// object.
    pub fn failed(&self, invocation: &Invocation, error: FunctionError, usage: Usage) {
        let (mut outcomes, logs) = take(invocation, &|| error.clone());
        if let (Input::Event(_) | Input::Describe, [outcome]) =
            (&invocation.call.input, &mut outcomes[..])
        {
            *outcome = error.into();
        }
        self.finished(invocation, outcomes, logs, usage);
    }

    /// The cell is to be replaced, by the doing of the version of that number if it is known.
    pub fn unfit(&self, cause: UnfitCause, handle: Option<u64>, reason: &str) {
        self.send(FrontFrame::Unfit(Unfit {
            cause: cause.into(),
            handle,
            reason: reason.to_owned(),
        }));
    }

    /// A function wants a request made. Others may wait for the end of the turn that wants it, it does not.
    pub fn fetch(&self, fetch: Fetch) {
        self.send(FrontFrame::Fetch(Box::new(fetch)));
    }

    /// It no longer wants it.
    pub fn cancel_fetch(&self, cancel: CancelFetch) {
        self.hold(FrontFrame::CancelFetch(cancel));
    }

    /// A function has what a request of its came to.
    pub fn fetch_taken(&self, taken: FetchTaken) {
        self.hold(FrontFrame::FetchTaken(taken));
    }

    /// For the metrics.
    pub fn cache_used(&self, used: CacheUse) {
        self.hold(FrontFrame::CacheUse(WireCacheUse {
            hits: used.hits,
            misses: used.misses,
            evictions: used.evictions,
            bytes: used.bytes,
        }));
    }

    /// Whether demoted threads take turns.
    pub fn demoted(&self, at_work: bool) {
        self.hold(FrontFrame::Demoted(Demoted { at_work }));
    }

    fn finished(
        &self,
        invocation: &Invocation,
        outcomes: Vec<Outcome>,
        logs: Vec<LogLine>,
        usage: Usage,
    ) {
        let finished = Finished {
            outcomes,
            logs,
            usage,
        };
        let finished = finished_to_wire(invocation.id, finished);
        self.hold(FrontFrame::Finished(Box::new(finished)));
    }

    /// Says something at once: that the cell is ready, or one of the above.
    pub fn send(&self, frame: FrontFrame) {
        self.hold(frame);
        // The front, once it has something to read, may take the processor from this thread for a long time, and
        // with it the lock.
        match JsThread::this_is_demoted() {
            true => self.0.bell.ring(),
            false => self.let_out(),
        }
    }

    /// Has it said with the next that is let out.
    fn hold(&self, frame: FrontFrame) {
        if let Err(failure) = self.0.hold(frame.into()) {
            self.end(Ended::Failed(failure.into()));
        }
    }
}

impl Way {
    fn hold(&self, frame: ToFront) -> Result<(), FrameError> {
        // Outside of the lock: a thread that finds no memory parks with what it holds.
        let mut bytes = BytesMut::new();
        FrameCodec::<ToFront, ToCell>::default().encode(frame, &mut bytes)?;
        let mut unwritten = self.unwritten.lock();
        while unwritten.bytes.len() > MOST_UNWRITTEN {
            drop(unwritten);
            wait_for(&mut [PollFd::new(&*self.socket, PollFlags::OUT)], None)?;
            unwritten = self.unwritten.lock();
            if !JsThread::this_is_demoted() {
                self.write(&mut unwritten)?;
            }
        }
        if unwritten.bytes.is_empty() {
            unwritten.bytes = bytes;
        } else {
            unwritten.bytes.extend_from_slice(&bytes);
        }
        Ok(())
    }

    /// As much as the socket takes without waiting. The rest is for the thread that waits for the front, which may not
    /// know of it: who writes need not be the one.
    fn write(&self, unwritten: &mut Unwritten) -> Result<(), FrameError> {
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        while !unwritten.bytes.is_empty() {
            match send(&*self.socket, &unwritten.bytes, flags) {
                Ok(count) => unwritten.bytes.advance(count),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    if !std::mem::replace(&mut unwritten.room_is_awaited, true) {
                        self.bell.ring();
                    }
                    return Ok(());
                }
                Err(error) => return Err(FrameError::Io(error.into())),
            }
        }
        // The room that long answers took is given back.
        unwritten.bytes = BytesMut::new();
        Ok(())
    }
}

/// What the invocation has come to, with `rest` for the events that have no outcome.
fn take(invocation: &Invocation, rest: &dyn Fn() -> FunctionError) -> (Vec<Outcome>, Vec<LogLine>) {
    let events = invocation.call.input.outcomes();
    invocation.record.take(events, || rest().into())
}

#[cfg(test)]
pub mod tests {
    use std::{io::Read, thread};

    use tokio_util::codec::Decoder;

    use super::*;

    /// An outbox and what reads from it.
    pub fn heard() -> (Outbox, Heard) {
        let (near, far) = UnixStream::pair().unwrap();
        far.set_nonblocking(true).unwrap();
        let outbox = Outbox::new(Arc::new(near), Bell::new().unwrap());
        let heard = Heard {
            outbox: outbox.clone(),
            socket: far,
            read: BytesMut::new(),
        };
        (outbox, heard)
    }

    pub struct Heard {
        outbox: Outbox,
        socket: UnixStream,
        read: BytesMut,
    }

    impl Heard {
        /// The next frame that is there, once what is held back is let out.
        pub fn next(&mut self) -> Option<FrontFrame> {
            self.outbox.let_out();
            self.next_said()
        }

        /// The next frame that is there.
        fn next_said(&mut self) -> Option<FrontFrame> {
            let mut some = [0; 1 << 12];
            while let Ok(count @ 1..) = self.socket.read(&mut some) {
                self.read.extend_from_slice(&some[..count]);
            }
            let mut codec = FrameCodec::<ToCell, ToFront>::default();
            codec.decode(&mut self.read).unwrap()?.frame
        }
    }

    fn unfit(reason: &str) -> FrontFrame {
        FrontFrame::Unfit(Unfit {
            reason: reason.to_owned(),
            ..Unfit::default()
        })
    }

    #[test]
    fn what_is_held_back_goes_out_before_what_is_urgent() {
        let (outbox, mut heard) = heard();
        outbox.hold(unfit("first"));
        assert_eq!(heard.next_said(), None);
        outbox.send(unfit("second"));
        assert_eq!(heard.next_said(), Some(unfit("first")));
        assert_eq!(heard.next_said(), Some(unfit("second")));
        outbox.hold(unfit("third"));
        assert!(outbox.awaits_room());
        outbox.let_out();
        assert_eq!(heard.next_said(), Some(unfit("third")));
        assert!(!outbox.awaits_room());
    }

    #[test]
    fn what_the_socket_does_not_take_follows_in_order() {
        let (outbox, mut heard) = heard();
        let long = "x".repeat(MOST_UNWRITTEN / 2);
        let sender = thread::spawn(move || {
            // More than the socket and what may be unwritten.
            for number in 0..8 {
                outbox.hold(unfit(&format!("{number}{long}")));
            }
            while outbox.awaits_room() {
                outbox.let_out();
                thread::yield_now();
            }
        });
        for number in 0..8 {
            let frame = loop {
                match heard.next() {
                    Some(frame) => break frame,
                    None => thread::yield_now(),
                }
            };
            let FrontFrame::Unfit(unfit) = frame else {
                panic!("{frame:?}");
            };
            assert!(unfit.reason.starts_with(&number.to_string()));
        }
        sender.join().unwrap();
    }

    #[test]
    fn who_waits_for_the_front_is_told_once_that_the_socket_is_full() {
        let (outbox, mut heard) = heard();
        let rings = || outbox.0.bell.hush();
        assert!(!outbox.awaits_room());
        outbox.send(unfit(&"x".repeat(MOST_UNWRITTEN)));
        assert_eq!(rings(), 1, "it does not wait for room");
        outbox.let_out();
        assert!(outbox.awaits_room());
        outbox.let_out();
        assert_eq!(rings(), 0, "it does");
        while heard.next().is_none() {}
        assert!(!outbox.awaits_room());
        outbox.send(unfit("short"));
        assert_eq!(rings(), 0, "there is room");
    }

    #[test]
    fn nobody_waits_for_a_front_that_is_gone() {
        let (outbox, heard) = heard();
        drop(heard);
        for _ in 0..4 {
            outbox.send(unfit(&"x".repeat(MOST_UNWRITTEN)));
        }
        let ended = outbox.ended();
        assert!(
            matches!(ended, Ended::Failed(CellError::Frame(FrameError::Io(_)))),
            "{ended:?}"
        );
    }
}
