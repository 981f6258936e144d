//! An HTTP server of one test: its answers are the test's, and it keeps what it was asked and how many asked at once.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::origin::{self, PATIENCE, Request};

/// What becomes of a request.
pub enum Answer {
    /// The bytes of a response.
    Bytes(Vec<u8>),
    /// Nothing, until the client goes.
    Silence,
}

/// Serves until the process ends; each connection serves one request.
#[derive(Clone)]
pub struct Scripted {
    address: SocketAddr,
    seen: Arc<Seen>,
}

/// What came so far, and whoever waits for more.
#[derive(Default)]
pub struct Seen {
    counts: Mutex<Counts>,
    changed: Condvar,
}

#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// In the order they came.
    pub requests: Vec<Request>,
    /// Under way now.
    pub at_once: usize,
    pub most_at_once: usize,
    /// Clients that went before an answer.
    pub gone: usize,
}

impl Seen {
    /// Waits until `holds`; false when it still does not after the patience of a connection.
    pub fn wait_for(&self, holds: impl Fn(&Counts) -> bool) -> bool {
        let waited = self
            .changed
            .wait_timeout_while(self.counts(), PATIENCE, |counts| !holds(counts));
        let (counts, _) = waited.unwrap_or_else(PoisonError::into_inner);
        holds(&counts)
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.counts());
        self.changed.notify_all();
    }
}

impl Scripted {
    /// `answer` gets each request, which is counted already, and may wait for others.
    pub fn start(answer: impl Fn(&Request, &Seen) -> Answer + Send + Sync + 'static) -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::<Seen>::default();
        let (answer, ours) = (Arc::new(answer), seen.clone());
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (answer, seen) = (answer.clone(), ours.clone());
                thread::spawn(move || serve(connection, &seen, &*answer));
            }
        });
        Scripted { address, seen }
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn counts(&self) -> Counts {
        self.seen.counts().clone()
    }

    /// How many requests came so far.
    pub fn asked(&self) -> usize {
        self.seen.counts().requests.len()
    }

    /// As [`Seen::wait_for`].
    #[track_caller]
    pub fn wait_for(&self, what: &str, holds: impl Fn(&Counts) -> bool) {
        let came = self.seen.wait_for(holds);
        assert!(came, "waited in vain until {what}: {:?}", self.counts());
    }
}

fn serve(mut connection: TcpStream, seen: &Seen, answer: &dyn Fn(&Request, &Seen) -> Answer) {
    let _ = connection.set_read_timeout(Some(PATIENCE));
    let Some(request) = origin::read(&connection) else {
        return;
    };
    seen.change(|counts| {
        counts.requests.push(request.clone());
        counts.at_once += 1;
        counts.most_at_once = counts.most_at_once.max(counts.at_once);
    });
    match answer(&request, seen) {
        Answer::Bytes(bytes) => {
            // Before the client can know and send the next.
            seen.change(|counts| counts.at_once -= 1);
            let _ = connection.write_all(&bytes);
        }
        Answer::Silence => {
            // The end of the stream, or a reset. A time-out is no end.
            let went = match connection.read(&mut [0]) {
                Ok(bytes) => bytes == 0,
                Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
            };
            seen.change(|counts| {
                counts.at_once -= 1;
                counts.gone += usize::from(went);
            });
        }
    }
}
