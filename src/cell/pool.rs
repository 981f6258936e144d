//! Isolates by function key: leased to one invocation at a time, kept warm between, least recently used
//! evicted first. Knows nothing of V8.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
};

use super::fair_queue::FairQueue;
use crate::{invocation::FunctionKey, lock::Lock};

/// What isolates are kept by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IsolateKey {
    pub function: FunctionKey,
    /// The front's number for the source: should a version ever come with another source than before, what
    /// is warm of the old one is not lent for it.
    pub handle: u64,
}

/// Lends isolates of type `I`; invocations of type `W` wait while none can be had.
pub struct Pool<I, W> {
    shelves: Lock<Shelves<I, W>>,
    /// Isolates at once, leased and idle.
    capacity: usize,
    /// Bytes that idle isolates may hold together.
    idle_bytes: u64,
    /// Takes a waiter up again once there may be room for it.
    resume: Box<dyn Fn(W) + Send + Sync>,
}

struct Shelves<I, W> {
    /// Idle isolates; of one key, the last used is lent first, since its caches are warmest.
    idle: HashMap<IsolateKey, Vec<Idle<I>>>,
    /// The keys of the idle isolates, the longest unused first.
    by_age: BTreeMap<Age, IsolateKey>,
    leased: usize,
    /// Bytes that the idle ones hold.
    idle_bytes: u64,
    last_age: Age,
    /// Each function in its turn, whatever its instances: so shares what the front has for them.
    waiting: FairQueue<Arc<str>, W>,
}

/// When an isolate was put back, counted in put-backs.
type Age = u64;

#[derive(Debug)]
struct Idle<I> {
    age: Age,
    bytes: u64,
    isolate: I,
}

impl<I, W> fmt::Debug for Pool<I, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

impl<I, W> Pool<I, W> {
    /// `capacity` is at least 1; idle isolates are evicted beyond `idle_bytes`. `resume` is called outside of the pool's lock.
    pub fn new(
        capacity: usize,
        idle_bytes: u64,
        resume: impl Fn(W) + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            shelves: Lock::new(Shelves {
                idle: HashMap::new(),
                by_age: BTreeMap::new(),
                leased: 0,
                idle_bytes: 0,
                last_age: 0,
                waiting: FairQueue::new(),
            }),
            capacity: capacity.max(1),
            idle_bytes,
            resume: Box::new(resume),
        })
    }

    /// Lends an isolate of `key`: a warm one, or the right to make one, for which an idle isolate of
    /// another key may have to go. `None` when all are leased: then the waiter is kept and resumed later.
    pub fn checkout(
        self: &Arc<Self>,
        key: &IsolateKey,
        waiter: impl FnOnce() -> W,
    ) -> Option<Lease<I, W>> {
        self.lend(key, |shelves| shelves.take_idle(key), waiter)
    }

    /// As [`Self::checkout`], but never lends a warm one: for who has to see an isolate being made.
    pub fn checkout_unmade(
        self: &Arc<Self>,
        key: &IsolateKey,
        waiter: impl FnOnce() -> W,
    ) -> Option<Lease<I, W>> {
        self.lend(key, |_| None, waiter)
    }

    fn lend(
        self: &Arc<Self>,
        key: &IsolateKey,
        find_warm: impl FnOnce(&mut Shelves<I, W>) -> Option<Idle<I>>,
        waiter: impl FnOnce() -> W,
    ) -> Option<Lease<I, W>> {
        let mut shelves = self.shelves.lock();
        let warm = find_warm(&mut shelves);
        let mut evicted = None;
        if warm.is_none() && shelves.held() >= self.capacity {
            evicted = shelves.evict();
            if evicted.is_none() {
                let function_id = key.function.version.function_id.clone();
                shelves.waiting.push(function_id, waiter());
                return None;
            }
        }
        shelves.leased += 1;
        drop(shelves);
        let bytes = warm.as_ref().map_or(0, |idle| idle.bytes);
        Some(Lease {
            pool: self.clone(),
            key: key.clone(),
            isolate: warm.map(|idle| idle.isolate),
            bytes,
            evicted,
            is_over: false,
        })
    }

    /// Passes a wake-up on that its waiter had no use for.
    pub fn pass_on(&self) {
        let next = self.shelves.lock().waiting.pop();
        if let Some(next) = next {
            (self.resume)(next);
        }
    }

    /// Returns what is evicted for it.
    fn put_back(&self, key: &IsolateKey, isolate: Option<I>, bytes: u64) -> Vec<I> {
        let mut evicted = Vec::new();
        let mut shelves = self.shelves.lock();
        shelves.leased -= 1;
        if let Some(isolate) = isolate {
            shelves.put_idle(key, isolate, bytes);
        }
        while shelves.idle_bytes > self.idle_bytes {
            match shelves.evict() {
                Some(isolate) => evicted.push(isolate),
                None => break,
            }
        }
        drop(shelves);
        self.pass_on();
        evicted
    }
}

impl<I, W> Shelves<I, W> {
    fn held(&self) -> usize {
        self.leased + self.by_age.len()
    }

    fn put_idle(&mut self, key: &IsolateKey, isolate: I, bytes: u64) {
        self.last_age += 1;
        let age = self.last_age;
        self.idle_bytes += bytes;
        self.by_age.insert(age, key.clone());
        let idle = Idle {
            age,
            bytes,
            isolate,
        };
        self.idle.entry(key.clone()).or_default().push(idle);
    }

    fn take_idle(&mut self, key: &IsolateKey) -> Option<Idle<I>> {
        let last = self.idle.get(key)?.len().checked_sub(1)?;
        self.take(key, last)
    }

    fn evict(&mut self) -> Option<I> {
        let (&age, key) = self.by_age.first_key_value()?;
        let key = key.clone();
        let place = self
            .idle
            .get(&key)?
            .iter()
            .position(|idle| idle.age == age)?;
        self.take(&key, place).map(|idle| idle.isolate)
    }

    /// Takes an idle isolate off its shelf.
    fn take(&mut self, key: &IsolateKey, place: usize) -> Option<Idle<I>> {
        let shelf = self.idle.get_mut(key)?;
        let idle = shelf.remove(place);
        if shelf.is_empty() {
            self.idle.remove(key);
        }
        self.by_age.remove(&idle.age);
        self.idle_bytes -= idle.bytes;
        Some(idle)
    }
}

/// The exclusive loan of an isolate to one invocation. Dropping it returns the isolate, or, when it was
/// condemned or never made, frees its place.
pub struct Lease<I, W> {
    pool: Arc<Pool<I, W>>,
    key: IsolateKey,
    isolate: Option<I>,
    /// What the isolate holds, as far as is known.
    bytes: u64,
    /// What had to go for it. Disposing of it takes a while, for which nobody need wait.
    evicted: Option<I>,
    /// Whether the isolate is back.
    is_over: bool,
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

    /// Returns the isolate, which holds `bytes`, and all that had to go for it, to be dropped once nobody waits.
    #[must_use]
    pub fn give_back(mut self, bytes: u64) -> Vec<I> {
        self.bytes = bytes;
        self.end()
    }

    fn end(&mut self) -> Vec<I> {
        if std::mem::replace(&mut self.is_over, true) {
            return Vec::new();
        }
        let isolate = self.isolate.take();
        let mut evicted = self.pool.put_back(&self.key, isolate, self.bytes);
        evicted.extend(self.evicted.take());
        evicted
    }

    /// What had to go for it, for who holds the lease on while nothing runs.
    pub fn take_evicted(&mut self) -> Option<I> {
        self.evicted.take()
    }

    /// Takes the isolate out for good: it is never lent again.
    pub fn condemn(&mut self) -> Option<I> {
        self.isolate.take()
    }
}

impl<I, W> Drop for Lease<I, W> {
    fn drop(&mut self) {
        // Whatever was being done with the isolate was not done to its end.
        if std::thread::panicking() {
            self.condemn();
        }
        drop(self.end());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::invocation::VersionKey;

    fn key(function_id: &str) -> IsolateKey {
        let version = VersionKey {
            function_id: function_id.into(),
            version: "1".into(),
        };
        IsolateKey {
            function: FunctionKey {
                version,
                instance_id: "".into(),
            },
            handle: 1,
        }
    }

    type TestPool = Arc<Pool<&'static str, &'static str>>;

    fn pool(capacity: usize) -> (TestPool, mpsc::Receiver<&'static str>) {
        let (resumed, receiver) = mpsc::channel();
        (
            Pool::new(capacity, 100, move |waiter| resumed.send(waiter).unwrap()),
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
    fn who_makes_its_own_is_lent_none_and_counts_like_the_others() {
        let (pool, resumed) = pool(2);
        make_idle(&pool, "a", "isolate of a");
        let mut own = pool.checkout_unmade(&key("a"), || "nobody").unwrap();
        assert!(own.isolate().is_none());
        own.fill("own isolate of a");
        let kept = pool.checkout(&key("a"), || "nobody").unwrap();
        assert!(pool.checkout_unmade(&key("a"), || "waits").is_none());
        drop(kept);
        assert_eq!(resumed.try_recv(), Ok("waits"));
        own.condemn();
        drop(own);
        lends(&pool, "a", Some("isolate of a"));
    }

    #[test]
    fn instances_versions_and_sources_are_keys_of_their_own() {
        let (pool, _) = pool(4);
        make_idle(&pool, "a", "isolate");
        let mut other = key("a");
        other.function.instance_id = "other".into();
        assert!(
            pool.checkout(&other, || "nobody")
                .unwrap()
                .isolate()
                .is_none()
        );
        let mut other = key("a");
        other.function.version.version = "2".into();
        assert!(
            pool.checkout(&other, || "nobody")
                .unwrap()
                .isolate()
                .is_none()
        );
        let mut other = key("a");
        other.handle = 2;
        let mut lease = pool.checkout(&other, || "nobody").unwrap();
        assert!(lease.isolate().is_none());
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

    #[test]
    fn idle_isolates_are_evicted_beyond_their_bytes() {
        let (pool, _) = pool(9);
        let keep = |function_id: &str, bytes| {
            let mut lease = pool.checkout(&key(function_id), || "nobody").unwrap();
            lease.fill("isolate");
            drop(lease.give_back(bytes));
        };
        keep("a", 40);
        keep("b", 60);
        keep("c", 1);
        lends(&pool, "a", None);
        lends(&pool, "b", Some("isolate"));
        lends(&pool, "c", Some("isolate"));
        keep("d", 101);
        lends(&pool, "d", None);
    }

    #[test]
    fn an_isolate_whose_turn_panicked_is_never_lent_again() {
        let (pool, _) = pool(1);
        make_idle(&pool, "a", "isolate of a");
        let turn = std::panic::AssertUnwindSafe(|| {
            let _lease = pool.checkout(&key("a"), || "nobody");
            panic!("as a defect would");
        });
        assert!(std::panic::catch_unwind(turn).is_err());
        lends(&pool, "a", None);
    }
}
