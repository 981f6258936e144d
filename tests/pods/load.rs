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

const SOURCE: &str = "async function onTrack(event, settings) {
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
        let knobs = "--retry-first-ms 50 --health-ms 50 --spill-at 10000 --calls 4 --grace-s 60";
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
    }
}

/// Source and settings as files, and how the router is told of them.
fn write_functions(files: &TempDir, server: &Scripted, addresses: &[String]) -> Vec<String> {
    let source = files.path().join("index.js");
    fs::write(&source, SOURCE).expect("a file");
    let copies = at_home_everywhere(addresses);
    let options = copies.into_iter().map(|copy| {
        let settings = files.path().join(&copy);
        let values = json!({"url": server.url(), "copy": copy});
        fs::write(&settings, values.to_string()).expect("a file");
        let (source, settings) = (source.display(), settings.display());
        format!("{},source={source},settings={settings}", name_of(&copy))
    });
    options.collect()
}

/// Copies of which each pod has its share by their keys.
fn at_home_everywhere(addresses: &[String]) -> Vec<String> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let candidates: Vec<_> = addresses
        .iter()
        .map(|address| Candidate { address, load: 0 })
        .collect();
    let mut copies = Vec::new();
    while copies.len() < FUNCTIONS {
        let copy = format!("copy-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let home = balance::by_key(&name_of(&copy), &candidates, 1);
        if home == Some(copies.len() % addresses.len()) {
            copies.push(copy);
        }
    }
    copies
}

fn name_of(copy: &str) -> String {
    format!("tells@1#{copy}")
}

/// `/COPY/made-NUMBER`.
fn delivery_of(path: &str) -> Delivery {
    let told = path.trim_start_matches('/').split_once("/made-");
    let told = told.and_then(|(copy, number)| Some((name_of(copy), number.parse().ok()?)));
    told.unwrap_or_else(|| panic!("no event: {path}"))
}
