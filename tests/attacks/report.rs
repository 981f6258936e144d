//! What all attacks came to, as a table with everything that went wrong below it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::arena::{Closing, Trial};

const HEADINGS: [&str; 7] = [
    "attack",
    "family",
    "outcome",
    "ms",
    "victims' worst ms",
    "victims' calls",
    "cells' MiB",
];

/// Columns from this one on are numbers.
const FIRST_NUMBER: usize = 3;

#[derive(Debug, Default)]
pub struct Report {
    trials: Vec<Trial>,
    closings: Vec<Closing>,
    notes: Vec<String>,
}

impl Report {
    /// Whether it failed.
    pub fn add(&mut self, trial: Trial) -> bool {
        let failed = !trial.faults.is_empty();
        self.trials.push(trial);
        failed
    }

    pub fn add_all(&mut self, trials: Vec<Trial>) {
        self.trials.extend(trials);
    }

    pub fn close(&mut self, closing: Closing) {
        self.closings.push(closing);
    }

    pub fn note(&mut self, line: String) {
        println!("{line}");
        self.notes.push(line);
    }

    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// Everything that went wrong, each with its attack.
    pub fn faults(&self) -> Vec<String> {
        let of_trials = self.trials.iter().flat_map(|trial| {
            let faults = trial.faults.iter();
            faults.map(|fault| format!("{} ({}): {fault}", trial.name, trial.family))
        });
        let of_closings = self.closings.iter().flat_map(|closing| &closing.faults);
        of_trials.chain(of_closings.cloned()).collect()
    }

    /// Prints it, and keeps it under `target`.
    pub fn publish(&self) {
        let text = self.text();
        println!("{text}");
        let file = file();
        if let Err(error) = std::fs::write(&file, text) {
            println!("{}: {error}", file.display());
        }
    }

    fn text(&self) -> String {
        let mut lines = self.notes.clone();
        lines.extend(aligned(&self.rows()));
        lines.push(String::new());
        lines.extend(self.families());
        lines.extend(self.closings.iter().map(closing_line));
        lines.push(self.verdict());
        lines.extend(self.faults());
        lines.join("\n") + "\n"
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let headings = HEADINGS.map(str::to_owned).to_vec();
        let rows = self.trials.iter().map(row);
        std::iter::once(headings).chain(rows).collect()
    }

    fn families(&self) -> Vec<String> {
        let mut families = BTreeMap::<&str, (usize, usize)>::new();
        for trial in &self.trials {
            let (all, failed) = families.entry(trial.family).or_default();
            *all += 1;
            *failed += usize::from(!trial.faults.is_empty());
        }
        let line = |(family, (all, failed))| format!("{family}: {all} attacks, {failed} failed");
        families.into_iter().map(line).collect()
    }

    fn verdict(&self) -> String {
        let victims = self.trials.iter().map(|trial| &trial.victims);
        let worst = victims.clone().map(|window| window.worst).max();
        format!(
            "{} attacks, {} calls of victims, the slowest {} ms, {} faults",
            self.trials.len(),
            victims.map(|window| window.calls).sum::<u64>(),
            milliseconds(worst.unwrap_or_default()),
            self.faults().len(),
        )
    }
}

fn row(trial: &Trial) -> Vec<String> {
    let mark = if trial.faults.is_empty() {
        ""
    } else {
        "FAILED "
    };
    vec![
        format!("{mark}{}", trial.name),
        trial.family.to_owned(),
        trial.end.clone(),
        milliseconds(trial.time),
        milliseconds(trial.victims.worst),
        trial.victims.calls.to_string(),
        (trial.cells_kib >> 10).to_string(),
    ]
}

fn milliseconds(time: Duration) -> String {
    time.as_millis().to_string()
}

fn closing_line(closing: &Closing) -> String {
    let (before, after) = (&closing.before, &closing.after);
    format!(
        "front: {} MiB, {} descriptors, {} threads at first; {} MiB, {} descriptors, {} threads at last",
        before.rss_kib >> 10,
        before.descriptors,
        before.threads,
        after.rss_kib >> 10,
        after.descriptors,
        after.threads,
    )
}

fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let length = |cell: &String| cell.chars().count();
    let widths: Vec<usize> = (0..HEADINGS.len())
        .map(|column| {
            rows.iter()
                .map(|row| length(&row[column]))
                .max()
                .unwrap_or(0)
        })
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, width))| {
            if column < FIRST_NUMBER {
                format!("{cell:<width$}")
            } else {
                format!("{cell:>width$}")
            }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// `target/attacks-report.txt`: cargo's directory for tests is `target/tmp`.
fn file() -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let target = directory.parent().unwrap_or(directory);
    target.join("attacks-report.txt")
}
