//! The load: closed loops, which call again as soon as they are answered, and calls at a fixed rate, whose latency
//! counts from when they were due, so that a server that stalls can't hide it (coordinated omission).

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hdrhistogram::Histogram;
use tokio::task::{JoinSet, LocalSet};

use crate::{grpc, http};

/// Connections that calls in flight are spread over, where a connection takes more than one.
const CONNECTIONS: usize = 8;

/// Which way calls go to a server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Protocol {
    Grpc,
    Http,
}

/// What is asked, over and over.
#[derive(Clone)]
pub struct Ask {
    pub path: String,
    pub body: Bytes,
    /// For HTTP, which names it in a header.
    pub function: String,
    /// What must be in the answer.
    pub proof: &'static [u8],
}

/// What a server listens to.
#[derive(Clone, Copy)]
pub struct Target {
    pub protocol: Protocol,
    pub port: u16,
}

/// Latencies in microseconds, and how long it took to gather them.
pub struct Recorded {
    pub latencies: Histogram<u64>,
    pub took: Duration,
}

impl Recorded {
    pub fn per_second(&self) -> f64 {
        self.latencies.len() as f64 / self.took.as_secs_f64()
    }

    pub fn quantile(&self, share: f64) -> f64 {
        self.latencies.value_at_quantile(share) as f64
    }
}

enum Line {
    Grpc(grpc::Streams),
    Http(http::Connection),
}

impl Line {
    async fn call(&mut self, ask: &Ask) {
        let answer = match self {
            Line::Grpc(streams) => streams.call(ask).await,
            Line::Http(connection) => connection.call(ask).await,
        };
        check(&answer, ask.proof);
    }
}

/// Fails when an answer is not what was asked for.
pub fn check(answer: &[u8], proof: &[u8]) {
    assert!(
        memchr::memmem::find(answer, proof).is_some(),
        "not what the function makes: {}",
        String::from_utf8_lossy(answer)
    );
}

async fn lines(target: Target, count: usize) -> Vec<Line> {
    let mut lines = Vec::with_capacity(count);
    match target.protocol {
        Protocol::Http => {
            for _ in 0..count {
                lines.push(Line::Http(http::Connection::connect(target.port).await));
            }
        }
        Protocol::Grpc => {
            let mut connections = Vec::new();
            for _ in 0..count.min(CONNECTIONS) {
                connections.push(grpc::Streams::connect(target.port).await);
            }
            let spread = connections.iter().cycle().take(count);
            lines.extend(spread.cloned().map(Line::Grpc));
        }
    }
    lines
}

/// Everything of a load happens on the calling thread.
pub fn on_this_thread<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts");
    LocalSet::new().block_on(&runtime, future)
}

/// So many in flight at all times, of these in turn.
pub async fn closed(target: Target, asks: &[Ask], in_flight: usize, time: Duration) -> Recorded {
    let mut callers = JoinSet::new();
    let lines = lines(target, in_flight).await;
    let asks: Rc<[Ask]> = asks.into();
    let next = Rc::new(Cell::new(0));
    let began = Instant::now();
    for mut line in lines {
        let (asks, next) = (asks.clone(), next.clone());
        callers.spawn_local(async move {
            let mut latencies = histogram();
            let mut now = Instant::now();
            while began.elapsed() < time {
                let turn = next.replace((next.get() + 1) % asks.len());
                line.call(&asks[turn]).await;
                let answered = Instant::now();
                record(&mut latencies, answered - now);
                now = answered;
            }
            latencies
        });
    }
    gather(callers, began).await
}

/// So many a second, each on the first line that is free.
pub async fn at_rate(target: Target, ask: &Ask, rate: u32, time: Duration) -> Recorded {
    /// More than are ever late together, unless the server stalls, which then shows in the latencies.
    const LINES: usize = 64;
    let lines = lines(target, LINES).await;
    let mut callers = JoinSet::new();
    let began = Instant::now();
    let next = Rc::new(Cell::new(0_u32));
    for mut line in lines {
        let (ask, next) = (ask.clone(), next.clone());
        callers.spawn_local(async move {
            let mut latencies = histogram();
            loop {
                let due = Duration::from_secs(1) * next.replace(next.get() + 1) / rate;
                if due > time {
                    return latencies;
                }
                // The timer's step of a millisecond is longer than a call.
                while began.elapsed() < due {
                    tokio::task::yield_now().await;
                }
                line.call(&ask).await;
                record(&mut latencies, began.elapsed().saturating_sub(due));
            }
        });
    }
    gather(callers, began).await
}

/// One after the other, each of which is another, and none sooner than `apart` after the one before was due. With
/// a time apart, latency counts from when a call was due.
pub async fn in_turn(target: Target, asks: impl Iterator<Item = Ask>, apart: Duration) -> Recorded {
    let mut line = lines(target, 1).await.remove(0);
    let mut latencies = histogram();
    let began = Instant::now();
    let mut due = began;
    for ask in asks {
        if apart.is_zero() {
            due = Instant::now();
        } else {
            due += apart;
            tokio::time::sleep_until(due.into()).await;
        }
        line.call(&ask).await;
        record(&mut latencies, due.elapsed());
    }
    Recorded {
        latencies,
        took: began.elapsed(),
    }
}

async fn gather(mut callers: JoinSet<Histogram<u64>>, began: Instant) -> Recorded {
    let mut latencies = histogram();
    while let Some(one) = callers.join_next().await {
        latencies
            .add(one.expect("every call is answered"))
            .expect("they count alike");
    }
    Recorded {
        latencies,
        took: began.elapsed(),
    }
}

/// Three digits, up to a minute.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("bounds in order")
}

pub fn record(latencies: &mut Histogram<u64>, latency: Duration) {
    latencies.saturating_record(latency.as_micros() as u64);
}
