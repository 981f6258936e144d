//! The way to one cell: invocations out, answers in, each answer to its caller.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Instant,
};

use futures_util::StreamExt;
use tokio::{
    net::unix::{OwnedReadHalf, OwnedWriteHalf},
    sync::{Notify, mpsc, oneshot},
    task::JoinHandle,
};
use tokio_util::codec::{FramedRead, FramedWrite};

use super::{
    cache_account::CellCache,
    fetches::{Fetcher, InvocationFetches, Requests, UnsoundFetch},
    loaded::Loaded,
    ticks::CellTicks,
};
use crate::{
    front::{
        after_others::AfterOthers, egress::AllowedHosts, functions::FunctionVersion,
        telemetry::CallTrace,
    },
    invocation::{
        Expected, Finished, FunctionKey, Input, InvocationLimits, SettingsJson, VersionKey,
    },
    lock::Lock,
    wire::{
        self, Fetch, Fetched, FrameCodec, FrameError, FrontFrame, Malformed, ToCell, ToFront,
        Unfit, UnfitCause, finished_from_wire,
    },
};

mod writing;

use writing::write_calls;

/// Invocations waiting to be written; callers wait when there are more.
const OUTBOX: usize = 256;

type Codec = FrameCodec<ToCell, ToFront>;
pub type Reader = FramedRead<OwnedReadHalf, Codec>;
pub type Writer = FramedWrite<OwnedWriteHalf, Codec>;

/// One invocation, as the cell is to run it.
#[derive(Clone, Debug)]
pub struct Call {
    pub version: Arc<FunctionVersion>,
    pub instance_id: Arc<str>,
    pub input: Input,
    pub settings: SettingsJson,
    pub limits: InvocationLimits,
    /// Until when the outcome is of use; the wall time ends then at the latest.
    pub useful_until: Option<Instant>,
}

/// The cell ended and the invocation has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// It never reached the cell and can run elsewhere.
    NotSent,
    /// It was in the cell; nobody knows how far it came.
    InFlight,
}

/// What an invocation came to.
#[derive(Clone, Debug)]
pub struct Answered {
    pub finished: Finished,
    pub requests: Requests,
}

impl Answered {
    /// An end that never reached a cell.
    pub fn without_running(finished: Finished) -> Self {
        Self {
            finished,
            requests: Requests::default(),
        }
    }
}

/// As the cell's reader has it: the requests may still be under way.
type Answer = Result<(Finished, Option<InvocationFetches>), Lost>;

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

/// What waits to be written to the cell.
#[derive(Debug)]
pub enum Outgoing {
    Call(Box<OutgoingCall>),
    Fetched(Box<Fetched>),
}

#[derive(Debug)]
pub struct OutgoingCall {
    id: u64,
    call: Call,
    answer: oneshot::Sender<Answer>,
    trace: CallTrace,
}

/// Who waits for an invocation that the cell has.
#[derive(Debug)]
struct Waiting {
    function: FunctionKey,
    /// Hosts its requests may go to.
    allowed_hosts: Option<Arc<AllowedHosts>>,
    /// Requests it may make.
    most_fetches: u32,
    /// Their spans are part of it.
    trace: CallTrace,
    /// Once it has made one.
    fetches: Option<InvocationFetches>,
    /// What the cell has to come back with.
    expected: Expected,
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
    pub cause: UnfitCause,
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

    /// Does something with an invocation's requests, if it has any.
    fn of_fetches(&self, invocation: u64, act: impl FnOnce(&mut InvocationFetches)) {
        let mut answers = self.answers.lock();
        let waiting = answers.get_mut(&invocation);
        if let Some(fetches) = waiting.and_then(|waiting| waiting.fetches.as_mut()) {
            act(fetches);
        }
    }

    /// Notes that the cell is to be replaced. What it says first counts.
    fn turn_unfit(&self, unfit: Unfit) {
        let version = unfit
            .handle
            .and_then(|handle| self.versions.lock().get(&handle).cloned());
        self.unfit.get_or_init(|| Blame {
            cause: unfit.cause(),
            version,
            reason: unfit.reason,
        });
        self.turned_unfit.notify_waiters();
    }
}

/// What comes of what a cell tells of itself; over with the link.
#[derive(Debug)]
pub struct Told {
    pub cache: CellCache,
    pub ticks: CellTicks,
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

    /// Whether it simply died, and did not send what no sound cell sends.
    pub fn is_death(&self) -> bool {
        matches!(self.end, End::HungUp | End::Failed(FrameError::Io(_)))
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
    Unsound(UnsoundFetch),
    /// It sent what only a starting cell sends, or nothing in a frame.
    Unexpected,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HungUp => f.write_str("it hung up"),
            Self::Failed(error) => write!(f, "{error}"),
            Self::Malformed(error) => write!(f, "it broke the protocol: {error}"),
            Self::Unsound(error) => write!(f, "it broke the protocol: {error}"),
            Self::Unexpected => f.write_str("it broke the protocol: unexpected frame"),
        }
    }
}

impl Link {
    /// Opens the way to a cell that is ready. The task ends with the link.
    pub fn open(
        reader: Reader,
        writer: Writer,
        loaded: Loaded,
        fetcher: Fetcher,
        told: Told,
    ) -> (Arc<Self>, JoinHandle<Ended>) {
        let (outbox, outgoing) = mpsc::channel(OUTBOX);
        let in_flight = Arc::new(InFlight::default());
        let fetches = Fetches {
            fetcher,
            outbox: outbox.downgrade(),
        };
        let link = Arc::new(Self {
            outbox,
            in_flight: in_flight.clone(),
            last_id: AtomicU64::new(0),
            load: AtomicUsize::new(0),
            idle: Notify::new(),
        });
        (
            link,
            tokio::spawn(AfterOthers::new(serve(
                reader,
                (writer, loaded),
                fetches,
                told,
                outgoing,
                in_flight,
            ))),
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
    pub async fn invoke(&self, call: Call) -> Result<Answered, Lost> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed);
        let _counted = Counted::enter(self);
        // Before the channel, so that it is dropped after it: see `InFlight::register`.
        let _cancel = CancelOnDrop {
            id,
            in_flight: &self.in_flight,
        };
        let (answer, answered) = oneshot::channel();
        let outgoing = OutgoingCall {
            id,
            call,
            answer,
            trace: CallTrace::current(),
        };
        let sent = self.outbox.send(Outgoing::Call(Box::new(outgoing))).await;
        sent.map_err(|_| Lost::NotSent)?;
        let (finished, fetches) = answered.await.unwrap_or(Err(Lost::NotSent))?;
        let requests = match fetches {
            Some(fetches) => Box::pin(fetches.finish()).await,
            None => Requests::default(),
        };
        Ok(Answered { finished, requests })
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
    (writer, loaded): (Writer, Loaded),
    fetches: Fetches,
    mut told: Told,
    mut outgoing: mpsc::Receiver<Outgoing>,
    in_flight: Arc<InFlight>,
) -> Ended {
    let end = tokio::select! {
        end = read_frames(reader, &fetches, &mut told, &in_flight) => end,
        error = write_calls(writer, loaded, &mut outgoing, &in_flight) => End::Failed(error),
    };
    // First no more calls come in, then everyone who is left is told.
    outgoing.close();
    let left = std::mem::take(&mut *in_flight.answers.lock());
    let at_fault = sole_version(&left);
    for waiting in left.into_values() {
        let _ = waiting.answer.send(Err(Lost::InFlight));
    }
    while let Some(unsent) = outgoing.recv().await {
        if let Outgoing::Call(unsent) = unsent {
            let _ = unsent.answer.send(Err(Lost::NotSent));
        }
    }
    Ended { end, at_fault }
}

/// The version of all that was under way, if it is one. Of several, none can be blamed.
fn sole_version(left: &HashMap<u64, Waiting>) -> Option<VersionKey> {
    let mut versions = left.values().map(|waiting| &waiting.function.version);
    let first = versions.next()?;
    versions.all(|other| other == first).then(|| first.clone())
}

/// What makes the requests of the cell's invocations, and where their ends go.
struct Fetches {
    fetcher: Fetcher,
    /// Weak: a link that nobody calls any more ends.
    outbox: mpsc::WeakSender<Outgoing>,
}

impl Fetches {
    /// Has a request made, unless nobody waits for its invocation any more.
    fn start(&self, fetch: Fetch, in_flight: &InFlight) -> Result<(), UnsoundFetch> {
        let mut answers = in_flight.answers.lock();
        let Some(waiting) = answers.get_mut(&fetch.invocation) else {
            return Ok(());
        };
        let fetches = waiting.fetches.get_or_insert_with(|| {
            let function = waiting.function.clone();
            let allowed_hosts = waiting.allowed_hosts.clone();
            let (most, trace) = (waiting.most_fetches, waiting.trace.clone());
            InvocationFetches::new(self.fetcher.clone(), function, allowed_hosts, most, trace)
        });
        fetches.start(fetch, self.outbox.clone())
    }
}

async fn read_frames(
    mut reader: Reader,
    fetches: &Fetches,
    told: &mut Told,
    in_flight: &InFlight,
) -> End {
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
            Some(FrontFrame::Fetch(fetch)) => {
                if let Err(unsound) = fetches.start(*fetch, in_flight) {
                    return End::Unsound(unsound);
                }
            }
            Some(FrontFrame::CancelFetch(cancel)) => {
                in_flight.of_fetches(cancel.invocation, |fetches| fetches.cancel(cancel.id));
            }
            Some(FrontFrame::FetchTaken(taken)) => {
                in_flight.of_fetches(taken.invocation, |fetches| fetches.taken(taken.id));
            }
            Some(FrontFrame::CacheUse(used)) => told.cache.note(&used),
            Some(FrontFrame::Demoted(demoted)) => told.ticks.want(demoted.at_work),
            Some(FrontFrame::Unfit(unfit)) => in_flight.turn_unfit(unfit),
            Some(FrontFrame::Ready(_)) | None => return End::Unexpected,
        }
    }
}

/// Gives an answer to its caller. One that nobody waits for crossed its cancellation on the way.
fn pass_on(finished: wire::Finished, in_flight: &InFlight) -> Result<(), Malformed> {
    let waiting = in_flight.answers.lock().remove(&finished.invocation);
    let Some(waiting) = waiting else {
        return Ok(());
    };
    let (answer, read) = match finished_from_wire(finished, waiting.expected) {
        Ok(finished) => (Ok((finished, waiting.fetches)), Ok(())),
        Err(malformed) => (Err(Lost::InFlight), Err(malformed)),
    };
    let _ = waiting.answer.send(answer);
    read
}
