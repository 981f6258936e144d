//! The way to one cell: invocations out, answers in, each answer to its caller.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use parking_lot::Mutex;
use tokio::{
    net::unix::{OwnedReadHalf, OwnedWriteHalf},
    sync::{Notify, mpsc, oneshot},
    task::JoinHandle,
};
use tokio_util::codec::{FramedRead, FramedWrite};

use super::loaded::Loaded;
use crate::{
    front::functions::FunctionVersion,
    invocation::{Finished, InvocationLimits},
    wire::{
        Cancel, CellFrame, Forget, FrameCodec, FrameError, FrontFrame, Load, Malformed, Start,
        ToCell, ToFront, finished_from_wire,
    },
};

/// Invocations waiting to be written; callers wait when there are more.
const OUTBOX: usize = 256;

/// Invocations written with one system call at most.
const CALLS_AT_ONCE: usize = 64;

type Codec = FrameCodec<ToCell, ToFront>;
pub type Reader = FramedRead<OwnedReadHalf, Codec>;
pub type Writer = FramedWrite<OwnedWriteHalf, Codec>;

/// One invocation, as the cell is to run it.
#[derive(Clone, Debug)]
pub struct Call {
    pub version: Arc<FunctionVersion>,
    pub instance_id: Arc<str>,
    pub event_type: String,
    pub event: Bytes,
    pub settings: Bytes,
    pub limits: InvocationLimits,
}

/// The cell ended and the invocation has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// It never reached the cell and can run elsewhere.
    NotSent,
    /// It was in the cell; nobody knows how far it came.
    InFlight,
}

type Answer = Result<Finished, Lost>;

#[derive(Debug)]
pub struct Link {
    outbox: mpsc::Sender<Outgoing>,
    in_flight: Arc<InFlight>,
    last_id: AtomicU64,
}

#[derive(Debug)]
struct Outgoing {
    id: u64,
    call: Call,
    answer: oneshot::Sender<Answer>,
}

/// Invocations the cell has, and those among them that nobody waits for any more.
#[derive(Debug, Default)]
struct InFlight {
    answers: Mutex<HashMap<u64, oneshot::Sender<Answer>>>,
    /// Each was taken out of `answers`, so there are no more than invocations.
    cancelled: Mutex<Vec<u64>>,
    cancellation: Notify,
}

impl InFlight {
    /// Notes that the cell is about to get the invocation. False when nobody waits for it: a caller that
    /// goes away closes its end first and looks for its entry then, so that either we see the closed end
    /// here or the caller finds the entry and has it cancelled.
    fn expect(&self, id: u64, answer: oneshot::Sender<Answer>) -> bool {
        let mut answers = self.answers.lock();
        if answer.is_closed() {
            return false;
        }
        answers.insert(id, answer);
        true
    }
}

/// Why a link ended.
#[derive(Debug)]
pub enum End {
    HungUp,
    Failed(FrameError),
    Malformed(Malformed),
    /// It sent what only a starting cell sends, or nothing in a frame.
    Unexpected,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HungUp => f.write_str("it hung up"),
            Self::Failed(error) => write!(f, "{error}"),
            Self::Malformed(error) => write!(f, "it broke the protocol: {error}"),
            Self::Unexpected => f.write_str("it broke the protocol: unexpected frame"),
        }
    }
}

impl Link {
    /// Opens the way to a cell that is ready. The task ends with the link.
    pub fn open(reader: Reader, writer: Writer) -> (Arc<Self>, JoinHandle<End>) {
        let (outbox, outgoing) = mpsc::channel(OUTBOX);
        let in_flight = Arc::new(InFlight::default());
        let link = Arc::new(Self {
            outbox,
            in_flight: in_flight.clone(),
            last_id: AtomicU64::new(0),
        });
        (
            link,
            tokio::spawn(serve(reader, writer, outgoing, in_flight)),
        )
    }

    /// Whether the cell still takes invocations, as far as is known.
    pub fn is_open(&self) -> bool {
        !self.outbox.is_closed()
    }

    /// Runs an invocation in the cell. Dropping the future cancels it there.
    ///
    /// # Errors
    /// [`Lost`] when the cell ended first.
    pub async fn invoke(&self, call: Call) -> Result<Finished, Lost> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed);
        // Before the channel, so that it is dropped after it: see `InFlight::expect`.
        let _cancel = CancelOnDrop {
            id,
            in_flight: &self.in_flight,
        };
        let (answer, answered) = oneshot::channel();
        let outgoing = Outgoing { id, call, answer };
        self.outbox
            .send(outgoing)
            .await
            .map_err(|_| Lost::NotSent)?;
        answered.await.unwrap_or(Err(Lost::NotSent))
    }
}

/// Tells the cell that nobody waits, unless the answer is there.
struct CancelOnDrop<'a> {
    id: u64,
    in_flight: &'a InFlight,
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        if self.in_flight.answers.lock().remove(&self.id).is_some() {
            self.in_flight.cancelled.lock().push(self.id);
            self.in_flight.cancellation.notify_one();
        }
    }
}

async fn serve(
    reader: Reader,
    writer: Writer,
    mut outgoing: mpsc::Receiver<Outgoing>,
    in_flight: Arc<InFlight>,
) -> End {
    let end = tokio::select! {
        end = read_answers(reader, &in_flight) => end,
        error = write_calls(writer, &mut outgoing, &in_flight) => End::Failed(error),
    };
    // First no more calls come in, then everyone who is left is told.
    outgoing.close();
    for (_, answer) in std::mem::take(&mut *in_flight.answers.lock()) {
        let _ = answer.send(Err(Lost::InFlight));
    }
    while let Some(unsent) = outgoing.recv().await {
        let _ = unsent.answer.send(Err(Lost::NotSent));
    }
    end
}

async fn read_answers(mut reader: Reader, in_flight: &InFlight) -> End {
    loop {
        let frame = match reader.next().await {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return End::Failed(error),
            None => return End::HungUp,
        };
        let Some(FrontFrame::Finished(finished)) = frame.frame else {
            return End::Unexpected;
        };
        // An answer nobody waits for crossed its cancellation on the way.
        let answer = in_flight.answers.lock().remove(&finished.invocation);
        match finished_from_wire(*finished) {
            Ok(finished) => {
                if let Some(answer) = answer {
                    let _ = answer.send(Ok(finished));
                }
            }
            Err(malformed) => {
                if let Some(answer) = answer {
                    let _ = answer.send(Err(Lost::InFlight));
                }
                return End::Malformed(malformed);
            }
        }
    }
}

/// Writes calls and cancellations, as much as is ready with one system call.
async fn write_calls(
    mut writer: Writer,
    outgoing: &mut mpsc::Receiver<Outgoing>,
    in_flight: &InFlight,
) -> FrameError {
    let mut loaded = Loaded::default();
    let mut ready = Vec::with_capacity(CALLS_AT_ONCE);
    loop {
        tokio::select! {
            _ = outgoing.recv_many(&mut ready, CALLS_AT_ONCE) => {}
            () = in_flight.cancellation.notified() => {}
        }
        if let Err(error) = write_ready(&mut writer, &mut ready, &mut loaded, in_flight).await {
            return error;
        }
    }
}

async fn write_ready(
    writer: &mut Writer,
    ready: &mut Vec<Outgoing>,
    loaded: &mut Loaded,
    in_flight: &InFlight,
) -> Result<(), FrameError> {
    for Outgoing { id, call, answer } in ready.drain(..) {
        if !in_flight.expect(id, answer) {
            continue;
        }
        if loaded.needs(call.version.handle, call.version.source.len() as u64) {
            writer
                .feed(CellFrame::Load(load(&call.version)).into())
                .await?;
        }
        writer
            .feed(CellFrame::Start(start(id, call)).into())
            .await?;
    }
    while let Some(handle) = loaded.pop_excess() {
        writer
            .feed(CellFrame::Forget(Forget { handle }).into())
            .await?;
    }
    let cancelled = std::mem::take(&mut *in_flight.cancelled.lock());
    for invocation in cancelled {
        writer
            .feed(CellFrame::Cancel(Cancel { invocation }).into())
            .await?;
    }
    writer.flush().await
}

fn load(version: &FunctionVersion) -> Load {
    Load {
        handle: version.handle,
        function_id: version.key.function_id.to_string(),
        version: version.key.version.to_string(),
        source: version.source.clone(),
        file_name: version.file_name.clone(),
    }
}

fn start(invocation: u64, call: Call) -> Start {
    Start {
        invocation,
        handle: call.version.handle,
        instance_id: call.instance_id.to_string(),
        event_type: call.event_type,
        event: call.event,
        settings: call.settings,
        wall_nanos: u64::try_from(call.limits.wall_time.as_nanos()).unwrap_or(u64::MAX),
        result_bytes: call.limits.result_bytes,
        log_bytes: call.limits.log_bytes,
        cpu_nanos: u64::try_from(call.limits.cpu_time.as_nanos()).unwrap_or(u64::MAX),
    }
}
