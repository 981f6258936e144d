//! All attacks, shuffled, over and over for a given time, beside more victims.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::arena::Arena;
use crate::attack::Attack;
use crate::deadline;
use crate::report::Report;

const VICTIMS: usize = 16;
const MINUTE: Duration = Duration::from_mins(1);

pub fn run(attacks: &[&Attack], minutes: u32) -> Report {
    let mut report = Report::default();
    let mut arena = Arena::start(VICTIMS);
    report.add_all(deadline::rounds(&arena, deadline::SOAK_ROUNDS));
    let mut diary = Diary::begin();
    diary.write(&arena, &mut report);
    let end = Instant::now() + minutes * MINUTE;
    let mut dice = Dice::new();
    for run in 0.. {
        for attack in dice.shuffled(attacks) {
            if Instant::now() >= end {
                diary.write(&arena, &mut report);
                report.close(arena.end());
                return report;
            }
            let trial = arena.attack(attack, run);
            if report.add(trial) {
                report.note(format!("FAILED: {}", attack.name));
                report.close(arena.end());
                arena = Arena::start(VICTIMS);
            }
            diary.write_if_due(&arena, &mut report);
        }
    }
    report
}

/// A line each minute.
struct Diary {
    start: Instant,
    next: Instant,
}

impl Diary {
    fn begin() -> Diary {
        let start = Instant::now();
        let next = start + MINUTE;
        Diary { start, next }
    }

    fn write_if_due(&mut self, arena: &Arena, report: &mut Report) {
        if Instant::now() >= self.next {
            self.next += MINUTE;
            self.write(arena, report);
        }
    }

    fn write(&self, arena: &Arena, report: &mut Report) {
        let trials = report.trials();
        let calls: u64 = trials.iter().map(|trial| trial.victims.calls).sum();
        let worst = trials.iter().map(|trial| trial.victims.worst).max();
        let failed = trials.iter().filter(|trial| !trial.faults.is_empty());
        let front = arena.front();
        report.note(format!(
            "minute {}: {} attacks, {} failed; {calls} calls of victims, the slowest {} ms; \
             front: {} MiB, {} descriptors, {} threads",
            self.start.elapsed().as_secs() / MINUTE.as_secs(),
            trials.len(),
            failed.count(),
            worst.unwrap_or_default().as_millis(),
            front.rss_kib >> 10,
            front.descriptors,
            front.threads,
        ));
    }
}

/// Numbers good enough to shuffle with (xorshift).
pub struct Dice(u64);

impl Dice {
    pub fn new() -> Dice {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let nanoseconds = now.unwrap_or_default().subsec_nanos();
        Dice(u64::from(nanoseconds) | 1 << 40)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound.max(1)
    }

    fn shuffled<'a>(&mut self, attacks: &[&'a Attack]) -> Vec<&'a Attack> {
        let mut shuffled = attacks.to_vec();
        for last in (1..shuffled.len()).rev() {
            let other = self.below(last as u64 + 1);
            shuffled.swap(last, usize::try_from(other).unwrap_or(0));
        }
        shuffled
    }
}
