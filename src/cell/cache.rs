//! The cache that all isolates of a function instance in this process share: values as bytes, loads that are
//! under way, and who waits for them. Knows nothing of V8.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;

use crate::{invocation::FunctionKey, lock::Lock};

/// What an entry costs beside its key and value.
const ENTRY_BYTES: u64 = 128;

/// Bytes that may be kept; what is over goes, least recently used first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheLimits {
    /// Of one function instance.
    pub instance_bytes: u64,
    /// Of all in this process.
    pub process_bytes: u64,
}

/// Who waits for a value that another loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiter {
    pub invocation: u64,
    /// The invocation's own number for it.
    pub id: u64,
}

/// A load under way; whoever holds it ends it with [`Cache::store`], [`Cache::fail`] or [`Cache::abandon`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(pub u64);

/// What a look into the cache comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Value(Bytes),
    /// It is to be loaded by who asked.
    Load(Ticket),
    /// Another loads it; the waiter will be told.
    Wait,
}

/// What a waiter is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    Value(Bytes),
    /// The loader's error, written by the runtime's scripts.
    Failed(Bytes),
    /// The loader is gone: it is to be loaded by who waits.
    Load(Ticket),
}

/// Tells a waiter; false when it is gone.
type Tell = dyn Fn(Waiter, News) -> bool + Send + Sync;

/// How often the cache was of use, since this was last asked, and what it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheUse {
    pub hits: u64,
    pub misses: u64,
    pub evictions: u64,
    pub bytes: u64,
}

pub struct Cache {
    limits: CacheLimits,
    tell: Box<Tell>,
    state: Lock<State>,
    /// Loads under way: asked at every invocation's end, and mostly there are none.
    loading: AtomicUsize,
    /// Whether there is anything to tell of: asked as often.
    touched: AtomicBool,
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[derive(Default)]
struct State {
    instances: HashMap<FunctionKey, Instance>,
    /// Values of all instances by when they were last used.
    by_use: BTreeMap<u64, (FunctionKey, Arc<str>)>,
    loads: HashMap<Ticket, Load>,
    bytes: u64,
    last_use: u64,
    last_ticket: u64,
    told: CacheUse,
}

#[derive(Default)]
struct Instance {
    values: HashMap<Arc<str>, Value>,
    by_use: BTreeMap<u64, Arc<str>>,
    bytes: u64,
    /// The loads that new callers join.
    loads: HashMap<Arc<str>, Ticket>,
}

struct Value {
    contents: Bytes,
    expires: Option<Instant>,
    used: u64,
}

struct Load {
    function: FunctionKey,
    key: Arc<str>,
    invocation: u64,
    waiters: VecDeque<Waiter>,
}

impl Cache {
    /// An empty one; `tell` must not call back into it.
    pub fn new(
        limits: CacheLimits,
        tell: impl Fn(Waiter, News) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            limits,
            tell: Box::new(tell),
            state: Lock::default(),
            loading: AtomicUsize::new(0),
            touched: AtomicBool::new(false),
        }
    }

    /// Looks for a value on behalf of `waiter`.
    pub fn look(&self, function: &FunctionKey, key: &str, waiter: Waiter) -> Found {
        self.touched.store(true, Ordering::Release);
        let mut state = self.state.lock();
        if let Some(contents) = state.find(function, key, Instant::now()) {
            state.told.hits += 1;
            return Found::Value(contents);
        }
        let joined = state.instances.get(function);
        let joined = joined.and_then(|instance| instance.loads.get(key).copied());
        if let Some(load) = joined.and_then(|ticket| state.loads.get_mut(&ticket)) {
            load.waiters.push_back(waiter);
            state.told.hits += 1;
            return Found::Wait;
        }
        state.told.misses += 1;
        let ticket = state.begin_load(function, key, waiter.invocation);
        self.loading.fetch_add(1, Ordering::AcqRel);
        Found::Load(ticket)
    }

    /// Ends a load with a value, kept for `ttl`, or as long as there is room.
    pub fn store(&self, ticket: Ticket, contents: Bytes, ttl: Option<Duration>) {
        let waiters = {
            let mut state = self.state.lock();
            let Some(load) = self.end_load(&mut state, ticket) else {
                return;
            };
            // One that was deleted while it was loaded is for those who waited only.
            if load.is_current {
                state.insert(
                    &load.function,
                    &load.key,
                    contents.clone(),
                    ttl,
                    self.limits,
                );
            }
            load.waiters
        };
        for waiter in waiters {
            (self.tell)(waiter, News::Value(contents.clone()));
        }
    }

    /// Ends a load with an error, which nobody keeps.
    pub fn fail(&self, ticket: Ticket, error: Bytes) {
        let load = self.end_load(&mut self.state.lock(), ticket);
        for waiter in load.into_iter().flat_map(|load| load.waiters) {
            (self.tell)(waiter, News::Failed(error.clone()));
        }
    }

    /// Ends a load without a word: the first waiter that is still there takes it over.
    pub fn abandon(&self, ticket: Ticket) {
        let load = self.end_load(&mut self.state.lock(), ticket);
        if let Some(load) = load {
            self.hand_on(load);
        }
    }

    /// Abandons what an invocation that has ended was loading.
    pub fn release(&self, invocation: u64) {
        if self.loading.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut state = self.state.lock();
        let loads = state.loads.iter();
        let held = loads.filter(|(_, load)| load.invocation == invocation);
        let held: Vec<_> = held.map(|(ticket, _)| *ticket).collect();
        let ended: Vec<_> = held
            .into_iter()
            .filter_map(|ticket| self.end_load(&mut state, ticket))
            .collect();
        drop(state);
        for load in ended {
            self.hand_on(load);
        }
    }

    /// Forgets a value; one that is being loaded will not be kept.
    pub fn delete(&self, function: &FunctionKey, key: &str) {
        let mut state = self.state.lock();
        state.remove(function, key);
        if let Some(instance) = state.instances.get_mut(function) {
            instance.loads.remove(key);
        }
        state.drop_if_empty(function);
    }

    /// What has happened since this was last asked; `None` when nothing has.
    pub fn take_use(&self) -> Option<CacheUse> {
        if !self.touched.load(Ordering::Acquire) || !self.touched.swap(false, Ordering::AcqRel) {
            return None;
        }
        let mut state = self.state.lock();
        let told = std::mem::take(&mut state.told);
        let bytes = state.bytes;
        Some(CacheUse { bytes, ..told })
    }

    /// The most bytes a value may have to be kept.
    pub fn value_bytes(&self) -> u64 {
        let most = self.limits.instance_bytes.min(self.limits.process_bytes);
        most.saturating_sub(ENTRY_BYTES)
    }

    fn end_load(&self, state: &mut State, ticket: Ticket) -> Option<EndedLoad> {
        let ended = state.end_load(ticket)?;
        self.loading.fetch_sub(1, Ordering::AcqRel);
        Some(ended)
    }

    /// Lets the first waiter that is still there load in place of who did.
    fn hand_on(&self, mut ended: EndedLoad) {
        while let Some(next) = ended.waiters.pop_front() {
            let ticket = {
                let mut state = self.state.lock();
                let ticket = match ended.is_current {
                    true => state.begin_load(&ended.function, &ended.key, next.invocation),
                    false => state.begin_deleted_load(&ended.function, &ended.key, next.invocation),
                };
                self.loading.fetch_add(1, Ordering::AcqRel);
                if let Some(load) = state.loads.get_mut(&ticket) {
                    load.waiters = std::mem::take(&mut ended.waiters);
                }
                ticket
            };
            if (self.tell)(next, News::Load(ticket)) {
                return;
            }
            let Some(again) = self.end_load(&mut self.state.lock(), ticket) else {
                return;
            };
            ended = again;
        }
    }
}

struct EndedLoad {
    function: FunctionKey,
    key: Arc<str>,
    waiters: VecDeque<Waiter>,
    /// Whether it is still the load that new callers join.
    is_current: bool,
}

impl State {
    fn find(&mut self, function: &FunctionKey, key: &str, now: Instant) -> Option<Bytes> {
        let instance = self.instances.get_mut(function)?;
        let (key, value) = instance.values.get_key_value(key)?;
        let key = key.clone();
        if value.expires.is_some_and(|expires| expires <= now) {
            self.remove(function, &key);
            self.drop_if_empty(function);
            return None;
        }
        let contents = value.contents.clone();
        self.last_use += 1;
        if let Some(value) = instance.values.get_mut(&key) {
            instance.by_use.remove(&value.used);
            let slot = self.by_use.remove(&value.used);
            value.used = self.last_use;
            instance.by_use.insert(value.used, key.clone());
            self.by_use
                .insert(value.used, slot.unwrap_or_else(|| (function.clone(), key)));
        }
        Some(contents)
    }

    fn insert(
        &mut self,
        function: &FunctionKey,
        key: &Arc<str>,
        contents: Bytes,
        ttl: Option<Duration>,
        limits: CacheLimits,
    ) {
        self.remove(function, key);
        let expires = ttl.map(|ttl| Instant::now().checked_add(ttl));
        let cost = cost(key, &contents);
        if cost > limits.instance_bytes.min(limits.process_bytes) || ttl == Some(Duration::ZERO) {
            self.drop_if_empty(function);
            return;
        }
        self.last_use += 1;
        let used = self.last_use;
        let instance = self.instances.entry(function.clone()).or_default();
        let value = Value {
            contents,
            // A time beyond the clock's never comes.
            expires: expires.flatten(),
            used,
        };
        instance.values.insert(key.clone(), value);
        instance.by_use.insert(used, key.clone());
        instance.bytes += cost;
        self.by_use.insert(used, (function.clone(), key.clone()));
        self.bytes += cost;
        self.evict(function, limits);
    }

    fn evict(&mut self, function: &FunctionKey, limits: CacheLimits) {
        while let Some(instance) = self.instances.get(function)
            && instance.bytes > limits.instance_bytes
            && let Some((_, oldest)) = instance.by_use.first_key_value()
        {
            let oldest = oldest.clone();
            self.remove(function, &oldest);
            self.told.evictions += 1;
        }
        while self.bytes > limits.process_bytes
            && let Some((_, (function, oldest))) = self.by_use.pop_first()
        {
            self.remove(&function, &oldest);
            self.drop_if_empty(&function);
            self.told.evictions += 1;
        }
    }

    fn remove(&mut self, function: &FunctionKey, key: &str) {
        let Some(instance) = self.instances.get_mut(function) else {
            return;
        };
        if let Some((key, value)) = instance.values.remove_entry(key) {
            let cost = cost(&key, &value.contents);
            instance.by_use.remove(&value.used);
            instance.bytes -= cost;
            self.by_use.remove(&value.used);
            self.bytes -= cost;
        }
    }

    fn drop_if_empty(&mut self, function: &FunctionKey) {
        let empty = self
            .instances
            .get(function)
            .is_some_and(|instance| instance.values.is_empty() && instance.loads.is_empty());
        if empty {
            self.instances.remove(function);
        }
    }

    fn begin_load(&mut self, function: &FunctionKey, key: &str, invocation: u64) -> Ticket {
        let ticket = self.begin_deleted_load(function, key, invocation);
        let instance = self.instances.entry(function.clone()).or_default();
        instance.loads.insert(key.into(), ticket);
        ticket
    }

    /// One that nobody joins, of a key that was deleted.
    fn begin_deleted_load(&mut self, function: &FunctionKey, key: &str, invocation: u64) -> Ticket {
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        let load = Load {
            function: function.clone(),
            key: key.into(),
            invocation,
            waiters: VecDeque::new(),
        };
        self.loads.insert(ticket, load);
        ticket
    }

    fn end_load(&mut self, ticket: Ticket) -> Option<EndedLoad> {
        let Load {
            function,
            key,
            waiters,
            ..
        } = self.loads.remove(&ticket)?;
        let instance = self.instances.get_mut(&function);
        let is_current = instance.is_some_and(|instance| {
            let current = instance.loads.get(&key) == Some(&ticket);
            if current {
                instance.loads.remove(&key);
            }
            current
        });
        self.drop_if_empty(&function);
        Some(EndedLoad {
            function,
            key,
            waiters,
            is_current,
        })
    }
}

fn cost(key: &str, contents: &Bytes) -> u64 {
    (key.len() + contents.len()) as u64 + ENTRY_BYTES
}

#[cfg(test)]
mod tests;
