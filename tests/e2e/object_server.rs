//! Object stores on this machine: one that serves what it is told to, faults included, in the ways of a web
//! server, of Google Cloud Storage and of Azure Blob Storage; and an S3 server.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use base64::{Engine, engine::general_purpose::STANDARD};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use percent_encoding::percent_decode_str;
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
    /// 404 with a code in the way of S3, which the others share.
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

/// In whose way a server names objects and knows who asks.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// Paths as they are, for everybody.
    Web,
    /// The XML API: `/bucket/object`, the object's name in one percent-encoded piece; a bearer token.
    Google,
    /// `/container/object`; a shared key.
    Azure,
    /// As Azurite has it: `/account/container/object`, with the account and key that all of them have.
    AzureEmulator,
}

const BUCKET: &str = "bucket";
const TOKEN: &str = "token-canary-0123456789";
const ACCOUNT: &str = "account";
const SHARED_KEY: &[u8] = b"key-canary-0123456789";

/// An HTTP server of objects, gone when dropped.
#[derive(Debug)]
pub struct ObjectServer {
    address: SocketAddr,
    way: Way,
    state: Arc<State>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    way: Way,
    answers: Mutex<HashMap<String, Answer>>,
    requests: Mutex<HashMap<String, usize>>,
    gate: watch::Sender<bool>,
}

impl ObjectServer {
    pub fn start() -> ObjectServer {
        ObjectServer::start_as(Way::Web)
    }

    pub fn start_as(way: Way) -> ObjectServer {
        let listener = block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            way,
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
            way,
            state,
            task,
        }
    }

    pub fn location(&self) -> String {
        match self.way {
            Way::Web => format!("http://{}/functions", self.address),
            Way::Google => format!("gs://{BUCKET}/functions"),
            Way::Azure | Way::AzureEmulator => format!("az://{BUCKET}/functions"),
        }
    }

    /// The environment that leads an executor here, as someone who may read.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let url = format!("http://{}", self.address);
        match self.way {
            Way::Web => vec![],
            Way::Google => vec![
                ("GOOGLE_BASE_URL", url),
                ("GOOGLE_BEARER_TOKEN", TOKEN.to_owned()),
            ],
            Way::Azure => vec![
                ("AZURE_STORAGE_ENDPOINT", url),
                ("AZURE_ALLOW_HTTP", "true".to_owned()),
                ("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT.to_owned()),
                ("AZURE_STORAGE_ACCOUNT_KEY", STANDARD.encode(SHARED_KEY)),
            ],
            Way::AzureEmulator => vec![
                ("AZURE_STORAGE_USE_EMULATOR", "true".to_owned()),
                ("AZURITE_BLOB_STORAGE_URL", url),
            ],
        }
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

impl Way {
    /// The object's path behind the root, and whether who asks may have it.
    fn read(self, head: &str) -> (String, bool) {
        let path = head.split(' ').nth(1).unwrap_or_default();
        let (root, who) = match self {
            Way::Web => return (path.to_owned(), true),
            Way::Google => (format!("/{BUCKET}"), format!("Bearer {TOKEN}")),
            Way::Azure => (format!("/{BUCKET}"), format!("SharedKey {ACCOUNT}:")),
            Way::AzureEmulator => {
                let account = "devstoreaccount1";
                (
                    format!("/{account}/{BUCKET}"),
                    format!("SharedKey {account}:"),
                )
            }
        };
        let object = path.strip_prefix(&root).unwrap_or_default();
        // Google's clients may not leave the slashes in a name; Azure's do.
        let is_one_piece = !object.trim_start_matches('/').contains('/');
        let object = match self {
            Way::Google if is_one_piece => {
                percent_decode_str(object).decode_utf8_lossy().into_owned()
            }
            Way::Google => String::new(),
            _ => object.to_owned(),
        };
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        let authorization = lines.find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let may = authorization.is_some_and(|(_, told)| told.trim().starts_with(&who));
        (object, may)
    }

    /// What is said of an object that is not there.
    fn missing(self) -> &'static str {
        match self {
            Way::Web => "",
            Way::Google => "<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>",
            Way::Azure | Way::AzureEmulator => {
                "<?xml version=\"1.0\"?><Error><Code>BlobNotFound</Code></Error>"
            }
        }
    }
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
    let (path, may) = state.way.read(&head);
    *lock(&state.requests).entry(path.clone()).or_default() += 1;
    let answer = match may {
        true => lock(&state.answers).get(&path).cloned(),
        false => Some(Answer::Status(403)),
    };
    let (status, body, sent) = match answer {
        None => (404, state.way.missing().as_bytes().to_vec(), usize::MAX),
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
        "HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\
         ETag: \"1\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n",
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
