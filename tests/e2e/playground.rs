//! The playground's endpoints: what they serve, whom they refuse, and that what runs there runs as any call does.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::scrape::{Answer, Scrape, answer};
use crate::secured::{Secured, token_entry};
use crate::service::Service;

const ANSWER_BOUND: Duration = Duration::from_mins(1);

const TOKEN: &str = "pst_of-somebody-who-tries-functions";

const DELIVERS: &str =
    "function onTrack(event, settings) { event.seen = settings.name; return event }";

/// A request to the playground.
#[derive(Clone)]
pub struct Asked {
    method: &'static str,
    path: String,
    /// In place of the address.
    host: Option<&'static str>,
    headers: Vec<String>,
    body: String,
}

impl Asked {
    pub fn get(path: &str) -> Asked {
        Asked {
            method: "GET",
            path: path.to_owned(),
            host: None,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// A call as the page makes it.
    pub fn call(method: &str, request: &Value) -> Asked {
        Asked {
            method: "POST",
            body: request.to_string(),
            ..Asked::get(&format!("/playground/call/{method}"))
        }
        .with("sec-fetch-site: same-origin")
        .with("content-type: application/json")
    }

    fn at(mut self, host: &'static str) -> Asked {
        self.host = Some(host);
        self
    }

    fn with(mut self, header: &str) -> Asked {
        self.headers.push(header.to_owned());
        self
    }

    fn without(mut self, name: &str) -> Asked {
        self.headers.retain(|header| !header.starts_with(name));
        self
    }
}

/// What is answered at an address.
#[track_caller]
pub fn answer_at(address: &str, asked: &Asked) -> Answer {
    let mut connection = TcpStream::connect(address).expect("it accepts");
    let bound = Some(ANSWER_BOUND);
    connection.set_read_timeout(bound).expect("a bound");
    let Asked { method, path, .. } = asked;
    let headers = asked
        .headers
        .iter()
        .flat_map(|header| [header.as_str(), "\r\n"]);
    let headers: String = headers.collect();
    let host = asked.host.unwrap_or(address);
    let length = asked.body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Length: {length}\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).expect("it is sent");
    // It may have answered, and hung up, before it has read all.
    let _ = connection.write_all(asked.body.as_bytes());
    let mut text = Vec::new();
    let _ = connection.read_to_end(&mut text);
    answer(&String::from_utf8_lossy(&text))
}

#[track_caller]
fn ask(service: &Service, asked: &Asked) -> Answer {
    answer_at(service.admin().expect("the admin endpoint is on"), asked)
}

/// What a call of the API comes to.
#[track_caller]
fn call(service: &Service, asked: &Asked) -> Value {
    let answer = ask(service, asked);
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).expect("JSON")
}

fn invoke(source: &str) -> Value {
    json!({
        "function": {"function_id": "tried", "version": format!("v{}", source.len()), "source": source},
        "event": {"type": "track"},
        "settings": {"name": "Ada"},
    })
}

#[test]
fn the_page_and_every_file_that_it_names_are_there_and_guarded() {
    let service = Service::shared();
    let moved = ask(service, &Asked::get("/"));
    assert_eq!(
        (moved.status, moved.headers["location"].as_str()),
        (307, "/playground")
    );
    let page = ask(service, &Asked::get("/playground"));
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    let mut named: Vec<String> = quoted(&page.body, "/playground/");
    let mut seen = 0;
    while let Some(path) = named.get(seen).cloned() {
        seen += 1;
        let file = ask(service, &Asked::get(&path));
        assert_eq!(file.status, 200, "{path}");
        let kind = path.rsplit('.').next().expect("a kind");
        let expect = match kind {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            _ => panic!("{path} is of no kind that the page has"),
        };
        assert_eq!(file.headers["content-type"], expect, "{path}");
        guarded(&file, &path);
        for import in quoted(&file.body, "./") {
            let path = import.replace("./", "/playground/");
            if !named.contains(&path) {
                named.push(path);
            }
        }
        let elsewhere = file.body.replace("http://www.w3.org/2000/svg", "");
        assert!(!elsewhere.contains("://"), "{path} names another origin");
    }
    assert!(seen > 10, "{named:?}");
    guarded(&page, "/playground");
    for inline in ["<style", "style=", "onclick", "javascript:", "://"] {
        assert!(!page.body.contains(inline), "{inline} in the page");
    }
    for sample in ["events/track", "events/batch", "settings/tokenise"] {
        let path = format!("/playground/{sample}.json");
        let sample = ask(service, &Asked::get(&path));
        assert_eq!(sample.headers["content-type"], "application/json");
        serde_json::from_str::<Value>(&sample.body).expect("JSON");
    }
}

/// What stands in single or double quotes and begins so.
fn quoted(text: &str, start: &str) -> Vec<String> {
    let parts = text.split(['"', '\'']);
    let found = parts.filter(|part| part.starts_with(start) && part.contains('.'));
    found.map(str::to_owned).collect()
}

#[track_caller]
fn guarded(answer: &Answer, path: &str) {
    let policy = &answer.headers["content-security-policy"];
    for part in [
        "default-src 'none';",
        "script-src 'self';",
        "frame-ancestors 'none';",
        "require-trusted-types-for 'script'",
    ] {
        assert!(policy.contains(part), "{path}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{path}: {policy}");
    assert_eq!(
        answer.headers["x-content-type-options"], "nosniff",
        "{path}"
    );
    assert_eq!(
        answer.headers["cross-origin-resource-policy"], "same-origin",
        "{path}"
    );
}

#[test]
fn others_are_refused_and_run_nothing() {
    let service = Service::shared();
    #[track_caller]
    fn check(asked: &Asked, status: u16, expect: &str) {
        let answer = ask(Service::shared(), asked);
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(
            answer.body.contains(expect),
            "{expect:?} in {}",
            answer.body
        );
        guarded(&answer, &asked.path);
    }
    let source = "function onTrack(event) { return event } // never known";
    let run = Asked::call("Invoke", &invoke(source));
    let named = "by no other name";
    check(
        &Asked::get("/playground").at("rebound.example:8080"),
        403,
        named,
    );
    check(&run.clone().at("rebound.example:8080"), 403, named);
    let own = "only the playground's own page";
    check(&run.clone().without("sec-fetch-site"), 403, own);
    check(
        &run.clone().with("origin: http://elsewhere.example"),
        403,
        own,
    );
    let other_port = run.clone().without("sec-fetch-site");
    check(&other_port.with("origin: http://127.0.0.1:1"), 403, own);
    for site in ["same-site", "cross-site", "none"] {
        let site = format!("sec-fetch-site: {site}");
        check(&run.clone().without("sec-fetch-site").with(&site), 403, own);
    }
    let embedded = Asked::get("/playground/executor").with("sec-fetch-site: cross-site");
    check(&embedded, 403, own);
    let form = run
        .clone()
        .without("content-type")
        .with("content-type: text/plain");
    check(&form, 415, "application/json");
    let mut asked = run.clone();
    asked.method = "OPTIONS";
    check(&asked, 405, "only POST");
    asked.method = "PUT";
    check(&asked, 405, "only POST");
    let mut asked = Asked::get("/playground/call/Invoke");
    check(&asked, 405, "only POST");
    asked.path = "/playground/executor/".to_owned();
    check(&asked, 404, "no such file");
    let mut asked = run.clone();
    asked.path = "/playground/call/Stop".to_owned();
    check(&asked, 400, "there are Invoke, InvokeBatch, Describe");
    asked = Asked::call("Invoke", &json!({"functions": {}}));
    check(&asked, 400, "functions");
    asked.body = "{".to_owned();
    check(&asked, 400, "the body is no request in JSON");
    let known = Asked::call("Describe", &json!({"function": invoke(source)["function"]}));
    let sourceless =
        json!({"function": {"function_id": "tried", "version": format!("v{}", source.len())}});
    assert!(call(service, &known)["response"].is_object());
    let answer = call(service, &Asked::call("Describe", &sourceless));
    assert_eq!(
        answer["status"]["code"], 5,
        "no refused call has brought the source: {answer:#}"
    );
}

#[test]
fn a_body_is_bounded_in_bytes_and_in_time() {
    let service = Service::start(&[
        "--cells",
        "1",
        "--message-bytes",
        "65536",
        "--receive-ms",
        "300",
    ]);
    let large = Asked::call("Invoke", &invoke(&" ".repeat(70_000)));
    let refused = ask(&service, &large);
    assert_eq!(refused.status, 413, "{}", refused.body);
    assert!(
        refused.body.contains("65536 bytes (knob --message-bytes)"),
        "{}",
        refused.body
    );
    let admin = service.admin().expect("an address");
    let mut connection = TcpStream::connect(admin).expect("it accepts");
    let head = format!(
        "POST /playground/call/Invoke HTTP/1.1\r\nHost: {admin}\r\nOrigin: http://{admin}\r\n\
         Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{{"
    );
    connection.write_all(head.as_bytes()).expect("it is sent");
    let mut text = String::new();
    connection.read_to_string(&mut text).expect("an answer");
    let answer = answer(&text);
    assert_eq!(answer.status, 408, "{text}");
    assert!(answer.body.contains("--receive-ms"), "{text}");
}

#[test]
fn it_is_off_where_others_reach_it_unless_asked_for() {
    #[track_caller]
    fn check(flags: &[&str], status: u16) {
        let service = Service::start(&[&["--cells", "1"], flags].concat());
        let port = service.admin().and_then(|admin| admin.rsplit(':').next());
        let address = format!("127.0.0.1:{}", port.expect("a port"));
        let page = answer_at(&address, &Asked::get("/playground"));
        assert_eq!(page.status, status, "{flags:?}");
        let run = answer_at(&address, &Asked::call("Invoke", &invoke(DELIVERS)));
        assert_eq!(run.status, status, "{flags:?}");
        let metrics = answer_at(&address, &Asked::get("/metrics"));
        assert_eq!(metrics.status, 200);
    }
    check(&["--admin", "0.0.0.0:0"], 404);
    check(&["--playground", "off"], 404);
    let open = ["--allow-anyone", "--allow-plaintext"];
    check(
        &[&["--admin", "0.0.0.0:0", "--playground", "on"], &open[..]].concat(),
        200,
    );
}

#[test]
fn what_runs_there_runs_as_any_call_does() {
    let service = Service::start(&["--cells", "1"]);
    let counted = || {
        let series = "rpc_server_call_duration_seconds_count{rpc_method=\"penstock.executor.v1.ExecutorService/Invoke\",\
                      rpc_response_status_code=\"OK\",rpc_system_name=\"grpc\"}";
        Scrape::of(&service).value(series)
    };
    assert!(counted().abs() < f64::EPSILON);
    let answer = call(&service, &Asked::call("Invoke", &invoke(DELIVERS)));
    let response = &answer["response"];
    assert_eq!(
        response["event"],
        json!({"type": "track", "seen": "Ada"}),
        "{answer:#}"
    );
    assert_eq!(response["usage"]["coldStart"], true, "{answer:#}");
    assert!((counted() - 1.0).abs() < f64::EPSILON);
    assert!(
        service.stderr().contains("source_accepted"),
        "{}",
        service.stderr()
    );

    // The version is known now, as it would be after any call.
    let other = json!({"function": {"function_id": "tried", "version": format!("v{}", DELIVERS.len()), "source": "1"},
        "event": {"type": "track"}});
    let answer = call(&service, &Asked::call("Invoke", &other));
    assert_eq!(answer["status"]["code"], 9, "{answer:#}");
    assert_eq!(
        answer["status"]["details"][0]["reason"], "VERSION_CONFLICT",
        "{answer:#}"
    );

    let mut batch = invoke(DELIVERS);
    batch["event"].take();
    batch.as_object_mut().expect("an object").remove("event");
    batch["events"] = json!([{"type": "track"}, {"type": "page"}]);
    let answer = call(&service, &Asked::call("InvokeBatch", &batch));
    let results = &answer["response"]["results"];
    assert_eq!(results[0]["event"]["seen"], "Ada", "{answer:#}");
    assert_eq!(
        results[1]["error"]["code"], "ERROR_CODE_UNSUPPORTED_EVENT_TYPE",
        "{answer:#}"
    );

    let mut secret = invoke("function onTrack(e, s) { throw new Error(`${s.name} is known`) }");
    secret["settings"]["name"] = json!("hunter2-and-more");
    secret["secret_settings"] = json!(["name"]);
    let answer = call(&service, &Asked::call("Invoke", &secret));
    assert_eq!(
        answer["response"]["error"]["message"],
        "[redacted:name] is known"
    );
}

#[test]
fn a_token_is_asked_for_where_callers_have_to_show_one() {
    let roles = "roles = [\"describe\"]";
    let secured = Secured::new(&token_entry("somebody", TOKEN, roles));
    let service = secured.start(&[]);
    let told: Value =
        serde_json::from_str(&ask(&service, &Asked::get("/playground/executor")).body)
            .expect("JSON");
    assert_eq!(
        (&told["token"], &told["tls"]),
        (&json!(true), &json!(true)),
        "{told:#}"
    );
    #[track_caller]
    fn check(service: &Service, asked: Asked, token: Option<&str>, code: i32) {
        let asked = match token {
            Some(token) => asked.with(&format!("authorization: Bearer {token}")),
            None => asked,
        };
        let answer = call(service, &asked);
        assert_eq!(
            answer["status"]["code"].as_i64().unwrap_or(0),
            i64::from(code),
            "{answer:#}"
        );
    }
    let describe = json!({"function": invoke(DELIVERS)["function"]});
    let describe = || Asked::call("Describe", &describe);
    let run = || Asked::call("Invoke", &invoke(DELIVERS));
    check(&service, describe(), None, 16);
    check(&service, run(), None, 16);
    check(&service, describe(), Some("pst_of-nobody"), 16);
    check(&service, describe(), Some(TOKEN), 0);
    check(&service, run(), Some(TOKEN), 7);
    secured.write(
        "access.toml",
        &token_entry("somebody", TOKEN, "roles = [\"invoke\"]"),
    );
    let lets = |code: i32| {
        let answer = call(
            &service,
            &run().with(&format!("authorization: Bearer {TOKEN}")),
        );
        answer["status"]["code"].as_i64().unwrap_or(0) == i64::from(code)
    };
    assert!(crate::processes::wait_until(ANSWER_BOUND, || lets(0)));
}

#[test]
fn no_token_in_place_of_a_certificate_that_everybody_has_to_show() {
    let roles = "roles = [\"admin\"]";
    let secured = Secured::new(&token_entry("somebody", TOKEN, roles));
    let service = secured.start(&["--tls-client-ca", "{ca.pem}"]);
    assert_eq!(ask(&service, &Asked::get("/playground")).status, 404);
    let service = secured.start(&[
        "--tls-client-ca",
        "{ca.pem}",
        "--tls-client-auth",
        "optional",
    ]);
    assert_eq!(ask(&service, &Asked::get("/playground")).status, 200);
}
