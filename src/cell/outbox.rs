//! What a cell says to the front: how invocations ended, what requests they want made, and that it wants to
//! be replaced.

use std::{io, os::unix::net::UnixStream as StdUnixStream, sync::Arc};

use bytes::{Buf, BytesMut};
use tokio::{io::Interest, net::UnixStream, sync::Notify};
use tokio_util::codec::Encoder;

use super::{cache::CacheUse, invocation::Invocation, threads::JsThread};
use crate::{
    invocation::{Finished, FunctionError, Input, LogLine, Outcome, Usage},
    lock::{Lock, Signal},
    wire::{
        CancelFetch, Fetch, FetchTaken, FrameCodec, FrameError, FrontFrame, ToCell, ToFront, Unfit,
        UnfitCause, WireCacheUse, finished_to_wire,
    },
};

/// Bytes that wait for the socket, from which on senders wait, too: a front that does not read holds the JS
/// threads back.
const MOST_UNWRITTEN: usize = 1 << 20;

/// The way to the socket. Whoever has something to say writes it himself, so that no answer waits for another
/// thread to wake; only what the socket does not take at once, and what demoted threads have to say, is left to
/// [`Outbox::write_rest`].
#[derive(Clone, Debug)]
pub struct Outbox(Arc<Way>);

#[derive(Debug)]
struct Way {
    /// Never blocks.
    socket: StdUnixStream,
    unwritten: Lock<BytesMut>,
    /// Less is left than senders wait for.
    room: Signal,
    /// Something is left, or nothing more can be said.
    left: Notify,
    /// Why nothing more can be said: the process is about to end, and senders with it.
    failure: Lock<Option<FrameError>>,
}

impl Outbox {
    /// Over a socket that does not block.
    pub fn new(socket: StdUnixStream) -> Self {
        Self(Arc::new(Way {
            socket,
            unwritten: Lock::default(),
            room: Signal::new(),
            left: Notify::new(),
            failure: Lock::default(),
        }))
    }

    /// Writes what the socket did not take at once, for as long as frames can be written. `socket` is the same as
    /// the senders'.
    pub async fn write_rest(&self, socket: impl AsRef<UnixStream>) -> FrameError {
        let socket = socket.as_ref();
        loop {
            self.0.left.notified().await;
            loop {
                if let Some(failure) = self.0.failure.lock().take() {
                    return failure;
                }
                if let Err(error) = socket.writable().await {
                    return error.into();
                }
                let written = socket.try_io(Interest::WRITABLE, || {
                    self.0.write_unwritten(&mut self.0.unwritten.lock())
                });
                match written {
                    Ok(()) => break,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return error.into(),
                }
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

    /// A function wants a request made.
    pub fn fetch(&self, fetch: Fetch) {
        self.send(FrontFrame::Fetch(Box::new(fetch)));
    }

    /// It no longer wants it.
    pub fn cancel_fetch(&self, cancel: CancelFetch) {
        self.send(FrontFrame::CancelFetch(cancel));
    }

    /// A function has what a request of its came to.
    pub fn fetch_taken(&self, taken: FetchTaken) {
        self.send(FrontFrame::FetchTaken(taken));
    }

    /// For the metrics.
    pub fn cache_used(&self, used: CacheUse) {
        self.send(FrontFrame::CacheUse(WireCacheUse {
            hits: used.hits,
            misses: used.misses,
            evictions: used.evictions,
            bytes: used.bytes,
        }));
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
        self.send(FrontFrame::Finished(Box::new(finished)));
    }

    /// That the cell is ready, or one of the above.
    pub fn send(&self, frame: FrontFrame) {
        if let Err(failure) = self.0.send(frame.into()) {
            self.0.fail(failure);
        }
    }
}

impl Way {
    fn send(&self, frame: ToFront) -> Result<(), FrameError> {
        // Outside of the lock: a thread that finds no memory parks with what it holds.
        let mut bytes = BytesMut::new();
        FrameCodec::<ToFront, ToCell>::default().encode(frame, &mut bytes)?;
        let mut unwritten = self.unwritten.lock();
        while unwritten.len() > MOST_UNWRITTEN {
            unwritten = self.room.wait(unwritten);
        }
        if !unwritten.is_empty() {
            unwritten.extend_from_slice(&bytes);
            return Ok(());
        }
        // The front, once it has something to read, may take the processor from this thread for a long time, and
        // with it the lock.
        if JsThread::this_is_demoted() {
            *unwritten = bytes;
            drop(unwritten);
            self.left.notify_one();
            return Ok(());
        }
        match self.write(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                *unwritten = bytes;
                self.left.notify_one();
                Ok(())
            }
            written => written.map_err(FrameError::Io),
        }
    }

    fn write_unwritten(&self, unwritten: &mut BytesMut) -> io::Result<()> {
        let written = self.write(unwritten);
        if unwritten.is_empty() {
            // The room that one long answer took is given back.
            *unwritten = BytesMut::new();
        }
        if unwritten.len() <= MOST_UNWRITTEN {
            self.room.notify_all();
        }
        written
    }

    /// As much as the socket takes.
    fn write(&self, bytes: &mut BytesMut) -> io::Result<()> {
        while !bytes.is_empty() {
            match rustix::io::write(&self.socket, bytes) {
                Ok(count) => bytes.advance(count),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Ends [`Outbox::write_rest`], and the process with it.
    fn fail(&self, failure: FrameError) {
        self.failure.lock().get_or_insert(failure);
        self.left.notify_one();
    }
}

/// What the invocation has come to, with `rest` for the events that have no outcome.
fn take(invocation: &Invocation, rest: &dyn Fn() -> FunctionError) -> (Vec<Outcome>, Vec<LogLine>) {
    let events = invocation.call.input.outcomes();
    invocation.record.take(events, || rest().into())
}

#[cfg(test)]
pub mod tests {
    use std::io::Read;

    use tokio_util::codec::Decoder;

    use super::*;

    /// An outbox and what reads from it.
    pub fn heard() -> (Outbox, Heard) {
        let (near, far) = StdUnixStream::pair().unwrap();
        near.set_nonblocking(true).unwrap();
        far.set_nonblocking(true).unwrap();
        (Outbox::new(near), Heard(far, BytesMut::new()))
    }

    pub struct Heard(StdUnixStream, BytesMut);

    impl Heard {
        /// The next frame that is there.
        pub fn next(&mut self) -> Option<FrontFrame> {
            let mut some = [0; 1 << 12];
            while let Ok(count @ 1..) = self.0.read(&mut some) {
                self.1.extend_from_slice(&some[..count]);
            }
            let mut codec = FrameCodec::<ToCell, ToFront>::default();
            codec.decode(&mut self.1).unwrap()?.frame
        }
    }

    fn unfit(reason: &str) -> FrontFrame {
        FrontFrame::Unfit(Unfit {
            reason: reason.to_owned(),
            ..Unfit::default()
        })
    }

    #[tokio::test]
    async fn what_the_socket_does_not_take_follows_in_order() {
        let (outbox, mut heard) = heard();
        let socket = outbox.0.socket.try_clone().unwrap();
        let socket = UnixStream::from_std(socket).unwrap();
        let rest = tokio::spawn({
            let outbox = outbox.clone();
            async move { outbox.write_rest(Arc::new(socket)).await }
        });
        let long = "x".repeat(MOST_UNWRITTEN / 2);
        let sender = tokio::task::spawn_blocking(move || {
            // More than the socket and what may be unwritten.
            for number in 0..8 {
                outbox.send(unfit(&format!("{number}{long}")));
            }
        });
        for number in 0..8 {
            let frame = loop {
                match heard.next() {
                    Some(frame) => break frame,
                    None => tokio::task::yield_now().await,
                }
            };
            let FrontFrame::Unfit(unfit) = frame else {
                panic!("{frame:?}");
            };
            assert!(unfit.reason.starts_with(&number.to_string()));
        }
        sender.await.unwrap();
        assert!(!rest.is_finished());
        rest.abort();
    }

    #[tokio::test]
    async fn nobody_waits_for_a_front_that_is_gone() {
        let (outbox, heard) = heard();
        let socket = outbox.0.socket.try_clone().unwrap();
        let socket = Arc::new(UnixStream::from_std(socket).unwrap());
        drop(heard);
        for _ in 0..4 {
            outbox.send(unfit(&"x".repeat(MOST_UNWRITTEN)));
        }
        let failure = outbox.write_rest(socket).await;
        assert!(matches!(failure, FrameError::Io(_)), "{failure}");
    }
}
