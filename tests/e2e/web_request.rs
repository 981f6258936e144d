//! `Request`, and what `fetch` refuses before anything is sent.

use crate::facts::facts;

#[test]
fn defaults() {
    facts(&[
        (
            "(() => { const r = new Request('http://a/b?c#d'); return [r.method, r.url, [...r.headers], r.body, r.bodyUsed, r.redirect, r.mode, r.credentials, r.cache, r.referrer, r.referrerPolicy, r.integrity, r.keepalive, r.destination, r.duplex, r.signal instanceof AbortSignal, r.signal.aborted] })()",
            r#"["GET","http://a/b?c#d",[],null,false,"follow","cors","same-origin","default","about:client","","",false,"","half",true,false]"#,
        ),
        (
            "[new Request(new URL('HTTP://EXAMPLE.com:80/x y')).url, new Request('http://a').url]",
            r#"["http://example.com/x%20y","http://a/"]"#,
        ),
        (
            "['', '/x', 'x', '//a/b', 'http://:0x/'].map(u => thrown(() => new Request(u)).split(':')[0])",
            r#"["TypeError","TypeError","TypeError","TypeError","TypeError"]"#,
        ),
        (
            "[thrown(() => new Request()).split(':')[0], thrown(() => Request('http://a')).split(':')[0], Object.prototype.toString.call(new Request('http://a'))]",
            r#"["TypeError","TypeError","[object Request]"]"#,
        ),
    ]);
}

#[test]
fn methods() {
    facts(&[
        (
            "['get', 'post', 'Put', 'DELETE', 'options', 'head'].map(method => new Request('http://a', { method }).method)",
            r#"["GET","POST","PUT","DELETE","OPTIONS","HEAD"]"#,
        ),
        (
            "['PATCH', 'FOO'].map(method => new Request('http://a', { method }).method)",
            r#"["PATCH","FOO"]"#,
        ),
        (
            r"['CONNECT', 'trace', 'TRACK', 'a b', '', 'é', 'a\n'].map(method => thrown(() => new Request('http://a', { method })).split(':')[0])",
            r#"["TypeError","TypeError","TypeError","TypeError","TypeError","TypeError","TypeError"]"#,
        ),
        (
            "['GET', 'HEAD', 'get'].map(method => thrown(() => new Request('http://a', { method, body: 'x' })).split(':')[0])",
            r#"["TypeError","TypeError","TypeError"]"#,
        ),
        (
            "thrown(() => new Request('http://a', { body: '' })).split(':')[0]",
            r#""TypeError""#,
        ),
    ]);
}

#[test]
fn options_are_checked() {
    facts(&[
        (
            "[{ mode: 'navigate' }, { mode: 'x' }, { credentials: 'x' }, { cache: 'x' }, { redirect: 'x' }, { referrerPolicy: 'x' }, { window: 5 }, { referrer: 'http://:bad' }, { cache: 'only-if-cached' }, { signal: {} }, { signal: 5 }, 5].map(i => thrown(() => new Request('http://a', i)).split(':')[0])",
            r#"["TypeError","TypeError","TypeError","TypeError","TypeError","TypeError","TypeError","TypeError","TypeError","TypeError","TypeError","TypeError"]"#,
        ),
        (
            "[{ signal: null }, { window: null }, { method: undefined, headers: undefined, body: undefined }, null, undefined].map(i => new Request('http://a', i).method)",
            r#"["GET","GET","GET","GET","GET"]"#,
        ),
        (
            "(() => { const r = new Request('http://a', { mode: 'same-origin', credentials: 'include', cache: 'no-store', redirect: 'manual', referrerPolicy: 'origin', integrity: 'x', keepalive: 1 }); return [r.mode, r.credentials, r.cache, r.redirect, r.referrerPolicy, r.integrity, r.keepalive] })()",
            r#"["same-origin","include","no-store","manual","origin","x",true]"#,
        ),
        (
            "thrown(() => new Request('http://a', { get method() { throw new RangeError('mine') } }))",
            r#""RangeError: mine""#,
        ),
        (
            "thrown(() => new Request('http://a', { headers: { 'a b': 'c' } })).split(':')[0]",
            r#""TypeError""#,
        ),
    ]);
}

#[test]
fn bodies() {
    facts(&[
        (
            "['x', new URLSearchParams('a=1'), new Blob(['x'], { type: 'a/b' }), new Uint8Array(1)].map(body => new Request('http://a', { method: 'POST', body }).headers.get('content-type'))",
            r#"["text/plain;charset=UTF-8","application/x-www-form-urlencoded;charset=UTF-8","a/b",null]"#,
        ),
        (
            r#"(async () => { const r = new Request('http://a', { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'x/y' } }); return [r.headers.get('content-type'), await r.json(), r.bodyUsed, await rejected(r.text()).then(t => t.split(':')[0])] })()"#,
            r#"["x/y",{"a":1},true,"TypeError"]"#,
        ),
        (
            "(async () => { const r = new Request('http://a', { method: 'POST' }); return [r.body, await r.text(), r.bodyUsed] })()",
            r#"[null,"",false]"#,
        ),
        (
            "(async () => (await new Request('http://a', { method: 'POST', body: new URLSearchParams('a=1&b=2') }).formData()).get('b'))()",
            r#""2""#,
        ),
    ]);
}

#[test]
fn requests_of_requests() {
    facts(&[
        (
            "(() => { const a = new Request('http://a/', { method: 'POST', headers: { x: '1' }, redirect: 'error' }), b = new Request(a, { headers: { y: '2' } }); return [b.url, b.method, [...b.headers], b.redirect, new Request(a).headers.get('x')] })()",
            r#"["http://a/","POST",[["y","2"]],"error","1"]"#,
        ),
        (
            "(async () => { const a = new Request('http://a/', { method: 'POST', body: 'x' }), b = new Request(a, { body: 'y' }); return [await b.text(), a.bodyUsed] })()",
            r#"["y",false]"#,
        ),
        (
            "(async () => { const a = new Request('http://a/', { method: 'POST', body: 'x' }); await a.text(); return [thrown(() => new Request(a)).split(':')[0], thrown(() => a.clone()).split(':')[0]] })()",
            r#"["TypeError","TypeError"]"#,
        ),
        (
            "(async () => { const a = new Request('http://a/', { method: 'POST', body: 'x', headers: { h: '1' } }), b = a.clone(); b.headers.set('h', '2'); return [await a.text(), await b.text(), a.headers.get('h')] })()",
            r#"["x","x","1"]"#,
        ),
        (
            "(() => { const a = new Request('http://a/', { method: 'POST', body: 'x' }); return thrown(() => new Request(a, { method: 'GET' })).split(':')[0] })()",
            r#""TypeError""#,
        ),
    ]);
}

#[test]
fn signals() {
    facts(&[
        (
            "(() => { const c = new AbortController(), r = new Request('http://a', { signal: c.signal }); const before = r.signal.aborted; c.abort('why'); return [before, r.signal.aborted, r.signal.reason, r.signal === r.signal] })()",
            r#"[false,true,"why",true]"#,
        ),
        (
            "(() => { const c = new AbortController(), a = new Request('http://a', { signal: c.signal }), b = a.clone(); let n = 0; a.signal.onabort = () => n++; b.signal.onabort = () => n++; c.abort(); return n })()",
            "2",
        ),
        (
            "(() => { const r = new Request('http://a', { signal: AbortSignal.abort() }); return r.signal.aborted })()",
            "true",
        ),
    ]);
}

#[test]
fn manners_of_node_fetch() {
    facts(&[
        (
            "(() => { const r = new Request('http://a'); return [r.follow, r.compress, r.size, r.timeout, r.agent === undefined, r.counter] })()",
            "[20,true,0,0,true,0]",
        ),
        (
            "(() => { const agent = {}, r = new Request('http://a', { follow: 3, compress: false, size: 100, timeout: 50, agent, highWaterMark: 5 }), c = new Request(r); return [c.follow, c.compress, c.size, c.timeout, c.agent === agent] })()",
            "[3,false,100,50,true]",
        ),
        (
            "new Request('http://a', { method: 'patch' }).method",
            r#""PATCH""#,
        ),
        (
            "thrown(() => new Request('/relative'))",
            r#""TypeError: Only absolute URLs are supported""#,
        ),
        (
            "new Request({ href: 'http://parsed/by?url=parse' }).url",
            r#""http://parsed/by?url=parse""#,
        ),
        (
            "new Request('http://user:pass@host/').url",
            r#""http://user:pass@host/""#,
        ),
        (
            "(async () => { const a = new Request('http://a/', { method: 'POST', body: 'x' }), b = new Request(a); return [await b.text(), a.bodyUsed, await a.text()] })()",
            r#"["x",false,"x"]"#,
        ),
        (
            "(() => { const listeners = [], signal = { aborted: false, addEventListener: (...l) => listeners.push(l) }; return new Request('http://a', { signal }).signal === signal })()",
            "true",
        ),
        (
            "thrown(() => new Request('http://a', { signal: {} }))",
            r#""TypeError: Expected signal to be an instanceof AbortSignal""#,
        ),
        (
            "[-1, 'x', null, NaN, Infinity, '7'].map(size => new Request('http://a', { size }).size)",
            "[0,0,0,0,2147483647,7]",
        ),
        (
            "(async () => { const b = await new Request('http://a', { method: 'POST', body: Buffer.from('abc') }).buffer(); return b.toString() })()",
            r#""abc""#,
        ),
    ]);
}

#[test]
fn what_fetch_refuses() {
    facts(&[
        (
            r"(async () => [await rejected(fetch('/x')), await rejected(fetch('ftp://a/')), await rejected(fetch('data:,x')), await rejected(fetch()), await rejected(fetch('http://a', { method: 'GET', body: 'x' })), await rejected(fetch('http://a', { headers: { a: '\n\nb\nc' } }))])()",
            r#"["TypeError: Only absolute URLs are supported","TypeError: Only HTTP(S) protocols are supported","TypeError: Only HTTP(S) protocols are supported","TypeError: Only absolute URLs are supported","TypeError: Request with GET/HEAD method cannot have body","TypeError: 'b\\nc' is not a legal HTTP header value"]"#,
        ),
        (
            "(async () => { try { await fetch('http://127.0.0.1:1/', { signal: AbortSignal.abort('why') }) } catch (e) { return [e.name, e.type, e.message, e.cause, e instanceof fetch.AbortError, e instanceof Error] } })()",
            r#"["AbortError","aborted","The user aborted a request.","why",true,true]"#,
        ),
        (
            "[typeof fetch, fetch.name, fetch.length, fetch.default === fetch, fetch.Headers === Headers, fetch.Request === Request, fetch.Response === Response, fetch.isRedirect(302), fetch.isRedirect(304), Object.keys(fetch)]",
            r#"["function","fetch",1,true,true,true,true,true,false,[]]"#,
        ),
        (
            "(() => { const e = new fetch.FetchError('m', 'system', { code: 'ECONNREFUSED' }); return [String(e), e.type, e.code, e.errno, Object.keys(e), new fetch.AbortError('x').type] })()",
            r#"["FetchError: m","system","ECONNREFUSED","ECONNREFUSED",["type","errno","code"],"aborted"]"#,
        ),
    ]);
}
