//! What became of every event: counted, and written out line by line when asked for.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{LineWriter, Write},
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    classify::End, delivery::Taken, functions::Function, pipeline::RouterError, report::Report,
};

/// The account of a run.
#[derive(Debug)]
pub struct Ledger {
    began: Instant,
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    report: Report,
    /// Where ends are written to, a line each.
    outcomes: Option<LineWriter<File>>,
}

/// An event's end, for the destination that comes after, and for people.
#[derive(Serialize)]
struct Line<'a> {
    function: &'a str,
    number: u64,
    outcome: &'static str,
    /// The reason of a filter, the label of an error.
    #[serde(skip_serializing_if = "str::is_empty")]
    label: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
    tries: u32,
    /// Calls whose connection broke: the function may have run as often without our knowing.
    broken: u32,
    /// As the function returned it, when it was delivered; as it came, when it has to be sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a RawValue>,
}

impl Ledger {
    /// # Errors
    /// [`RouterError::Unwritable`] when the file for the outcomes can't be made.
    pub fn open(outcomes: Option<PathBuf>) -> Result<Self, RouterError> {
        let create = |path: PathBuf| match File::create(&path) {
            Ok(file) => Ok(LineWriter::new(file)),
            Err(error) => Err(RouterError::Unwritable { path, error }),
        };
        let pages = Pages {
            outcomes: outcomes.map(create).transpose()?,
            ..Pages::default()
        };
        Ok(Self {
            began: Instant::now(),
            pages: Mutex::new(pages),
        })
    }

    /// An event was read.
    pub fn read(&self) {
        self.pages().report.events.read += 1;
    }

    /// What was read is no event.
    pub fn rejected(&self) {
        self.pages().report.events.rejected += 1;
    }

    /// An event is in a lane, so that an end is due for it.
    pub fn due(&self) {
        self.pages().report.deliveries.due += 1;
    }

    /// An executor ran a function.
    pub fn ran(&self, function: &str, address: &str, cold_start: bool) {
        let report = &mut self.pages().report;
        let executor = report.executors.entry(address.to_owned()).or_default();
        let route = executor.entry(function.to_owned()).or_default();
        route.calls += 1;
        route.cold_starts += u64::from(cold_start);
    }

    pub fn retried(&self, label: &str) {
        count(&mut self.pages().report.retries, label);
    }

    /// The one end of an event in a lane.
    pub fn end(&self, function: &Function, taken: &Taken, end: End) {
        let mut pages = self.pages();
        let deliveries = &mut pages.report.deliveries;
        match &end {
            End::Delivered(_) => deliveries.delivered += 1,
            End::Filtered { reason, .. } => count(&mut deliveries.filtered, reason),
            End::Failed { label, .. } => count(&mut deliveries.errors, label),
            End::GivenUp { label } => count(&mut deliveries.given_up, label),
            End::Unfinished => deliveries.unfinished += 1,
        }
        if let Some(outcomes) = &mut pages.outcomes
            && let Err(error) = write_line(outcomes, function, taken, &end)
        {
            tracing::error!("the outcomes can't be written, and go on without: {error}");
            pages.outcomes = None;
            pages.report.outcomes_written = false;
        }
    }

    pub fn report(&self) -> Report {
        let mut report = self.pages().report.clone();
        report.seconds = self.began.elapsed().as_secs_f64();
        report.deliveries.lost = report.deliveries.without_end();
        report
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        // A count is whole at every moment, so a panic elsewhere spoils nothing.
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    *counts.entry(name.to_owned()).or_default() += 1;
}

fn write_line(
    outcomes: &mut LineWriter<File>,
    function: &Function,
    taken: &Taken,
    end: &End,
) -> std::io::Result<()> {
    let (outcome, label, message, event) = match end {
        End::Delivered(json) => ("delivered", "", "", Some(&json[..])),
        End::Filtered { reason, message } => ("filtered", reason.as_str(), message.as_str(), None),
        End::Failed { label, message } => ("error", label.as_str(), message.as_str(), None),
        End::GivenUp { label } => ("given up", label.as_str(), "", Some(&taken.event.json[..])),
        End::Unfinished => ("unfinished", "", "", Some(&taken.event.json[..])),
    };
    let line = Line {
        function: function.name(),
        number: taken.event.number,
        outcome,
        label,
        message,
        tries: taken.tries,
        broken: taken.broken,
        event: event.map(serde_json::from_slice).transpose()?,
    };
    let mut line = serde_json::to_vec(&line)?;
    line.push(b'\n');
    outcomes.write_all(&line)
}
