//! The classes of fetch in functions that did their worst to the prototypes first.

use crate::check::{TRACK, delivers};
use crate::poison::POISON;

/// What `statements` leave in `found`, by syntax alone, after the worst.
#[track_caller]
fn survives(statements: &str, expected: &str) {
    let source = format!(
        "const Saved = Promise, asyncIterator = Symbol.asyncIterator
        {POISON}
        async function onTrack() {{ const found = {{ __proto__: null }}; {statements}; return {{ __proto__: null, found }} }}"
    );
    delivers(&source, TRACK, &format!(r#"{{"found":{expected}}}"#));
}

#[test]
fn headers() {
    survives(
        "const headers = new Headers({ __proto__: null, b: '2', a: ' 1 ' })
        headers.append('A', '3'); headers.set('c', '4'); headers.delete('c')
        headers.append('set-cookie', 'x'); headers.append('set-cookie', 'y')
        found.a = headers.get('a'); found.has = headers.has('c'); found.cookies = headers.getSetCookie(); found.raw = headers.raw()
        const iterator = headers.entries(), { done, value } = iterator.next(); found.first = { __proto__: null, done, value }
        try { headers.set('a', 'x\\ny') } catch (error) { found.error = error.message }",
        r#"{"a":"1, 3","has":false,"cookies":["x","y"],"raw":{"b":["2"],"a":["1","3"],"set-cookie":["x","y"]},
            "first":{"done":false,"value":["a","1, 3"]},"error":"'x\\ny' is not a legal HTTP header value"}"#,
    );
}

#[test]
fn bodies() {
    survives(
        "const response = new Response('{\"a\":\"é\"}', { __proto__: null, status: 201, statusText: 'made' })
        const copy = response.clone()
        found.status = response.status; found.type = response.headers.get('content-type')
        found.json = await response.json(); found.used = response.bodyUsed; found.text = await copy.text()
        try { await copy.text() } catch (error) { found.error = error.message }
        const request = new Request('http://a/?b', { __proto__: null, method: 'post', body: new URLSearchParams('x=1') })
        found.request = request.method + ' ' + request.url + ' ' + await request.text()
        try { new Request('/relative') } catch (error) { found.relative = error.message }
        try { await fetch('ftp://a/') } catch (error) { found.refused = error.message }",
        r#"{"status":201,"type":"text/plain;charset=UTF-8","json":{"a":"é"},"used":true,"text":"{\"a\":\"é\"}",
            "error":"body used already for: ","request":"POST http://a/?b x=1","relative":"Only absolute URLs are supported",
            "refused":"Only HTTP(S) protocols are supported"}"#,
    );
}

#[test]
fn blobs_and_forms() {
    survives(
        "const form = new FormData(); form.setBoundary('B')
        form.append('a', '1'); form.append('f', new Blob(undefined, { __proto__: null, type: 'x/y' }), 'n.bin')
        form.append('b', '2'); form.set('a', '3'); form.delete('b')
        found.a = form.get('a'); found.all = form.getAll('a'); found.name = form.get('f').name; found.size = form.get('f').size
        const response = new Response(form); found.type = response.headers.get('content-type'); found.text = await response.clone().text()
        const read = await response.formData(); found.read = read.get('a'); found.file = read.get('f').type",
        r#"{"a":"3","all":["3"],"name":"n.bin","size":0,"type":"multipart/form-data; boundary=B",
            "text":"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n3\r\n--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n.bin\"\r\nContent-Type: x/y\r\n\r\n\r\n--B--\r\n",
            "read":"3","file":"x/y"}"#,
    );
}

#[test]
fn signals() {
    survives(
        "const controller = new AbortController(), target = new EventTarget(); let heard = 0
        controller.signal.onabort = () => { heard++ }; controller.signal.addEventListener('abort', event => { found.type = event.type })
        target.addEventListener('x', () => { heard++ }, { __proto__: null, signal: controller.signal })
        target.dispatchEvent(new Event('x')); controller.abort(); target.dispatchEvent(new Event('x'))
        found.heard = heard; found.reason = controller.signal.reason.name
        try { await fetch('http://a/', { __proto__: null, signal: controller.signal }) } catch (error) { found.error = error.name }
        const late = AbortSignal.timeout(2); await new Saved(resolve => { late.onabort = resolve })
        found.late = late.reason.name; found.any = AbortSignal.abort('now').reason",
        r#"{"type":"abort","heard":2,"reason":"AbortError","error":"AbortError","late":"TimeoutError","any":"now"}"#,
    );
}

#[test]
fn streams() {
    survives(
        "const reader = new Response('abc').body.getReader(), first = await reader.read()
        found.first = first.value[0]; found.end = (await reader.read()).done
        const stream = new Response('h\u{e9}').body; let text = ''
        stream.setEncoding('utf8'); stream.on('data', chunk => { text += chunk })
        await new Saved(resolve => { stream.on('end', resolve) }); found.text = text
        let chunks = 0; for await (const chunk of new Response(new Blob(undefined)).body) chunks++
        found.chunks = chunks; found.buffer = (await new Response('x').buffer())[0]
        const given = { __proto__: null, [asyncIterator]() { let n = 0; return { __proto__: null, next: async () => ({ __proto__: null, done: n++ > 1, value: 'p' }) } } }
        found.given = await new Response(given).text()",
        r#"{"first":97,"end":true,"text":"hé","chunks":0,"buffer":120,"given":"pp"}"#,
    );
}

#[test]
fn what_the_options_throw_is_thrown() {
    survives(
        "const thrower = { __proto__: null, get method() { throw 'method' }, get status() { throw 'status' }, get type() { throw 'type' }, get once() { throw 'once' } }
        try { new Request('http://a', thrower) } catch (error) { found.request = error }
        try { await fetch('http://a', thrower) } catch (error) { found.fetch = error }
        try { new Response('', thrower) } catch (error) { found.response = error }
        try { new Blob(undefined, thrower) } catch (error) { found.blob = error }
        try { new EventTarget().addEventListener('x', () => {}, thrower) } catch (error) { found.listener = error }",
        r#"{"request":"method","fetch":"method","response":"status","blob":"type","listener":"once"}"#,
    );
}
