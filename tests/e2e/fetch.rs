//! `fetch`, `http` and `https` over the wire, to an origin on the loopback that the operator allows.

use std::sync::LazyLock;

use tokio::net::TcpSocket;

use crate::check::{Call, Reply, assert_same_json};
use crate::origin::Origin;
use crate::service::Service;

static ORIGIN: LazyLock<Origin> = LazyLock::new(Origin::start);

/// Holds a port that nobody listens at.
static DEAF: LazyLock<TcpSocket> = LazyLock::new(|| {
    let socket = TcpSocket::new_v4().expect("a socket");
    let anywhere = "127.0.0.1:0".parse().expect("an address");
    socket.bind(anywhere).expect("a free port");
    socket
});

static SERVICE: LazyLock<Service> =
    LazyLock::new(|| Service::start(&["--egress-allow", "127.0.0.0/8"]));

/// Runs `statements`, to which `base` is the origin's URL and `deaf` one where nobody listens; what they return is
/// the event.
#[track_caller]
fn run(statements: &str) -> Reply {
    let port = ORIGIN.port();
    let deaf = DEAF.local_addr().expect("an address");
    let source = format!(
        "const base = 'http://127.0.0.1:{port}', deaf = 'http://{deaf}/'
        async function caught(promise) {{ try {{ await promise }} catch (error) {{ return error }} throw new Error('nothing was thrown') }}
        async function onTrack() {{\n{statements}\n}}"
    );
    Call::of(&source).run_on(&SERVICE)
}

/// The same; `PORT` in what is expected stands for the origin's.
#[track_caller]
fn comes_to(statements: &str, expected: &str) {
    let reply = run(statements);
    let expected = expected.replace("PORT", &ORIGIN.port().to_string());
    assert_same_json(&reply.delivered(), &expected, &reply.to_string());
}

#[test]
fn a_response_is_read() {
    comes_to(
        "const response = await fetch(base + '/json'), copy = response.clone()
        return { status: response.status, ok: response.ok, text: response.statusText, url: response.url, type: response.type,
          redirected: response.redirected, content: response.headers.get('Content-Type'), json: await response.json(),
          used: response.bodyUsed, buffer: (await copy.buffer()).toString() }",
        r#"{"status":200,"ok":true,"text":"OK","url":"http://127.0.0.1:PORT/json","type":"basic","redirected":false,
            "content":"application/json","json":{"a":1},"used":true,"buffer":"{\"a\":1}"}"#,
    );
    comes_to(
        "const response = await fetch(base + '/status?418'); return { status: response.status, ok: response.ok, text: response.statusText, body: await response.text() }",
        r#"{"status":418,"ok":false,"text":"Told So","body":"status body"}"#,
    );
    comes_to(
        "const response = await fetch(base + '/cookies')
        return { cookies: response.headers.getSetCookie(), raw: response.headers.raw()['set-cookie'], twice: response.headers.get('x-twice') }",
        r#"{"cookies":["a=1","b=2; Path=/"],"raw":["a=1","b=2; Path=/"],"twice":"1, 2"}"#,
    );
    comes_to(
        "const form = await (await fetch(base + '/form')).formData(); return { entries: [...form] }",
        r#"{"entries":[["a","1"],["b","é x"]]}"#,
    );
}

#[test]
fn what_is_sent_arrives() {
    let sends = |init: &str, expected: &str| {
        comes_to(
            &format!(
                "const {{ method, path, headers, body }} = await (await fetch(base + '/echo?q=1#hash', {init})).json()
                return {{ method, path, type: headers['content-type'] ?? null, own: headers['x-own'] ?? null, length: headers['content-length'] ?? null, body }}"
            ),
            expected,
        );
    };
    sends(
        "{ headers: { 'X-Own': 'mine' } }",
        r#"{"method":"GET","path":"/echo?q=1","type":null,"own":"mine","length":null,"body":""}"#,
    );
    sends(
        "{ method: 'post', body: 'é' }",
        r#"{"method":"POST","path":"/echo?q=1","type":"text/plain;charset=UTF-8","own":null,"length":"2","body":"é"}"#,
    );
    sends(
        "{ method: 'PUT', body: JSON.stringify({ a: 1 }), headers: { 'Content-Type': 'application/json', 'Content-Length': '999' } }",
        r#"{"method":"PUT","path":"/echo?q=1","type":"application/json","own":null,"length":"7","body":"{\"a\":1}"}"#,
    );
    sends(
        "{ method: 'PATCH', body: new URLSearchParams({ a: '1 2' }) }",
        r#"{"method":"PATCH","path":"/echo?q=1","type":"application/x-www-form-urlencoded;charset=UTF-8","own":null,"length":"5","body":"a=1+2"}"#,
    );
    sends(
        "{ method: 'POST', body: (() => { const form = new FormData(); form.setBoundary('B'); form.append('a', '1'); return form })() }",
        r#"{"method":"POST","path":"/echo?q=1","type":"multipart/form-data; boundary=B","own":null,"length":"59",
            "body":"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B--\r\n"}"#,
    );
    sends(
        "{ method: 'DELETE', body: Buffer.from('bytes') }",
        r#"{"method":"DELETE","path":"/echo?q=1","type":null,"own":null,"length":"5","body":"bytes"}"#,
    );
    sends(
        "{ method: 'POST', body: (async function* () { yield 'in '; yield Buffer.from('parts') })() }",
        r#"{"method":"POST","path":"/echo?q=1","type":null,"own":null,"length":"8","body":"in parts"}"#,
    );
}

#[test]
fn a_request_can_be_sent_twice() {
    comes_to(
        "const request = new Request(base + '/echo', { method: 'POST', body: 'again' })
        const bodies = []
        for (const response of await Promise.all([fetch(request), fetch(request)])) bodies.push((await response.json()).body)
        return { bodies, used: request.bodyUsed }",
        r#"{"bodies":["again","again"],"used":false}"#,
    );
}

#[test]
fn redirects_are_followed_handed_out_or_refused() {
    comes_to(
        "const response = await fetch(base + '/redirect?/json'); return { url: response.url, redirected: response.redirected, json: await response.json() }",
        r#"{"url":"http://127.0.0.1:PORT/json","redirected":true,"json":{"a":1}}"#,
    );
    comes_to(
        "const response = await fetch(base + '/redirect?/json', { redirect: 'manual' }); return { status: response.status, location: response.headers.get('location') }",
        r#"{"status":302,"location":"http://127.0.0.1:PORT/json"}"#,
    );
    for (init, kind) in [
        ("{ redirect: 'error' }", "no-redirect"),
        ("{ follow: 0 }", "max-redirect"),
    ] {
        comes_to(
            &format!(
                "const error = await caught(fetch(base + '/redirect?/json', {init})); return {{ name: error.name, type: error.type }}"
            ),
            &format!(r#"{{"name":"FetchError","type":"{kind}"}}"#),
        );
    }
}

#[test]
fn failures_are_those_of_node_fetch() {
    comes_to(
        "const error = await caught(fetch(deaf)); return { name: error.name, type: error.type, code: error.code, errno: error.errno, is: error instanceof fetch.FetchError }",
        r#"{"name":"FetchError","type":"system","code":"ECONNREFUSED","errno":"ECONNREFUSED","is":true}"#,
    );
    comes_to(
        "const error = await caught(fetch(base + '/hangup')); return { name: error.name, type: error.type, code: error.code }",
        r#"{"name":"FetchError","type":"system","code":"ECONNRESET"}"#,
    );
    comes_to(
        "const error = await caught(fetch(base + '/silence', { timeout: 50 })); return { name: error.name, type: error.type, message: error.message }",
        r#"{"name":"FetchError","type":"request-timeout","message":"network timeout at: http://127.0.0.1:PORT/silence"}"#,
    );
    comes_to(
        "const error = await caught((await fetch(base + '/zeros?1000', { size: 10 })).text()); return { type: error.type, message: error.message }",
        r#"{"type":"max-size","message":"content size at http://127.0.0.1:PORT/zeros?1000 over limit: 10"}"#,
    );
    comes_to(
        "const error = await caught((await fetch(base + '/text?oops')).json()); return { name: error.name, type: error.type, where: error.message.includes(base + '/text?oops') }",
        r#"{"name":"FetchError","type":"invalid-json","where":true}"#,
    );
}

#[test]
fn a_signal_aborts() {
    comes_to(
        "const controller = new AbortController(); setTimeout(() => controller.abort('why'), 20)
        const error = await caught(fetch(base + '/silence', { signal: controller.signal }))
        return { name: error.name, type: error.type, message: error.message, cause: error.cause }",
        r#"{"name":"AbortError","type":"aborted","message":"The user aborted a request.","cause":"why"}"#,
    );
    comes_to(
        "const error = await caught(fetch(base + '/silence', { signal: AbortSignal.timeout(20) })); return { name: error.name, cause: error.cause.name }",
        r#"{"name":"AbortError","cause":"TimeoutError"}"#,
    );
    comes_to(
        "const controller = new AbortController(), response = await fetch(base + '/json', { signal: controller.signal })
        controller.abort(); return { json: await response.json() }",
        r#"{"json":{"a":1}}"#,
    );
}

#[test]
fn many_at_once_come_back_each_to_its_own() {
    comes_to(
        "const all = await Promise.all(Array.from({ length: 20 }, (_, n) => fetch(base + '/text?' + n).then(response => response.text())))
        return { all: all.join() }",
        r#"{"all":"0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19"}"#,
    );
}

#[test]
fn user_and_password_of_the_url_are_sent_as_such() {
    comes_to(
        "const { headers } = await (await fetch(base.replace('//', '//us%20er:pa%3Ass@') + '/echo')).json(); return { auth: headers.authorization }",
        r#"{"auth":"Basic dXMgZXI6cGE6c3M="}"#,
    );
}

#[test]
fn a_body_is_a_stream() {
    comes_to(
        "let length = 0, chunks = 0
        for await (const chunk of (await fetch(base + '/zeros?200000')).body) { length += chunk.length; chunks++ }
        return { length, several: chunks > 1 }",
        r#"{"length":200000,"several":true}"#,
    );
    comes_to(
        "const response = await fetch(base + '/text?piped')
        const echoed = await fetch(base + '/echo', { method: 'POST', body: response.body }); return { body: (await echoed.json()).body }",
        r#"{"body":"piped"}"#,
    );
}

#[test]
fn http_speaks_as_in_node() {
    comes_to(
        "const http = require('http')
        return new Promise((resolve, reject) => {
          const url = new URL(base)
          const options = { hostname: url.hostname, port: url.port, path: '/echo?x', method: 'POST', auth: 'u:p', headers: { 'Content-Type': 'a/b', 'Content-Length': 6 } }
          const request = http.request(options, response => {
            let text = ''
            response.setEncoding('utf8')
            response.on('data', chunk => { text += chunk })
            response.on('end', () => {
              const { method, path, headers, body } = JSON.parse(text)
              resolve({ status: response.statusCode, message: response.statusMessage, sent: [method, path, headers['content-type'], headers.authorization, body], type: response.headers['content-type'], complete: response.complete })
            })
          })
          request.on('error', reject); request.write('abc'); request.end('def')
        })",
        r#"{"status":200,"message":"OK","sent":["POST","/echo?x","a/b","Basic dTpw","abcdef"],"type":"application/json","complete":true}"#,
    );
    comes_to(
        "const http = require('http'), response = await new Promise(resolve => http.get(base + '/cookies', resolve))
        response.resume(); return { cookies: response.headers['set-cookie'], twice: response.headers['x-twice'], raw: response.rawHeaders.length % 2 }",
        r#"{"cookies":["a=1","b=2; Path=/"],"twice":"1, 2","raw":0}"#,
    );
    comes_to(
        "const response = await new Promise(resolve => require('http').get(base + '/redirect?/json', resolve)); response.resume(); return { status: response.statusCode }",
        r#"{"status":302}"#,
    );
    comes_to(
        "return new Promise(resolve => require('http').get(deaf).on('error', error => resolve({ code: error.code, name: error.name })))",
        r#"{"code":"ECONNREFUSED","name":"Error"}"#,
    );
    comes_to(
        "return new Promise(resolve => {
          const order = [], request = require('http').get(base + '/silence', { timeout: 20 })
          request.on('timeout', () => { order.push('timeout'); request.destroy() })
          request.on('error', error => order.push(error.code)).on('close', () => resolve({ order })) })",
        r#"{"order":["timeout","ECONNRESET"]}"#,
    );
}
