//! The final report: as JSON for programs, as text for people.

use std::{collections::BTreeMap, fmt, fs, io, path::Path};

use serde::{Deserialize, Serialize};

/// What became of everything.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Report {
    pub seconds: f64,
    pub events: Events,
    pub deliveries: Deliveries,
    /// Events sent again, by why.
    pub retries: BTreeMap<String, u64>,
    /// Calls that were answered, by executor and function.
    pub executors: BTreeMap<String, BTreeMap<String, Route>>,
    /// False when the file for the outcomes could not be written to the end.
    pub outcomes_written: bool,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Events {
    pub read: u64,
    /// Lines that are no events.
    pub rejected: u64,
}

/// Every event read makes one delivery for each function.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Deliveries {
    pub due: u64,
    pub delivered: u64,
    /// By reason.
    pub filtered: BTreeMap<String, u64>,
    /// By label, for good.
    pub errors: BTreeMap<String, u64>,
    /// By the label of the last error, when the time for retries was over.
    pub given_up: BTreeMap<String, u64>,
    /// To be sent again: the router was stopped.
    pub unfinished: u64,
    /// Those that came to no end at all. Anything but 0 is a fault of this program.
    pub lost: u64,
}

/// One function at one executor.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Route {
    pub calls: u64,
    /// Of those, calls for which an isolate had to be made.
    pub cold_starts: u64,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            seconds: 0.0,
            events: Events::default(),
            deliveries: Deliveries::default(),
            retries: BTreeMap::new(),
            executors: BTreeMap::new(),
            outcomes_written: true,
        }
    }
}

impl Deliveries {
    pub fn without_end(&self) -> u64 {
        let by_name = [&self.filtered, &self.errors, &self.given_up];
        let by_name: u64 = by_name.into_iter().flat_map(BTreeMap::values).sum();
        self.due
            .saturating_sub(self.delivered + self.unfinished + by_name)
    }
}

impl Report {
    /// Whether there is nothing left to do about any event that was read.
    pub fn is_complete(&self) -> bool {
        self.deliveries.unfinished == 0 && self.deliveries.lost == 0 && self.outcomes_written
    }

    /// All calls of all functions at all executors.
    pub fn total(&self) -> Route {
        Self::sum(self.executors.values().flat_map(BTreeMap::values))
    }

    pub fn write(&self, path: &Path) -> io::Result<()> {
        fs::write(path, serde_json::to_vec_pretty(self)?)
    }

    fn sum<'a>(routes: impl Iterator<Item = &'a Route>) -> Route {
        routes.fold(Route::default(), |sum, route| Route {
            calls: sum.calls + route.calls,
            cold_starts: sum.cold_starts + route.cold_starts,
        })
    }
}

impl Route {
    /// Share of calls that found an isolate ready; 1 of none.
    pub fn warm(&self) -> f64 {
        1.0 - self.cold_starts as f64 / self.calls.max(1) as f64
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Deliveries {
            due,
            delivered,
            filtered,
            errors,
            given_up,
            unfinished,
            lost,
        } = &self.deliveries;
        let Events { read, rejected } = self.events;
        writeln!(
            f,
            "{read} events in {:.1} s, {due} deliveries",
            self.seconds
        )?;
        if rejected > 0 {
            writeln!(f, "{rejected:>9}  lines that are no events")?;
        }
        writeln!(f, "{delivered:>9}  delivered")?;
        lines(f, "filtered", filtered)?;
        lines(f, "error", errors)?;
        lines(f, "given up", given_up)?;
        if *unfinished > 0 {
            writeln!(f, "{unfinished:>9}  unfinished, to be sent again")?;
        }
        writeln!(f, "{lost:>9}  lost")?;
        lines(f, "retry", &self.retries)?;
        let total = self.total();
        let (calls, warm) = (total.calls, total.warm() * 100.0);
        writeln!(f, "{calls:>9}  calls answered, {warm:.1} % warm")?;
        for (address, functions) in &self.executors {
            let Route { calls, cold_starts } = Self::sum(functions.values());
            let number = functions.len();
            writeln!(
                f,
                "{calls:>9}  at {address}, {cold_starts} cold, functions: {number}"
            )?;
        }
        Ok(())
    }
}

fn lines(f: &mut fmt::Formatter<'_>, what: &str, counts: &BTreeMap<String, u64>) -> fmt::Result {
    for (name, count) in counts {
        writeln!(f, "{count:>9}  {what}: {name}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let counts = |name: &str, count| BTreeMap::from([(name.to_owned(), count)]);
        Report {
            deliveries: Deliveries {
                due: 10,
                delivered: 4,
                filtered: counts("NO_RETURN", 3),
                errors: counts("Bad Request", 1),
                given_up: counts("Retry", 1),
                unfinished: 1,
                lost: 0,
            },
            ..Report::default()
        }
    }

    #[test]
    fn what_has_no_end_is_lost() {
        assert_eq!(report().deliveries.without_end(), 0);
        let mut lacking = report();
        lacking.deliveries.delivered = 2;
        assert_eq!(lacking.deliveries.without_end(), 2);
    }

    #[test]
    fn the_report_is_complete_when_nothing_is_left_to_do() {
        let check = |change: fn(&mut Report), complete| {
            let mut report = report();
            report.deliveries.unfinished = 0;
            change(&mut report);
            assert_eq!(report.is_complete(), complete, "{report:?}");
        };
        check(|_| (), true);
        check(|report| report.deliveries.unfinished = 1, false);
        check(|report| report.deliveries.lost = 1, false);
        check(|report| report.outcomes_written = false, false);
    }

    #[test]
    fn people_read_every_count() {
        let text = report().to_string();
        for line in [
            "4  delivered",
            "3  filtered: NO_RETURN",
            "1  error: Bad Request",
        ] {
            assert!(text.contains(line), "{text}");
        }
        assert!(text.contains("1  given up: Retry"), "{text}");
    }
}
