//! What is measured of each subject, and how.

use std::time::Duration;

use crate::load::{self, Recorded, Target};
use crate::options::Options;
use crate::subject::{Running, Subject};
use crate::table::{Figures, Measure, Results};
use crate::work;

/// The warm cases are all of one version.
const WARM: &str = "warm";
/// Calls a second of the case at a fixed rate: well below what every subject can do.
const RATE: u32 = 1_000;
/// Versions that are called for the first time, and stay.
const VERSIONS: usize = 200;
/// Of those a second, where they do not come one after the other.
const NEW_VERSIONS_RATE: u32 = 50;

/// One round of one subject: every measure, each on a server just started, so that none finds another's leavings.
pub fn all(subject: Subject, options: &Options, results: &mut Results) {
    for measure in Measure::ALL {
        if !subject.runs_functions() && apart(measure).is_some() {
            continue;
        }
        eprintln!("  {}: {}", subject.name(), measure.name());
        let running = subject.start(options);
        let figures = load::on_this_thread(one(measure, subject, &running, options.time));
        results.add(measure, subject, figures);
    }
}

async fn one(measure: Measure, subject: Subject, running: &Running, time: Duration) -> Figures {
    let target = subject.target(running);
    let (ask, events) = match measure {
        Measure::Batch => (subject.batch(WARM), work::BATCH),
        _ => (subject.single(WARM), 1),
    };
    let warm = std::slice::from_ref(&ask);
    let loaded = async |time| match measure {
        Measure::InFlight64 => load::closed(target, warm, 64, time).await,
        Measure::InFlight8 => load::closed(target, warm, 8, time).await,
        Measure::Batch => load::closed(target, warm, 4, time).await,
        Measure::FixedRate => load::at_rate(target, &ask, RATE, time).await,
        Measure::FirstCall | Measure::FirstCallApart => unreachable!("it has no warm version"),
    };
    if let Some(apart) = apart(measure) {
        return first_calls(subject, running, target, apart).await;
    }
    loaded(time / 2).await;
    let before = running.cpu();
    let recorded = loaded(time).await;
    figures(&recorded, running.cpu() - before, events)
}

/// How far apart the calls of new versions are, where it is those that are measured.
fn apart(measure: Measure) -> Option<Duration> {
    match measure {
        Measure::FirstCall => Some(Duration::ZERO),
        Measure::FirstCallApart => Some(Duration::from_secs(1) / NEW_VERSIONS_RATE),
        _ => None,
    }
}

/// New versions, one after the other, and what stays of each.
async fn first_calls(
    subject: Subject,
    running: &Running,
    target: Target,
    apart: Duration,
) -> Figures {
    let asks = |name: &'static str| {
        (0..VERSIONS).map(move |number| subject.single(&format!("{name}-{number}")))
    };
    // What is there ready for the first ones is not what the next ones cost.
    load::in_turn(target, asks("before").take(VERSIONS / 4), apart).await;
    let (cpu, memory) = (running.cpu(), running.memory());
    let recorded = load::in_turn(target, asks("first"), apart).await;
    let mut figures = figures(&recorded, running.cpu() - cpu, 1);
    figures.bytes_each = Some((running.memory() - memory) / VERSIONS as f64);
    figures
}

fn figures(recorded: &Recorded, cpu: f64, events_each: usize) -> Figures {
    let events = recorded.latencies.len() as f64 * events_each as f64;
    Figures {
        per_second: recorded.per_second() * events_each as f64,
        p50: recorded.quantile(0.50),
        p99: recorded.quantile(0.99),
        cpu_each: cpu / events,
        bytes_each: None,
    }
}
