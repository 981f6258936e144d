//! Isolates by function key: leased to one invocation at a time, kept warm between, least recently used
//! evicted first. Knows nothing of V8.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    fmt,
    sync::Arc,
};

use parking_lot::Mutex;

use crate::invocation::FunctionKey;

/// Lends isolates of type `I`; invocations of type `W` wait while none can be had.
pub struct Pool<I, W> {
    shelves: Mutex<Shelves<I, W>>,
    /// Isolates at once, leased and idle.
    capacity: usize,
    /// Takes a waiter up again once there may be room for it.
    resume: Box<dyn Fn(W) + Send + Sync>,
}

struct Shelves<I, W> {
    /// Idle isolates; of one key, the last used is lent first, since its caches are warmest.
    idle: HashMap<FunctionKey, Vec<(Age, I)>>,
    /// The keys of the idle isolates, the longest unused first.
    by_age: BTreeMap<Age, FunctionKey>,
    leased: usize,
    last_age: Age,
    /// In order of arrival. Bounded by the invocations that the front allows in flight.
    waiting: VecDeque<W>,
}

/// When an isolate was put back, counted in put-backs.
type Age = u64;

impl<I, W> fmt::Debug for Pool<I, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

impl<I, W> Pool<I, W> {
    /// `capacity` is at least 1. `resume` is called outside of the pool's lock.
    pub fn new(capacity: usize, resume: impl Fn(W) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            shelves: Mutex::new(Shelves {
                idle: HashMap::new(),
                by_age: BTreeMap::new(),
                leased: 0,
                last_age: 0,
                waiting: VecDeque::new(),
            }),
            capacity: capacity.max(1),
            resume: Box::new(resume),
        })
    }

    /// Lends an isolate of `key`: a warm one, or the right to make one, for which an idle isolate of
    /// another key may have to go. `None` when all are leased: then the waiter is kept and resumed later.
    pub fn checkout(
        self: &Arc<Self>,
        key: &FunctionKey,
        waiter: impl FnOnce() -> W,
    ) -> Option<Lease<I, W>> {
        let mut shelves = self.shelves.lock();
        let warm = shelves.take_idle(key);
        let mut evicted = None;
        if warm.is_none() && shelves.held() >= self.capacity {
            evicted = shelves.evict();
            if evicted.is_none() {
                shelves.waiting.push_back(waiter());
                return None;
            }
        }
        shelves.leased += 1;
        drop(shelves);
        drop(evicted);
        Some(Lease {
            pool: self.clone(),
            key: key.clone(),
            isolate: warm,
        })
    }

    /// Passes a wake-up on that its waiter had no use for.
    pub fn pass_on(&self) {
        let next = self.shelves.lock().waiting.pop_front();
        if let Some(next) = next {
            (self.resume)(next);
        }
    }

    fn put_back(&self, key: &FunctionKey, isolate: Option<I>) {
        let mut shelves = self.shelves.lock();
        shelves.leased -= 1;
        if let Some(isolate) = isolate {
            shelves.last_age += 1;
            let age = shelves.last_age;
            shelves.by_age.insert(age, key.clone());
            shelves
                .idle
                .entry(key.clone())
                .or_default()
                .push((age, isolate));
        }
        drop(shelves);
        self.pass_on();
    }
}

impl<I, W> Shelves<I, W> {
    fn held(&self) -> usize {
        self.leased + self.by_age.len()
    }

    fn take_idle(&mut self, key: &FunctionKey) -> Option<I> {
        let shelf = self.idle.get_mut(key)?;
        let (age, isolate) = shelf.pop()?;
        if shelf.is_empty() {
            self.idle.remove(key);
        }
        self.by_age.remove(&age);
        Some(isolate)
    }

    fn evict(&mut self) -> Option<I> {
        let (age, key) = self.by_age.pop_first()?;
        let shelf = self.idle.get_mut(&key)?;
        let place = shelf.iter().position(|(idle_age, _)| *idle_age == age)?;
        let (_, isolate) = shelf.remove(place);
        if shelf.is_empty() {
            self.idle.remove(&key);
        }
        Some(isolate)
    }
}

/// The exclusive loan of an isolate to one invocation. Dropping it returns the isolate, or, when it was
/// condemned or never made, frees its place.
pub struct Lease<I, W> {
    pool: Arc<Pool<I, W>>,
    key: FunctionKey,
    isolate: Option<I>,
}

impl<I, W> fmt::Debug for Lease<I, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl<I, W> Lease<I, W> {
    /// The isolate, unless it is still to be made.
    pub fn isolate(&mut self) -> Option<&mut I> {
        self.isolate.as_mut()
    }

    /// Puts a new isolate into a lease that came without one.
    pub fn fill(&mut self, isolate: I) -> &mut I {
        self.isolate.insert(isolate)
    }

    /// Takes the isolate out for good: it is never lent again.
    pub fn condemn(&mut self) -> Option<I> {
        self.isolate.take()
    }
}

impl<I, W> Drop for Lease<I, W> {
    fn drop(&mut self) {
        self.pool.put_back(&self.key, self.isolate.take());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::invocation::VersionKey;

    fn key(function_id: &str) -> FunctionKey {
        FunctionKey {
            version: VersionKey {
                function_id: function_id.into(),
                version: "1".into(),
            },
            instance_id: "".into(),
        }
    }

    type TestPool = Arc<Pool<&'static str, &'static str>>;

    fn pool(capacity: usize) -> (TestPool, mpsc::Receiver<&'static str>) {
        let (resumed, receiver) = mpsc::channel();
        (
            Pool::new(capacity, move |waiter| resumed.send(waiter).unwrap()),
            receiver,
        )
    }

    fn make_idle(pool: &TestPool, function_id: &str, isolate: &'static str) {
        let mut lease = pool.checkout(&key(function_id), || "nobody").unwrap();
        lease.fill(isolate);
    }

    #[track_caller]
    fn lends(pool: &TestPool, function_id: &str, expect: Option<&str>) {
        let mut lease = pool.checkout(&key(function_id), || "nobody").expect("room");
        assert_eq!(lease.isolate().copied(), expect);
        lease.condemn();
    }

    #[test]
    fn a_returned_isolate_is_lent_again_and_only_to_its_key() {
        let (pool, _) = pool(4);
        make_idle(&pool, "a", "isolate of a");
        lends(&pool, "b", None);
        lends(&pool, "a", Some("isolate of a"));
        lends(&pool, "a", None);
    }

    #[test]
    fn instances_and_versions_are_keys_of_their_own() {
        let (pool, _) = pool(4);
        make_idle(&pool, "a", "isolate");
        let mut other = key("a");
        other.instance_id = "other".into();
        assert!(
            pool.checkout(&other, || "nobody")
                .unwrap()
                .isolate()
                .is_none()
        );
        let mut other = key("a");
        other.version.version = "2".into();
        assert!(
            pool.checkout(&other, || "nobody")
                .unwrap()
                .isolate()
                .is_none()
        );
    }

    #[test]
    fn the_longest_unused_is_evicted_first() {
        let (pool, _) = pool(2);
        make_idle(&pool, "a", "isolate of a");
        make_idle(&pool, "b", "isolate of b");
        drop(pool.checkout(&key("a"), || "nobody"));
        make_idle(&pool, "c", "isolate of c");
        let mut a = pool.checkout(&key("a"), || "nobody").unwrap();
        assert_eq!(a.isolate().copied(), Some("isolate of a"));
        lends(&pool, "b", None);
    }

    #[test]
    fn who_finds_all_leased_waits_and_is_resumed_in_turn() {
        let (pool, resumed) = pool(1);
        let lease = pool.checkout(&key("a"), || "nobody").unwrap();
        assert!(pool.checkout(&key("b"), || "first").is_none());
        assert!(pool.checkout(&key("b"), || "second").is_none());
        assert!(resumed.try_recv().is_err());
        drop(lease);
        assert_eq!(resumed.try_recv(), Ok("first"));
        pool.pass_on();
        assert_eq!(resumed.try_recv(), Ok("second"));
        pool.pass_on();
        assert!(resumed.try_recv().is_err());
    }

    #[test]
    fn a_condemned_isolate_is_never_lent_again() {
        let (pool, _) = pool(1);
        make_idle(&pool, "a", "isolate of a");
        pool.checkout(&key("a"), || "nobody").unwrap().condemn();
        lends(&pool, "a", None);
    }
}
