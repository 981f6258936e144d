//! Who may have an invocation in flight, and who waits for it.
//!
//! The places bound what callers can make us hold in memory. While one is free, whoever comes has it at once.
//! Else the invocation waits, in bounded room and for a bounded time, and `ledger.rs` sees to it that no
//! tenant has more of places and room than its share while others want theirs.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{sync::oneshot, time};

use super::jitter;
use crate::lock::Lock;

mod ledger;

use ledger::{Crowded, Joined, Ledger, Ticket};

/// The shortest and the longest that a refused caller is told to stay away.
const SHORTEST_ABSENCE: Duration = Duration::from_millis(50);
const LONGEST_ABSENCE: Duration = Duration::from_secs(10);

/// A function, whatever its version and whosever copy.
type Tenant = Arc<str>;

/// Lets invocations in, up to a number. Clones share the places.
#[derive(Clone, Debug)]
pub struct Admission(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    ledger: Lock<Ledger<Waiter>>,
    max_in_flight: NonZeroU32,
    room: WaitingRoom,
    /// How long those who waited have waited of late, in nanoseconds.
    usual_wait: AtomicU64,
}

/// How many may wait, and how long.
#[derive(Clone, Copy, Debug)]
pub struct WaitingRoom {
    /// Invocations that wait at once; with 0, none does.
    pub queue: u32,
    pub longest_wait: Duration,
}

/// How one that waits is told what became of it.
type Waiter = oneshot::Sender<Result<Place, Displaced>>;

/// An invocation has its place; dropping it lets another in.
#[derive(Debug)]
pub struct Admitted {
    /// How long it had to wait; `None` when it did not.
    pub waited: Option<Duration>,
    _place: Place,
}

/// No place for an invocation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{refusal}")]
pub struct Refused {
    pub refusal: Refusal,
    /// How long it had waited; `None` when it could not.
    pub waited: Option<Duration>,
    /// When it may be worth to come again.
    pub retry_after: Duration,
}

/// Why there is no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(
        "{max_in_flight} invocations are in flight (knob --max-in-flight) and {queue} wait (knob --queue), \
         the most allowed"
    )]
    Full { max_in_flight: u32, queue: u32 },
    #[error(
        "function {function:?} has its share of the {queue} invocations that may wait (knob --queue) while \
         others wait, too"
    )]
    Share { function: Tenant, queue: u32 },
    #[error("the invocation waited for {} ms, the longest allowed (knob --queue-ms)", longest.as_millis())]
    Waited { longest: Duration },
    #[error("the caller's deadline passed while the invocation waited")]
    Deadline,
}

impl Admission {
    /// Places for invocations in flight, and room for those that wait.
    pub fn new(max_in_flight: NonZeroU32, room: WaitingRoom) -> Self {
        let places = max_in_flight.get() as usize;
        Self(Arc::new(Shared {
            ledger: Lock::new(Ledger::new(places, room.queue as usize)),
            max_in_flight,
            room,
            usual_wait: AtomicU64::new(0),
        }))
    }

    /// Places taken.
    pub fn in_flight(&self) -> usize {
        self.0.ledger.lock().in_flight()
    }

    /// Places there are.
    pub fn max_in_flight(&self) -> usize {
        self.0.max_in_flight.get() as usize
    }

    /// Invocations that wait for a place.
    pub fn waiting(&self) -> usize {
        self.0.ledger.lock().waiting()
    }

    /// A place for an invocation of `tenant`, at once if one is free, else once it is the tenant's turn.
    /// Dropping the future gives up what it waits for.
    ///
    /// # Errors
    /// [`Refused`] when it may not wait, or not as long as it would have to.
    pub async fn admit(
        &self,
        tenant: &Arc<str>,
        deadline: Option<Instant>,
    ) -> Result<Admitted, Refused> {
        let waiting = {
            let mut ledger = self.0.ledger.lock();
            if ledger.take(tenant) {
                drop(ledger);
                return Ok(self.admitted(tenant));
            }
            self.join(&mut ledger, tenant)
        };
        match waiting {
            Ok(waiting) => Box::pin(waiting.place(deadline)).await,
            Err(crowded) => Err(self.refused(self.crowded(crowded, tenant), None)),
        }
    }

    fn admitted(&self, tenant: &Tenant) -> Admitted {
        Admitted {
            waited: None,
            _place: Place::new(self, tenant),
        }
    }

    fn join(&self, ledger: &mut Ledger<Waiter>, tenant: &Tenant) -> Result<Waiting<'_>, Crowded> {
        let (waiter, told) = oneshot::channel();
        let Joined { ticket, displaced } = ledger.join(tenant, waiter)?;
        if let Some(displaced) = displaced {
            // Its receiver is there for as long as its ticket was.
            let _ = displaced.send(Err(Displaced));
        }
        Ok(Waiting {
            admission: self,
            tenant: tenant.clone(),
            ticket,
            since: Instant::now(),
            told,
        })
    }

    fn crowded(&self, crowded: Crowded, tenant: &Tenant) -> Refusal {
        match crowded {
            Crowded::All => Refusal::Full {
                max_in_flight: self.0.max_in_flight.get(),
                queue: self.0.room.queue,
            },
            Crowded::Tenant => Refusal::Share {
                function: tenant.clone(),
                queue: self.0.room.queue,
            },
        }
    }

    /// Whoever is refused is told to stay away for about as long as waiting takes now, so that it comes when
    /// those before it are through; not all at the same moment.
    fn refused(&self, refusal: Refusal, waited: Option<Duration>) -> Refused {
        let usual = Duration::from_nanos(self.0.usual_wait.load(Ordering::Relaxed));
        let usual = usual.clamp(SHORTEST_ABSENCE, LONGEST_ABSENCE);
        Refused {
            refusal,
            waited,
            retry_after: jitter::around(usual),
        }
    }

    /// Notes how long one has waited: an eighth of the new, seven of what was.
    fn note_wait(&self, waited: Duration) {
        let waited = u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX);
        let usual = self.0.usual_wait.load(Ordering::Relaxed);
        let moved = usual - usual / 8 + waited / 8;
        self.0.usual_wait.store(moved, Ordering::Relaxed);
    }
}

/// A place that is taken.
#[derive(Debug)]
struct Place {
    admission: Admission,
    tenant: Tenant,
}

impl Place {
    fn new(admission: &Admission, tenant: &Tenant) -> Self {
        Self {
            admission: admission.clone(),
            tenant: tenant.clone(),
        }
    }
}

impl Drop for Place {
    /// Gives the place to who is next. It is told under the lock: one whose ticket is in the ledger still
    /// listens, and one that goes takes its ticket out first, so a place is never given to nobody.
    fn drop(&mut self) {
        let mut ledger = self.admission.0.ledger.lock();
        let untold = ledger.leave(&self.tenant).map(|(tenant, waiter)| {
            let place = Place::new(&self.admission, &tenant);
            waiter.send(Ok(place))
        });
        drop(ledger);
        // Were nobody there after all, the place would be passed on here.
        drop(untold);
    }
}

/// One that waited had to make room for a tenant with fewer.
#[derive(Debug)]
struct Displaced;

/// An invocation that waits. Dropping it takes it out of the queue.
struct Waiting<'a> {
    admission: &'a Admission,
    tenant: Tenant,
    ticket: Ticket,
    since: Instant,
    told: oneshot::Receiver<Result<Place, Displaced>>,
}

impl Waiting<'_> {
    async fn place(mut self, deadline: Option<Instant>) -> Result<Admitted, Refused> {
        let longest = self.since + self.admission.0.room.longest_wait;
        let until = deadline.map_or(longest, |deadline| deadline.min(longest));
        let told = time::timeout_at(until.into(), &mut self.told).await;
        let waited = self.since.elapsed();
        self.admission.note_wait(waited);
        let refusal = match told {
            Ok(Ok(Ok(place))) => {
                return Ok(Admitted {
                    waited: Some(waited),
                    _place: place,
                });
            }
            Ok(_) => self.admission.crowded(Crowded::Tenant, &self.tenant),
            Err(_) if until < longest => Refusal::Deadline,
            Err(_) => Refusal::Waited {
                longest: self.admission.0.room.longest_wait,
            },
        };
        Err(self.admission.refused(refusal, Some(waited)))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut ledger = self.admission.0.ledger.lock();
        let waiter = ledger.withdraw(&self.tenant, self.ticket);
        drop(ledger);
        drop(waiter);
    }
}

#[cfg(test)]
mod tests;
