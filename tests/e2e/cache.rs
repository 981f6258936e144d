//! `cache`: one load for all who ask, values that outlive their isolate, and nobody else's.

use std::time::{Duration, Instant};

use crate::batch::Batch;
use crate::check::{Call, Code, delivers};
use crate::service::{Service, block_on};

const TRACK: &str = r#"{"type":"track"}"#;

#[test]
fn a_value_is_loaded_once_and_comes_back_as_a_copy() {
    let source = "
        let loads = 0
        async function onTrack(e) {
          const load = () => cache.load('key', 60_000, async () => ({ n: ++loads, at: new Date(5), all: new Map([['a', new Uint8Array([1, 2])]]), list: [1n, undefined] }))
          const first = await load(), second = await load(), third = await load()
          second.n = 'changed'
          return {
            numbers: [first.n, third.n], loads, same: first === second || second === third,
            kinds: [third.at instanceof Date, third.at.getTime(), third.all.get('a') instanceof Uint8Array, [...third.all.get('a')], String(third.list[0]), third.list.length],
          }
        }";
    delivers(
        source,
        TRACK,
        r#"{"numbers":[1,1],"loads":1,"same":false,"kinds":[true,5,true,[1,2],"1",2]}"#,
    );
}

#[test]
fn values_are_shared_by_the_isolates_of_an_instance_and_by_nobody_else() {
    let source = "
        const isolate = Math.random()
        async function onTrack(e, settings) {
          await new Promise(resolve => setTimeout(resolve, 30))
          return { loadedBy: await cache.load('key', -1, () => settings.name) }
        }";
    let call = Call::of(source);
    block_on(async {
        // More at once than one isolate can serve.
        for name in ["a", "b"] {
            let calls = (0..6).map(|number| {
                let settings = format!(r#"{{"name":"{name}{number}"}}"#);
                let call = call.clone().instance(name).settings(&settings);
                tokio::spawn(call.send(Service::shared().client()))
            });
            let mut found = Vec::new();
            for call in calls.collect::<Vec<_>>() {
                found.push(call.await.expect("a call ends").delivered());
            }
            assert!(found.iter().all(|one| one == &found[0]), "{found:?}");
            assert!(found[0].contains(&format!("\"{name}")), "{found:?}");
        }
    });
}

#[test]
fn concurrent_loads_are_one() {
    let source = "
        let loads = 0
        async function onTrack(e) {
          const value = await cache.load('key', 60_000, async () => { loads++; await new Promise(resolve => setTimeout(resolve, 20)); return { from: e.n } })
          return { from: value.from, loads }
        }";
    let reply = Batch::of(source).numbered(16).run();
    reply.comes_to(&[r#"{"from":0,"loads":1}"#; 16]);
}

#[test]
fn a_load_that_fails_fails_all_who_share_it_and_is_not_kept() {
    let source = "
        let loads = 0
        async function onTrack(e) {
          if (e.n === 5) await new Promise(resolve => setTimeout(resolve, 60))
          return { value: await cache.load('key', 60_000, async () => {
            if (++loads > 1) return loads
            await new Promise(resolve => setTimeout(resolve, 20))
            throw new RetryError('not yet', { retryAfter: 1500 })
          }) }
        }";
    let reply = Batch::of(source).numbered(6).run();
    let mut expected = vec!["RETRY not yet"; 5];
    expected.push(r#"{"value":2}"#);
    reply.comes_to(&expected);
    for event in [0, 4] {
        let error = reply.error(event);
        assert_eq!(
            error.retry_after.map(|delay| (delay.seconds, delay.nanos)),
            Some((1, 500_000_000))
        );
        assert_eq!(error.name, "RetryError");
        assert!(error.stack.contains("index.js:8"), "{}", error.stack);
    }
}

#[test]
fn what_is_thrown_and_no_error_reaches_all_as_well() {
    let source = "
        async function onTrack(e) {
          return { caught: await cache.load('key', -1, async () => { await 0; throw { code: 7 } }).catch(error => error) }
        }";
    let reply = Batch::of(source).numbered(2).run();
    reply.comes_to(&[r#"{"caught":{"code":7}}"#, r#"{"caught":{"code":7}}"#]);
}

#[test]
fn a_load_survives_the_end_of_its_loader() {
    let source = "
        async function onTrack(e) {
          const value = await cache.load('key', 60_000, () => e.hang ? new Promise(() => {}) : Promise.resolve(e.n))
          return { value }
        }
        async function onPage() { return cache.load('key', 60_000, () => { for (;;); }) }";
    for (kind, patience) in [("track", 300), ("page", 300)] {
        let call = Call::of(source);
        block_on(async {
            let hanging = call
                .clone()
                .event(&format!(r#"{{"type":"{kind}","hang":true}}"#))
                .wall(Duration::from_millis(patience));
            let hanging = tokio::spawn(hanging.send(Service::shared().client()));
            tokio::time::sleep(Duration::from_millis(100)).await;
            let waiting = (1..4).map(|n| {
                let event = format!(r#"{{"type":"track","n":{n}}}"#);
                tokio::spawn(call.clone().event(&event).send(Service::shared().client()))
            });
            let waiting: Vec<_> = waiting.collect();
            hanging
                .await
                .expect("it ends")
                .failed(Code::Timeout, "wall_time");
            let mut found = Vec::new();
            for call in waiting {
                found.push(call.await.expect("a call ends").delivered());
            }
            assert!(
                found.iter().all(|one| one == &found[0]),
                "one of them loads for all: {found:?}"
            );
        });
    }
}

#[test]
fn what_cannot_be_copied_stays_in_its_isolate() {
    let source = "
        let loads = 0
        async function onTrack() {
          const load = () => cache.load('key', 60_000, async () => { loads++; return { call: () => 'called' } })
          const first = await load(), second = await load()
          return { same: first === second, text: second.call(), loads }
        }";
    delivers(source, TRACK, r#"{"same":true,"text":"called","loads":1}"#);
}

#[test]
fn delete_ttl_and_order() {
    let source = "
        let loads = 0
        const load = (key, ttl) => cache.load(key, ttl, () => ++loads)
        async function onTrack() {
          const seen = []
          seen.push(await load('a', 60_000), await load('a', 60_000))
          cache.delete('a'); seen.push(await load('a'))
          seen.push(await load('b', 0), await load('b', 0))
          seen.push(await load('c', 5)); await new Promise(resolve => setTimeout(resolve, 15)); seen.push(await load('c', 5))
          seen.push(await cache.load('a', () => 'no ttl'), await load('a', null))
          cache.delete('nothing')
          return { seen }
        }";
    delivers(source, TRACK, r#"{"seen":[1,1,2,3,4,5,6,2,2]}"#);
}

#[test]
fn a_value_deleted_while_it_loads_is_not_kept() {
    let source = "
        let loads = 0
        async function onTrack() {
          const load = () => cache.load('key', -1, async () => { const n = ++loads; await new Promise(resolve => setTimeout(resolve, 5)); return n })
          const stale = load(); cache.delete('key')
          const fresh = load()
          return { seen: [await stale, await fresh, await load()] }
        }";
    delivers(source, TRACK, r#"{"seen":[1,2,2]}"#);
}

#[test]
fn faults_are_told_by_name() {
    let source = "
        const caught = async f => { try { await f() } catch (error) { return `${error.name}: ${error.message}` } }
        async function onTrack() {
          return { faults: [
            await caught(() => cache.load(5, 1, () => 1)), await caught(() => cache.load('k', -2, () => 1)),
            await caught(() => cache.load('k'.repeat(8193), 1, () => 1)), String(await cache.load('k'.repeat(8192), 1, () => 1)),
            await caught(() => cache.load('k', 1)), await caught(() => cache.load('k', 'x', () => 1)), await caught(() => cache.delete()),
          ] }
        }";
    delivers(
        source,
        TRACK,
        r#"{"faults":["TypeError: cache: the key must be a string, not 5",
            "TypeError: cache.load: ttl must be milliseconds, or -1 for no expiry, not -2",
            "RangeError: cache: the key has 8193 characters, over the limit of 8192", "1",
            "TypeError: cache.load: the loader must be a function, not undefined",
            "TypeError: cache.load: ttl must be milliseconds, or -1 for no expiry, not 'x'",
            "TypeError: cache: the key must be a string, not undefined"]}"#,
    );
}

#[test]
fn so_many_loads_are_under_way_at_once() {
    let source = "
        const hang = () => new Promise(() => {})
        async function onTrack() {
          const ends = []
          for (let n = 0; n < 998; n++) cache.load('hanging' + n, -1, hang)
          cache.load('joined', -1, hang); cache.load('joined', -1, hang)
          for (let n = 0; n < 3; n++) ends.push(await cache.load('brief' + n, -1, () => n))
          cache.load('last', -1, hang)
          ends.push(await cache.load('more', -1, () => 1).catch(error => `${error.name}: ${error.message}`), await cache.load('brief0', -1, hang))
          return { ends }
        }";
    delivers(
        source,
        TRACK,
        r#"{"ends":[0,1,2,"RangeError: cache.load: an invocation may have at most 1000 loads under way",0]}"#,
    );
}

#[test]
fn a_large_value_is_given_but_not_kept() {
    let source = "
        let loads = 0
        async function onTrack() {
          const load = () => cache.load('key', -1, async () => { loads++; return 'x'.repeat(2 ** 23) })
          return { lengths: [(await load()).length, (await load()).length], loads }
        }";
    delivers(source, TRACK, r#"{"lengths":[8388608,8388608],"loads":2}"#);
}

#[test]
fn poisoned_prototypes_do_not_matter() {
    let source = "
        Map.prototype.get = Map.prototype.set = Object.keys = null
        Error = Promise = undefined
        Object.prototype.properties = { evil: 1 }
        async function onTrack(e) {
          const value = await cache.load('key', -1, async () => ({ n: 1 }))
          return { n: value.n, again: (await cache.load('key', -1, () => 2)).n }
        }";
    delivers(source, TRACK, r#"{"n":1,"again":1}"#);
}

#[test]
fn a_token_is_fetched_once_for_a_burst_of_invocations() {
    let source = "
        async function onTrack(e) {
          const token = await cache.load('token', 60_000, async () => { await new Promise(resolve => setTimeout(resolve, 50)); return Math.random() })
          return { token }
        }";
    let call = Call::of(source);
    block_on(async {
        let began = Instant::now();
        let calls: Vec<_> = (0..20)
            .map(|_| tokio::spawn(call.clone().send(Service::shared().client())))
            .collect();
        let mut tokens = Vec::new();
        for call in calls {
            tokens.push(call.await.expect("a call ends").delivered());
        }
        tokens.sort_unstable();
        tokens.dedup();
        assert_eq!(tokens.len(), 1, "after {:?}: {tokens:?}", began.elapsed());
    });
}
