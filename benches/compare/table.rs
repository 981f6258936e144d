//! The figures of all rounds, and the tables that are made of their medians.

use std::collections::BTreeMap;
use std::fmt;
use std::process::Command;

use serde_json::json;

use crate::figures;
use crate::options::Options;
use crate::subject::Subject;
use crate::work;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    InFlight64,
    InFlight8,
    Batch,
    FixedRate,
    FirstCall,
    FirstCallApart,
}

impl Measure {
    pub const ALL: [Measure; 6] = [
        Measure::InFlight64,
        Measure::InFlight8,
        Measure::Batch,
        Measure::FixedRate,
        Measure::FirstCall,
        Measure::FirstCallApart,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Measure::InFlight64 => "warm calls, 64 in flight",
            Measure::InFlight8 => "warm calls, 8 in flight",
            Measure::Batch => "batches of 100, 4 in flight",
            Measure::FixedRate => "warm calls, 1,000 a second",
            Measure::FirstCall => "first calls of new versions, one after the other",
            Measure::FirstCallApart => "first calls of new versions, 50 a second",
        }
    }
}

/// Of one measure of one subject in one round.
#[derive(Clone, Copy)]
pub struct Figures {
    /// Events a second.
    pub per_second: f64,
    /// Latencies of calls in microseconds.
    pub p50: f64,
    pub p99: f64,
    /// The server's CPU time for an event in microseconds.
    pub cpu_each: f64,
    /// What stays in memory of each version.
    pub bytes_each: Option<f64>,
}

/// By measure and subject, a figure a round.
#[derive(Default)]
pub struct Results(BTreeMap<Measure, BTreeMap<Subject, Vec<Figures>>>);

impl Results {
    pub fn add(&mut self, measure: Measure, subject: Subject, figures: Figures) {
        let subjects = self.0.entry(measure).or_default();
        subjects.entry(subject).or_default().push(figures);
    }

    /// In the order of the tables; nothing of what was not measured.
    pub fn medians(
        &self,
        measure: Measure,
        of: impl Fn(&Figures) -> Option<f64>,
    ) -> Vec<(Subject, f64)> {
        let subjects = self.0.get(&measure).into_iter().flatten();
        let medians = subjects.filter_map(|(subject, rounds)| {
            let values: Option<Vec<f64>> = rounds.iter().map(&of).collect();
            Some((*subject, figures::median(values?.into_iter())))
        });
        medians.collect()
    }

    pub fn to_json(&self) -> String {
        let rows = self.0.iter().flat_map(|(measure, subjects)| {
            subjects.iter().flat_map(move |(subject, rounds)| {
                rounds.iter().map(move |one| {
                    json!({
                        "measure": measure.name(), "subject": subject.name(),
                        "events_per_second": one.per_second, "p50_us": one.p50, "p99_us": one.p99,
                        "server_cpu_us": one.cpu_each, "bytes_per_version": one.bytes_each,
                    })
                })
            })
        });
        rows.collect::<serde_json::Value>().to_string()
    }
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (measure, subjects) in &self.0 {
            writeln!(f, "\n{}", measure.name())?;
            writeln!(
                f,
                "{:<26}{:>10}{:>9}{:>9}{:>9}{:>13}{:>10}",
                "", "events/s", "of ours", "p50 µs", "p99 µs", "CPU µs each", "MiB each"
            )?;
            let ours = subjects.get(&Subject::Penstock);
            let ours = ours.map(|rounds| median(rounds, |one| one.per_second));
            for (subject, rounds) in subjects {
                write_row(f, *subject, rounds, ours)?;
            }
        }
        Ok(())
    }
}

fn write_row(
    f: &mut fmt::Formatter<'_>,
    subject: Subject,
    rounds: &[Figures],
    ours: Option<f64>,
) -> fmt::Result {
    let per_second = median(rounds, |one| one.per_second);
    write!(f, "{:<26}{per_second:>10.0}", subject.name())?;
    write!(
        f,
        "{:>9.2}",
        ours.map_or(f64::NAN, |ours| per_second / ours)
    )?;
    write!(f, "{:>9.0}", median(rounds, |one| one.p50))?;
    write!(f, "{:>9.0}", median(rounds, |one| one.p99))?;
    write!(f, "{:>13.1}", median(rounds, |one| one.cpu_each))?;
    if rounds.iter().all(|one| one.bytes_each.is_some()) {
        let bytes = median(rounds, |one| one.bytes_each.unwrap_or(f64::NAN));
        write!(f, "{:>10.2}", bytes / f64::from(1 << 20))?;
    }
    writeln!(f)
}

fn median(rounds: &[Figures], of: impl Fn(&Figures) -> f64) -> f64 {
    figures::median(rounds.iter().map(of))
}

/// The machine, its load before anything began, and the JavaScript's floor.
pub fn heading(options: &Options) -> String {
    let load = read("/proc/loadavg");
    format!(
        "{}; load average before {}; {} rounds of {} s; an event of {} bytes\n\
         the JavaScript alone, in a bare V8 loop: {}",
        machine(),
        load.split(' ').next().unwrap_or_default(),
        options.rounds,
        options.time.as_secs(),
        work::event().len(),
        engine(),
    )
}

/// Its processor and its kernel.
pub fn machine() -> String {
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("an unknown processor", |line| {
        line.trim_start_matches([' ', '\t', ':'])
    });
    let cores = cpu.lines().filter(|line| line.starts_with("processor"));
    let kernel = read("/proc/sys/kernel/osrelease");
    // Who built it is nobody's business.
    let kernel = kernel.trim().split('-').next().unwrap_or_default();
    format!("{} × {model}, Linux {kernel}", cores.count())
}

fn read(file: &str) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}

fn engine() -> String {
    let binary = std::env::current_exe().expect("this binary has a path");
    let output = Command::new(binary).arg("engine").output();
    let output = output.expect("this binary starts").stdout;
    let text = String::from_utf8_lossy(&output);
    match text.trim().split_once(' ') {
        Some((alone, batched)) => format!(
            "{:.1} µs of CPU an event, {:.1} µs in a batch of {}",
            alone.parse().unwrap_or(f64::NAN),
            batched.parse().unwrap_or(f64::NAN),
            work::BATCH
        ),
        None => panic!("the bare loop printed {text:?}"),
    }
}
