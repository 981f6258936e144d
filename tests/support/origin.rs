//! An HTTP server for functions to make requests to: what it answers is in the path.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// A connection that brings nothing for so long is given up.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Serves until the process ends; each connection serves one request.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    address: SocketAddr,
}

#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// With the query.
    pub path: String,
    /// Lower-cased names and their values, as they came.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// The first header of this name, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl Origin {
    pub fn start() -> Origin {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                thread::spawn(move || serve(connection));
            }
        });
        Origin { address }
    }

    pub fn port(self) -> u16 {
        self.address.port()
    }
}

fn serve(mut connection: TcpStream) {
    let _ = connection.set_read_timeout(Some(PATIENCE));
    let Some(request) = read(&connection) else {
        return;
    };
    let answer = answer(&request, &mut connection);
    // The client may be gone: that is what some tests are about.
    let _ = connection.write_all(&answer);
}

pub fn read(connection: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        method,
        path,
        headers,
        body,
    })
}

fn answer(request: &Request, connection: &mut TcpStream) -> Vec<u8> {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    match path {
        "/echo" => of_json(&echo(request)),
        "/json" => of_json(&json!({"a": 1})),
        "/text" => respond(
            "200 OK",
            &[("content-type", "text/plain")],
            query.as_bytes(),
        ),
        "/status" => respond(
            &format!("{query} Told So"),
            &[("x-status", query)],
            b"status body",
        ),
        "/redirect" => respond("302 Found", &[("location", query)], b"elsewhere"),
        "/cookies" => {
            let cookies = [
                ("set-cookie", "a=1"),
                ("Set-Cookie", "b=2; Path=/"),
                ("x-twice", "1"),
                ("x-twice", "2"),
            ];
            respond("200 OK", &cookies, b"")
        }
        "/zeros" => respond("200 OK", &[], &vec![b'0'; query.parse().unwrap_or(0)]),
        "/form" => {
            let headers = [("content-type", "application/x-www-form-urlencoded")];
            respond("200 OK", &headers, b"a=1&b=%C3%A9+x")
        }
        // Nothing, until the client goes.
        "/silence" => {
            let _ = connection.read(&mut [0]);
            Vec::new()
        }
        "/hangup" => Vec::new(),
        _ => respond("404 Not Found", &[], b"no such path"),
    }
}

fn echo(request: &Request) -> Value {
    let mut headers = serde_json::Map::new();
    for (name, value) in &request.headers {
        headers.insert(name.clone(), json!(value));
    }
    json!({
        "method": request.method, "path": request.path, "headers": headers,
        "body": String::from_utf8_lossy(&request.body),
    })
}

pub fn of_json(value: &Value) -> Vec<u8> {
    respond(
        "200 OK",
        &[("content-type", "application/json")],
        value.to_string().as_bytes(),
    )
}

pub fn respond(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("\r\n");
    [head.as_bytes(), body].concat()
}
