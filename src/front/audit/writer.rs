//! The thread that writes the audit log.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::{AuditError, Event, Shared, flood::FloodKind};

/// How often what was suppressed or lost is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// For its owner alone: it names callers.
const MODE: u32 = 0o600;

/// What is sent to the thread.
#[derive(Debug)]
pub enum Message {
    Line(Vec<u8>),
    /// All before it is written once this is answered.
    Flush(oneshot::Sender<()>),
}

/// Where lines go.
#[derive(Debug)]
pub enum Destination {
    StandardError,
    File { path: PathBuf, file: File },
}

impl Destination {
    pub fn open(path: Option<PathBuf>) -> Result<Self, AuditError> {
        let Some(path) = path else {
            return Ok(Self::StandardError);
        };
        match append_to(&path) {
            Ok(file) => Ok(Self::File { path, file }),
            Err(error) => Err(AuditError::File { path, error }),
        }
    }

    /// In one write, so that lines of several writers stay whole.
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        match self {
            Self::StandardError => io::stderr().write_all(line),
            Self::File { file, .. } => file.write_all(line),
        }
    }

    fn reopen(&mut self) -> io::Result<()> {
        if let Self::File { path, file } = self {
            *file = append_to(path)?;
        }
        Ok(())
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(MODE)
        .open(path)
}

#[derive(Debug)]
pub struct Writer {
    destination: Destination,
    shared: Arc<Shared>,
    looked: Instant,
    /// Lost records that were told.
    told_lost: u64,
    /// Whether the last write failed; the log is told when that changes.
    failing: bool,
}

impl Writer {
    pub fn new(destination: Destination, shared: Arc<Shared>) -> Self {
        Self {
            destination,
            shared,
            looked: Instant::now(),
            told_lost: 0,
            failing: false,
        }
    }

    /// Writes what comes, until nobody is left to send.
    pub fn run(mut self, queue: &Receiver<Message>) {
        loop {
            match queue.recv_timeout(LOOK) {
                Ok(Message::Line(line)) => self.write(&line),
                Ok(Message::Flush(written)) => {
                    let suppressed = self.shared.floods.take_all();
                    self.tell_suppressed(suppressed);
                    self.look();
                    // Who asked may have lost patience.
                    let _ = written.send(());
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if self.looked.elapsed() >= LOOK {
                self.look();
            }
        }
    }

    fn write(&mut self, line: &[u8]) {
        if self.shared.reopen.swap(false, Ordering::Relaxed) {
            let reopened = self.destination.reopen();
            self.note(reopened);
        }
        let written = self.destination.write(line);
        if written.is_err() {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
        }
        self.note(written);
    }

    fn note(&mut self, result: io::Result<()>) {
        match (&result, self.failing) {
            (Err(error), false) => tracing::error!(%error, "the audit log can't be written"),
            (Ok(()), true) => tracing::info!("the audit log is written again"),
            _ => {}
        }
        self.failing = result.is_err();
    }

    /// Tells what could not be told one by one.
    fn look(&mut self) {
        self.looked = Instant::now();
        let suppressed = self.shared.floods.take_suppressed(self.looked);
        self.tell_suppressed(suppressed);
        let lost = self.shared.lost.load(Ordering::Relaxed);
        let untold = lost - self.told_lost;
        if untold > 0 && !self.failing {
            self.told_lost = lost;
            tracing::warn!(count = untold, "records of the audit log were lost");
            self.write(&Event::Lost { count: untold }.line());
        }
    }

    fn tell_suppressed(&mut self, suppressed: Vec<(FloodKind, u64)>) {
        for (kind, count) in suppressed {
            self.write(&Event::Suppressed { kind, count }.line());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::mpsc::sync_channel};

    use super::*;

    #[test]
    fn what_is_lost_is_told_once_there_is_room() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit");
        let shared = Arc::new(Shared::default());
        let destination = Destination::open(Some(path.clone())).unwrap();
        let writer = Writer::new(destination, shared.clone());
        shared.lost.fetch_add(7, Ordering::Relaxed);
        let (lines, queue) = sync_channel(2);
        lines.send(Message::Line(b"first\n".to_vec())).unwrap();
        lines.send(Message::Flush(oneshot::channel().0)).unwrap();
        drop(lines);
        writer.run(&queue);
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert_eq!(lines[0], "first");
        assert!(lines[1].contains(r#""event":"lost","count":7"#), "{text}");
    }
}
