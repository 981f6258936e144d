//! Node's `stream`: a table of facts, and what a table can't tell.

use crate::{
    check::{Code, TRACK, delivers, fails},
    facts,
    poison::POISON,
};

#[test]
fn stream_does_what_nodes_does() {
    facts::hold(include_str!("facts/stream.txt"));
}

#[test]
fn streams_work_whatever_was_done_to_the_globals() {
    let source = format!(
        "{POISON}
        function onTrack() {{
          const {{ Readable, Transform, Writable, pipeline }} = require('stream')
          const Promising = (async () => {{}})().constructor
          let n = 0, text = ''
          const source = new Readable({{ __proto__: null, read() {{ this.push(n++ < 3 ? 'a' + n : null) }} }})
          const upper = new Transform({{ __proto__: null, transform(chunk, encoding, done) {{ done(null, chunk) }} }})
          const sink = new Writable({{ __proto__: null, highWaterMark: 1, write(chunk, encoding, done) {{ text += chunk.toString(); setImmediate(done) }} }})
          return new Promising(done => pipeline(source, upper, sink, error => done({{ text, failed: error !== undefined }})))
        }}"
    );
    delivers(&source, TRACK, r#"{"text":"a1a2a3","failed":false}"#);
}

#[test]
fn what_a_listener_throws_ends_the_invocation() {
    fails(
        "async function onTrack() {
          const { PassThrough } = require('stream')
          new PassThrough().on('data', () => { throw new RangeError('in a listener') }).write('x')
          await new Promise(() => {})
        }",
        TRACK,
        Code::BadRequest,
        "in a listener",
    );
}

#[test]
fn an_error_that_nobody_listens_for_ends_the_invocation() {
    fails(
        "async function onTrack() { new (require('stream').Readable)().destroy(new RangeError('unheard')); await new Promise(() => {}) }",
        TRACK,
        Code::BadRequest,
        "unheard",
    );
}

#[test]
fn bodies_go_along_with_streams() {
    delivers(
        "async function onTrack() {
          const { Readable, pipeline, PassThrough } = require('stream'), promises = require('stream/promises')
          const parts = []
          await promises.pipeline(new Response('body').body, zlib.createGzip(), zlib.createGunzip(), async source => { for await (const part of source) parts.push(String(part)) })
          const piped = await new Promise(done => { const sink = new PassThrough(); sink.on('data', part => done(String(part))); new Response('piped').body.pipe(sink) })
          return { parts, piped, readable: new Response('').body instanceof Readable, stream: new Response('').body instanceof require('stream'),
            sent: await new Response(Readable.from(['one ', 'two'])).text() }
        }",
        TRACK,
        r#"{"parts":["body"],"piped":"piped","readable":true,"stream":true,"sent":"one two"}"#,
    );
}
