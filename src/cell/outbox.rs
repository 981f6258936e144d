//! What a cell says to the front: how invocations ended, what requests they want made, and that it wants to
//! be replaced.

use tokio::sync::mpsc;

use super::{cache::CacheUse, invocation::Invocation};
use crate::{
    invocation::{Finished, FunctionError, Input, LogLine, Outcome, Usage},
    wire::{
        CancelFetch, Fetch, FetchTaken, FrontFrame, ToFront, Unfit, UnfitCause, WireCacheUse,
        finished_to_wire,
    },
};

/// The way to the socket; full when the front does not read, which then holds the JS threads back.
#[derive(Clone, Debug)]
pub struct Outbox(mpsc::Sender<ToFront>);

impl Outbox {
    pub fn new(to_socket: mpsc::Sender<ToFront>) -> Self {
        Self(to_socket)
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

    /// The socket loop ends the process when it ends; there is nobody to tell then.
    fn send(&self, frame: FrontFrame) {
        let _ = self.0.blocking_send(frame.into());
    }
}

/// What the invocation has come to, with `rest` for the events that have no outcome.
fn take(invocation: &Invocation, rest: &dyn Fn() -> FunctionError) -> (Vec<Outcome>, Vec<LogLine>) {
    let events = invocation.call.input.outcomes();
    invocation.record.take(events, || rest().into())
}
