//! `Response`: the facts of the web platform, and of node-fetch where it has its own; bodies as streams.

use crate::facts::facts;

#[test]
fn defaults() {
    facts(&[
        (
            "(() => { const r = new Response(); return [r.type, r.url, r.redirected, r.status, r.ok, r.statusText, [...r.headers], r.body, r.bodyUsed] })()",
            r#"["default","",false,200,true,"",[],null,false]"#,
        ),
        (
            "(() => { const r = new Response('x', { status: 404, statusText: 'Gone fishing', headers: { a: 'b' } }); return [r.status, r.ok, r.statusText, [...r.headers]] })()",
            r#"[404,false,"Gone fishing",[["a","b"],["content-type","text/plain;charset=UTF-8"]]]"#,
        ),
        (
            "[199, 600, 0, 100, 1000, -1, 'x'].map(status => thrown(() => new Response('', { status })).split(':')[0])",
            r#"["RangeError","RangeError","RangeError","RangeError","RangeError","RangeError","RangeError"]"#,
        ),
        (
            "[200, 299, 300, 599, '204.9', 65736].map(status => [new Response(null, { status }).status, new Response(null, { status }).ok])",
            "[[200,true],[299,true],[300,false],[599,false],[204,true],[200,true]]",
        ),
        (
            r"['\n', 'é\u{100}', 'a\x7f', 'ok\t'].map(statusText => thrown(() => new Response('', { statusText })).split(':')[0])",
            r#"["TypeError","TypeError","TypeError","nothing"]"#,
        ),
        (
            "[204, 205, 304].map(status => thrown(() => new Response('x', { status })).split(':')[0])",
            r#"["TypeError","TypeError","TypeError"]"#,
        ),
        (
            "[Object.prototype.toString.call(new Response()), thrown(() => Response()).split(':')[0], thrown(() => new Response('', 5)).split(':')[0]]",
            r#"["[object Response]","TypeError","TypeError"]"#,
        ),
    ]);
}

#[test]
fn content_types_of_bodies() {
    facts(&[
        (
            "['a', new URLSearchParams('a=1'), new Blob(['x'], { type: 'a/b' }), new Blob(['x']), new Uint8Array(1), new ArrayBuffer(1), 5, null, undefined, {}].map(b => new Response(b).headers.get('content-type'))",
            r#"["text/plain;charset=UTF-8","application/x-www-form-urlencoded;charset=UTF-8","a/b",null,null,null,"text/plain;charset=UTF-8",null,null,"text/plain;charset=UTF-8"]"#,
        ),
        (
            "new Response('a', { headers: { 'Content-Type': 'x/y' } }).headers.get('content-type')",
            r#""x/y""#,
        ),
        (
            "(async () => Promise.all([new URLSearchParams({ a: 'é b' }), new Blob(['blob']), new Uint8Array([97, 98]).subarray(1), new Uint8Array([99]).buffer, 5, true, { toString: () => 'obj' }, 'é', new DataView(new ArrayBuffer(2), 1)].map(b => new Response(b).text())))()",
            r#"["a=%C3%A9+b","blob","b","c","5","true","obj","é","\u0000"]"#,
        ),
        (
            "thrown(() => new Response(Symbol('x'))).split(':')[0]",
            r#""TypeError""#,
        ),
        (
            "thrown(() => new Response({ toString() { throw new RangeError('mine') } }))",
            r#""RangeError: mine""#,
        ),
    ]);
}

#[test]
fn reading_bodies() {
    facts(&[
        (
            r#"(async () => { const r = () => new Response('{"a":[1]}'); return [await r().json(), await r().text(), [...new Uint8Array(await r().arrayBuffer())].length, (await r().blob()).size, (await r().bytes()).length] })()"#,
            r#"[{"a":[1]},"{\"a\":[1]}",9,9,9]"#,
        ),
        (
            "(async () => { const r = new Response('x'); const before = r.bodyUsed; await r.text(); return [before, r.bodyUsed, await rejected(r.text()).then(t => t.split(':')[0]), await rejected(r.json()).then(t => t.split(':')[0])] })()",
            r#"[false,true,"TypeError","TypeError"]"#,
        ),
        (
            "(async () => { const r = new Response(); return [await r.text(), r.bodyUsed, await r.text(), (await r.blob()).size] })()",
            r#"["",false,"",0]"#,
        ),
        (
            "(async () => { const r = new Response(''); return [await r.text(), r.bodyUsed] })()",
            r#"["",true]"#,
        ),
        (
            r"(async () => new Response('\ufeffabc').text())()",
            r#""abc""#,
        ),
        (
            r#"(async () => new Response('\ufeff{"a":1}').json())()"#,
            r#"{"a":1}"#,
        ),
        (
            "(async () => new Response(new Uint8Array([0xff, 0x61])).text())()",
            r#""�a""#,
        ),
        (
            "(async () => (await new Response('x', { headers: { 'Content-Type': 'Text/HTML' } }).blob()).type)()",
            r#""text/html""#,
        ),
        (
            "(async () => (await new Response(new Blob(['x'], { type: 'a/b' })).blob()).type)()",
            r#""a/b""#,
        ),
        (
            "(async () => { const bytes = new Uint8Array([1, 2]); const r = new Response(bytes); bytes[0] = 9; return [...await r.bytes()] })()",
            "[1,2]",
        ),
        (
            "(async () => { const r = new Response('abc'); const a = await r.clone().bytes(); a[0] = 120; return r.text() })()",
            r#""abc""#,
        ),
        (
            "(async () => { const p = Response.prototype.text.call({}); return [p instanceof Promise, await rejected(p).then(t => t.split(':')[0])] })()",
            r#"[true,"TypeError [ERR_INVALID_THIS]"]"#,
        ),
        (
            "(async () => rejected(new Response('x').json()).then(t => t.length > 10))()",
            "true",
        ),
        (
            r#"(async () => new Response('{"then":1}').json())()"#,
            r#"{"then":1}"#,
        ),
    ]);
}

#[test]
fn clones() {
    facts(&[
        (
            "(async () => { const r = new Response('x', { status: 201, statusText: 's', headers: { a: 'b' } }), c = r.clone(); c.headers.set('a', 'c'); return [c.status, c.statusText, r.headers.get('a'), await r.text(), await c.text(), c !== r] })()",
            r#"[201,"s","b","x","x",true]"#,
        ),
        (
            "(async () => { const r = new Response('x'); await r.text(); return thrown(() => r.clone()).split(':')[0] })()",
            r#""TypeError""#,
        ),
        (
            "(async () => { const r = new Response('x'), c = r.clone(), d = c.clone(); return [await d.text(), await c.text(), await r.text()] })()",
            r#"["x","x","x"]"#,
        ),
        (
            "(() => [new Response(null).clone().body, Response.error().clone().type])()",
            r#"[null,"error"]"#,
        ),
    ]);
}

#[test]
fn statics() {
    facts(&[
        (
            "(() => { const r = Response.error(); return [r.type, r.status, r.statusText, r.ok, r.body, [...r.headers], r.url] })()",
            r#"["error",0,"",false,null,[],""]"#,
        ),
        (
            "[301, 302, 303, 307, 308].map(s => Response.redirect('http://a/b', s).status)",
            "[301,302,303,307,308]",
        ),
        (
            r"(() => { const r = Response.redirect('http://a/\u00e9'); return [r.status, r.headers.get('location'), r.type, r.body] })()",
            r#"[302,"http://a/%C3%A9","default",null]"#,
        ),
        (
            "[200, 300, 304, 309, 'x'].map(s => thrown(() => Response.redirect('http://a/', s)).split(':')[0])",
            r#"["RangeError","RangeError","RangeError","RangeError","RangeError"]"#,
        ),
        (
            "thrown(() => Response.redirect('http://:bad:/')).split(':')[0]",
            r#""TypeError""#,
        ),
        (
            "(async () => { const r = Response.json({ a: 1 }, { status: 201 }); return [r.status, r.headers.get('content-type'), await r.json()] })()",
            r#"[201,"application/json",{"a":1}]"#,
        ),
        (
            "[Response.json(1, { headers: { 'content-type': 'x/y' } }).headers.get('content-type'), thrown(() => Response.json(undefined)).split(':')[0], thrown(() => Response.json(Symbol())).split(':')[0], thrown(() => Response.json('x', { status: 204 })).split(':')[0], thrown(() => Response.json()).split(':')[0]]",
            r#"["x/y","TypeError","TypeError","TypeError","TypeError"]"#,
        ),
        (
            "thrown(() => { const a = {}; a.a = a; Response.json(a) }).split(':')[0]",
            r#""TypeError""#,
        ),
    ]);
}

#[test]
fn bodies_as_streams() {
    facts(&[
        (
            "(async () => { const r = new Response('abc'), reader = r.body.getReader(); const a = await reader.read(), b = await reader.read(); return [[...a.value], a.done, b, r.bodyUsed] })()",
            r#"[[97,98,99],false,{"done":true},true]"#,
        ),
        (
            "(async () => { const parts = []; for await (const c of new Response('abc').body) parts.push(...c); return parts })()",
            "[97,98,99]",
        ),
        (
            "(async () => { const r = new Response('abc'); r.body.getReader(); return [r.body.locked, thrown(() => r.body.getReader()).split(':')[0]] })()",
            r#"[true,"TypeError"]"#,
        ),
        (
            "(async () => { const r = new Response('abc'); const same = r.body === r.body; await r.text(); return [same, r.bodyUsed] })()",
            "[true,true]",
        ),
        (
            "(async () => { const r = new Response('x'), reader = r.body.getReader(); reader.releaseLock(); return [r.body.locked, await rejected(reader.read()).then(t => t.split(':')[0])] })()",
            r#"[false,"TypeError"]"#,
        ),
    ]);
}

#[test]
fn manners_of_node_fetch() {
    facts(&[
        (
            "(async () => { const b = await new Response('abc').buffer(); return [Buffer.isBuffer(b), b.toString('hex')] })()",
            r#"[true,"616263"]"#,
        ),
        (
            "(async () => { const r = new Response('{oops', { url: 'http://a/b' }); try { await r.json() } catch (e) { return [e.name, e.type, e.message.startsWith('invalid json response body at http://a/b reason: '), e instanceof Error, e instanceof fetch.FetchError, Object.keys(e)] } })()",
            r#"["FetchError","invalid-json",true,true,true,["type"]]"#,
        ),
        (
            "(async () => { try { await new Response('').json() } catch (e) { return e.message } })()",
            r#""invalid json response body at  reason: Unexpected end of JSON input""#,
        ),
        (
            "(async () => { const r = new Response('x', { url: 'http://a/' }); await r.text(); return rejected(r.buffer()) })()",
            r#""TypeError: body used already for: http://a/""#,
        ),
        (
            "(async () => { const r = new Response('x'); await r.text(); return thrown(() => r.clone()) })()",
            r#""TypeError: cannot clone body after it is used""#,
        ),
    ]);
}

#[test]
fn streams_in_the_manner_of_node() {
    facts(&[
        (
            "(async () => { const s = new Response('héllo').body; let text = ''; s.setEncoding('utf8'); s.on('data', c => { text += c }); await new Promise(r => s.on('end', r)); return [text, s.readable, s.readableEnded] })()",
            r#"["héllo",false,true]"#,
        ),
        (
            "(async () => { const s = new Response('abc').body, got = []; await new Promise(resolve => s.pipe({ write(c) { got.push(Buffer.isBuffer(c), c.toString()) }, end: resolve })); return got })()",
            r#"[true,"abc"]"#,
        ),
        (
            "(async () => { const s = new Response(new Uint8Array(150000)).body; let n = 0, chunks = 0; s.on('data', c => { n += c.length; chunks++; if (chunks === 1) { s.pause(); setTimeout(() => s.resume(), 5) } }); await new Promise(r => s.once('close', r)); return [n, chunks] })()",
            "[150000,3]",
        ),
        (
            "(async () => { const s = new Response('abc').body, got = []; await new Promise(resolve => { s.on('readable', () => { let c; while ((c = s.read()) !== null) got.push(c.toString()) }); s.on('end', resolve) }); return got })()",
            r#"["abc"]"#,
        ),
        (
            "(async () => { const s = new Response('abc').body; for await (const c of s) { return [c.toString(), Buffer.isBuffer(c)] } })()",
            r#"["abc",true]"#,
        ),
        (
            "(async () => { const s = new Response('abc').body, seen = []; s.on('error', e => seen.push(e.message)).on('close', () => seen.push('close')); s.destroy(new Error('enough')); await new Promise(r => setTimeout(r, 5)); return [seen, s.destroyed] })()",
            r#"[["enough","close"],true]"#,
        ),
        (
            "(async () => { const s = new Response('€'.repeat(50000)).body; s.setEncoding('utf8'); let text = ''; for await (const c of s) text += c; return [text.length, text === '€'.repeat(50000)] })()",
            "[50000,true]",
        ),
        (
            "(async () => { const s = new Response('abcdef').body; s.setEncoding('base64'); let text = ''; for await (const c of s) text += c; return text })()",
            r#""YWJjZGVm""#,
        ),
        (
            "(async () => { const r = new Response((async function* () { yield 'a'; yield new Uint8Array([98]); yield Buffer.from('c') })()); return [r.headers.get('content-type'), await r.text(), r.bodyUsed] })()",
            r#"[null,"abc",true]"#,
        ),
        (
            "(async () => { const r = new Response((async function* () { yield 'a'; yield 'b' })()), c = r.clone(); return [await r.text(), await c.text()] })()",
            r#"["ab","ab"]"#,
        ),
        (
            "(async () => [await rejected(new Response((async function* () { throw new RangeError('broken') })()).text()), await rejected(new Response((async function* () { yield 5 })()).text())])()",
            r#"["RangeError: broken","TypeError: A stream that is a body must bring strings or bytes. Received 5"]"#,
        ),
        (
            "(async () => new Response(new Response('through').body).text())()",
            r#""through""#,
        ),
        (
            "(async () => { const r = new Response('abc'); for await (const c of r.body) break; return [r.bodyUsed, await rejected(r.text())] })()",
            r#"[true,"TypeError: body used already for: "]"#,
        ),
    ]);
}
