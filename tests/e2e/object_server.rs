//! Object stores on this machine: one that serves what it is told to, faults included, and an S3 server.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::service::{block_on, spawn};

/// What comes of a request.
#[derive(Clone, Debug)]
pub enum Answer {
    Body(Vec<u8>),
    Status(u16),
    /// 404 with a code in the way of S3.
    Missing(&'static str),
    /// This status for one request, then the body.
    Once(u16, Vec<u8>),
    /// The connection is reset before an answer.
    Reset,
    /// The body ends after so many bytes.
    Truncated(Vec<u8>, usize),
    /// As the next, once the gate is opened.
    Held(Vec<u8>),
}

/// An HTTP server of objects, gone when dropped.
#[derive(Debug)]
pub struct ObjectServer {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    answers: Mutex<HashMap<String, Answer>>,
    requests: Mutex<HashMap<String, usize>>,
    gate: watch::Sender<bool>,
}

impl ObjectServer {
    pub fn start() -> ObjectServer {
        let listener = block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            answers: Mutex::default(),
            requests: Mutex::default(),
            gate: watch::Sender::new(false),
        });
        let serving = state.clone();
        let task = spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                spawn(serve(connection, serving.clone()));
            }
        });
        ObjectServer {
            address,
            state,
            task,
        }
    }

    pub fn location(&self) -> String {
        format!("http://{}/functions", self.address)
    }

    /// Sets what comes of requests for a path below the location; of others, 404.
    pub fn answer(&self, path: &str, answer: Answer) {
        lock(&self.state.answers).insert(format!("/functions/{path}"), answer);
    }

    pub fn body(&self, path: &str, body: &str) {
        self.answer(path, Answer::Body(body.as_bytes().to_vec()));
    }

    /// How often a path was asked for.
    pub fn requests(&self, path: &str) -> usize {
        let requests = lock(&self.state.requests);
        requests
            .get(&format!("/functions/{path}"))
            .copied()
            .unwrap_or(0)
    }

    /// Lets those go that are held.
    pub fn open_gate(&self) {
        self.state.gate.send_replace(true);
    }
}

impl Drop for ObjectServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One request, then the connection is closed.
async fn serve(mut connection: TcpStream, state: Arc<State>) {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut more = [0; 4096];
        match connection.read(&mut more).await {
            Ok(length) if length > 0 => head.extend_from_slice(&more[..length]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    *lock(&state.requests).entry(path.clone()).or_default() += 1;
    let answer = lock(&state.answers).get(&path).cloned();
    let (status, body, sent) = match answer {
        None => (404, vec![], 0),
        Some(Answer::Missing(code)) => {
            let body = format!("<Error><Code>{code}</Code></Error>");
            (404, body.into_bytes(), usize::MAX)
        }
        Some(Answer::Status(status)) => (status, b"the canary of the store".to_vec(), usize::MAX),
        Some(Answer::Once(status, body)) => {
            lock(&state.answers).insert(path, Answer::Body(body));
            (status, vec![], usize::MAX)
        }
        Some(Answer::Body(body)) => (200, body, usize::MAX),
        Some(Answer::Truncated(body, sent)) => (200, body, sent),
        Some(Answer::Held(body)) => {
            let _ = state.gate.subscribe().wait_for(|is_open| *is_open).await;
            (200, body, usize::MAX)
        }
        Some(Answer::Reset) => {
            let _ = connection.set_zero_linger();
            return;
        }
    };
    let head = format!(
        "HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = connection.write_all(head.as_bytes()).await;
    let _ = connection.write_all(&body[..sent.min(body.len())]).await;
    let _ = connection.shutdown().await;
}

/// An S3 server over a folder, whose folders are its buckets; gone when dropped.
#[derive(Debug)]
pub struct S3Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl S3Server {
    pub const KEY_ID: &str = "AKIATESTTESTTEST";
    pub const SECRET_KEY: &str = "s3-secret-canary-0123456789";

    pub fn start(root: &Path) -> S3Server {
        let files = FileSystem::new(root).expect("a folder");
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(Self::KEY_ID, Self::SECRET_KEY));
        let service = builder.build();
        let listener = block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        let task = spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let service = service.clone();
                spawn(async move {
                    let server = Builder::new(TokioExecutor::new());
                    let connection = TokioIo::new(connection);
                    let _ = server.serve_connection(connection, service).await;
                });
            }
        });
        S3Server { address, task }
    }

    /// The environment that leads an executor here.
    pub fn environment(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ENDPOINT", format!("http://{}", self.address)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", Self::KEY_ID.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", Self::SECRET_KEY.to_owned()),
        ]
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
