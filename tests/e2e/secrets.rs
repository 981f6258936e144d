//! Secrets on every way out: responses and the service's own log are searched for what is left of them.

use std::fmt::Write;
use std::sync::LazyLock;
use std::time::Duration;

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use penstock::api::invoke_response::Outcome;

use crate::check::{Call, Code, Reply};
use crate::collector::{Collector, Manner, Span};
use crate::json::to_struct;
use crate::origin::Origin;
use crate::service::Service;
use crate::stored::StoredFunctions;

/// Has what the encodings of URLs, JSON and inspection change.
pub const CANARY: &str = "zQ7-canary \u{e4}/+=\"'\\%`v\u{e0}lue-9";

/// Fit for a host name, of which URLs make lower-case letters.
const HOST: &str = "sK-LiveQwJx7TbRz9HnVk4Mp";

/// A secret of several lines.
const LINES: &str = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n-----END KEY-----\n";

/// Characters in a row of a secret, or of its code, that must not be anywhere.
const WINDOW: usize = 6;

/// With what functions find for themselves: base64 and hex, of a text's UTF-8.
pub const PRELUDE: &str = r"
    const utf8 = text => unescape(encodeURIComponent(text));
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    function base64(text) {
      const bytes = utf8(text);
      let code = '';
      for (let at = 0; at < bytes.length; at += 3) {
        const [a, b, c] = [0, 1, 2].map(i => bytes.charCodeAt(at + i));
        const bits = (a << 16) | ((b || 0) << 8) | (c || 0);
        code += alphabet[bits >> 18] + alphabet[(bits >> 12) & 63];
        code += at + 1 < bytes.length ? alphabet[(bits >> 6) & 63] : '=';
        code += at + 2 < bytes.length ? alphabet[bits & 63] : '=';
      }
      return code;
    }
    const hex = text => [...utf8(text)].map(c => c.charCodeAt(0).toString(16).padStart(2, '0')).join('');
";

/// Also the libraries that say more only when they are named: nothing of a call is in what they say.
pub const EVERYTHING: &str = "trace,h2=trace,hyper=trace,hyper_util=trace";

/// Takes all spans, metrics and log lines there are.
static COLLECTOR: LazyLock<Collector> = LazyLock::new(|| Collector::start(Manner::Takes));

/// Logs all that there is, and sends it.
static SERVICE: LazyLock<Service> = LazyLock::new(|| start(&[]));

fn start(arguments: &[&str]) -> Service {
    let endpoint = COLLECTOR.endpoint();
    let environment = [
        ("PENSTOCK_LOG", EVERYTHING),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "200"),
    ];
    Service::start_with(arguments, &environment)
}

/// Finds what is left of the secrets, in any of their codes.
static TRACES: LazyLock<AhoCorasick> =
    LazyLock::new(|| AhoCorasick::new(traces()).expect("patterns"));

/// Windows of the secrets and of all their codes.
fn traces() -> Vec<String> {
    let mut codes = vec![];
    let lines = LINES
        .lines()
        .filter(|line| line.len() > 20)
        .map(str::to_owned);
    let hosts = [HOST.to_owned(), HOST.to_ascii_lowercase()];
    for secret in [CANARY.to_owned()].into_iter().chain(hosts).chain(lines) {
        codes.push(
            serde_json::to_string(&secret)
                .expect("JSON")
                .trim_matches('"')
                .to_owned(),
        );
        for keep in ["", "-_.!~*'()"] {
            codes.push(percent(&secret, keep));
        }
        let hex = secret.bytes().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        codes.extend([hex.to_uppercase(), hex]);
        for before in ["", "x", "xy"] {
            for code in [
                STANDARD.encode(format!("{before}{secret}")),
                URL_SAFE.encode(format!("{before}{secret}")),
            ] {
                // What the lead, the end and what may follow have a part in.
                let end = code.trim_end_matches('=').len() - 1;
                codes.push(code[4..end].to_owned());
            }
        }
        codes.push(secret);
    }
    let mut traces = Vec::new();
    for code in codes {
        let characters: Vec<char> = code.chars().collect();
        // Longer for codes of few characters, which chance may put together.
        let window = if characters.iter().all(char::is_ascii_hexdigit) {
            12
        } else {
            WINDOW
        };
        traces.extend(
            characters
                .windows(window)
                .map(|window| window.iter().collect()),
        );
    }
    traces
}

fn percent(text: &str, keep: &str) -> String {
    let mut code = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || keep.as_bytes().contains(&byte) {
            code.push(char::from(byte));
        } else {
            let _ = write!(code, "%{byte:02X}");
        }
    }
    code
}

#[track_caller]
pub fn assert_clean(text: &str) {
    if let Some(trace) = TRACES.find(text) {
        panic!("{:?} is in\n{text}", &text[trace.range()]);
    }
}

/// All texts of a response but a delivered event.
pub fn all_texts(reply: &Reply) -> String {
    let mut response = reply.response().clone();
    if let Some(Outcome::EventJson(_) | Outcome::Event(_)) = response.outcome {
        response.outcome = None;
    }
    let mut texts = String::new();
    for line in &response.logs {
        let _ = writeln!(texts, "{}", line.message);
    }
    match &response.outcome {
        Some(Outcome::Filtered(filtered)) => texts.push_str(&filtered.message),
        Some(Outcome::Error(error)) => {
            let _ = writeln!(texts, "{}\n{}\n{}", error.name, error.message, error.stack);
            for frame in &error.frames {
                let _ = writeln!(texts, "{} {}", frame.function, frame.file);
            }
            for violation in &error.violations {
                let _ = writeln!(texts, "{} {}", violation.field, violation.description);
            }
        }
        _ => {}
    }
    for trace in &response.requests {
        let (sent, got) = (&trace.request_headers, &trace.response_headers);
        let _ = writeln!(texts, "{} {} {}", trace.method, trace.url, trace.error);
        for header in sent.iter().chain(got) {
            let _ = writeln!(texts, "{}: {}", header.name, header.value);
        }
        for body in [&trace.request_body, &trace.response_body] {
            let _ = writeln!(texts, "{}", String::from_utf8_lossy(body));
        }
    }
    texts
}

fn call(source: &str) -> Call {
    let settings =
        serde_json::json!({"key": CANARY, "pem": LINES, "deep": {"list": [CANARY]}, "host": HOST});
    let names = ["key", "pem", "deep", "host"].map(str::to_owned);
    Call::of(source)
        .settings(&settings.to_string())
        .capture()
        .wall(Duration::from_secs(2))
        .change(|request| request.secret_settings = names.to_vec())
}

/// Runs statements with the secret as `key`; something of it goes out, and nothing but its mark.
#[track_caller]
fn hidden(statements: &str) -> String {
    hidden_in(&format!(
        "{PRELUDE} async function onTrack(event, settings) {{ const {{ key, pem }} = settings; {statements} }}"
    ))
}

#[track_caller]
fn hidden_in(source: &str) -> String {
    let reply = call(source).run_on(&SERVICE);
    let texts = all_texts(&reply);
    assert_clean(&texts);
    assert!(
        texts.contains("[redacted:"),
        "nothing went out of {source}\n{reply}"
    );
    texts
}

#[test]
fn logs() {
    for statement in [
        "console.log(key)",
        "console.log('%s|%j|%o|%O', key, {key}, {key}, key)",
        "console.log(settings, { a: { b: { key } } }, [key, [key]], new Map([[key, key]]), new Set([key]))",
        "console.log({ [key]: 1 }, Symbol(key), Object.defineProperty(() => {}, 'name', { value: key }))",
        "console.log(JSON.stringify(settings), JSON.stringify({ body: JSON.stringify({ key }) }))",
        "console.info(`Bearer ${key}`, 'x' + key + key + 'x')",
        "console.warn(new Error(key), new Error('x', { cause: new Error(key) }), new AggregateError([new Error(key)], key))",
        "console.error(Object.assign(new Error('x'), { key, name: key }))",
        "console.debug(new (class extends Error { get name() { return key } })('x'))",
        "console.table([{ key }]); console.dir({ key }, { depth: 0 }); console.dir(settings, { depth: 9 })",
        "console.group(key); console.log('in'); console.groupEnd(); console.count(key); console.assert(false, key)",
        "console.time(key); console.timeEnd(key); console.trace(key)",
        "console.log(encodeURIComponent(key), encodeURI(key), encodeURIComponent(key).replace(/%../g, code => code.toLowerCase()))",
        "console.log('?q=' + encodeURIComponent(key).replaceAll('%20', '+'))",
        "for (const before of ['', 'x', 'xy', 'user:']) console.log('Basic ' + base64(before + key + before))",
        "console.log(encodeURIComponent(base64(key)), base64(JSON.stringify({ key })), base64(key).replace(/\\+/g, '-').replace(/\\//g, '_'))",
        "console.log(hex(key), hex('x' + key).toUpperCase(), hex(key).replace(/../g, '$& '))",
        "console.log(key.trim(), ` ${key} `, new String(key), Object(key))",
        "console.log(pem); console.log({ pem }); console.log(JSON.stringify({ pem })); console.log(pem.split('\\n'))",
        "console.log(new Error(pem)); console.log({ a: new Error(pem) }); console.log(base64(pem))",
        "console.log({ a: 'x'.repeat(9990) + key })",
        "Promise.reject(new Error(key)); Promise.reject(key); Promise.reject({ key })",
        "console.log({ get key() { return key }, toString() { return key } }, `${{ toString: () => key }}`)",
        "console.log('%s', { toString() { throw new Error(key) } }); console.log(new Proxy({ key }, {}))",
        "for (let cut = 0; cut < key.length; cut++) console.log({ [Symbol.for('nodejs.util.inspect.custom')]() { throw new Error('x'.repeat(1000 - cut) + key) } })",
        "console.dir({ get a() { throw new Error('x'.repeat(990) + key) } }, { getters: true })",
    ] {
        hidden(&format!("{statement}; return event"));
        hidden(&format!("{statement}; throw new Error('x')"));
    }
}

#[test]
fn what_is_thrown() {
    for thrown in [
        "new Error(key)",
        "new Error('x', { cause: new Error(key) }).cause",
        "new TypeError(`Bearer ${key}: refused`)",
        "key",
        "{ message: key }",
        "{ key }",
        "[key]",
        "Symbol(key)",
        "Object.assign(new Error('x'), { name: key })",
        "Object.assign(new Error('x'), { stack: key })",
        "Object.assign(new Error('x'), { stack: `Error: x\\n    at ${key} (${key}:1:1)` })",
        "new ({ [key]: class extends Error {} })[key]('x')",
        "new DropEvent(key)",
        "new RetryError(key, { retryAfter: 5 })",
        "new ValidationError(base64('x' + key))",
        "new InvalidEventPayload(encodeURIComponent(key))",
        "new EventNotSupported(hex(key))",
        "new Error(JSON.stringify({ body: JSON.stringify({ key }) }))",
        "new Error(pem)",
        "pem",
        "new Error('x'.repeat(16370) + key)",
        "Object.assign(new Error('x'), { name: 'x'.repeat(245) + key })",
    ] {
        hidden(&format!("throw {thrown}"));
    }
    for cut in 0..CANARY.len() {
        let throws = |length| format!("throw new Error('x'.repeat({}) + key)", length - cut);
        assert_clean(&all_texts(
            &call(&format!(
                "{PRELUDE} function onTrack(e, {{ key }}) {{ {} }}",
                throws(8192)
            ))
            .run_on(&SERVICE),
        ));
        let encoded = throws(8192).replace("+ key", "+ base64(key)");
        assert_clean(&all_texts(
            &call(&format!(
                "{PRELUDE} function onTrack(e, {{ key }}) {{ {encoded} }}"
            ))
            .run_on(&SERVICE),
        ));
    }
}

#[test]
fn what_v8_says() {
    for statement in [
        "JSON.parse(key)",
        "JSON.parse(key.slice(0, 12) + '-and-more-of-it')",
        "JSON.parse('{\"a\": \"b\", \"key\": ' + key + '}')",
        "JSON.parse('[\"' + 'x'.repeat(40) + '\", ' + key)",
        "null[key]",
        "undefined[key]()",
        "BigInt(key)",
        "new RegExp('(' + key)",
        "Symbol(key) + ''",
        "key in key",
        "eval(key)",
        "new Function(key)",
        "eval('throw new Error()\\n//# sourceURL=' + encodeURIComponent(key))",
        "({ [key]() { throw new Error('x') } })[key]()",
        "(() => { throw new Error('x') })(Object.defineProperty(globalThis, key, {}))",
        "await import(key)",
        "structuredClone?.(Symbol(key))",
        "Object.defineProperty(Object.freeze({}), key, { value: 1 })",
        "'use strict'; Object.freeze(globalThis.a = { [key]: 1 })[key] = 2; throw key",
    ] {
        let source = format!(
            "{PRELUDE} async function onTrack(event, settings) {{ const {{ key }} = settings; {statement}; throw new Error('not thrown') }}"
        );
        let texts = all_texts(&call(&source).run_on(&SERVICE));
        assert_clean(&texts);
    }
    let excerpt = hidden("JSON.parse(key)");
    assert!(excerpt.contains("is not valid JSON"), "{excerpt}");
}

#[test]
fn other_ends() {
    hidden("return { a: { [key]: 1n } }");
    hidden("return { toJSON() { throw new Error(key) } }");
    hidden("return { toJSON() { return key } }");
    hidden("setTimeout(() => { throw new Error(key) }); return new Promise(() => {})");
    hidden("console.log(new URL('https://' + settings.host + '.example').href); throw 1");
    hidden("console.log(key); for (;;);");
    hidden("console.log(key); await new Promise(() => {})");
    hidden_in("let seen; function onTrack(e, { key }) { seen = key; throw new DropEvent(seen) }");
    let deep = "let nested = { type: 'track' }; for (let i = 0; i < 60; i++) nested = { [key]: nested }; return nested";
    let source = format!("function onTrack(e, {{ key }}) {{ {deep} }}");
    let reply = call(&source)
        .structured(to_struct(r#"{"type":"track"}"#))
        .run_on(&SERVICE);
    reply.failed(Code::InvalidResult, "[redacted:");
    assert_clean(&all_texts(&reply));
}

#[test]
fn requests_and_their_traces() {
    let service = start(&["--egress-allow", "127.0.0.0/8", "--egress-propagate-trace"]);
    let base = format!("http://127.0.0.1:{}", Origin::start().port());
    for request in [
        "await fetch(base + '/echo?key=' + encodeURIComponent(key))",
        "await fetch(base + '/' + key)",
        "await fetch(base.replace('//', `//user:${encodeURIComponent(key)}@`) + '/echo')",
        "await fetch(base + '/echo', { headers: { authorization: 'Bearer ' + key, 'x-hex': hex(key) } })",
        "await fetch(base + '/echo', { method: 'POST', body: JSON.stringify({ key, pem, pad: 'x'.repeat(3900) }) })",
        "await fetch(base + '/echo', { method: 'POST', body: 'x'.repeat(4080) + key })",
        "await fetch(base + '/echo', { method: 'POST', body: new URLSearchParams({ key }) })",
        "await fetch(base + '/echo', { method: 'POST', body: Buffer.from(base64(key)) })",
        "console.log(await (await fetch(base + '/echo', { method: 'POST', body: key })).text())",
        "await fetch('http://10.0.0.1/' + encodeURIComponent(key))",
        "await fetch('http://' + host + '.invalid/')",
        "await fetch('http://' + hex(key).slice(0, 60) + '.invalid/' + key)",
        "console.log(key); await fetch('not a URL ' + key)",
        "console.log(key); await fetch(base, { headers: { ['x ' + key]: 'y' } })",
        "console.log(key); await fetch(base, { method: key })",
    ] {
        let reply = call(&format!(
            "{PRELUDE} const base = '{base}';
             async function onTrack(event, {{ key, pem, host }}) {{ {request}; return event }}"
        ))
        .run_on(&service);
        let texts = all_texts(&reply);
        assert_clean(&texts);
        assert!(
            texts.contains("[redacted:"),
            "nothing went out of {request}\n{texts}"
        );
    }
    assert_clean(&service.stderr());
    // The invocations of all tests so far are in it, and of these requests those with secrets in their hosts.
    let hidden = |span: &Span| {
        let told = |name| span.attributes.get(name).map_or("", String::as_str);
        told("server.address").starts_with("[redacted:") && told("url.full").contains("/[redacted:")
    };
    let told = COLLECTOR.wait_for(|received| {
        received.spans().iter().filter(|span| hidden(span)).count() > 1
            && !received
                .metric("penstock.egress.request.duration")
                .is_empty()
            && !received.records().is_empty()
    });
    assert_clean(&told.text());
}

#[test]
fn a_log_cut_in_the_middle_of_a_secret() {
    for cut in 1..CANARY.len() {
        for code in [
            "key",
            "base64(key)",
            "encodeURIComponent(key)",
            "JSON.stringify(key)",
            "hex(key)",
        ] {
            let source = format!(
                "{PRELUDE} function onTrack(e, {{ key }}) {{ const code = {code}; console.log('x'.repeat(1000 - {cut}) + ' ' + code) }}"
            );
            let short = call(&source)
                .limits(|limits| limits.log_bytes = 1001)
                .run_on(&SERVICE);
            let texts = all_texts(&short);
            assert!(texts.contains("of logs were cut"), "{short}");
            assert_clean(&texts);
        }
    }
}

#[test]
fn the_delivered_event_is_the_functions_own() {
    let reply =
        call("function onTrack(e, { key }) { console.log(key); return { key } }").run_on(&SERVICE);
    reply.delivers(&serde_json::json!({ "key": CANARY }).to_string());
    // The name that comes first of those whose value it is.
    assert_eq!(reply.logs(), ["[redacted:deep]"]);
}

#[test]
fn a_name_without_a_setting_is_no_fault() {
    let call = Call::of("function onTrack(e) { return e }");
    call.change(|request| request.secret_settings = vec!["optional".into()])
        .run()
        .delivered();
}

#[test]
fn what_the_schema_marks_encrypted_is_secret() {
    let stored = StoredFunctions::new().with(
        "f",
        "function onTrack(e, settings) { console.log(settings); throw new Error(settings.key) }",
        r#"{"settings":[{"name":"key","type":"string","encrypted":true},{"name":"plain","type":"string"}]}"#,
    );
    let service = Service::start_with(
        &["--functions", stored.location()],
        &[("PENSTOCK_LOG", EVERYTHING)],
    );
    let settings = serde_json::json!({"key": CANARY, "plain": "plain text"}).to_string();
    let reply = Call::stored("f").settings(&settings).run_on(&service);
    let error = reply.failed(Code::BadRequest, "[redacted:key]");
    assert_eq!(error.message, "[redacted:key]");
    assert_clean(&all_texts(&reply));
    assert_eq!(
        reply.logs(),
        ["{ key: '[redacted:key]', plain: 'plain text' }"]
    );
    // In the wrong place it is still a secret.
    let wrong = serde_json::json!({ "key": [CANARY] }).to_string();
    let reply = Call::stored("f").settings(&wrong).run_on(&service);
    reply.failed(Code::InvalidSettings, "expected a string, found a list");
    assert_clean(&all_texts(&reply));
    assert_log_clean(&service);
}

#[test]
fn the_services_log_is_clean() {
    hidden("console.log(settings); throw new Error(key)");
    assert_log_clean(&SERVICE);
}

#[track_caller]
pub fn assert_log_clean(service: &Service) {
    let log = service.stderr();
    assert!(
        log.contains("TRACE") && log.contains("DEBUG"),
        "it logs all there is"
    );
    if let Some(trace) = TRACES.find(&log) {
        panic!("{:?} is in the service's log", &log[trace.range()]);
    }
}
