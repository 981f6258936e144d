//! `require` and its modules, `process`, `performance`: tables of facts, and what is ours alone.

use crate::{
    check::{Call, Code, TRACK, delivers, fails},
    facts,
    poison::POISON,
};

#[test]
fn events_util_process_and_timers_do_what_nodes_do() {
    facts::hold(include_str!("facts/modules.txt"));
}

#[test]
fn querystring_string_decoder_path_and_os_do_what_nodes_do() {
    facts::hold(include_str!("facts/text_modules.txt"));
}

#[test]
fn url_and_punycode_do_what_nodes_do() {
    facts::hold(include_str!("facts/url_module.txt"));
}

#[test]
fn assert_does_what_nodes_does() {
    facts::hold(include_str!("facts/assert.txt"));
}

#[test]
fn a_module_that_is_not_there_is_named_with_those_that_are() {
    let error = fails(
        "const fs = require('node:fs')\nfunction onTrack() {}",
        TRACK,
        Code::InvalidFunction,
        "Cannot find module 'node:fs': there are assert, ",
    );
    assert_eq!((error.name.as_str(), error.frames.len()), ("Error", 1));
    delivers(
        "function onTrack() { return { codes: ['x', 5, '__proto__', ''].map(name => { try { require(name) } catch (error) { return error.code } }) } }",
        TRACK,
        r#"{"codes":["MODULE_NOT_FOUND","ERR_INVALID_ARG_TYPE","MODULE_NOT_FOUND","MODULE_NOT_FOUND"]}"#,
    );
}

#[test]
fn modules_work_whatever_was_done_to_the_globals() {
    let source = format!(
        "const map = new Map([[{{ a: 1 }}, 1]]), other = new Map([[{{ a: 1 }}, 1]])
        {POISON}
        function onTrack() {{
          const EventEmitter = require('events'), util = require('util'), emitter = new EventEmitter()
          let seen = 0
          emitter.on('a', value => {{ seen += value }}); emitter.once('a', value => {{ seen += value }})
          emitter.emit('a', 1); emitter.emit('a', 1)
          process.nextTick(() => {{}})
          return {{ seen, equal: util.isDeepStrictEqual(map, other), text: util.format('%s %d', 'a', 1), date: util.types.isMap(map),
            query: require('querystring').parse('a=%20b&c').a + require('querystring').stringify({{ x: 'y z' }}),
            path: require('path').join('/a', '../b', require('path').basename('/c/d.e', '.e')),
            decoded: new (require('string_decoder').StringDecoder)().write(Buffer.from('€')), os: typeof require('os').EOL,
            url: require('url').parse('http://u@bücher.de:8/a b?c').href + require('url').resolve('/a/b/c', '../d'), punycode: require('punycode').toASCII('bücher.de'),
            version: typeof process.version, clock: typeof performance.now(), count: emitter.listenerCount('a') }}
        }}"
    );
    delivers(
        &source,
        TRACK,
        r#"{"seen":3,"equal":true,"text":"a 1","date":true,"query":" bx=y%20z","path":"/b/d",
            "decoded":"€","os":"string","url":"http://u@xn--bcher-kva.de:8/a%20b?c/a/d","punycode":"xn--bcher-kva.de","version":"string","clock":"number","count":1}"#,
    );
}

#[test]
fn process_has_nothing_of_the_executors() {
    let source = "function onTrack(e) {
          process.stdout.write('out\\n'); process.stderr.write('err'); process.emitWarning('careful'); process.emitWarning(new RangeError('hot'))
          require('util').deprecate(() => {}, 'old', 'DEP1')()
          const emitter = new (require('events'))()
          for (let i = 0; i < 12; i++) emitter.on('a', () => {})
          return { argv: process.argv, env: process.env, cwd: process.cwd(), pid: process.pid, exit: (() => { try { process.exit(1) } catch (error) { return error.message } })() }
        }";
    let reply = Call::of(source).capture().run();
    reply.delivers(
        r#"{"argv":[],"env":{},"cwd":"/","pid":1,"exit":"process.exit() is not available: a function ends when its handler does"}"#,
    );
    assert_eq!(
        reply.logs(),
        [
            "out",
            "err",
            "Warning: careful",
            "RangeError: hot",
            "[DEP1] DeprecationWarning: old",
            "MaxListenersExceededWarning: Possible EventEmitter memory leak detected. 11 a listeners added to [EventEmitter]. \
             Use emitter.setMaxListeners() to increase limit",
        ]
    );
}

#[test]
fn what_a_tick_throws_ends_the_invocation() {
    fails(
        "async function onTrack() { process.nextTick(() => { throw new RangeError('late') }); await new Promise(() => {}) }",
        TRACK,
        Code::BadRequest,
        "late",
    );
}
