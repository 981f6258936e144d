//! One service with its victims, and how an attack on it went.

use std::time::{Duration, Instant};

use crate::attack::{After, Attack, HARMLESS};
use crate::gauge::{Gauge, MemoryWatch};
use crate::judge::{self, Answer};
use crate::support::check::Call;
use crate::support::service::{Client, Service, block_on};
use crate::victims::{Victims, Window};

/// Beside each attack of a normal run: one synchronous, one awaiting a timer.
pub const VICTIMS: usize = 2;

/// Calls that every victim has to get through after an attack, so that what it leaves behind is seen.
const CALLS_AFTER: u64 = 3;

/// For those calls, and for the first ones.
const VICTIMS_BOUND: Duration = Duration::from_secs(20);

/// An answer that is late is waited for this much longer, so that the report can say how late.
const LATE: Duration = Duration::from_secs(4);

/// Growth of the front's memory over a whole run. Its buffers and its record of sources grow to their
/// bounds; what an attack could make it keep would be more.
const FRONT_GROWTH_KIB: u64 = 96 << 10;

/// Growth of the front's descriptors and threads: a cell in the midst of being replaced, no more.
const FRONT_GROWTH_COUNT: u64 = 16;

/// All cells together, at any moment. Eight times the heaps of the largest attack; a machine that runs
/// cells has more.
const CELLS_MEMORY_KIB: u64 = 4 << 20;

/// Lines of the service's log that are shown with a fault.
const LOG_LINES: usize = 8;

/// How one attack went.
#[derive(Debug, Default)]
pub struct Trial {
    pub name: String,
    pub family: &'static str,
    pub end: String,
    pub time: Duration,
    pub victims: Window,
    /// The most that all cells together had.
    pub cells_kib: u64,
    pub faults: Vec<String>,
}

/// How a service went through all its attacks.
#[derive(Debug, Default)]
pub struct Closing {
    pub before: Gauge,
    pub after: Gauge,
    pub faults: Vec<String>,
}

pub struct Arena {
    service: Service,
    victims: Victims,
    client: Client,
    before: Gauge,
}

impl Arena {
    /// A new service whose victims are warm.
    pub fn start(victims: usize) -> Arena {
        let service = Service::start(&["--cells", "2"]);
        let victims = block_on(async {
            let victims = Victims::start(&service, victims);
            let warm = victims.outlive(10, VICTIMS_BOUND).await;
            warm.unwrap_or_else(|fault| panic!("before any attack: {fault}"));
            victims
        });
        let window = victims.look();
        assert!(
            window.faults.is_empty(),
            "before any attack: {}",
            window.faults.join("\n")
        );
        Arena {
            client: service.client(),
            before: Gauge::of(service.pid()),
            victims,
            service,
        }
    }

    pub fn client(&self) -> Client {
        self.client.clone()
    }

    pub fn cells(&self) -> Vec<u32> {
        self.service.cells()
    }

    pub fn front(&self) -> Gauge {
        Gauge::of(self.service.pid())
    }

    pub fn attack(&self, attack: &Attack, run: usize) -> Trial {
        block_on(self.try_attack(attack, run))
    }

    async fn try_attack(&self, attack: &Attack, run: usize) -> Trial {
        let mut trial = Trial {
            name: attack.name.to_owned(),
            family: attack.family,
            ..Trial::default()
        };
        let memory = MemoryWatch::of(self.service.cells());
        let answers = self.call_all(attack, run).await;
        for answer in &answers {
            trial.faults.extend(judge::faults(attack, answer));
        }
        trial.end = ends(&answers);
        trial.time = answers.iter().map(time_of).max().unwrap_or_default();
        trial.faults.extend(self.fault_after(attack, run).await);
        let outlived = self.victims.outlive(CALLS_AFTER, VICTIMS_BOUND).await;
        trial.faults.extend(outlived.err());
        trial.cells_kib = memory.peak_kib();
        self.finish(trial)
    }

    /// Adds what is found after any kind of attack.
    pub fn finish(&self, mut trial: Trial) -> Trial {
        if trial.cells_kib > CELLS_MEMORY_KIB {
            let mebibytes = trial.cells_kib >> 10;
            trial
                .faults
                .push(format!("the cells grew to {mebibytes} MiB"));
        }
        trial.victims = self.victims.look();
        trial.faults.append(&mut trial.victims.faults);
        if !self.service.is_alive() {
            let stderr = self.service.stderr();
            trial.faults.push(format!("the front is gone:\n{stderr}"));
        }
        if !trial.faults.is_empty() {
            trial.faults.push(self.last_words());
        }
        trial
    }

    /// The end of what the service logged, for whoever has to find out why.
    fn last_words(&self) -> String {
        let stderr = self.service.stderr();
        let lines: Vec<&str> = stderr.lines().collect();
        let last = &lines[lines.len().saturating_sub(LOG_LINES)..];
        format!("the service's last words:\n{}", last.join("\n"))
    }

    /// All callers at once.
    async fn call_all(&self, attack: &Attack, run: usize) -> Vec<Answer> {
        let bound = attack.within() + LATE;
        let calls: Vec<_> = (0..attack.callers)
            .map(|caller| {
                let call = attack.call(run, &attack.event_text());
                let mut call = call.instance(&instance(caller));
                if attack.structured {
                    call = call.structured(crate::support::json::to_struct(&attack.event_text()));
                }
                tokio::spawn(answer(call, self.client(), bound))
            })
            .collect();
        let mut answers = Vec::new();
        for call in calls {
            answers.push(call.await.unwrap_or(Err(bound)));
        }
        answers
    }

    /// The attacker's function, called once more with an event that it does no harm on.
    async fn fault_after(&self, attack: &Attack, run: usize) -> Option<String> {
        let call = attack.call(run, HARMLESS).instance(&instance(0));
        let answer = answer(call, self.client(), attack.within() + LATE).await;
        let fault = match attack.after {
            After::Works => judge::works_after(attack, &answer).err(),
            After::Same => judge::faults(attack, &answer).into_iter().next(),
            After::Ends => answer
                .err()
                .map(|waited| format!("no answer in {waited:?}")),
        };
        fault.map(|fault| format!("the next call: {fault}"))
    }

    /// Ends the service and says what it was like in the end.
    pub fn end(self) -> Closing {
        let after = self.front();
        let faults = [
            (
                "KiB of memory",
                after.rss_kib,
                self.before.rss_kib,
                FRONT_GROWTH_KIB,
            ),
            (
                "threads",
                after.threads,
                self.before.threads,
                FRONT_GROWTH_COUNT,
            ),
            (
                "descriptors",
                after.descriptors,
                self.before.descriptors,
                FRONT_GROWTH_COUNT,
            ),
        ]
        .into_iter()
        .filter(|(_, after, before, bound)| *after > before + bound)
        .map(|(what, after, before, _)| format!("the front grew from {before} to {after} {what}"))
        .chain(self.panics())
        .collect();
        Closing {
            before: self.before,
            after,
            faults,
        }
    }

    /// A panic, of the front or of a cell, is our own fault, even where it ends a single task or thread.
    fn panics(&self) -> Vec<String> {
        let stderr = self.service.stderr();
        let lines = stderr.lines().filter(|line| line.contains("panicked at"));
        lines.take(10).map(str::to_owned).collect()
    }
}

fn instance(caller: usize) -> String {
    format!("attacker-{caller}")
}

/// Calls and waits no longer than `bound`.
pub async fn answer(call: Call, client: Client, bound: Duration) -> Answer {
    let start = Instant::now();
    let reply = tokio::time::timeout(bound, call.send(client)).await;
    reply
        .map(|reply| (reply, start.elapsed()))
        .map_err(|_| bound)
}

fn time_of(answer: &Answer) -> Duration {
    answer
        .as_ref()
        .map_or_else(|waited| *waited, |(_, time)| *time)
}

/// How they ended, each way once.
fn ends(answers: &[Answer]) -> String {
    let mut names: Vec<String> = answers.iter().map(judge::name_of).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}
