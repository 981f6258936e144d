//! `FormData`: the web's, and that of npm's form-data.

use crate::facts::facts;

#[test]
fn entries() {
    facts(&[
        (
            "(() => { const f = new FormData(); f.append('a', '1'); f.append('b', 2); f.append('a', null); f.append('c', undefined); return [[...f], f.get('a'), f.getAll('a'), f.get('none'), f.getAll('none'), f.has('b'), f.has('z')] })()",
            r#"[[["a","1"],["b","2"],["a","null"],["c","undefined"]],"1",["1","null"],null,[],true,false]"#,
        ),
        (
            "(() => { const f = new FormData(); f.append('a', '1'); f.append('b', '2'); f.append('a', '3'); f.set('a', '4'); f.set('c', '5'); f.delete('b'); f.delete('none'); return [...f] })()",
            r#"[["a","4"],["c","5"]]"#,
        ),
        (
            "['append', 'set'].map(m => thrown(() => new FormData()[m]('a')).split(':')[0])",
            r#"["TypeError","TypeError"]"#,
        ),
        (
            "['get', 'getAll', 'has', 'delete'].map(m => thrown(() => new FormData()[m]()).split(':')[0])",
            r#"["TypeError","TypeError","TypeError","TypeError"]"#,
        ),
        (
            "['x', 5, null].map(v => thrown(() => new FormData(v)).split(':')[0])",
            r#"["TypeError","TypeError","TypeError"]"#,
        ),
        (
            "(() => { const f = new FormData(); f.append('a', new Blob(['x'], { type: 't/t' })); f.append('b', new Blob(['y']), 'n.txt'); f.append('c', new File(['z'], 'own')); f.append('d', new File(['z'], 'own'), 'other'); return ['a', 'b', 'c', 'd'].map(n => [f.get(n) instanceof File, f.get(n).name, f.get(n).type, f.get(n).size]) })()",
            r#"[[true,"blob","t/t",1],[true,"n.txt","",1],[true,"own","",1],[true,"other","",1]]"#,
        ),
        (
            "(() => { const f = new FormData(), file = new File(['z'], 'own'); f.append('c', file); return f.get('c') === file })()",
            "true",
        ),
        (
            r"(() => { const f = new FormData(); f.append('a\ud800', 'b\ud800'); return [...f] })()",
            r#"[["a�","b�"]]"#,
        ),
        (
            "[Object.prototype.toString.call(new FormData()), thrown(() => FormData.prototype.get.call({}, 'a')).split(':')[0]]",
            r#"["[object FormData]","TypeError [ERR_INVALID_THIS]"]"#,
        ),
    ]);
}

#[test]
fn iteration_is_live() {
    facts(&[
        (
            "(() => { const f = new FormData(); f.append('a', '1'); f.append('b', '2'); return [[...f.keys()], [...f.values()], [...f.entries()], FormData.prototype[Symbol.iterator] === FormData.prototype.entries] })()",
            r#"[["a","b"],["1","2"],[["a","1"],["b","2"]],true]"#,
        ),
        (
            "(() => { const f = new FormData(); f.append('a', '1'); const seen = []; for (const [k] of f) { seen.push(k); if (seen.length < 3) f.append('n' + seen.length, 'x') } return seen })()",
            r#"["a","n1","n2"]"#,
        ),
        (
            "(() => { const f = new FormData(), seen = []; f.append('a', '1'); f.forEach(function (v, k, all) { seen.push(v, k, all === f, this.me) }, { me: 7 }); return seen })()",
            r#"["1","a",true,7]"#,
        ),
        (
            "(() => { const f = new FormData(); f.append('a', '1'); return Object.getPrototypeOf(f.entries())[Symbol.toStringTag] })()",
            r#""FormData Iterator""#,
        ),
    ]);
}

#[test]
fn bodies_of_forms() {
    facts(&[
        (
            r#"(async () => { const f = new FormData(); f.append('text', 'a\nb'); f.append('quote"\r\n', 'x'); f.append('file', new File(['{}'], 'a"b.json', { type: 'application/json' })); f.append('bare', new Blob(['z'])); return plain(await new Response(f).text()) })()"#,
            r#""BOUNDARY\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\na\nb\r\nBOUNDARY\r\nContent-Disposition: form-data; name=\"quote%22%0D%0A\"\r\n\r\nx\r\nBOUNDARY\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a%22b.json\"\r\nContent-Type: application/json\r\n\r\n{}\r\nBOUNDARY\r\nContent-Disposition: form-data; name=\"bare\"; filename=\"blob\"\r\nContent-Type: application/octet-stream\r\n\r\nz\r\nBOUNDARY--\r\n""#,
        ),
        (
            r"(async () => { const f = new FormData(); f.append('a', 'é'); f.append('a', '2'); f.append('f', new File(['data\r\n--x'], 'é.txt', { type: 'text/x' })); const g = await new Response(f).formData(); return [g.getAll('a'), g.get('f').name, g.get('f').type, await g.get('f').text(), [...g.keys()]] })()",
            r#"[["é","2"],"é.txt","text/x","data\r\n--x",["a","a","f"]]"#,
        ),
        (
            "(async () => { const type = new Response(new FormData()).headers.get('content-type'); return type.replace(/-{2,}.*/, 'B') })()",
            r#""multipart/form-data; boundary=B""#,
        ),
        (
            "(async () => [...await new Response('a=1&b=%C3%A9+x&a=2', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }).formData()])()",
            r#"[["a","1"],["b","é x"],["a","2"]]"#,
        ),
        (
            r#"(async () => [...await new Response('--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b\r\ncontent-disposition: form-data; name=y; filename=f.bin\r\nContent-Type: a/b\r\n\r\n\r\n--b--\r\n', { headers: { 'content-type': 'multipart/form-data; boundary=b' } }).formData()].map(([k, v]) => typeof v === 'string' ? [k, v] : [k, v.name, v.type, v.size]))()"#,
            r#"[["x","1"],["y","f.bin","a/b",0]]"#,
        ),
        (
            r#"(async () => [...await new Response('--b--', { headers: { 'content-type': 'multipart/form-data; boundary="b"' } }).formData()])()"#,
            "[]",
        ),
        (
            r#"(async () => Promise.all([['{}', 'application/json'], ['', 'multipart/form-data'], ['', 'multipart/form-data; boundary=b'], ['--b\r\n\r\nx', 'multipart/form-data; boundary=b'], ['--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1', 'multipart/form-data; boundary=b'], ['x', 'text/plain']].map(([b, t]) => new Response(b, { headers: { 'content-type': t } }).formData().then(() => 'parsed', e => e.name))))()"#,
            r#"["TypeError","TypeError","TypeError","TypeError","TypeError","TypeError"]"#,
        ),
        (
            "(async () => rejected(new Response(null).formData()).then(t => t.split(':')[0]))()",
            r#""TypeError""#,
        ),
    ]);
}

#[test]
fn forms_of_npm() {
    facts(&[
        (
            r#"(async () => { const f = new FormData(); f.append('json', Buffer.from('{"a":1}'), { filename: 'dir/a.json' }); f.append('n', 5); f.append('csv', 'x,y', 'rows.csv'); f.append('typed', 'z', { contentType: 'text/x', header: { 'X-Part': 'p' } }); f.append('raw', new Uint8Array([65])); return plain(f.getBuffer().toString()) })()"#,
            r#""BOUNDARY\r\nContent-Disposition: form-data; name=\"json\"; filename=\"a.json\"\r\nContent-Type: application/json\r\n\r\n{\"a\":1}\r\nBOUNDARY\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n5\r\nBOUNDARY\r\nContent-Disposition: form-data; name=\"csv\"; filename=\"rows.csv\"\r\nContent-Type: text/csv\r\n\r\nx,y\r\nBOUNDARY\r\nContent-Disposition: form-data; name=\"typed\"\r\nContent-Type: text/x\r\nX-Part: p\r\n\r\nz\r\nBOUNDARY\r\nContent-Disposition: form-data; name=\"raw\"\r\nContent-Type: application/octet-stream\r\n\r\nA\r\nBOUNDARY--\r\n""#,
        ),
        (
            "(() => { const f = new FormData(); f.setBoundary('B'); f.append('a', '1'); return [f.getBoundary(), f.getHeaders({ Accept: 'x', 'Content-Type': 'mine' }), f.getLengthSync(), f.getBuffer().length, f.hasKnownLength(), Buffer.isBuffer(f.getBuffer())] })()",
            r#"["B",{"content-type":"mine","accept":"x"},59,59,true,true]"#,
        ),
        (
            "(() => { const f = new FormData(); return [f.getHeaders()['content-type'] === 'multipart/form-data; boundary=' + f.getBoundary(), /^-{26}[0-9a-f]{24}$/.test(f.getBoundary()), f.getBoundary() === new FormData().getBoundary()] })()",
            "[true,true,false]",
        ),
        (
            "(async () => { const f = new FormData(); f.append('a', '1'); return new Promise(resolve => f.getLength((error, length) => resolve([error, length === f.getLengthSync()]))) })()",
            "[null,true]",
        ),
        (
            "(async () => { const f = new FormData(); f.append('s', (async function* () { yield 'a'; yield Buffer.from('b') })(), { filename: 'x.txt', knownLength: 2 }); const known = f.hasKnownLength(), length = f.getLengthSync(), why = thrown(() => f.getBuffer()), bytes = await new Response(f).bytes(); return [known, length === bytes.length, why, plain(Buffer.from(bytes).toString())] })()",
            r#"[true,true,"TypeError: FormData.getBuffer: the value of 's' is a stream; pass the form to fetch as its body","BOUNDARY\r\nContent-Disposition: form-data; name=\"s\"; filename=\"x.txt\"\r\nContent-Type: text/plain\r\n\r\nab\r\nBOUNDARY--\r\n"]"#,
        ),
        (
            "(async () => { const f = new FormData(); f.append('s', new Response('body').body, { filename: 'x.png' }); return [f.hasKnownLength(), thrown(() => f.getLengthSync()), await new Promise(r => f.getLength(e => r(String(e)))), plain(await new Response(f).text())] })()",
            r#"[false,"Error: Cannot calculate proper length in synchronous way.","Error: Unknown stream","BOUNDARY\r\nContent-Disposition: form-data; name=\"s\"; filename=\"x.png\"\r\nContent-Type: image/png\r\n\r\nbody\r\nBOUNDARY--\r\n"]"#,
        ),
        (
            "thrown(() => new FormData().submit('http://a/'))",
            r#""Error: FormData.submit is not available: pass the form to fetch as its body""#,
        ),
        (
            r"thrown(() => new FormData().append('a', 'b', { contentType: 'x\r\nInjected: 1' }))",
            r#""TypeError: FormData.append: contentType has a line end: 'x\\r\\nInjected: 1'""#,
        ),
        (
            r"thrown(() => new FormData().append('a', 'b', { header: { A: 'b\nc' } }))",
            r#""TypeError: FormData.append: header has a line end: 'A: b\\nc'""#,
        ),
        (
            "(() => { const f = new FormData({ maxDataSize: 5 }); f.append('list', [1, 2]); f.append('o', {}); return [...f] })()",
            r#"[["list","1,2"],["o","[object Object]"]]"#,
        ),
        (
            "(async () => { const f = new FormData(), got = []; f.setBoundary('B'); f.append('a', '1'); await new Promise(resolve => f.pipe({ write(c) { got.push(c.toString()) }, end: resolve })); return got })()",
            r#"["--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B--\r\n"]"#,
        ),
        (
            r"(() => { const f = new FormData(); f.setBoundary('B'); f.append('a', '1', { header: '\r\n--B\r\nX: y\r\n\r\n' }); return f.getBuffer().toString() })()",
            r#""\r\n--B\r\nX: y\r\n\r\n1\r\n--B--\r\n""#,
        ),
        (
            "(async () => { const foreign = { getBoundary: () => 'F', getHeaders: () => ({}), getBuffer: () => Buffer.from('foreign') }; const r = new Request('http://a/', { method: 'POST', body: foreign }); return [r.headers.get('content-type'), await r.text()] })()",
            r#"["multipart/form-data; boundary=F","foreign"]"#,
        ),
        (
            "(async () => { const foreign = { getBoundary: () => 'F', on(name, f) { if (name === 'end') setTimeout(f, 5); if (name === 'data') { f('da'); f(Buffer.from('ta')) } return this }, pipe() {} }; const r = new Request('http://a/', { method: 'POST', body: foreign }); return [r.headers.get('content-type'), await r.text()] })()",
            r#"["multipart/form-data; boundary=F","data"]"#,
        ),
        (
            "(() => { const bytes = Buffer.from('abc'), f = new FormData(); f.append('a', bytes); bytes[0] = 120; return f.getBuffer().includes('abc') })()",
            "true",
        ),
    ]);
}
