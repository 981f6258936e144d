//! One delivery: events of one function, from the first try to the end of each of them.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{self, Instant},
};
use tokio_util::sync::CancellationToken;

use super::{
    backoff::Backoff,
    batches::Weighed,
    call::{self, Form},
    classify::{Again, End, Fault, Verdict},
    executors::Executors,
    functions::Function,
    ledger::Ledger,
    source::Event,
};

/// An event on its way through one function.
#[derive(Debug)]
pub struct Taken {
    pub event: Event,
    /// Calls it was part of so far.
    pub tries: u32,
    /// Of those, calls whose connection broke: the function may have run without our knowing.
    pub broken: u32,
    /// Its place among those in flight, free again when it is at its end.
    _place: OwnedSemaphorePermit,
}

impl Taken {
    pub fn new(event: Event, place: OwnedSemaphorePermit) -> Self {
        Self {
            event,
            tries: 0,
            broken: 0,
            _place: place,
        }
    }
}

impl Weighed for Taken {
    fn bytes(&self) -> usize {
        self.event.json.len()
    }
}

/// What all deliveries of a function share.
#[derive(Clone, Debug)]
pub struct Courier {
    pub function: Arc<Function>,
    pub form: Form,
    pub executors: Arc<Executors>,
    pub ledger: Arc<Ledger>,
    pub backoff: Backoff,
    /// Of one call.
    pub deadline: Duration,
    /// Places for calls under way.
    pub calls: Arc<Semaphore>,
    /// Cancelled when there is no more time.
    pub abandon: CancellationToken,
}

impl Courier {
    /// Sees every event to its end. Of a batch, only the events that are worth another try go again.
    pub async fn deliver(&self, mut events: Vec<Taken>) {
        let began = Instant::now();
        let mut avoided = None;
        for tries in 1.. {
            let attempt = self.attempt(&mut events, avoided.as_deref(), began);
            let Some(attempt) = self.unless_abandoned(attempt).await else {
                break;
            };
            let failed = self.sort(events, attempt.verdicts);
            if failed.is_empty() {
                return;
            }
            // A function that asks to be retried is so where it is warm; a call that was refused, elsewhere.
            let elsewhere = failed
                .iter()
                .any(|(_, again)| again.fault != Fault::Function);
            avoided = attempt.address.filter(|_| elsewhere);
            let asked = failed.iter().filter_map(|(_, again)| again.after).max();
            let Some(wait) = self.backoff.wait(tries, began.elapsed(), asked) else {
                return self.give_up(failed);
            };
            events = self.note_retries(failed);
            if self.unless_abandoned(time::sleep(wait)).await.is_none() {
                break;
            }
        }
        for event in events {
            self.ledger.end(&self.function, &event, End::Unfinished);
        }
    }

    /// One call, at the executor of the function's key or the next best.
    async fn attempt(
        &self,
        events: &mut [Taken],
        avoided: Option<&str>,
        began: Instant,
    ) -> Attempt {
        // Held for the call and not between calls: events that wait for another try keep no others from theirs.
        // It is never closed, so there always is one.
        let _call = self.calls.acquire().await;
        let function = self.function.name();
        let place = self.executors.place(function, avoided);
        let Ok(place) = time::timeout_at(began + self.backoff.give_up_after, place).await else {
            return Attempt::nowhere(events.len());
        };
        let answer = call::make(&place, &self.function, self.form, events, self.deadline).await;
        let fault = answer.fault();
        if matches!(fault, Some(Fault::Executor | Fault::ConnectionLost)) {
            place.take_out();
        }
        if let Some(cold_start) = answer.cold_start {
            self.ledger.ran(function, place.address(), cold_start);
        }
        for event in events {
            event.tries += 1;
            event.broken += u32::from(fault == Some(Fault::ConnectionLost));
        }
        Attempt {
            verdicts: answer.verdicts,
            address: Some(place.address().to_owned()),
        }
    }

    /// Writes down those that are at their end; what is left is worth another try.
    fn sort(&self, events: Vec<Taken>, verdicts: Vec<Verdict>) -> Vec<(Taken, Again)> {
        let each = events.into_iter().zip(verdicts);
        let again = each.filter_map(|(event, verdict)| match verdict {
            Verdict::Again(again) => Some((event, again)),
            Verdict::End(end) => {
                self.ledger.end(&self.function, &event, end);
                None
            }
        });
        again.collect()
    }

    fn note_retries(&self, failed: Vec<(Taken, Again)>) -> Vec<Taken> {
        let note = |(event, again): (Taken, Again)| {
            self.ledger.retried(&again.label);
            event
        };
        failed.into_iter().map(note).collect()
    }

    fn give_up(&self, failed: Vec<(Taken, Again)>) {
        for (event, Again { label, .. }) in failed {
            self.ledger
                .end(&self.function, &event, End::GivenUp { label });
        }
    }

    /// Nothing when there is no more time. Dropping a call under way cancels it at the executor.
    async fn unless_abandoned<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.abandon.cancelled() => None,
            done = work => Some(done),
        }
    }
}

/// What one try came to: a verdict for each event, and where.
struct Attempt {
    verdicts: Vec<Verdict>,
    address: Option<String>,
}

impl Attempt {
    /// No executor was up for as long as the event may be tried.
    fn nowhere(events: usize) -> Self {
        let label = "No Executor".to_owned();
        Self {
            verdicts: vec![Verdict::End(End::GivenUp { label }); events],
            address: None,
        }
    }
}
