//! The audit log: who brought which source, who was refused, what was quarantined, what was reloaded.
//!
//! JSON lines of their own, to standard error or a file, and no `tracing` events: what an operator filters
//! or formats there must not touch these. Their `target` is a field, so that they are told from the log's
//! lines where both go to standard error.
//!
//! Who records never waits: lines go through a bounded channel to a thread that writes. What finds the channel
//! full is lost, counted, and told. Refusals, which anyone can cause, are kept to a number in a minute for
//! each kind; the rest of them is counted, and told as well.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::{sync::oneshot, time};

mod event;
mod flood;
mod writer;

pub use event::{Event, SourceOrigin};
use flood::Floods;
use writer::{Destination, Message, Writer};

/// Lines that wait to be written.
const QUEUE: usize = 4096;

/// How long the last lines may take to be written.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Where records go. Clones go to the same place; the default keeps none.
#[derive(Clone, Debug, Default)]
pub struct Audit(Option<Arc<Journal>>);

#[derive(Debug)]
struct Journal {
    lines: SyncSender<Message>,
    shared: Arc<Shared>,
}

/// What recorders and the writer have in common.
#[derive(Debug, Default)]
struct Shared {
    floods: Floods,
    /// Records that could not be queued or written.
    lost: AtomicU64,
    reopen: AtomicBool,
}

/// The audit log can't be written.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error("--audit-log {}: {error}", path.display())]
    File {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("no thread for the audit log: {0}")]
    Thread(std::io::Error),
}

impl Audit {
    /// Writes to a file, or to standard error.
    ///
    /// # Errors
    /// [`AuditError`] when the file can't be opened to append to it.
    pub fn open(file: Option<PathBuf>) -> Result<Self, AuditError> {
        let shared = Arc::new(Shared::default());
        let destination = Destination::open(file)?;
        let (lines, queue) = sync_channel(QUEUE);
        let writer = Writer::new(destination, shared.clone());
        thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || writer.run(&queue))
            .map_err(AuditError::Thread)?;
        Ok(Self(Some(Arc::new(Journal { lines, shared }))))
    }

    /// Records what happened.
    pub fn record(&self, event: &Event<'_>) {
        let Some(journal) = &self.0 else {
            return;
        };
        let allowed = event
            .flood()
            .is_none_or(|kind| journal.shared.floods.allow(kind, Instant::now()));
        if allowed {
            journal.send(event.line());
        }
    }

    /// The file is opened anew before the next line: it may have been moved away.
    pub fn reopen(&self) {
        if let Some(journal) = &self.0 {
            journal.shared.reopen.store(true, Ordering::Relaxed);
        }
    }

    /// Records that were lost.
    pub fn lost(&self) -> u64 {
        let journal = self.0.as_ref();
        journal.map_or(0, |journal| journal.shared.lost.load(Ordering::Relaxed))
    }

    /// Waits, for a bounded time, until all that was recorded is written.
    pub async fn flush(&self) {
        let Some(journal) = &self.0 else {
            return;
        };
        let (written, wait) = oneshot::channel();
        if journal.lines.try_send(Message::Flush(written)).is_ok() {
            let _ = time::timeout(LAST_LINES, wait).await;
        }
    }
}

impl Journal {
    fn send(&self, line: Vec<u8>) {
        match self.lines.try_send(Message::Line(line)) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.shared.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}
