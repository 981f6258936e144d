//! Counts beside the baseline, and what is to be said of them.

use std::fmt;

use crate::baseline::Baseline;
use crate::scenarios::Scenario;

pub const HEADING: &str =
    "scenario                        instructions      baseline     change    margin";
const RENEWS: &str = "UPDATE=1 cargo bench --bench instructions";

/// One scenario's count.
pub struct Row {
    scenario: &'static Scenario,
    count: u64,
    baseline: Option<u64>,
}

impl Row {
    pub fn new(scenario: &'static Scenario, count: u64, baseline: &Baseline) -> Row {
        Row {
            scenario,
            count,
            baseline: baseline.of(scenario.name),
        }
    }

    /// Its entry in a baseline.
    pub fn counted(&self) -> (&'static str, u64) {
        (self.scenario.name, self.count)
    }

    /// Per cent above the baseline.
    fn change(&self) -> Option<f64> {
        let baseline = self.baseline? as f64;
        Some((self.count as f64 / baseline - 1.0) * 100.0)
    }

    fn is_missing(&self) -> bool {
        self.baseline.is_none()
    }

    fn is_worse(&self) -> bool {
        self.change()
            .is_some_and(|change| change > self.scenario.margin)
    }

    fn is_better(&self) -> bool {
        self.change()
            .is_some_and(|change| change < -self.scenario.margin)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, margin) = (self.scenario.name, self.scenario.margin);
        write!(f, "{name:<30}{:>14}", in_threes(self.count))?;
        match self.baseline.zip(self.change()) {
            Some((baseline, change)) => {
                write!(f, "{:>14}{change:>+9.1} %", in_threes(baseline))?;
            }
            None => write!(f, "{:>14}{:>11}", "none", "")?,
        }
        write!(f, "{margin:>8} %")
    }
}

/// What all rows come to.
pub struct Verdict {
    worse: Vec<&'static str>,
    missing: Vec<&'static str>,
    better: Vec<&'static str>,
    /// What the baseline was made with that is not here.
    elsewhere: Option<String>,
}

pub fn of(rows: &[Row], elsewhere: Option<String>) -> Verdict {
    let names = |are: fn(&Row) -> bool| {
        let those = rows.iter().filter(|row| are(row));
        those.map(|row| row.scenario.name).collect()
    };
    Verdict {
        worse: names(Row::is_worse),
        missing: names(Row::is_missing),
        better: names(Row::is_better),
        elsewhere,
    }
}

impl Verdict {
    pub fn is_failure(&self) -> bool {
        !self.worse.is_empty() || !self.missing.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_failure() {
            writeln!(
                f,
                "\nno scenario takes more than the baseline and its margin"
            )?;
        }
        for name in &self.worse {
            writeln!(f, "\nMORE INSTRUCTIONS than the margin allows: {name}")?;
        }
        for name in &self.missing {
            writeln!(f, "\nNO BASELINE: {name}; {RENEWS} writes one")?;
        }
        for name in &self.better {
            writeln!(
                f,
                "\nfewer by more than the margin: {name}; renew the baseline with {RENEWS}"
            )?;
        }
        if !self.worse.is_empty() {
            writeln!(
                f,
                "\nTake out what costs them, or say in the commit what they are for and renew the baseline with {RENEWS}"
            )?;
        }
        match &self.elsewhere {
            Some(differences) => writeln!(f, "\nThe baseline was made elsewhere: {differences}"),
            None => Ok(()),
        }
    }
}

/// Digits in groups of three.
fn in_threes(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
