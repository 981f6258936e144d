//! Which executors there are, which of them take calls, and the choice of one for a call.
//!
//! Names are resolved again and again, so that pods come and go without a restart. An executor is *out* from the
//! moment a call finds it gone until its health says SERVING again; only its health brings it in, also at first.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use penstock::api::executor_service_client::ExecutorServiceClient;
use tokio::{
    net::lookup_host,
    sync::{Notify, watch},
    task::{AbortHandle, JoinSet},
    time,
};
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use super::{
    Options,
    balance::{self, Candidate},
    options::Balance,
    pipeline::RouterError,
};

const SERVICE: &str = "penstock.executor.v1.ExecutorService";

/// Within this a pod answers, or is taken for gone.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection whose other end says nothing for so long is broken: a machine that is gone sends no reset.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Answers hold events, logs and traces: more than tonic takes unless told.
const MAX_MESSAGE_BYTES: usize = 64 << 20;

pub type Client = ExecutorServiceClient<Channel>;

/// One executor: an address, and one HTTP/2 connection that all calls share.
#[derive(Debug)]
pub struct Executor {
    address: String,
    channel: Channel,
    load: AtomicUsize,
    serving: AtomicBool,
    /// Wakes whoever looks at its health.
    look: Notify,
}

/// A call's place at an executor; the load that others see while it is held.
#[derive(Debug)]
pub struct Place(Arc<Executor>);

/// All that are known, by address.
type Members = BTreeMap<String, Arc<Executor>>;

/// The executors, kept up to date by tasks that end when this is dropped.
#[derive(Debug)]
pub struct Executors {
    members: watch::Sender<Members>,
    balance: Balance,
    spill_at: usize,
    turn: AtomicUsize,
    tasks: std::sync::Mutex<JoinSet<()>>,
}

impl Executor {
    fn new(address: String) -> Result<Self, RouterError> {
        let endpoint = Endpoint::from_shared(format!("http://{address}"));
        let endpoint = endpoint.map_err(|_| RouterError::Address(address.clone()))?;
        let channel = endpoint
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            .tcp_nodelay(true)
            .connect_lazy();
        Ok(Self {
            address,
            channel,
            load: AtomicUsize::new(0),
            serving: AtomicBool::new(false),
            look: Notify::new(),
        })
    }

    async fn looked_at(self) -> Self {
        let serving = self.is_healthy().await;
        self.serving.store(serving, Ordering::Relaxed);
        let state = if serving {
            "serving"
        } else {
            "not serving yet"
        };
        tracing::info!("{} is known, and {state}", self.address);
        self
    }

    /// Whether its own word is that it serves. A drain says no, while calls under way go on.
    async fn is_healthy(&self) -> bool {
        let mut client = HealthClient::new(self.channel.clone());
        let request = HealthCheckRequest {
            service: SERVICE.to_owned(),
        };
        let answer = time::timeout(HEALTH_TIMEOUT, client.check(request)).await;
        matches!(answer, Ok(Ok(answer)) if answer.get_ref().status() == ServingStatus::Serving)
    }
}

impl Place {
    fn at(executor: &Arc<Executor>) -> Self {
        executor.load.fetch_add(1, Ordering::Relaxed);
        Self(executor.clone())
    }

    pub fn address(&self) -> &str {
        &self.0.address
    }

    pub fn client(&self) -> Client {
        Client::new(self.0.channel.clone())
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES)
    }

    /// Nothing is sent there until its health says otherwise, which is asked at once.
    pub fn take_out(&self) {
        let executor = &self.0;
        if executor.serving.swap(false, Ordering::Relaxed) {
            tracing::info!("{} is out: a call failed there", executor.address);
        }
        executor.look.notify_one();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.load.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Executors {
    /// # Errors
    /// [`RouterError::Address`] for what can't be an address. That a name can't be resolved yet is no error.
    pub async fn start(options: &Options) -> Result<Arc<Self>, RouterError> {
        let executors = Arc::new(Self {
            members: watch::Sender::new(Members::new()),
            balance: options.balance,
            spill_at: options.spill_at.get(),
            turn: AtomicUsize::new(0),
            tasks: std::sync::Mutex::default(),
        });
        let mut discovery = Discovery {
            names: options.executors.clone(),
            known: BTreeMap::new(),
            watches: BTreeMap::new(),
            members: executors.members.clone(),
            health_every: options.health_ms,
        };
        discovery.look().await?;
        let every = options.resolve_ms;
        let task = async move {
            loop {
                time::sleep(every).await;
                if let Err(error) = discovery.look().await {
                    tracing::error!("{error}");
                }
            }
        };
        if let Ok(mut tasks) = executors.tasks.lock() {
            tasks.spawn(task);
        }
        Ok(executors)
    }

    /// A place at the executor that a function's call belongs to, as soon as there is one. `but` failed this call
    /// before: another is taken, if there is one.
    pub async fn place(&self, function: &str, but: Option<&str>) -> Place {
        let mut members = self.members.subscribe();
        loop {
            let chosen = self.choose(function, but, &members.borrow_and_update());
            if let Some(place) = chosen {
                return place;
            }
            if members.changed().await.is_err() {
                // The sender is ours: it is there as long as we are.
                std::future::pending::<()>().await;
            }
        }
    }

    fn choose(&self, function: &str, but: Option<&str>, members: &Members) -> Option<Place> {
        let serving = members.values();
        let serving = serving.filter(|executor| executor.serving.load(Ordering::Relaxed));
        let mut open: Vec<_> = serving.collect();
        if open.len() > 1 {
            open.retain(|executor| Some(executor.address.as_str()) != but);
        }
        let candidates: Vec<_> = open
            .iter()
            .map(|executor| Candidate {
                address: &executor.address,
                load: executor.load.load(Ordering::Relaxed),
            })
            .collect();
        let chosen = match self.balance {
            Balance::Hash => balance::by_key(function, &candidates, self.spill_at),
            Balance::RoundRobin => {
                balance::in_turn(self.turn.fetch_add(1, Ordering::Relaxed), &candidates)
            }
        };
        chosen.map(|chosen| Place::at(open[chosen]))
    }
}

/// Keeps the members as the names resolve.
struct Discovery {
    names: Vec<String>,
    /// What each name last resolved to; a name server that is away for a moment takes nobody away.
    known: BTreeMap<String, BTreeSet<String>>,
    watches: BTreeMap<String, WatchedHealth>,
    members: watch::Sender<Members>,
    health_every: Duration,
}

/// Ends the task when the executor is no longer one of ours.
struct WatchedHealth(AbortHandle);

impl Drop for WatchedHealth {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Discovery {
    async fn look(&mut self) -> Result<(), RouterError> {
        for name in &self.names {
            match lookup_host(name).await {
                Ok(addresses) => {
                    let addresses = addresses.map(|address| address.to_string());
                    self.known.insert(name.clone(), addresses.collect());
                }
                Err(error) => tracing::warn!("{name} can't be resolved: {error}"),
            }
        }
        let addresses: BTreeSet<_> = self.known.values().flatten().cloned().collect();
        let mut members = self.members.borrow().clone();
        members.retain(|address, _| addresses.contains(address));
        let new = addresses
            .iter()
            .filter(|address| !members.contains_key(*address));
        let new: Vec<_> = new.cloned().map(Executor::new).collect::<Result<_, _>>()?;
        // Before they are members: or all calls would go to the one that answers first, and make it warm for keys
        // that are not its own.
        for executor in join_all(new.into_iter().map(Executor::looked_at)).await {
            members.insert(executor.address.clone(), Arc::new(executor));
        }
        self.watches
            .retain(|address, _| addresses.contains(address));
        for (address, executor) in &members {
            if !self.watches.contains_key(address) {
                let (executor, members) = (executor.clone(), self.members.clone());
                let task = tokio::spawn(watch_health(executor, members, self.health_every));
                let watched = WatchedHealth(task.abort_handle());
                self.watches.insert(address.clone(), watched);
            }
        }
        self.members.send_replace(members);
        Ok(())
    }
}

/// Asks, rather than have the executor tell: an open stream would hold up its drain.
async fn watch_health(executor: Arc<Executor>, members: watch::Sender<Members>, every: Duration) {
    loop {
        tokio::select! {
            () = time::sleep(every) => {}
            () = executor.look.notified() => {}
        }
        let healthy = executor.is_healthy().await;
        if executor.serving.swap(healthy, Ordering::Relaxed) != healthy {
            let now = if healthy { "in" } else { "out" };
            tracing::info!("{} is {now}, says its health", executor.address);
            // For those who wait for a place.
            members.send_modify(|_| ());
        }
    }
}
