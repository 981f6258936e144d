//! `Blob` and `File`.

use crate::facts::facts;

#[test]
fn parts_are_joined() {
    facts(&[
        (
            "(async () => { const b = new Blob(['ab', new Blob(['c']), new Uint8Array([100, 101]), new Uint8Array([1, 102, 2]).subarray(1, 2), new Uint8Array([103]).buffer, 5, null, new DataView(new Uint8Array([33]).buffer)]); return [b.size, await b.text()] })()",
            r#"[13,"abcdefg5null!"]"#,
        ),
        (
            "[new Blob().size, new Blob([]).size, new Blob(undefined).size]",
            "[0,0,0]",
        ),
        (
            "[null, 'x', 5, {}].map(v => thrown(() => new Blob(v)).split(':')[0])",
            r#"["TypeError","TypeError","TypeError","TypeError"]"#,
        ),
        (
            "(async () => new Blob(new Set(['a', 'b'])).text())()",
            r#""ab""#,
        ),
        (
            r"(async () => [...new Uint8Array(await new Blob(['é\ud800']).arrayBuffer())])()",
            "[195,169,239,191,189]",
        ),
        (
            "(async () => { const bytes = new Uint8Array([1]); const b = new Blob([bytes]); bytes[0] = 9; return [...await new Response(b).bytes()] })()",
            "[1]",
        ),
        (
            "(() => { const buffer = new ArrayBuffer(4), view = new Uint8Array(buffer); buffer.transfer(); return new Blob([buffer, view, 'x']).size })()",
            "1",
        ),
        (
            r"(async () => new Blob(['a\r\nb\rc\nd'], { endings: 'native' }).text())()",
            r#""a\nb\nc\nd""#,
        ),
        (
            r"(async () => new Blob(['a\r\nb'], { endings: 'transparent' }).text())()",
            r#""a\r\nb""#,
        ),
        (
            "thrown(() => new Blob([], { endings: 'x' })).split(':')[0]",
            r#""TypeError""#,
        ),
        (
            "thrown(() => new Blob([], 'x')).split(':')[0]",
            r#""TypeError""#,
        ),
        (
            "thrown(() => new Blob([{ toString() { throw new RangeError('mine') } }]))",
            r#""RangeError: mine""#,
        ),
    ]);
}

#[test]
fn types() {
    facts(&[(
        r"['text/plain', 'TEXT/Plain', 'a\tb', 'é', '', undefined, null].map(type => new Blob([], { type }).type)",
        r#"["text/plain","text/plain","","","","","null"]"#,
    )]);
}

#[test]
fn slices() {
    facts(&[
        (
            "(async () => { const b = new Blob(['abcdefgh'], { type: 'x/y' }); return Promise.all([b.slice(), b.slice(2), b.slice(2, 4), b.slice(-3), b.slice(-3, -1), b.slice(5, 2), b.slice(0, 100), b.slice(NaN, 2), b.slice(1, null)].map(s => s.text())) })()",
            r#"["abcdefgh","cdefgh","cd","fgh","fg","","abcdefgh","ab",""]"#,
        ),
        (
            "[new Blob(['a'], { type: 'x/y' }).slice().type, new Blob(['a']).slice(0, 1, 'Z/z').type]",
            r#"["","z/z"]"#,
        ),
        (
            "(async () => new Blob(['abcdef']).slice(1, 5).slice(1, 3).text())()",
            r#""cd""#,
        ),
    ]);
}

#[test]
fn files() {
    facts(&[
        (
            "(() => { const f = new File(['ab'], 'n.txt', { type: 'text/plain', lastModified: 42 }); return [f.name, f.size, f.type, f.lastModified, f instanceof Blob, Object.prototype.toString.call(f)] })()",
            r#"["n.txt",2,"text/plain",42,true,"[object File]"]"#,
        ),
        (
            "[0, 1].map(n => thrown(() => n ? new File(['a']) : new File()).split(':')[0])",
            r#"["TypeError","TypeError"]"#,
        ),
        (
            "[typeof new File([], 'x').lastModified, new File([], 'a/b').name, new File([], null).name, new File([], 'x', { lastModified: '7.9' }).lastModified]",
            r#"["number","a/b","null",7]"#,
        ),
        (
            "Object.prototype.toString.call(new Blob())",
            r#""[object Blob]""#,
        ),
        (
            "(async () => { const f = new File(['abc'], 'x'); const s = f.slice(1); return [s instanceof File, s instanceof Blob, await s.text()] })()",
            r#"[false,true,"bc"]"#,
        ),
        (
            "thrown(() => Object.getOwnPropertyDescriptor(Blob.prototype, 'size').get.call({})).split(':')[0]",
            r#""TypeError [ERR_INVALID_THIS]""#,
        ),
    ]);
}

#[test]
fn streams_of_blobs() {
    facts(&[
        (
            "(async () => { const r = new Blob(['abc']).stream().getReader(); const a = await r.read(); return [[...a.value], a.done, await r.read().then(x => x.done)] })()",
            "[[97,98,99],false,true]",
        ),
        (
            "(async () => { let n = 0; for await (const c of new Blob([new Uint8Array(200000)]).stream()) n += c.length; return n })()",
            "200000",
        ),
        (
            "(async () => [...new Uint8Array(await new Blob([new Uint8Array([1, 2])]).arrayBuffer())])()",
            "[1,2]",
        ),
    ]);
}
