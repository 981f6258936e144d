//! Node's `zlib`: a table of facts, and what hostile functions try with it.

use crate::{
    check::{Call, Code, TRACK, delivers, exceeds_memory},
    facts,
    poison::POISON,
};

#[test]
fn zlib_does_what_nodes_does() {
    facts::hold(include_str!("facts/zlib.txt"));
}

#[test]
fn the_global_is_the_module() {
    delivers(
        "function onTrack() { const same = zlib === require('node:zlib') && zlib === zlib.zlib; zlib = zlib.zlib; return { same, gzip: typeof zlib.gzip } }",
        TRACK,
        r#"{"same":true,"gzip":"function"}"#,
    );
}

#[test]
fn zlib_works_whatever_was_done_to_the_globals() {
    let source = format!(
        "{POISON}
        async function onTrack() {{
          const Promising = (async () => {{}})().constructor
          const gunzip = zlib.createGunzip(), gzip = zlib.createGzip()
          let text = '', code
          const later = await new Promising(done => zlib.deflate('later', (error, bytes) => done(zlib.inflateSync(bytes).toString())))
          gunzip.on('data', part => {{ text += part.toString() }})
          gzip.pipe(gunzip)
          gzip.write('str'); gzip.end('eam')
          try {{ zlib.gunzipSync('no') }} catch (error) {{ code = error.code }}
          await new Promising(done => gunzip.on('end', done))
          return {{ there: zlib.gzipSync('hello').toString('hex'), brotli: zlib.brotliDecompressSync(zlib.brotliCompressSync('hello')).toString(),
            text, later, code, crc: zlib.crc32('hello') }}
        }}"
    );
    delivers(
        &source,
        TRACK,
        r#"{"there":"1f8b0800000000000003cb48cdc9c9070086a6103605000000","brotli":"hello","text":"stream","later":"later",
            "code":"Z_DATA_ERROR","crc":907060870}"#,
    );
}

#[test]
fn what_comes_of_a_bomb_is_bounded_by_the_memory() {
    for body in [
        "const bomb = zlib.gzipSync(Buffer.alloc(6e7)); zlib.gunzipSync(Buffer.concat([bomb, bomb, bomb, bomb]))",
        "const bomb = zlib.brotliCompressSync(Buffer.alloc(6e7), { params: { 1: 1 } }); const all = []; for (;;) all.push(zlib.brotliDecompressSync(bomb))",
        "const all = []; for (;;) all.push(zlib.createGzip())",
        "const all = []; for (;;) { const one = zlib.createBrotliCompress(); one.write('x'); all.push(one) }",
        "const all = []; for (;;) { const one = zlib.createInflate(); one.write('x'); all.push(one) }",
    ] {
        exceeds_memory(body);
    }
}

#[test]
fn streams_that_nobody_has_any_more_are_gone() {
    delivers(
        "function onTrack() {
          let count = 0
          for (; count < 1000; count++) { zlib.createDeflate({ level: 1 }); zlib.gzipSync('x') }
          return { count }
        }",
        TRACK,
        r#"{"count":1000}"#,
    );
}

#[test]
fn compression_without_end_ends_at_the_cpu_limit() {
    for body in [
        "for (const data = Buffer.alloc(3e7); ;) zlib.gzipSync(data)",
        "for (const data = zlib.gzipSync(Buffer.alloc(3e7)); ;) zlib.gunzipSync(data)",
        "for (const data = Buffer.alloc(3e7); ;) zlib.crc32(data)",
        "const gzip = zlib.createGzip(); gzip.resume(); for (;;) { gzip.write(Buffer.alloc(1e5)); await null }",
    ] {
        let limit = prost_types::Duration {
            seconds: 0,
            nanos: 300_000_000,
        };
        let call = Call::of(&format!("async function onTrack() {{ {body} }}"));
        let reply = call.limits(|limits| limits.cpu_time = Some(limit)).run();
        reply.failed(Code::CpuLimitExceeded, "--cpu-time-ms");
    }
}
