//! A plain HTTP client, and a reader of Prometheus' text format that takes nothing amiss in it.

// Every value that is compared is a count.
#![allow(clippy::float_cmp)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::service::Service;

/// No answer takes that long, even if every connection is held by somebody slow.
const ANSWER_BOUND: Duration = Duration::from_secs(30);

/// Every family there is, with its type.
pub const FAMILIES: [(&str, &str); 38] = [
    ("faas_coldstarts_total", "counter"),
    ("faas_init_duration_seconds", "histogram"),
    ("faas_invoke_duration_seconds", "histogram"),
    ("penstock_audit_lost_total", "counter"),
    ("penstock_build_info", "gauge"),
    ("penstock_cache_evictions_total", "counter"),
    ("penstock_cache_lookups_total", "counter"),
    ("penstock_cache_size_bytes", "gauge"),
    ("penstock_cell_count", "gauge"),
    ("penstock_cell_ends_total", "counter"),
    ("penstock_cell_memory_bytes", "gauge"),
    ("penstock_cell_starts_total", "counter"),
    ("penstock_connections_open", "gauge"),
    ("penstock_connections_refused_total", "counter"),
    ("penstock_egress_connections_kept", "gauge"),
    ("penstock_egress_in_flight", "gauge"),
    ("penstock_egress_request_duration_seconds", "histogram"),
    ("penstock_egress_waiting", "gauge"),
    ("penstock_invocation_cpu_time_seconds", "histogram"),
    ("penstock_invocation_outcomes_total", "counter"),
    ("penstock_invocation_place_wait_time_seconds", "histogram"),
    ("penstock_invocation_queue_time_seconds", "histogram"),
    ("penstock_invocations_in_flight", "gauge"),
    ("penstock_invocations_limit", "gauge"),
    ("penstock_invocations_refused_total", "counter"),
    ("penstock_memory_limit_bytes", "gauge"),
    ("penstock_pool_checkouts_total", "counter"),
    ("penstock_invocations_waiting", "gauge"),
    ("penstock_panics_total", "counter"),
    ("penstock_quarantine_strikes_total", "counter"),
    ("penstock_quarantine_versions", "gauge"),
    ("penstock_source_cache_count", "gauge"),
    ("penstock_source_cache_size_bytes", "gauge"),
    ("penstock_store_fetch_duration_seconds", "histogram"),
    ("process_cpu_time_seconds_total", "counter"),
    ("process_memory_usage_bytes", "gauge"),
    ("process_unix_file_descriptor_count", "gauge"),
    ("rpc_server_call_duration_seconds", "histogram"),
];

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Header lines by name, in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// One request on a connection of its own, which the server is to close.
#[track_caller]
pub fn request(service: &Service, method: &str, path: &str) -> Answer {
    let mut connection = connect(service);
    let head = format!("{method} {path} HTTP/1.1\r\nHost: admin\r\n\r\n");
    connection.write_all(head.as_bytes()).expect("it is sent");
    let mut text = String::new();
    connection.read_to_string(&mut text).expect("an answer");
    answer(&text)
}

#[track_caller]
pub fn connect(service: &Service) -> TcpStream {
    let address = service.admin().expect("the admin endpoint is on");
    let connection = TcpStream::connect(address).expect("it accepts");
    let bound = Some(ANSWER_BOUND);
    connection.set_read_timeout(bound).expect("a bound");
    connection
}

pub fn answer(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").expect("a header");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(": ").expect("a header line");
        (name.to_lowercase(), value.to_owned())
    });
    Answer {
        status: status.and_then(|status| status.parse().ok()).expect(text),
        headers: headers.collect(),
        body: body.to_owned(),
    }
}

/// What /metrics told at one time.
#[derive(Clone, Debug)]
pub struct Scrape {
    /// Name and type.
    pub families: BTreeMap<String, String>,
    /// By name and labels as written.
    pub series: BTreeMap<String, f64>,
}

impl Scrape {
    #[track_caller]
    pub fn of(service: &Service) -> Scrape {
        let answer = request(service, "GET", "/metrics");
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(
            answer.headers["content-type"],
            "text/plain; version=0.0.4; charset=utf-8"
        );
        Scrape::read(&answer.body).unwrap_or_else(|fault| panic!("{fault} in\n{}", answer.body))
    }

    #[track_caller]
    pub fn value(&self, series: &str) -> f64 {
        let value = self.series.get(series);
        *value.unwrap_or_else(|| panic!("no series {series} in\n{:#?}", self.series))
    }

    /// All that counts events: counters, and how many values a histogram has.
    pub fn counts(&self) -> BTreeMap<String, f64> {
        let mut counts = self.series.clone();
        counts.retain(|series, _| {
            let name = name_of(series);
            let counter = self
                .families
                .get(name)
                .is_some_and(|kind| kind == "counter");
            counter || name.ends_with("_count") && !self.families.contains_key(name)
        });
        counts
    }

    /// What of [`Self::counts`] has grown since, and by how much. The process's own work is left out.
    pub fn grown_since(&self, before: &Scrape) -> BTreeMap<String, f64> {
        let before = before.counts();
        let mut grown = self.counts();
        for (series, value) in &mut grown {
            *value -= before.get(series).copied().unwrap_or_default();
        }
        grown.retain(|series, value| *value != 0.0 && !series.starts_with("process_"));
        grown
    }

    /// Reads the text format strictly: families whole, described and typed before their samples, no series
    /// twice, counters named and valued as such, histograms that add up.
    pub fn read(text: &str) -> Result<Scrape, String> {
        if !text.ends_with('\n') {
            return Err("the last line does not end".to_owned());
        }
        let mut scrape = Scrape {
            families: BTreeMap::new(),
            series: BTreeMap::new(),
        };
        let (mut described, mut family) = (None, None);
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').ok_or(format!("no help: {line}"))?;
                let told = !help.trim().is_empty() && is_name(name);
                described = told.then(|| name.to_owned());
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').ok_or(format!("no type: {line}"))?;
                if described.take().as_deref() != Some(name) {
                    return Err(format!("not described: {line}"));
                }
                if scrape
                    .families
                    .insert(name.to_owned(), kind.to_owned())
                    .is_some()
                {
                    return Err(format!("a family in pieces: {line}"));
                }
                family = Some((name.to_owned(), kind.to_owned()));
            } else {
                let (name, kind) = family.as_ref().ok_or(format!("of no family: {line}"))?;
                let (series, value) = sample(line)?;
                belongs(&series, value, name, kind)?;
                if scrape.series.insert(series, value).is_some() {
                    return Err(format!("a series twice: {line}"));
                }
            }
        }
        for (name, kind) in &scrape.families {
            if kind == "histogram" {
                scrape.adds_up(name)?;
            }
        }
        Ok(scrape)
    }

    /// Whether a histogram's buckets grow up to its count, for every set of labels.
    fn adds_up(&self, name: &str) -> Result<(), String> {
        let mut buckets = BTreeMap::<String, Vec<(f64, f64)>>::new();
        for (series, value) in &self.series {
            let Some(labels) = series.strip_prefix(&format!("{name}_bucket{{")) else {
                continue;
            };
            let (labels, bound) = labels
                .rsplit_once("le=\"")
                .ok_or(format!("no le: {series}"))?;
            let bound = bound.trim_end_matches("\"}");
            let bound = bound.parse().map_err(|_| format!("no bound: {series}"))?;
            let labels = labels.trim_end_matches(',').to_owned();
            buckets.entry(labels).or_default().push((bound, *value));
        }
        if buckets.is_empty() {
            return Err(format!("{name} has no buckets"));
        }
        for (labels, mut buckets) in buckets {
            buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
            let of = |part: &str| {
                let series = format!("{name}_{part}{{{labels}}}");
                let found = self.series.get(&series);
                found.copied().ok_or(format!("no {series}"))
            };
            of("sum")?;
            let last = (f64::INFINITY, of("count")?);
            if !buckets.is_sorted_by(|one, other| one.0 < other.0 && one.1 <= other.1)
                || buckets.last() != Some(&last)
            {
                return Err(format!("{name}{{{labels}}} does not add up: {buckets:?}"));
            }
        }
        Ok(())
    }
}

/// A series without its labels.
fn name_of(series: &str) -> &str {
    series.split('{').next().unwrap_or_default()
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// A sample's series, with its labels checked, and its value.
fn sample(line: &str) -> Result<(String, f64), String> {
    let (series, value) = line.rsplit_once(' ').ok_or(format!("no value: {line}"))?;
    let value = value.parse().map_err(|_| format!("no number: {line}"))?;
    let labels = match series.split_once('{') {
        None => "",
        Some((_, labels)) => labels.strip_suffix('}').ok_or(format!("no end: {line}"))?,
    };
    let mut names = BTreeSet::new();
    // None of our values has a comma or a quote in it, so none needs an escape either.
    for label in labels.split_terminator(',') {
        let (name, value) = label.split_once('=').ok_or(format!("no label: {line}"))?;
        let value = value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'));
        let sound = value.is_some_and(|value| !value.is_empty() && !value.contains(['"', '\\']));
        if !sound || !is_name(name) || !names.insert(name.to_owned()) {
            return Err(format!("label {label} of {line}"));
        }
    }
    Ok((series.to_owned(), value))
}

/// Whether a sample may be in the family above it.
fn belongs(series: &str, value: f64, family: &str, kind: &str) -> Result<(), String> {
    let name = name_of(series);
    let fits = match kind {
        "counter" => name == family && name.ends_with("_total") && value >= 0.0,
        "gauge" => name == family && !name.ends_with("_total"),
        "histogram" => {
            let part = name.strip_prefix(family).unwrap_or_default();
            matches!(part, "_bucket" | "_sum" | "_count") && value >= 0.0
        }
        _ => false,
    };
    if fits && value.is_finite() {
        Ok(())
    } else {
        Err(format!("{series} {value} in {kind} {family}"))
    }
}

#[test]
fn the_reader_is_strict() {
    #[track_caller]
    fn check(text: &str, expect: &str) {
        let fault = Scrape::read(text).expect_err("a fault");
        assert!(fault.contains(expect), "{fault}");
    }
    let read = |text: &str| Scrape::read(text).map(|scrape| scrape.series);
    let counter = "# HELP a_total A.\n# TYPE a_total counter\n";
    let series = BTreeMap::from([("a_total{b=\"c\"}".to_owned(), 2.0)]);
    assert_eq!(
        read(&format!("{counter}a_total{{b=\"c\"}} 2\n")),
        Ok(series)
    );
    check(&format!("{counter}a_total 2"), "does not end");
    check(&format!("{counter}a_total 2\na_total 2\n"), "twice");
    check(&format!("{counter}a_total -1\n"), "in counter");
    check(&format!("{counter}a_total NaN\n"), "in counter");
    check(&format!("{counter}b_total 1\n"), "in counter");
    check(&format!("{counter}a_total{{b=c}} 1\n"), "label");
    check(&format!("{counter}a_total{{b=\"\"}} 1\n"), "label");
    check(&format!("{counter}a_total{{b=\"c\",b=\"d\"}} 1\n"), "label");
    check(&format!("{counter}{counter}"), "in pieces");
    check("a 1\n", "of no family");
    check("# TYPE a gauge\na 1\n", "not described");
    let histogram = "# HELP h H.\n# TYPE h histogram\n";
    let some = "h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 3\n";
    assert!(read(&format!("{histogram}{some}h_sum{{}} 3\nh_count{{}} 3\n")).is_ok());
    check(
        &format!("{histogram}{some}h_sum{{}} 3\nh_count{{}} 4\n"),
        "add up",
    );
    check(&format!("{histogram}{some}h_count{{}} 3\n"), "no h_sum");
    check(&format!("{histogram}h_sum{{}} 0\n"), "no buckets");
    let shrinking = "h_bucket{le=\"1\"} 4\nh_bucket{le=\"+Inf\"} 3\nh_sum{} 3\nh_count{} 3\n";
    check(&format!("{histogram}{shrinking}"), "add up");
}
