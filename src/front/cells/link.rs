//! The way to one cell: invocations out, answers in, each answer to its caller.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::unix::{OwnedReadHalf, OwnedWriteHalf},
    sync::{Notify, mpsc, oneshot},
    task::JoinHandle,
};
use tokio_util::codec::{FramedRead, FramedWrite};

use super::loaded::Loaded;
use crate::{
    front::functions::FunctionVersion,
    invocation::{Finished, InvocationLimits, SettingsJson, VersionKey},
    lock::Lock,
    wire::{
        self, Cancel, CellFrame, Forget, FrameCodec, FrameError, FrontFrame, Load, Malformed,
        Start, ToCell, ToFront, Unfit, finished_from_wire,
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
    pub settings: SettingsJson,
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
    /// Invocations that were given to the cell and not answered.
    load: AtomicUsize,
    /// Told when the last invocation of an unfit cell is answered.
    idle: Notify,
}

#[derive(Debug)]
struct Outgoing {
    id: u64,
    call: Call,
    answer: oneshot::Sender<Answer>,
}

/// Who waits for an invocation that the cell has.
#[derive(Debug)]
struct Waiting {
    version: VersionKey,
    answer: oneshot::Sender<Answer>,
}

/// Invocations the cell has, and those among them that nobody waits for any more.
#[derive(Debug, Default)]
struct InFlight {
    answers: Lock<HashMap<u64, Waiting>>,
    /// Each was taken out of `answers`, so there are no more than invocations.
    cancelled: Lock<Vec<u64>>,
    cancellation: Notify,
    /// The versions the cell has been sent, by number; it blames them by number.
    versions: Lock<HashMap<u64, VersionKey>>,
    /// Why the cell is to be replaced, once it has said so.
    unfit: OnceLock<Blame>,
    turned_unfit: Notify,
}

/// Why a cell is to be replaced, and the version at fault if that is known.
#[derive(Clone, Debug)]
pub struct Blame {
    pub version: Option<VersionKey>,
    pub reason: String,
}

impl InFlight {
    /// Notes that the cell is about to get the invocation. False when nobody waits for it: a caller that
    /// goes away closes its end first and looks for its entry then, so that either we see the closed end
    /// here or the caller finds the entry and has it cancelled.
    fn register(&self, id: u64, waiting: Waiting) -> bool {
        let mut answers = self.answers.lock();
        if waiting.answer.is_closed() {
            return false;
        }
        answers.insert(id, waiting);
        true
    }

    /// Notes that the cell is to be replaced. What it says first counts.
    fn turn_unfit(&self, unfit: Unfit) {
        let version = unfit
            .handle
            .and_then(|handle| self.versions.lock().get(&handle).cloned());
        self.unfit.get_or_init(|| Blame {
            version,
            reason: unfit.reason,
        });
        self.turned_unfit.notify_waiters();
    }
}

/// How a link ended.
#[derive(Debug)]
pub struct Ended {
    end: End,
    /// The only version under way, if there was just one.
    at_fault: Option<VersionKey>,
}

impl Ended {
    /// An end that tells nothing of versions.
    pub fn unknown() -> Self {
        Self {
            end: End::HungUp,
            at_fault: None,
        }
    }

    /// The version that cost the cell, as far as can be said.
    pub fn at_fault(&self) -> Option<&VersionKey> {
        self.at_fault.as_ref()
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.end.fmt(f)
    }
}

#[derive(Debug)]
enum End {
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
    pub fn open(reader: Reader, writer: Writer) -> (Arc<Self>, JoinHandle<Ended>) {
        let (outbox, outgoing) = mpsc::channel(OUTBOX);
        let in_flight = Arc::new(InFlight::default());
        let link = Arc::new(Self {
            outbox,
            in_flight: in_flight.clone(),
            last_id: AtomicU64::new(0),
            load: AtomicUsize::new(0),
            idle: Notify::new(),
        });
        (
            link,
            tokio::spawn(serve(reader, writer, outgoing, in_flight)),
        )
    }

    /// Whether the cell still takes invocations, as far as is known.
    pub fn is_open(&self) -> bool {
        !self.outbox.is_closed() && self.in_flight.unfit.get().is_none()
    }

    /// Invocations that were given to the cell and not answered.
    pub fn load(&self) -> usize {
        self.load.load(Ordering::Acquire)
    }

    /// Waits until the cell says that it is to be replaced.
    pub async fn unfit(&self) -> Blame {
        loop {
            let turned = self.in_flight.turned_unfit.notified();
            if let Some(blame) = self.in_flight.unfit.get() {
                return blame.clone();
            }
            turned.await;
        }
    }

    /// Waits until the cell has answered all it was given.
    pub async fn idle(&self) {
        loop {
            let answered = self.idle.notified();
            if self.load() == 0 {
                return;
            }
            answered.await;
        }
    }

    /// Runs an invocation in the cell. Dropping the future cancels it there.
    ///
    /// # Errors
    /// [`Lost`] when the cell ended first.
    pub async fn invoke(&self, call: Call) -> Result<Finished, Lost> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed);
        let _counted = Counted::enter(self);
        // Before the channel, so that it is dropped after it: see `InFlight::register`.
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

/// Counts an invocation as load while it lives.
struct Counted<'a>(&'a Link);

impl<'a> Counted<'a> {
    fn enter(link: &'a Link) -> Self {
        link.load.fetch_add(1, Ordering::AcqRel);
        Self(link)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        if self.0.load.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.idle.notify_waiters();
        }
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
) -> Ended {
    let end = tokio::select! {
        end = read_answers(reader, &in_flight) => end,
        error = write_calls(writer, &mut outgoing, &in_flight) => End::Failed(error),
    };
    // First no more calls come in, then everyone who is left is told.
    outgoing.close();
    let left = std::mem::take(&mut *in_flight.answers.lock());
    let at_fault = sole_version(&left);
    for waiting in left.into_values() {
        let _ = waiting.answer.send(Err(Lost::InFlight));
    }
    while let Some(unsent) = outgoing.recv().await {
        let _ = unsent.answer.send(Err(Lost::NotSent));
    }
    Ended { end, at_fault }
}

/// The version of all that was under way, if it is one. Of several, none can be blamed.
fn sole_version(left: &HashMap<u64, Waiting>) -> Option<VersionKey> {
    let mut versions = left.values().map(|waiting| &waiting.version);
    let first = versions.next()?;
    versions.all(|other| other == first).then(|| first.clone())
}

async fn read_answers(mut reader: Reader, in_flight: &InFlight) -> End {
    loop {
        let frame = match reader.next().await {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return End::Failed(error),
            None => return End::HungUp,
        };
        match frame.frame {
            Some(FrontFrame::Finished(finished)) => {
                if let Err(malformed) = pass_on(*finished, in_flight) {
                    return End::Malformed(malformed);
                }
            }
            Some(FrontFrame::Unfit(unfit)) => in_flight.turn_unfit(unfit),
            Some(FrontFrame::Ready(_)) | None => return End::Unexpected,
        }
    }
}

/// Gives an answer to its caller. One that nobody waits for crossed its cancellation on the way.
fn pass_on(finished: wire::Finished, in_flight: &InFlight) -> Result<(), Malformed> {
    let waiting = in_flight.answers.lock().remove(&finished.invocation);
    let finished = finished_from_wire(finished);
    let answer = finished.as_ref().map_err(|_| Lost::InFlight).cloned();
    if let Some(waiting) = waiting {
        let _ = waiting.answer.send(answer);
    }
    finished.map(drop)
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
        let version = call.version.key.clone();
        if !in_flight.register(id, Waiting { version, answer }) {
            continue;
        }
        if loaded.needs(call.version.handle, call.version.source.len() as u64) {
            let handle = call.version.handle;
            in_flight
                .versions
                .lock()
                .insert(handle, call.version.key.clone());
            writer
                .feed(CellFrame::Load(load(&call.version)).into())
                .await?;
        }
        writer
            .feed(CellFrame::Start(start(id, call)).into())
            .await?;
    }
    while let Some(handle) = loaded.pop_excess() {
        in_flight.versions.lock().remove(&handle);
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
        settings: call.settings.bytes().clone(),
        wall_nanos: u64::try_from(call.limits.wall_time.as_nanos()).unwrap_or(u64::MAX),
        result_bytes: call.limits.result_bytes,
        log_bytes: call.limits.log_bytes,
        cpu_nanos: u64::try_from(call.limits.cpu_time.as_nanos()).unwrap_or(u64::MAX),
    }
}
