//! Node's `Buffer`: a table of facts, how it is shown, and what hostile functions try with it.

use crate::{
    check::{Call, Code, TRACK, delivers, exceeds_memory, fails},
    facts,
    poison::POISON,
};

#[test]
fn buffers_do_what_nodes_do() {
    facts::hold(include_str!("facts/buffer.txt"));
}

#[test]
fn buffers_are_shown_as_node_shows_them() {
    let source = "function onTrack(e) {
          console.log(Buffer.from('ab'), Buffer.alloc(0), Buffer.alloc(52), Buffer.alloc(51).length)
          console.log({ deep: [Buffer.from('a')] }, Object.assign(Buffer.from('a'), { name: 'x', list: [1] }))
          console.log('%s %j %o', Buffer.from('a'), Buffer.from('a'), Buffer.prototype.inspect.call(Buffer.from('b')))
          return e }";
    let logs = Call::of(source).capture().run().logs();
    let zeros = "00 ".repeat(50);
    assert_eq!(
        logs,
        [
            format!("<Buffer 61 62> <Buffer > <Buffer {zeros}... 2 more bytes> 51"),
            "{ deep: [ <Buffer 61> ] } <Buffer 61, name: 'x', list: [ 1 ]>".to_owned(),
            "a {\"type\":\"Buffer\",\"data\":[97]} '<Buffer 62>'".to_owned(),
        ]
    );
}

#[test]
fn buffers_work_whatever_was_done_to_the_globals() {
    let source = format!(
        "{POISON}
        function onTrack() {{
          const text = Buffer.from('h\\u00e9llo'), numbers = Buffer.alloc(12)
          numbers.writeUInt32BE(7, 4); numbers.writeDoubleLE(1.5, 0); numbers.fill('ab', 8)
          const joined = Buffer.concat([text, Buffer.from('YWI=', 'base64')])
          let code
          try {{ text.readUInt8(99) }} catch (error) {{ code = error.code }}
          return {{ hex: joined.toString('hex'), at: joined.indexOf('ab'), number: numbers.readDoubleLE(), numbers: numbers.toString('hex'),
            part: joined.subarray(1, 3).toString('latin1'), same: text.equals(Buffer.from(text)), code, json: joined.slice(0, 2) }}
        }}"
    );
    delivers(
        &source,
        TRACK,
        r#"{"hex":"68c3a96c6c6f6162","at":6,"number":1.5,"numbers":"000000000000f83f61626162","part":"Ã©","same":true,
            "code":"ERR_OUT_OF_RANGE","json":{"type":"Buffer","data":[104,195]}}"#,
    );
}

#[test]
fn sizes_beyond_memory_end_the_invocation_and_nothing_else() {
    fails(
        "function onTrack() { Buffer.alloc(2 ** 33) }",
        TRACK,
        Code::BadRequest,
        "The value of \"size\" is out of range. It must be >= 0 && <= 4294967296. Received 8_589_934_592",
    );
    for body in [
        "Buffer.alloc(2 ** 32)",
        "Buffer.from({ length: 2 ** 31 })",
        "Buffer.concat([Buffer.from('x')], 2 ** 31)",
        "Buffer.from('x'.repeat(2 ** 29 - 24), 'base64')",
        "const all = []; for (;;) all.push(Buffer.allocUnsafe(4000))",
        "const all = []; for (;;) all.push(Buffer.from('x'.repeat(1e6)))",
    ] {
        exceeds_memory(body);
    }
    for body in [
        "Buffer.alloc(1e8).toString('hex')",
        "Buffer.alloc(10).write('x'.repeat(2 ** 29 - 24), 'base64')",
    ] {
        fails(
            &format!("function onTrack() {{ {body} }}"),
            TRACK,
            Code::BadRequest,
            "longer than 0x1fffffe8",
        );
    }
}

#[test]
fn a_buffer_that_goes_away_in_the_middle_is_empty() {
    let source = "function onTrack() {
          const gone = size => { const buffer = Buffer.from(new ArrayBuffer(size)); const leave = () => { if (buffer.buffer.byteLength) buffer.buffer.transfer(); return 0 }
            return [buffer, { valueOf: leave, toString: () => (leave(), 'ab') }] }
          const attempt = use => { const [buffer, trap] = gone(64); try { return String(use(buffer, trap)) } catch (error) { return error.name } }
          return { all: [
            attempt((buffer, trap) => buffer.toString('hex', trap)), attempt((buffer, trap) => buffer.copy(Buffer.alloc(4), trap)),
            attempt((buffer, trap) => buffer.indexOf('a', trap)), attempt((buffer, trap) => buffer.writeDoubleLE(trap)),
            attempt((buffer, trap) => buffer.writeUIntBE(trap, 0, 6)), attempt((buffer, trap) => buffer.slice(trap).length),
            attempt((buffer, trap) => buffer.fill(trap)), attempt((buffer, trap) => Buffer.from(buffer.buffer, trap)),
            attempt((buffer, trap) => { trap.valueOf(); return buffer.toString() + buffer.length }), attempt((buffer, trap) => { trap.valueOf(); return buffer.write('abc') }),
            attempt((buffer, trap) => { trap.valueOf(); return buffer.equals(Buffer.alloc(0)) }), attempt((buffer, trap) => { trap.valueOf(); return buffer.swap16().length }),
            attempt((buffer, trap) => { trap.valueOf(); return Buffer.concat([buffer]).length }), attempt((buffer, trap) => { trap.valueOf(); return buffer.readUInt8(0) }),
          ], pool: (() => { const first = Buffer.from('abc'); first.buffer.transfer(); return Buffer.from('def').toString() + first.length })() } }";
    let reply = Call::of(source).run();
    let found: serde_json::Value = serde_json::from_str(&reply.delivered()).expect("JSON");
    assert_eq!(found["pool"], "def0", "{found}");
    assert_eq!(found["all"].as_array().map(Vec::len), Some(14), "{found}");
}

#[test]
fn buffers_can_be_made_a_class_of_ones_own() {
    let source = "class Own extends Buffer { twice() { return this.length * 2 } }
        function onTrack() {
          const plain = Own.from('abc'), mapped = Buffer.from('abc').map(byte => byte + 1)
          return { plain: [plain instanceof Buffer, plain instanceof Own, plain.constructor.name], mapped: mapped.toString(),
            kinds: [mapped instanceof Buffer, Buffer.isBuffer(mapped), Buffer.isBuffer(new Uint8Array(1)), ArrayBuffer.isView(mapped)] } }";
    delivers(
        source,
        TRACK,
        r#"{"plain":[true,false,"Buffer"],"mapped":"bcd","kinds":[true,true,false,true]}"#,
    );
}

#[test]
fn a_search_takes_no_longer_than_its_buffers_are_long() {
    let source = "function onTrack() {
          const bytes = Buffer.alloc(2e6 + 1, 'ab').fill('x', 0, 1), wanted = Buffer.alloc(1e6, 'ba'), zeros = Buffer.alloc(2e6)
          const missing = Buffer.concat([Buffer.alloc(1e6), Buffer.from([1])])
          return { all: [bytes.indexOf(wanted, 0, 'utf16le'), bytes.lastIndexOf(wanted, 'utf16le'), zeros.indexOf(missing), zeros.lastIndexOf(missing),
            zeros.indexOf(missing, 0, 'utf16le')] } }";
    delivers(source, TRACK, r#"{"all":[-1,-1,-1,-1,0]}"#);
}
