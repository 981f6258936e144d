use std::sync::mpsc;

use super::*;
use crate::invocation::VersionKey;

fn function(name: &str) -> FunctionKey {
    FunctionKey {
        version: VersionKey {
            function_id: name.into(),
            version: "1".into(),
        },
        instance_id: "".into(),
    }
}

fn waiter(invocation: u64) -> Waiter {
    Waiter { invocation, id: 0 }
}

/// Waiters of invocations from 100 on are gone.
fn cache(instance_bytes: u64, process_bytes: u64) -> (Cache, mpsc::Receiver<(u64, News)>) {
    let (news, told) = mpsc::channel();
    let limits = CacheLimits {
        instance_bytes,
        process_bytes,
    };
    let cache = Cache::new(limits, move |waiter, what| {
        let there = waiter.invocation < 100;
        if there {
            news.send((waiter.invocation, what)).unwrap();
        }
        there
    });
    (cache, told)
}

fn load(cache: &Cache, name: &str, key: &str, contents: &'static str) {
    match cache.look(&function(name), key, waiter(1)) {
        Found::Load(ticket) => cache.store(ticket, contents.into(), None),
        other => panic!("{name} {key}: {other:?}"),
    }
}

#[track_caller]
fn has(cache: &Cache, name: &str, key: &str, expect: bool) {
    let found = cache.look(&function(name), key, waiter(1));
    if let Found::Load(ticket) = found {
        cache.abandon(ticket);
    }
    assert_eq!(
        matches!(found, Found::Value(_)),
        expect,
        "{name} {key}: {found:?}"
    );
}

#[test]
fn a_value_is_found_by_its_own_instance_only() {
    let (cache, _) = cache(1000, 1000);
    load(&cache, "a", "key", "value");
    let found = cache.look(&function("a"), "key", waiter(1));
    assert_eq!(found, Found::Value("value".into()));
    has(&cache, "b", "key", false);
    has(&cache, "a", "other", false);
    cache.delete(&function("a"), "key");
    has(&cache, "a", "key", false);
    assert_eq!(
        cache
            .take_use()
            .map(|used| (used.hits, used.misses, used.bytes)),
        Some((1, 4, 0))
    );
    assert_eq!(cache.take_use(), None);
    assert!(
        cache.state.lock().instances.is_empty(),
        "nothing is left behind"
    );
}

#[test]
fn a_load_is_shared() {
    let (cache, told) = cache(1000, 1000);
    let Found::Load(ticket) = cache.look(&function("a"), "key", waiter(1)) else {
        panic!("no load")
    };
    for invocation in [2, 3] {
        assert_eq!(
            cache.look(&function("a"), "key", waiter(invocation)),
            Found::Wait
        );
    }
    cache.store(ticket, "value".into(), None);
    let value = News::Value("value".into());
    let all: Vec<_> = told.try_iter().collect();
    assert_eq!(all, [(2, value.clone()), (3, value)]);
    cache.store(ticket, "again".into(), None);
    assert_eq!(told.try_iter().count(), 0, "a load ends once");
}

#[test]
fn a_failed_load_keeps_nothing_and_tells_all() {
    let (cache, told) = cache(1000, 1000);
    let Found::Load(ticket) = cache.look(&function("a"), "key", waiter(1)) else {
        panic!("no load")
    };
    cache.look(&function("a"), "key", waiter(2));
    cache.fail(ticket, "error".into());
    assert_eq!(told.try_recv(), Ok((2, News::Failed("error".into()))));
    has(&cache, "a", "key", false);
}

#[test]
fn when_the_loader_ends_the_next_waiter_that_is_there_loads() {
    let (cache, told) = cache(1000, 1000);
    let Found::Load(_) = cache.look(&function("a"), "key", waiter(1)) else {
        panic!("no load")
    };
    for invocation in [100, 2, 101, 3] {
        cache.look(&function("a"), "key", waiter(invocation));
    }
    cache.release(7);
    assert_eq!(told.try_iter().count(), 0);
    cache.release(1);
    let Ok((2, News::Load(second))) = told.try_recv() else {
        panic!("the second was not told")
    };
    cache.store(second, "value".into(), None);
    assert_eq!(told.try_recv(), Ok((3, News::Value("value".into()))));
    assert_eq!(cache.loading.load(Ordering::Acquire), 0);
    has(&cache, "a", "key", true);
}

#[test]
fn what_is_deleted_while_it_loads_is_not_kept() {
    let (cache, told) = cache(1000, 1000);
    let Found::Load(stale) = cache.look(&function("a"), "key", waiter(1)) else {
        panic!("no load")
    };
    cache.look(&function("a"), "key", waiter(2));
    cache.delete(&function("a"), "key");
    let Found::Load(fresh) = cache.look(&function("a"), "key", waiter(3)) else {
        panic!("the deleted load was joined")
    };
    cache.store(fresh, "fresh".into(), None);
    cache.store(stale, "stale".into(), None);
    assert_eq!(told.try_recv(), Ok((2, News::Value("stale".into()))));
    let found = cache.look(&function("a"), "key", waiter(1));
    assert_eq!(found, Found::Value("fresh".into()));
}

#[test]
fn the_least_recently_used_goes_first() {
    let each = ENTRY_BYTES + 2;
    let (cache, _) = cache(3 * each, 4 * each);
    for key in ["1", "2", "3"] {
        load(&cache, "a", key, "x");
    }
    has(&cache, "a", "1", true);
    load(&cache, "a", "4", "x");
    has(&cache, "a", "2", false);
    has(&cache, "a", "1", true);
    // Beyond the process's budget it goes by all instances.
    load(&cache, "b", "1", "x");
    load(&cache, "b", "2", "x");
    has(&cache, "a", "3", false);
    has(&cache, "a", "4", true);
    assert_eq!(cache.take_use().map(|used| used.evictions), Some(2));
    load(
        &cache,
        "a",
        "large",
        "a value that is much larger than the whole budget of the function, which has room for no more than three of the small ones, each with its key of one character, its value of one character, and what an entry costs beside them; so it is not kept, and nothing goes for its sake: nothing at all, however long it is, or however often it is asked for again and again and again and again",
    );
    has(&cache, "a", "large", false);
    has(&cache, "a", "4", true);
}

#[test]
fn values_expire() {
    let (cache, _) = cache(1000, 1000);
    for (key, ttl) in [("now", 0), ("soon", 1), ("later", 3_600_000)] {
        let Found::Load(ticket) = cache.look(&function("a"), key, waiter(1)) else {
            panic!("no load")
        };
        cache.store(ticket, "x".into(), Some(Duration::from_millis(ttl)));
    }
    has(&cache, "a", "now", false);
    while matches!(
        cache.look(&function("a"), "soon", waiter(1)),
        Found::Value(_)
    ) {
        std::thread::yield_now();
    }
    has(&cache, "a", "later", true);
    let Found::Load(ticket) = cache.look(&function("a"), "forever", waiter(1)) else {
        panic!("no load")
    };
    cache.store(ticket, "x".into(), Some(Duration::MAX));
    has(&cache, "a", "forever", true);
}
