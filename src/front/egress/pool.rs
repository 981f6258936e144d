//! Who may connect now, and which connections are kept for later. All of it by function: nothing that one
//! opened is ever used for another.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{Mutex, MutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio_rustls::{TlsConnector, rustls::ClientConfig};

use super::{
    budget::{Budget, Reservation},
    connection::Connection,
    request::{Origin, Scheme},
    tls::Tls,
};
use crate::{config::EgressConfig, invocation::FunctionKey, lock::Lock};

/// Connections kept open without a request for one function.
const KEPT_PER_FUNCTION: usize = 16;

/// One function's part of the bytes held at once.
const SHARES: u64 = 4;

/// All functions' places and connections.
#[derive(Debug)]
pub struct Pool {
    limits: Limits,
    tls: Tls,
    /// Requests under way in all.
    places: Arc<Semaphore>,
    /// Connections kept in all.
    keeping: Arc<Semaphore>,
    held: Arc<Budget>,
    tenants: Lock<HashMap<FunctionKey, Arc<Tenant>>>,
}

#[derive(Clone, Debug)]
struct Limits {
    connections: usize,
    kept: usize,
    per_host: usize,
    per_function: usize,
    queue: usize,
    idle: Duration,
    share_bytes: u64,
}

/// What one function has: its places, its kept connections, its TLS sessions.
#[derive(Debug)]
pub struct Tenant {
    tls: Arc<ClientConfig>,
    places: Arc<Semaphore>,
    queue: Semaphore,
    held: Arc<Budget>,
    hosts: Lock<HashMap<Origin, Arc<Gate>>>,
    /// The longest unused first.
    kept: Lock<VecDeque<Kept>>,
}

/// One origin of one function.
#[derive(Debug)]
struct Gate {
    places: Arc<Semaphore>,
    /// Whether one connection is dialled at a time: it may be HTTP/2, and then serves all who wait.
    one_dials: AtomicBool,
    dialling: Mutex<()>,
}

#[derive(Debug)]
struct Kept {
    origin: Origin,
    connection: Connection,
    until: Instant,
    _keeping: OwnedSemaphorePermit,
}

/// So many requests wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{limit} requests wait for a connection already")]
pub struct QueueFull {
    pub limit: u32,
}

/// Leave to have one request under way; dropping it lets another in.
#[derive(Debug)]
pub struct Place {
    origin: Origin,
    tenant: Arc<Tenant>,
    gate: Arc<Gate>,
    keeping: Arc<Semaphore>,
    held: Arc<Budget>,
    idle: Duration,
    _permits: [OwnedSemaphorePermit; 3],
}

impl Pool {
    /// `connections` is the most requests under way in all.
    pub fn new(config: &EgressConfig, connections: usize, tls: Tls) -> Self {
        Self {
            limits: Limits {
                connections,
                kept: config.egress_idle_connections as usize,
                per_host: config.egress_host_requests.get() as usize,
                per_function: config.egress_function_requests.get() as usize,
                queue: config.egress_queue as usize,
                idle: config.idle(),
                share_bytes: (config.egress_buffer_bytes / SHARES).max(1),
            },
            tls,
            places: Arc::new(Semaphore::new(connections)),
            keeping: Arc::new(Semaphore::new(config.egress_idle_connections as usize)),
            held: Budget::new(config.egress_buffer_bytes),
            tenants: Lock::default(),
        }
    }

    /// A place for a request of `function` to `origin`, waited for if there is none now.
    ///
    /// # Errors
    /// [`QueueFull`] when too many requests of the function wait already.
    pub async fn enter(&self, function: &FunctionKey, origin: &Origin) -> Result<Place, QueueFull> {
        let tenant = self.tenant(function);
        let gate = tenant.gate(origin, self.limits.per_host);
        let wanted = [&gate.places, &tenant.places, &self.places];
        let permits = match try_all(wanted) {
            Some(permits) => permits,
            None => {
                let full = QueueFull {
                    limit: u32::try_from(self.limits.queue).unwrap_or(u32::MAX),
                };
                let _waiting = tenant.queue.try_acquire().map_err(|_| full)?;
                // None comes only of a closed semaphore, and nobody closes these.
                all(wanted).await.ok_or(full)?
            }
        };
        Ok(Place {
            origin: origin.clone(),
            gate,
            keeping: self.keeping.clone(),
            held: self.held.clone(),
            idle: self.limits.idle,
            _permits: permits,
            tenant,
        })
    }

    /// Closes what was kept long enough, and forgets functions that have nothing any more.
    pub fn sweep(&self) {
        let now = Instant::now();
        let mut expired = Vec::new();
        self.tenants.lock().retain(|_, tenant| {
            expired.extend(tenant.take_expired(now));
            let mut hosts = tenant.hosts.lock();
            hosts.retain(|_, gate| Arc::strong_count(gate) > 1);
            let is_used = Arc::strong_count(tenant) > 1
                || !hosts.is_empty()
                || !tenant.kept.lock().is_empty()
                || tenant.held.held() > 0;
            drop(hosts);
            is_used
        });
        // Dropped here, where no lock is held.
        drop(expired);
    }

    /// Requests under way, each with a connection or dialling one.
    pub fn under_way(&self) -> usize {
        let free = self.places.available_permits();
        self.limits.connections.saturating_sub(free)
    }

    /// Connections kept without a request.
    pub fn kept(&self) -> usize {
        let free = self.keeping.available_permits();
        self.limits.kept.saturating_sub(free)
    }

    /// Requests that wait for a place.
    pub fn waiting(&self) -> usize {
        let tenants = self.tenants.lock();
        let waiting = tenants.values().map(|tenant| {
            let queue = self.limits.queue;
            queue.saturating_sub(tenant.queue.available_permits())
        });
        waiting.sum()
    }

    /// Functions that have connections, or had them a moment ago.
    pub fn functions(&self) -> usize {
        self.tenants.lock().len()
    }

    fn tenant(&self, function: &FunctionKey) -> Arc<Tenant> {
        let mut tenants = self.tenants.lock();
        if let Some(tenant) = tenants.get(function) {
            return tenant.clone();
        }
        let tenant = Arc::new(Tenant {
            tls: self.tls.own_sessions(),
            places: Arc::new(Semaphore::new(self.limits.per_function)),
            queue: Semaphore::new(self.limits.queue),
            held: Budget::new(self.limits.share_bytes),
            hosts: Lock::default(),
            kept: Lock::default(),
        });
        tenants.insert(function.clone(), tenant.clone());
        tenant
    }
}

fn try_all(from: [&Arc<Semaphore>; 3]) -> Option<[OwnedSemaphorePermit; 3]> {
    let [a, b, c] = from.map(|semaphore| semaphore.clone().try_acquire_owned().ok());
    Some([a?, b?, c?])
}

/// Waits for one permit of each, in this order always, so that no two wait for each other.
async fn all(from: [&Arc<Semaphore>; 3]) -> Option<[OwnedSemaphorePermit; 3]> {
    let [a, b, c] = from.map(|semaphore| semaphore.clone().acquire_owned());
    Some([a.await.ok()?, b.await.ok()?, c.await.ok()?])
}

impl Tenant {
    fn gate(&self, origin: &Origin, places: usize) -> Arc<Gate> {
        let mut hosts = self.hosts.lock();
        let gate = hosts.entry(origin.clone()).or_insert_with(|| {
            Arc::new(Gate {
                places: Arc::new(Semaphore::new(places)),
                one_dials: AtomicBool::new(origin.scheme == Scheme::Https),
                dialling: Mutex::default(),
            })
        });
        gate.clone()
    }

    fn take_expired(&self, now: Instant) -> Vec<Kept> {
        let mut kept = self.kept.lock();
        let (expired, fresh) = std::mem::take(&mut *kept)
            .into_iter()
            .partition(|kept| kept.until <= now || kept.connection.is_closed());
        *kept = fresh;
        expired.into()
    }
}

impl Place {
    /// The function's TLS.
    pub fn tls(&self) -> TlsConnector {
        TlsConnector::from(self.tenant.tls.clone())
    }

    /// Room for a response, none taken yet.
    pub fn reservation(&self) -> Reservation {
        Reservation::new(self.held.clone(), self.tenant.held.clone())
    }

    /// A connection kept for this origin, the last used first.
    pub fn take_kept(&self) -> Option<Connection> {
        let now = Instant::now();
        let mut kept = self.tenant.kept.lock();
        kept.retain(|kept| kept.until > now && !kept.connection.is_closed());
        let index = kept.iter().rposition(|kept| kept.origin == self.origin)?;
        let mut found = kept.remove(index)?;
        let Some(shared) = found.connection.share() else {
            return Some(found.connection);
        };
        found.until = now + self.idle;
        kept.push_back(found);
        Some(shared)
    }

    /// Waits until nobody else dials to an origin that may speak HTTP/2: if it does, a connection is kept by
    /// then. `None` for an origin whose requests need a connection each.
    pub async fn turn_to_dial(&self) -> Option<MutexGuard<'_, ()>> {
        let one_dials = || self.gate.one_dials.load(Ordering::Relaxed);
        if !one_dials() {
            return None;
        }
        let turn = self.gate.dialling.lock().await;
        one_dials().then_some(turn)
    }

    /// What came of dialling. A connection that can carry other requests beside this place's own is kept from
    /// now on, unless there is one. After a failure nobody waits for the next to fail.
    pub fn dialled(&self, connection: Option<&Connection>) {
        let shared = connection.and_then(Connection::share);
        self.gate
            .one_dials
            .store(shared.is_some(), Ordering::Relaxed);
        let is_kept = |kept: &Kept| kept.origin == self.origin && !kept.connection.is_closed();
        if let Some(shared) = shared
            && !self.tenant.kept.lock().iter().any(is_kept)
        {
            self.keep(shared, self.idle);
        }
    }

    /// Keeps a connection that can take another request, for `idle` at most.
    pub fn keep(&self, connection: Connection, idle: Duration) {
        let idle = idle.min(self.idle);
        let Ok(keeping) = self.keeping.clone().try_acquire_owned() else {
            return;
        };
        if idle.is_zero() {
            return;
        }
        let mut kept = self.tenant.kept.lock();
        let oldest = match kept.len() >= KEPT_PER_FUNCTION {
            true => kept.pop_front(),
            false => None,
        };
        kept.push_back(Kept {
            origin: self.origin.clone(),
            connection,
            until: Instant::now() + idle,
            _keeping: keeping,
        });
        drop(kept);
        drop(oldest);
    }
}
