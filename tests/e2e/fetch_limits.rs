//! Limits of requests, watched from the server's side: how many, how many at once, how large, and when they end.

use std::sync::LazyLock;
use std::time::Duration;

use penstock::api::{InvokeResponse, LogLevel};

use crate::check::{Call, Code, Reply};
use crate::origin::respond;
use crate::scripted::{Answer, Counts, Scripted};
use crate::service::{Service, block_on};

const ALLOWED: [&str; 2] = ["--egress-allow", "127.0.0.0/8"];

/// With time: a build that is not optimised takes seconds over what is as large as these limits.
static SERVICE: LazyLock<Service> = LazyLock::new(|| {
    let time = ["--cpu-time-ms", "60000", "--wall-time-ms", "60000"];
    Service::start(&[&ALLOWED[..], &time].concat())
});

/// Lower limits than the defaults.
static STRICT: LazyLock<Service> = LazyLock::new(|| {
    let limits = [
        "--egress-requests",
        "3",
        "--egress-at-once",
        "2",
        "--egress-body-bytes",
        "1000",
    ];
    Service::start(&[&ALLOWED[..], &limits].concat())
});

/// `ok` to everything, redirects from `/on?N` to N + 1, zeros.
static PLAIN: LazyLock<Scripted> = LazyLock::new(|| {
    Scripted::start(|request, _| {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, "0"));
        let number: usize = query.parse().unwrap_or(0);
        Answer::Bytes(match path {
            "/on" => {
                let next = format!("/on?{}", number + 1);
                respond("302 Found", &[("location", &next)], b"")
            }
            "/zeros" => respond("200 OK", &[], &vec![b'0'; number]),
            "/length" => respond("200 OK", &[], request.body.len().to_string().as_bytes()),
            _ => respond("200 OK", &[], b"ok"),
        })
    })
});

/// A handler of these statements, to which `base` is the server's URL.
fn call(server: &Scripted, statements: &str) -> Call {
    let base = server.url();
    Call::of(&format!(
        "const base = '{base}'
        const told = async promise => {{ try {{ return await (await promise).text() }} catch (error) {{ return `${{error.name}} ${{error.type}} ${{error.message}}` }} }}
        async function onTrack(event) {{\n{statements}\n}}"
    ))
}

fn requests_made(reply: &Reply) -> u32 {
    reply.response().usage.map_or(0, |usage| usage.requests)
}

/// Fetches one after the other until one fails, and returns how many there were and what the last came to.
const COUNT: &str = "
    for (let count = 0; ; count++) {
      const text = await told(fetch(base + '/'))
      if (text !== 'ok') return { count, text }
    }";

fn refused(count: u32) -> String {
    format!(
        r#"{{"count":{count},"text":"RangeError undefined the invocation passed the outgoing_requests limit of {count} requests (knob --egress-requests)"}}"#
    )
}

#[test]
fn an_invocation_makes_so_many_requests() {
    let default = call(&PLAIN, COUNT).run_on(&SERVICE);
    default.delivers(&refused(50));
    assert_eq!(requests_made(&default), 50);

    let lowered = call(&PLAIN, COUNT).limits(|limits| limits.requests = 2);
    let lowered = lowered.run_on(&SERVICE);
    lowered.delivers(&refused(2));
    assert_eq!(requests_made(&lowered), 2);

    let by_flag = call(&PLAIN, COUNT).run_on(&STRICT);
    by_flag.delivers(&refused(3));
    let not_raised = call(&PLAIN, COUNT).limits(|limits| limits.requests = 40);
    not_raised.run_on(&STRICT).delivers(&refused(3));
}

#[test]
fn a_request_that_is_too_much_fails_the_function_that_lets_it() {
    let reply = call(
        &PLAIN,
        "for (let count = 0; count < 51; count++) await fetch(base + '/'); return event",
    );
    let reply = reply.run_on(&SERVICE);
    reply.failed(
        Code::BadRequest,
        "passed the outgoing_requests limit of 50 requests (knob --egress-requests)",
    );
    assert_eq!(reply.response().requests.len(), 50, "{reply}");
}

#[test]
fn the_next_invocation_counts_anew() {
    let call = call(
        &PLAIN,
        "for (let count = 0; count < 50; count++) await fetch(base + '/'); return event",
    );
    for _ in 0..2 {
        assert_eq!(requests_made(&call.clone().run_on(&SERVICE)), 50);
    }
}

#[test]
fn redirects_count() {
    let reply = call(
        &PLAIN,
        "const first = await told(fetch(base + '/on?0', { follow: 100 })), second = await told(fetch(base + '/'))
        return { first: first.slice(0, 25), limited: first.includes('limit of 50, redirects included (knob --egress-requests)'), second: second.slice(0, 24) }",
    );
    let reply = reply.capture().run_on(&SERVICE);
    reply.delivers(r#"{"first":"FetchError request-limit ","limited":true,"second":"FetchError request-limit"}"#);
    assert_eq!(requests_made(&reply), 50);
    let traces = &reply.response().requests;
    assert_eq!(traces.len(), 50, "one trace a hop");
    assert!(traces[49].url.ends_with("/on?49"), "{:?}", traces[49]);
    assert_eq!(traces[49].status, 302);
}

#[test]
fn so_many_are_under_way_at_once() {
    for (service, most, in_all) in [(&SERVICE, 6, 20), (&STRICT, 2, 3)] {
        let server = Scripted::start(move |_, seen| {
            // Fails the check below if fewer are let through; the pause lets one more come, if it may.
            seen.wait_for(|counts| counts.most_at_once >= most);
            std::thread::sleep(Duration::from_millis(30));
            Answer::Bytes(respond("200 OK", &[], b"ok"))
        });
        let statements = format!(
            "const all = await Promise.all(Array.from({{ length: {in_all} }}, () => told(fetch(base)))); return {{ all: new Set(all).size, first: all[0] }}"
        );
        let reply = call(&server, &statements).run_on(service);
        reply.delivers(r#"{"all":1,"first":"ok"}"#);
        let counts = server.counts();
        assert_eq!((counts.most_at_once, counts.requests.len()), (most, in_all));
    }
}

#[test]
fn a_large_response_is_refused_at_the_limit() {
    for (service, limit) in [(&SERVICE, 10 << 20), (&STRICT, 1000)] {
        let over = limit + 1;
        let statements = format!(
            "const fits = await (await fetch(base + '/zeros?{limit}')).text(), response = await fetch(base + '/zeros?{over}')
            return {{ fits: fits.length, status: response.status, text: await told(response) }}"
        );
        let reply = call(&PLAIN, &statements).run_on(service);
        let url = PLAIN.url();
        reply.delivers(&format!(
            r#"{{"fits":{limit},"status":200,"text":"FetchError max-size content size at {url}/zeros?{over} over limit: {limit} (knob --egress-body-bytes)"}}"#
        ));
    }
}

#[test]
fn a_large_request_is_refused_at_the_limit() {
    let reply = call(
        &PLAIN,
        "const body = Buffer.alloc(16 * 1024 * 1024 + 1)
        const send = body => told(fetch(base + '/length', { method: 'POST', body }))
        return { fits: await send(body.subarray(1)), over: await send(body) }",
    );
    let reply = reply.run_on(&SERVICE);
    reply.delivers(
        r#"{"fits":"16777216","over":"RangeError undefined the body of a request has 16777217 bytes, over the limit of 16777216"}"#,
    );
    assert_eq!(requests_made(&reply), 1, "the other was never made");
}

#[test]
fn what_goes_before_a_body_has_its_bounds_too() {
    let reply = call(
        &PLAIN,
        "const long = 'x'.repeat(80 * 1024 * 1024), cut = text => text.slice(0, 200)
        return {
          url: cut(await told(fetch(base + '/?' + 'é'.repeat(400000)))),
          shorter: cut(await told(fetch(base + '/?' + long.slice(0, 2 ** 15)))),
          header: cut(await told(fetch(base, { headers: { 'x-long': long } }))),
          method: cut(await told(fetch(base, { method: long }))),
          after: await told(fetch(base)),
        }",
    );
    let reply = reply.run_on(&SERVICE);
    let found: serde_json::Value =
        serde_json::from_str(&reply.delivered()).expect("JSON is delivered");
    for part in ["url", "shorter", "header", "method"] {
        let text = found[part].as_str().unwrap_or_default();
        assert!(
            text.starts_with("TypeError") || text.starts_with("RangeError"),
            "{part}: {text}"
        );
        assert!(text.contains("over the limit of"), "{part}: {text}");
    }
    assert_eq!(found["after"], "ok", "{reply}");
}

/// Never answers, except that `/once-held` is answered when a request is held, and `/once-gone` when its client
/// has gone.
fn holding() -> Scripted {
    Scripted::start(|request, seen| {
        match request.path.as_str() {
            "/once-held" => {
                seen.wait_for(|counts| counts.requests.iter().any(|one| one.path == "/hold"));
            }
            "/once-gone" => {
                seen.wait_for(|counts| counts.gone > 0);
            }
            _ => return Answer::Silence,
        }
        Answer::Bytes(respond("200 OK", &[], b"ok"))
    })
}

/// Waits without holding up other tasks.
async fn wait_for(
    server: &Scripted,
    what: &'static str,
    holds: impl Fn(&Counts) -> bool + Send + 'static,
) {
    let server = server.clone();
    let waiting = tokio::task::spawn_blocking(move || server.wait_for(what, holds));
    waiting.await.expect("the wait comes to its end");
}

fn warnings(response: &InvokeResponse) -> Vec<&str> {
    let lines = response.logs.iter();
    let warnings = lines.filter(|line| line.level() == LogLevel::Warn);
    warnings.map(|line| line.message.as_str()).collect()
}

#[test]
fn requests_left_behind_are_cancelled_with_a_line() {
    let server = holding();
    let reply = call(
        &server,
        "fetch(base + '/hold'); await fetch(base + '/once-held'); return event",
    );
    let reply = reply.capture().run_on(&SERVICE);
    reply.delivered();
    assert_eq!(
        warnings(reply.response()),
        ["1 request still pending when the invocation ended was cancelled"]
    );
    let traces = &reply.response().requests;
    let held = traces.iter().find(|trace| trace.url.ends_with("/hold"));
    let held = held.unwrap_or_else(|| panic!("a trace of what was cancelled: {traces:?}"));
    assert_eq!(
        (held.status, held.error.as_str()),
        (0, "The user aborted a request.")
    );
    server.wait_for("the connection was closed", |counts| counts.gone == 1);
}

#[test]
fn requests_end_with_the_time_of_the_invocation() {
    let server = holding();
    let reply = call(&server, "await fetch(base + '/hold')").wall(Duration::from_secs(1));
    let reply = reply.run_on(&SERVICE);
    reply.failed(Code::Timeout, "wall_time");
    let [trace] = &reply.response().requests[..] else {
        panic!("one trace: {reply}");
    };
    assert_eq!(
        (trace.status, trace.error.as_str()),
        (0, "The user aborted a request.")
    );
    server.wait_for("the connection was closed", |counts| counts.gone == 1);
}

#[test]
fn requests_end_when_the_caller_goes_away() {
    let server = holding();
    let call = call(&server, "await fetch(base + '/hold'); return event");
    block_on(async {
        let calling = tokio::spawn(call.send(SERVICE.client()));
        wait_for(&server, "the request arrived", |seen| {
            !seen.requests.is_empty()
        })
        .await;
        calling.abort();
    });
    server.wait_for("the connection was closed", |counts| counts.gone == 1);
}

#[test]
fn an_abort_closes_the_connection() {
    let server = holding();
    let reply = call(
        &server,
        "const controller = new AbortController(), held = told(fetch(base + '/hold', { signal: controller.signal }))
        await fetch(base + '/once-held'); controller.abort()
        return { gone: await told(fetch(base + '/once-gone')), held: await held }",
    );
    reply
        .run_on(&SERVICE)
        .delivers(r#"{"gone":"ok","held":"AbortError aborted The user aborted a request."}"#);
}

#[test]
fn a_flood_of_requests_hurts_nobody_else() {
    // The floods last until their callers go, so that the server sees no request in place of one that ended.
    let one_cell = ["--cells", "1", "--wall-time-ms", "60000"];
    let service = Service::start(&[&ALLOWED[..], &one_cell].concat());
    let server = holding();
    let flood = call(
        &server,
        "for (let count = 0; count < 50; count++) fetch(base + '/hold').catch(() => {}); await new Promise(() => {})",
    );
    let neighbour = call(&PLAIN, "return { text: await told(fetch(base)) }");
    block_on(async {
        let floods: Vec<_> = (0..30)
            .map(|_| tokio::spawn(flood.clone().send(service.client())))
            .collect();
        wait_for(&server, "a function has all its places at a host", |seen| {
            seen.at_once >= 32
        })
        .await;
        for _ in 0..20 {
            let reply = neighbour.clone().send(service.client()).await;
            reply.delivers(r#"{"text":"ok"}"#);
        }
        assert_eq!(server.counts().most_at_once, 32, "a host's places");
        for flood in floods {
            flood.abort();
        }
    });
    server.wait_for("all connections were closed", |counts| counts.at_once == 0);
    call(&PLAIN, "return { text: await told(fetch(base)) }")
        .run_on(&service)
        .delivers(r#"{"text":"ok"}"#);
}
