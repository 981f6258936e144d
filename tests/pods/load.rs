//! Load on the pods: the example router with functions that tell a server of every event they run on.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use clap::Parser;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::origin::respond;
use crate::pods::Pods;
use crate::router::balance::{self, Candidate};
use crate::router::{self, Options, Report};
use crate::scripted::{Answer, Scripted};
use crate::service::{self, block_on};

/// Copies of the function in all. No multiple of the pods' number: else each would meet the same pod at every turn.
pub const FUNCTIONS: usize = 7;

/// What function a copy is of, as its name begins.
const SINGLE: &str = "single";
const BATCH: &str = "batch";

/// One copy's own: it gets its events in batches.
const BATCH_SOURCE: &str = "async function onBatch(events, settings) {
    await Promise.all(events.map(async event => {
        await fetch(`${settings.url}/${settings.copy}/${event.messageId}`)
        event.seen = true
    }))
    return events
}";

const SINGLE_SOURCE: &str = "async function onTrack(event, settings) {
    await fetch(`${settings.url}/${settings.copy}/${event.messageId}`)
    event.seen = true
    return event
}";

/// How long the server lets a function wait, so that there always are calls under way.
const HELD: Duration = Duration::from_millis(20);

/// Function and number of an event.
pub type Delivery = (String, u64);

/// A router at work.
pub struct Load {
    stop: CancellationToken,
    router: JoinHandle<()>,
    report: std::sync::mpsc::Receiver<Report>,
    server: Scripted,
    files: TempDir,
}

/// What it came to.
pub struct Told {
    pub report: Report,
    pub ends: BTreeMap<Delivery, End>,
    /// How often each event ran, as the server was told.
    pub ran: BTreeMap<Delivery, usize>,
}

/// A line of the router's outcomes.
#[derive(Clone, Debug, Deserialize)]
pub struct End {
    function: String,
    number: u64,
    outcome: String,
    pub broken: u32,
    event: Option<Value>,
}

impl Load {
    /// Copies of a function that no other load uses, some at home at each pod.
    pub fn start(pods: &Pods, balance: &str) -> Load {
        let server = Scripted::start(|_, _| {
            thread::sleep(HELD);
            Answer::Bytes(respond("200 OK", &[], b""))
        });
        let files = tempfile::tempdir().expect("a temporary directory");
        let addresses = pods.addresses();
        let functions = write_functions(&files, &server, &addresses);
        let mut arguments = vec![
            "router".to_owned(),
            "--balance".to_owned(),
            balance.to_owned(),
        ];
        arguments.extend(["--generate", "40", "--outcomes"].map(str::to_owned));
        arguments.push(files.path().join("outcomes").display().to_string());
        // Soon, as pods come back soon here; and no spilling, for which nothing is busy enough.
        let knobs = "--retry-first-ms 50 --health-ms 50 --batch-wait-ms 100 --spill-at 10000 --calls 4 --grace-s 60";
        arguments.extend(knobs.split(' ').map(str::to_owned));
        for address in addresses {
            arguments.extend(["--executor".to_owned(), address]);
        }
        for function in functions {
            arguments.extend(["--function".to_owned(), function]);
        }
        let options = Options::try_parse_from(arguments).expect("the router takes these");
        let stop = CancellationToken::new();
        let (send, report) = std::sync::mpsc::channel();
        let routed = router::run(options, stop.clone());
        let router = service::spawn(async move {
            let _ = send.send(routed.await.expect("the router runs"));
        });
        Load {
            stop,
            router,
            report,
            server,
            files,
        }
    }

    /// Until so many more events ran.
    pub fn await_more(&self, number: usize) {
        let asked = self.server.asked();
        let what = format!("{number} more than {asked} events ran");
        self.server
            .wait_for(&what, |counts| counts.requests.len() >= asked + number);
    }

    /// As on an interrupt.
    pub fn finish(self) -> Told {
        self.stop.cancel();
        block_on(self.router).expect("the router ends");
        let report = self.report.recv().expect("with a report");
        let lines = fs::read_to_string(self.files.path().join("outcomes")).expect("the outcomes");
        let mut ends = BTreeMap::new();
        for line in lines.lines() {
            let end: End = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
            let delivery = (end.function.clone(), end.number);
            let twice = ends.insert(delivery, end);
            assert!(twice.is_none(), "an event with two ends: {twice:?}, {line}");
        }
        let mut ran = BTreeMap::new();
        for request in self.server.counts().requests {
            *ran.entry(delivery_of(&request.path)).or_default() += 1;
        }
        Told { report, ends, ran }
    }
}

impl Told {
    /// Every event that was read has one end, which is that it was delivered as the function returned it, and
    /// it did run.
    pub fn assert_nothing_lost(&self) {
        let Report {
            deliveries, events, ..
        } = &self.report;
        assert_eq!(deliveries.lost, 0, "{:#?}", self.report);
        assert_eq!(deliveries.due, events.read * FUNCTIONS as u64);
        assert_eq!(deliveries.delivered, deliveries.due, "{:#?}", self.report);
        assert_eq!(self.ends.len() as u64, deliveries.due);
        for (delivery, end) in &self.ends {
            let event = end.event.as_ref();
            let seen = event.is_some_and(|event| event["seen"] == true);
            let (_, number) = delivery;
            let own = event.is_some_and(|event| event["messageId"] == format!("made-{number}"));
            assert!(end.outcome == "delivered" && seen && own, "{end:?}");
            assert!(self.ran.contains_key(delivery), "it never ran: {end:?}");
        }
        assert_eq!(self.ran.len(), self.ends.len(), "what ran came to an end");
        self.assert_batches_were_made();
    }

    fn assert_batches_were_made(&self) {
        let functions = self.report.executors.values().flatten();
        let takes_batches = |function: &str| function.starts_with(BATCH);
        let calls = functions.filter(|(function, _)| takes_batches(function));
        let calls: u64 = calls.map(|(_, route)| route.calls).sum();
        let events = self
            .ends
            .keys()
            .filter(|(function, _)| takes_batches(function));
        let events = events.count() as u64;
        assert!(
            0 < calls && calls < events,
            "{calls} calls for {events} events"
        );
    }
}

/// Sources and settings as files, and how the router is told of them.
fn write_functions(files: &TempDir, server: &Scripted, addresses: &[String]) -> Vec<String> {
    for (id, source) in [(SINGLE, SINGLE_SOURCE), (BATCH, BATCH_SOURCE)] {
        fs::write(files.path().join(id), source).expect("a file");
    }
    let copies = at_home_everywhere(addresses);
    let options = copies.into_iter().map(|copy| {
        let settings = files.path().join(&copy);
        let values = json!({"url": server.url(), "copy": copy});
        fs::write(&settings, values.to_string()).expect("a file");
        let source = files.path().join(id_of(&copy));
        let (source, settings) = (source.display(), settings.display());
        format!("{},source={source},settings={settings}", name_of(&copy))
    });
    options.collect()
}

/// Copies of which each pod has its share by their keys. The first is the one that takes batches.
fn at_home_everywhere(addresses: &[String]) -> Vec<String> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let candidates: Vec<_> = addresses
        .iter()
        .map(|address| Candidate { address, load: 0 })
        .collect();
    let mut copies = Vec::new();
    while copies.len() < FUNCTIONS {
        let id = if copies.is_empty() { BATCH } else { SINGLE };
        let copy = format!("{id}-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let home = balance::by_key(&name_of(&copy), &candidates, 1);
        if home == Some(copies.len() % addresses.len()) {
            copies.push(copy);
        }
    }
    copies
}

fn id_of(copy: &str) -> &str {
    copy.split('-').next().unwrap_or(copy)
}

fn name_of(copy: &str) -> String {
    format!("{}@1#{copy}", id_of(copy))
}

/// `/COPY/made-NUMBER`.
fn delivery_of(path: &str) -> Delivery {
    let told = path.trim_start_matches('/').split_once("/made-");
    let told = told.and_then(|(copy, number)| Some((name_of(copy), number.parse().ok()?)));
    told.unwrap_or_else(|| panic!("no event: {path}"))
}
