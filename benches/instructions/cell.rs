//! A cell under callgrind, with the benchmark as its front; and what it is asked to do.
//!
//! Valgrind knows no seccomp, so the cell can't lock itself down. What its filter costs, the kernel pays, whose instructions
//! nobody counts here.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use bytes::{Bytes, BytesMut};
use penstock::wire::{
    CellFrame, Configure, Finished, FrameCodec, FrontFrame, Load, Start, ToCell, ToFront,
    WireOutcome,
};
use tokio_util::codec::{Decoder, Encoder};

use crate::callgrind::Callgrind;
use crate::counting::Counted;
use crate::processes::Guarded;
use crate::work;

/// No limit is to be met, though the process runs some fifty times slower than it would.
const LONG_NANOS: u64 = 600_000_000_000;
const LARGE: u64 = 64 << 20;

struct Cell {
    _process: Guarded,
    callgrind: Callgrind,
    socket: UnixStream,
    read: BytesMut,
    codec: FrameCodec<ToCell, ToFront>,
    started: u64,
    /// Sources the cell has.
    loaded: u64,
    v8_version: String,
}

impl Cell {
    /// Starts one and waits until it is ready.
    fn start() -> Cell {
        let callgrind = Callgrind::new();
        let (socket, theirs) = UnixStream::pair().expect("a pair of sockets");
        let mut command = callgrind.command();
        command
            .args(["cell", "--log-format", "text"])
            .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
            .stdout(Stdio::null());
        let process = Guarded::spawn(&mut command);
        drop(command);
        let mut cell = Cell {
            _process: process,
            callgrind,
            socket,
            read: BytesMut::new(),
            codec: FrameCodec::default(),
            started: 0,
            loaded: 0,
            v8_version: String::new(),
        };
        cell.send(CellFrame::Configure(configuration()));
        match cell.next() {
            FrontFrame::Ready(ready) => {
                let locked_down = ready.not_locked_down.is_empty();
                assert!(
                    !locked_down,
                    "callgrind can write no counts from a cell that is locked down"
                );
                cell.v8_version = ready.v8_version;
            }
            other => panic!("a cell is ready first: {other:?}"),
        }
        cell
    }

    /// Sends a source, and tells the handle by which it is named.
    fn load(&mut self) -> u64 {
        self.loaded += 1;
        let version = self.loaded.to_string();
        self.send(CellFrame::Load(Load {
            handle: self.loaded,
            function_id: work::FUNCTION_ID.to_owned(),
            source: work::source(&version).into(),
            version,
            file_name: "index.js".to_owned(),
        }));
        self.loaded
    }

    /// Runs one event, or with `batch_events` an array of so many.
    fn run(&mut self, handle: u64, input: Bytes, batch_events: Option<u32>) -> Finished {
        self.started += 1;
        self.send(CellFrame::Start(Start {
            invocation: self.started,
            handle,
            input,
            batch_events,
            settings: work::SETTINGS.into(),
            wall_nanos: LONG_NANOS,
            cpu_nanos: LONG_NANOS,
            result_bytes: LARGE,
            batch_result_bytes: LARGE,
            log_bytes: LARGE,
            ..Start::default()
        }));
        let finished = loop {
            match self.next() {
                FrontFrame::Finished(finished) => break finished,
                FrontFrame::CacheUse(_) | FrontFrame::Demoted(_) => {}
                other => panic!("the invocation ends: {other:?}"),
            }
        };
        check(&finished, batch_events.unwrap_or(1) as usize);
        *finished
    }

    fn send(&mut self, frame: CellFrame) {
        let mut bytes = BytesMut::new();
        self.codec
            .encode(frame.into(), &mut bytes)
            .expect("a small frame");
        self.socket.write_all(&bytes).expect("the cell reads");
    }

    fn next(&mut self) -> FrontFrame {
        let mut piece = vec![0; 1 << 16];
        loop {
            if let Some(frame) = self.codec.decode(&mut self.read).expect("a sound frame") {
                return frame.frame.expect("a frame that is known");
            }
            let count = self.socket.read(&mut piece).expect("the cell writes");
            assert!(count > 0, "the cell hung up");
            self.read.extend_from_slice(&piece[..count]);
        }
    }
}

fn configuration() -> Configure {
    Configure {
        threads: 1,
        // None is evicted.
        max_isolates: 1_000,
        heap_bytes: LARGE,
        idle_bytes: 8 << 30,
        top_level_nanos: LONG_NANOS,
        cache_instance_bytes: LARGE,
        cache_bytes: LARGE,
        ..Configure::default()
    }
}

/// Every event was delivered, by the function.
fn check(finished: &Finished, events: usize) {
    assert_eq!(finished.results.len(), events);
    for result in &finished.results {
        let Some(WireOutcome::Delivered(event)) = &result.outcome else {
            panic!("an event is not delivered: {:?}", result.outcome);
        };
        let event = String::from_utf8_lossy(event);
        assert!(event.contains(work::PROOF), "{event}");
    }
}

/// One event after the other for one function.
pub struct OneEvent {
    cell: Cell,
    handle: u64,
}

impl OneEvent {
    pub fn start() -> OneEvent {
        let mut cell = Cell::start();
        let handle = cell.load();
        OneEvent { cell, handle }
    }
}

impl Counted for OneEvent {
    fn call(&mut self) {
        self.cell.run(self.handle, work::event().into(), None);
    }

    fn callgrind(&mut self) -> &mut Callgrind {
        &mut self.cell.callgrind
    }
}

/// One batch after the other.
pub struct Batch {
    cell: Cell,
    handle: u64,
    input: Bytes,
}

/// Fewer than callers send: under callgrind a hundred take long enough for the function to be taken for a hog.
pub const BATCH: usize = 20;

impl Batch {
    pub fn start() -> Batch {
        let mut cell = Cell::start();
        let handle = cell.load();
        let input = work::events(BATCH).into();
        Batch {
            cell,
            handle,
            input,
        }
    }
}

impl Counted for Batch {
    fn call(&mut self) {
        let input = self.input.clone();
        self.cell.run(self.handle, input, Some(BATCH as u32));
    }

    fn callgrind(&mut self) -> &mut Callgrind {
        &mut self.cell.callgrind
    }
}

/// One new version after the other, each called once.
pub struct FirstCall {
    cell: Cell,
}

impl FirstCall {
    pub fn start() -> FirstCall {
        let cell = Cell::start();
        FirstCall { cell }
    }
}

impl Counted for FirstCall {
    fn call(&mut self) {
        let handle = self.cell.load();
        let finished = self.cell.run(handle, work::event().into(), None);
        assert!(finished.usage.cold_start, "version {handle} was there");
    }

    fn callgrind(&mut self) -> &mut Callgrind {
        &mut self.cell.callgrind
    }
}

/// The version of V8 in the binary, as a cell tells it.
pub fn v8_version() -> String {
    Cell::start().v8_version
}
