//! The examples that make requests, each as it is built in, against a server that answers as theirs would.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use penstock::api::{FunctionRef, InvokeBatchRequest, RequestTrace};
use serde_json::{Value, json};

use crate::batch::Batch;
use crate::check::{Call, Code, Reply};
use crate::origin::{Request, of_json, respond};
use crate::scripted::{Answer, Scripted};
use crate::service::{Service, block_on};

/// With one cell, so that whatever else is going on, what one call caches is there for the next.
static SERVICE: LazyLock<Service> =
    LazyLock::new(|| Service::start(&["--egress-allow", "127.0.0.0/8", "--cells", "1"]));

/// An example on an event, with settings; an instance of its own each time, so that no globals or cached values
/// are those of another test.
fn example(id: &str, event: &Value, settings: &Value) -> Call {
    let call = Call::stored(id).instance(&fresh_instance());
    let call = call.event(&event.to_string());
    call.settings(&settings.to_string())
}

fn example_batch(id: &str, events: &[Value], settings: &Value) -> Batch {
    let function = FunctionRef {
        function_id: id.to_owned(),
        version: "1".to_owned(),
        instance_id: fresh_instance(),
        ..FunctionRef::default()
    };
    let events: Vec<_> = events.iter().map(Value::to_string).collect();
    let set = |request: &mut InvokeBatchRequest| request.function = Some(function);
    let batch = Batch::of("").change(set).events(&events);
    batch.settings(&settings.to_string())
}

fn fresh_instance() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("copy-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn run(call: Call) -> Reply {
    call.run_on(&SERVICE)
}

/// Answers everything with this.
fn always(status: &'static str, headers: &'static [(&str, &str)], body: &'static str) -> Scripted {
    Scripted::start(move |_, _| Answer::Bytes(respond(status, headers, body.as_bytes())))
}

fn header<'t>(headers: &'t [penstock::api::Header], name: &str) -> Option<&'t str> {
    let found = headers.iter().find(|header| header.name == name);
    found.map(|header| header.value.as_str())
}

fn accounts() -> Scripted {
    Scripted::start(|request, _| {
        let user = request.path.trim_start_matches("/v1/users/");
        if user == "nobody" {
            return Answer::Bytes(respond("404 Not Found", &[], b"nobody"));
        }
        let account = json!({"company": format!("{user} Ltd"), "plan": "gold", "internal": "x".repeat(6_000)});
        Answer::Bytes(of_json(&account))
    })
}

fn enrich(server: &Scripted, event: &Value) -> Call {
    let settings = json!({"apiUrl": format!("{}/v1", server.url()), "apiKey": "k"});
    example("enrich-from-api", event, &settings)
}

#[test]
fn the_enrichment_arrives() {
    let server = accounts();
    let event = json!({"type": "track", "userId": "a/b", "properties": {"plan": "own"}});
    run(enrich(&server, &event)).delivers(
        r#"{"type":"track","userId":"a/b","properties":{"company":"a%2Fb Ltd","plan":"own"}}"#,
    );
    let [request] = &server.counts().requests[..] else {
        panic!("one request: {:?}", server.counts());
    };
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("GET", "/v1/users/a%2Fb")
    );
    assert_eq!(request.header("authorization"), Some("Bearer k"));

    let anonymous = json!({"type": "page", "anonymousId": "x"});
    let reply = run(enrich(&server, &anonymous));
    reply.delivers(&anonymous.to_string());
    let nobody = json!({"type": "identify", "userId": "nobody"});
    run(enrich(&server, &nobody)).delivers(&nobody.to_string());
    assert_eq!(server.asked(), 2, "no request for the anonymous one");
}

#[test]
fn a_success_tells_of_its_requests_when_asked_to() {
    let server = accounts();
    let event = json!({"type": "track", "userId": "u"});
    let quiet = run(enrich(&server, &event));
    assert!(quiet.response().requests.is_empty(), "{quiet}");
    let usage = quiet.response().usage.expect("usage");
    assert_eq!(usage.requests, 1);

    let told = run(enrich(&server, &event).capture());
    let [trace] = &told.response().requests[..] else {
        panic!("one trace: {:?}", told.response().requests);
    };
    assert_eq!(
        (trace.method.as_str(), trace.status, trace.error.as_str()),
        ("GET", 200, "")
    );
    assert_eq!(trace.url, format!("{}/v1/users/u", server.url()));
    assert_eq!(
        header(&trace.request_headers, "accept"),
        Some("application/json")
    );
    assert_eq!(
        header(&trace.response_headers, "content-type"),
        Some("application/json")
    );
    assert!(trace.request_body.is_empty());
    assert_eq!(trace.response_body.len(), 4 << 10, "the first 4 KiB");
    assert!(trace.response_body.starts_with(br#"{"company":"u Ltd","#));
    assert!(trace.time.is_some() && trace.event_index.is_none());
    let (first_byte, total) = (nanos(trace.first_byte), nanos(trace.total));
    assert!(0 < first_byte && first_byte <= total, "{trace:?}");
    assert!(trace.connect.is_some(), "a new connection: {trace:?}");
}

fn nanos(time: Option<prost_types::Duration>) -> u128 {
    let time = time.expect("a time");
    Duration::try_from(time).expect("not negative").as_nanos()
}

#[test]
fn traces_of_a_batch_say_which_event_they_are_of() {
    let server = accounts();
    let settings = json!({"apiUrl": format!("{}/v1", server.url()), "apiKey": "k"});
    let event = |user: &str| json!({"type": "track", "userId": user});
    let events = [event("a"), json!({"type": "group"}), event("c")];
    let batch = example_batch("enrich-from-api", &events, &settings).capture();
    let reply = batch.run_on(&SERVICE);
    reply.comes_to(&[
        r#"{"type":"track","userId":"a","properties":{"company":"a Ltd","plan":"gold"}}"#,
        r#"{"type":"group"}"#,
        r#"{"type":"track","userId":"c","properties":{"company":"c Ltd","plan":"gold"}}"#,
    ]);
    let response = reply.response();
    let traces = response.requests.iter();
    let of = |trace: &RequestTrace| (trace.event_index, trace.url.clone());
    let mut found: Vec<_> = traces.map(of).collect();
    found.sort_unstable();
    let url = |user: &str| format!("{}/v1/users/{user}", server.url());
    assert_eq!(found, [(Some(0), url("a")), (Some(2), url("c"))]);
    assert_eq!(response.usage.map(|usage| usage.requests), Some(2));
}

#[test]
fn a_failure_of_the_server_becomes_what_it_means_to_the_router() {
    let event = json!({"type": "track", "userId": "u"});
    let failing = |status, headers, code, message: &str| {
        let server = always(status, headers, "no");
        let reply = run(enrich(&server, &event));
        let error = reply.failed(code, message);
        let [trace] = &reply.response().requests[..] else {
            panic!("an error brings its one trace: {reply}");
        };
        assert!(status.starts_with(&trace.status.to_string()), "{trace:?}");
        assert_eq!(trace.response_body, "no".as_bytes());
        error.retry_after.map(|delay| delay.seconds)
    };
    let after = |seconds: &'static str| -> &'static [(&str, &str)] {
        match seconds {
            "7" => &[("retry-after", "7")],
            _ => &[],
        }
    };
    assert_eq!(
        failing("503 Busy", after("7"), Code::Retry, "HTTP 503"),
        Some(7)
    );
    assert_eq!(
        failing("500 Oops", after(""), Code::Retry, "HTTP 500"),
        None
    );
    assert_eq!(
        failing("429 Slow", after("7"), Code::Retry, "HTTP 429"),
        Some(7)
    );
    failing(
        "401 Who",
        after(""),
        Code::MessageRejected,
        "Setting \"apiKey\" was refused",
    );
    failing("418 Teapot", after(""), Code::BadRequest, "HTTP 418");
}

#[test]
fn no_answer_is_a_retry_with_a_trace() {
    let server = Scripted::start(|_, _| Answer::Bytes(Vec::new()));
    let event = json!({"type": "track", "userId": "u"});
    let reply = run(enrich(&server, &event));
    reply.failed(Code::Retry, "Account service: request to http://127.0.0.1:");
    let [trace] = &reply.response().requests[..] else {
        panic!("one trace: {reply}");
    };
    assert_eq!(trace.status, 0);
    assert!(trace.error.contains("failed, reason"), "{trace:?}");
}

/// Gives tokens `t1`, `t2` … and takes events with those in `good`.
fn oauth(good: &'static [&str]) -> Scripted {
    let given = AtomicUsize::new(0);
    Scripted::start(move |request, _| {
        let answer = match request.path.as_str() {
            "/token" => {
                let number = given.fetch_add(1, Ordering::Relaxed) + 1;
                of_json(&json!({"access_token": format!("t{number}"), "expires_in": 3600}))
            }
            _ => match request.header("authorization") {
                Some(token) if good.contains(&token) => of_json(&json!({})),
                _ => respond("401 Unauthorized", &[], b""),
            },
        };
        Answer::Bytes(answer)
    })
}

fn settings_of_oauth(server: &Scripted) -> Value {
    json!({"tokenUrl": format!("{}/token", server.url()), "apiUrl": server.url(), "clientId": "us", "clientSecret": "s&s"})
}

fn asked_for_tokens(server: &Scripted) -> usize {
    let asks = |request: &&Request| request.path == "/token";
    server.counts().requests.iter().filter(asks).count()
}

#[test]
fn a_token_is_fetched_once_for_many_invocations() {
    let server = oauth(&["Bearer t1"]);
    let event = json!({"type": "track", "event": "e"});
    let call = example("oauth-token", &event, &settings_of_oauth(&server));
    for number in 0..10 {
        let reply = run(call.clone());
        reply.delivers(&event.to_string());
        let made = reply.response().usage.map(|usage| usage.requests);
        assert_eq!(made, Some(if number == 0 { 2 } else { 1 }));
    }
    assert_eq!(asked_for_tokens(&server), 1);
    let first = &server.counts().requests[0];
    assert_eq!(
        String::from_utf8_lossy(&first.body),
        "grant_type=client_credentials&client_id=us&client_secret=s%26s"
    );
}

#[test]
fn a_token_is_fetched_once_for_a_batch() {
    let server = oauth(&["Bearer t1"]);
    let events = vec![json!({"type": "track"}); 8];
    let settings = settings_of_oauth(&server);
    let reply = example_batch("oauth-token", &events, &settings).run_on(&SERVICE);
    reply.comes_to(&[r#"{"type":"track"}"#; 8]);
    assert_eq!(asked_for_tokens(&server), 1);
}

#[test]
fn a_token_expires_or_is_withdrawn() {
    let server = oauth(&["Bearer t1", "Bearer t2"]);
    let event = json!({"type": "track"});
    let mut settings = settings_of_oauth(&server);
    settings["tokenLifetimeMs"] = json!(1);
    let call = example("oauth-token", &event, &settings);
    for tokens in 1..=2 {
        run(call.clone()).delivers(&event.to_string());
        assert_eq!(asked_for_tokens(&server), tokens);
        std::thread::sleep(Duration::from_millis(10));
    }

    let server = oauth(&["Bearer t2"]);
    let call = example("oauth-token", &event, &settings_of_oauth(&server));
    for _ in 0..3 {
        run(call.clone()).delivers(&event.to_string());
    }
    assert_eq!(asked_for_tokens(&server), 2, "the first one was refused");
}

#[test]
fn a_token_that_is_not_given_is_asked_for_again() {
    let event = json!({"type": "track"});
    for (status, code) in [
        ("503 Busy", Code::Retry),
        ("400 Wrong", Code::MessageRejected),
    ] {
        let server = always(status, &[], "");
        let call = example("oauth-token", &event, &settings_of_oauth(&server));
        for _ in 0..2 {
            run(call.clone()).failed(code, status.split_at(3).0);
        }
        assert_eq!(asked_for_tokens(&server), 2);
    }
}

#[test]
fn a_lookup_makes_one_request_for_concurrent_invocations() {
    let server = Scripted::start(|_, _| {
        // So that the others ask while the first one loads.
        std::thread::sleep(Duration::from_millis(100));
        Answer::Bytes(of_json(
            &json!({"name": "Lamp", "category": "home", "price": 5}),
        ))
    });
    let settings = json!({"apiUrl": server.url()});
    let event = json!({"type": "track", "properties": {"sku": "1"}});
    let call = example("cached-lookup", &event, &settings);
    block_on(async {
        let calls: Vec<_> = (0..20)
            .map(|_| tokio::spawn(call.clone().send(SERVICE.client())))
            .collect();
        for call in calls {
            call.await.expect("a call ends").delivers(
                r#"{"type":"track","properties":{"sku":"1","name":"Lamp","category":"home","price":5}}"#,
            );
        }
    });
    assert_eq!(server.asked(), 1);
    run(call.clone());
    assert_eq!(server.asked(), 1, "it is kept");
}

#[test]
fn a_lookup_expires_and_is_forgotten_when_told_to() {
    let server = Scripted::start(|_, _| Answer::Bytes(of_json(&json!({"name": "Lamp"}))));
    let event = json!({"type": "track", "properties": {"sku": "1"}});
    let short = json!({"apiUrl": server.url(), "ttlMs": 1});
    let call = example("cached-lookup", &event, &short);
    for asked in 1..=2 {
        run(call.clone()).delivered();
        assert_eq!(server.asked(), asked);
        std::thread::sleep(Duration::from_millis(10));
    }

    let long = json!({"apiUrl": server.url()});
    let call = example("cached-lookup", &event, &long);
    let update = json!({"type": "track", "event": "Product Updated", "properties": {"sku": "1"}});
    run(call.clone()).delivered();
    run(call.clone().event(&update.to_string())).delivers(&update.to_string());
    run(call.clone()).delivered();
    run(call).delivered();
    assert_eq!(server.asked(), 4);
}

#[test]
fn a_lookup_keeps_no_failure_but_that_there_is_none() {
    let event = json!({"type": "track", "properties": {"sku": "1"}});
    for (status, code, message, asked) in [
        ("503 Busy", Code::Retry, "Catalogue: HTTP 503", 2),
        ("400 Wrong", Code::BadRequest, "Catalogue: HTTP 400", 2),
        ("404 Not Found", Code::MessageRejected, "no product 1", 1),
    ] {
        let server = always(status, &[], "");
        let call = example("cached-lookup", &event, &json!({"apiUrl": server.url()}));
        for _ in 0..2 {
            run(call.clone()).failed(code, message);
        }
        assert_eq!(server.asked(), asked, "{status}");
    }
}

#[test]
fn a_retry_says_when() {
    let event = json!({"type": "track", "event": "e", "messageId": "m-1", "userId": "u"});
    let outcome = |status: &'static str, headers: &'static [(&str, &str)], code, message: &str| {
        let server = always(status, headers, "why");
        let reply = run(example(
            "retry-on-429",
            &event,
            &json!({"apiUrl": server.url()}),
        ));
        let error = reply.failed(code, message);
        assert_eq!(server.asked(), 1, "the router retries, not the function");
        let [request] = &reply.response().requests[..] else {
            panic!("one trace: {reply}");
        };
        assert_eq!(
            request.request_body,
            r#"{"name":"e","user":"u"}"#.as_bytes()
        );
        assert_eq!(
            header(&request.request_headers, "idempotency-key"),
            Some("m-1")
        );
        error.retry_after.map(|delay| delay.seconds)
    };
    let delayed = outcome(
        "429 Slow",
        &[("retry-after", "120")],
        Code::Retry,
        "HTTP 429",
    );
    assert_eq!(delayed, Some(120));
    let longest = outcome(
        "503 Busy",
        &[("retry-after", "99999")],
        Code::Retry,
        "HTTP 503",
    );
    assert_eq!(longest, Some(900));
    let past = &[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")];
    assert_eq!(outcome("503 Busy", past, Code::Retry, "HTTP 503"), Some(0));
    assert_eq!(outcome("500 Oops", &[], Code::Retry, "HTTP 500"), Some(30));
    assert_eq!(
        outcome(
            "500 Oops",
            &[("retry-after", "soon")],
            Code::Retry,
            "HTTP 500"
        ),
        Some(30)
    );
    outcome("422 Odd", &[], Code::MessageRejected, "HTTP 422: why");
    outcome("403 No", &[], Code::BadRequest, "HTTP 403");
}

#[test]
fn an_event_goes_on_once_the_server_has_recovered() {
    let answered = AtomicUsize::new(0);
    let server = Scripted::start(move |_, _| {
        let status = match answered.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => "503 Busy",
            _ => "204 No Content",
        };
        Answer::Bytes(respond(status, &[], b""))
    });
    let event = json!({"type": "track", "event": "e", "messageId": "m"});
    let call = example("retry-on-429", &event, &json!({"apiUrl": server.url()}));
    for _ in 0..2 {
        assert!(run(call.clone()).failed(Code::Retry, "HTTP 503").retryable);
    }
    run(call).delivers(&event.to_string());
}

#[test]
fn a_batch_is_one_request_with_an_answer_for_each() {
    let server = Scripted::start(|request, _| {
        let sent: Value = serde_json::from_slice(&request.body).expect("JSON");
        let items = sent["items"].as_array().expect("items");
        let statuses = [
            json!({"status": 201}),
            json!({"status": 429, "error": "slow down"}),
            json!({"status": 400, "error": "no user"}),
        ];
        let answers: Vec<_> = statuses.into_iter().take(items.len()).collect();
        Answer::Bytes(of_json(&json!({"items": answers})))
    });
    let settings = json!({"apiUrl": server.url()});
    let event = |id: &str| json!({"type": "track", "messageId": id});
    let events = [event("a"), event("b"), event("c")];
    let reply = example_batch("batch-to-api", &events, &settings).run_on(&SERVICE);
    reply.comes_to(&[
        r#"{"type":"track","messageId":"a"}"#,
        "RETRY slow down",
        "BAD_REQUEST no user",
    ]);
    assert_eq!(server.asked(), 1);
    let traces = &reply.response().requests;
    assert_eq!(traces.len(), 1, "told of, since some events failed");
    assert_eq!(traces[0].event_index, None, "made for all of them");

    run(example("batch-to-api", &event("a"), &settings)).delivers(&event("a").to_string());

    let server = always("503 Busy", &[], "");
    let settings = json!({"apiUrl": server.url()});
    let reply = example_batch("batch-to-api", &events, &settings).run_on(&SERVICE);
    reply.comes_to(&["RETRY HTTP 503"; 3]);
}
