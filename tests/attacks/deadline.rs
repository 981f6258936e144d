//! Attacks on the moment of the deadline: handlers that end within a millisecond of it, over and over.
//!
//! A termination that comes late must not hit the invocation that has the isolate next, and every call has
//! one outcome, delivered or out of time. Each lane stays a little longer after each delivery and a little
//! shorter after each timeout, so it keeps to the edge on any machine.

use std::time::{Duration, Instant};

use penstock::api::invoke_response::Outcome;
use serde_json::{Value, json};

use crate::arena::{Arena, Trial, answer};
use crate::gauge::MemoryWatch;
use crate::judge::Answer;
use crate::soak::Dice;
use crate::support::check::{Call, Code};
use crate::support::service::{Client, block_on};

pub const FAMILY: &str = "time";
pub const ROUNDS: usize = 500;
pub const SOAK_ROUNDS: usize = 10_000;

/// The limit whose edge is sought, in milliseconds.
const LIMIT: u64 = 20;

/// Where a lane begins, and the longest it may come to stay: CPU time comes slowly on a loaded machine.
const FIRST_STAY: u64 = 15;
const LONGEST_STAY: u64 = 400;

/// Milliseconds that a lane moves after each round, until it first is out of time and from then on.
const FIRST_STEP: u64 = 5;
const STEP: u64 = 1;

/// Iterations of an empty loop after the stay, up to about a millisecond.
const MOST_EXTRA: u64 = 500_000;

const CALL_BOUND: Duration = Duration::from_secs(10);
const FAULTS_KEPT: usize = 5;

const SPINNING: &str = "function onTrack(event) {
  const start = Date.now();
  while (Date.now() - start < event.stay);
  for (let extra = 0; extra < event.extra; extra++);
  return { round: event.round };
}";

const WAITING: &str = "async function onTrack(event) {
  await new Promise(resolve => setTimeout(resolve, event.stay));
  for (let extra = 0; extra < event.extra; extra++);
  return { round: event.round };
}";

#[derive(Clone, Copy, Debug)]
struct Lane {
    function_id: &'static str,
    name: &'static str,
    source: &'static str,
    /// The limit it keeps to, and its end beyond.
    end: Code,
    /// Whether the next call is sent at once, so that it waits for the isolate, not only after the answer.
    is_crowded: bool,
}

const LANES: [Lane; 4] = [
    Lane {
        function_id: "deadline-spinning",
        name: "spins to its wall time",
        source: SPINNING,
        end: Code::Timeout,
        is_crowded: false,
    },
    Lane {
        function_id: "deadline-waiting",
        name: "waits to its wall time",
        source: WAITING,
        end: Code::Timeout,
        is_crowded: false,
    },
    Lane {
        function_id: "deadline-crowded",
        name: "spins to its wall time, the next calls waiting",
        source: SPINNING,
        end: Code::Timeout,
        is_crowded: true,
    },
    Lane {
        function_id: "deadline-cpu",
        name: "spins to its CPU time",
        source: SPINNING,
        end: Code::CpuLimitExceeded,
        is_crowded: false,
    },
];

/// So many rounds, shared by the lanes, one lane after the other.
pub fn rounds(arena: &Arena, count: usize) -> Vec<Trial> {
    let each = count.div_ceil(LANES.len());
    LANES
        .iter()
        .map(|lane| arena.finish(block_on(run(*lane, each, arena))))
        .collect()
}

/// What came of a lane's calls.
#[derive(Default)]
struct Tally {
    delivered: usize,
    ended: usize,
    faults: Vec<String>,
}

async fn run(lane: Lane, rounds: usize, arena: &Arena) -> Trial {
    let memory = MemoryWatch::of(arena.cells());
    let mut tally = Tally::default();
    let mut dice = Dice::new();
    let mut stay = FIRST_STAY;
    let start = Instant::now();
    for round in 0..rounds {
        let event =
            json!({"type": "track", "stay": stay, "extra": dice.below(MOST_EXTRA), "round": round});
        let delivered = Box::pin(one_round(lane, round, &event, arena.client(), &mut tally)).await;
        if delivered {
            let step = if tally.ended == 0 { FIRST_STEP } else { STEP };
            stay = (stay + step).min(LONGEST_STAY);
        } else {
            stay = stay.saturating_sub(STEP);
        }
    }
    let Tally {
        delivered, ended, ..
    } = tally;
    if delivered.min(ended) < rounds / 10 {
        let fault = format!("never kept to the edge: {delivered} delivered, {ended} out of time");
        tally.faults.push(fault);
    }
    Trial {
        name: format!("{} ({rounds} rounds)", lane.name),
        family: FAMILY,
        end: format!(
            "{delivered} delivered, {ended} {}",
            lane.end.as_str_name().trim_start_matches("ERROR_CODE_")
        ),
        time: start.elapsed(),
        cells_kib: memory.peak_kib(),
        faults: tally.faults,
        ..Trial::default()
    }
}

/// One call to the edge and the next one of the same function; whether the first was delivered.
async fn one_round(
    lane: Lane,
    round: usize,
    event: &Value,
    client: Client,
    tally: &mut Tally,
) -> bool {
    let function = Call::of(lane.source).id(lane.function_id);
    let edge = function.clone().event(&event.to_string()).limits(|limits| {
        let limit = prost_types::Duration::try_from(Duration::from_millis(LIMIT)).ok();
        if lane.end == Code::Timeout {
            limits.wall_time = limit;
        } else {
            limits.cpu_time = limit;
        }
    });
    let harmless = json!({"type": "track", "stay": 0, "extra": 0, "round": round}).to_string();
    let next = function.event(&harmless);
    let edge = answer(edge, client.clone(), CALL_BOUND);
    let (edge, nexts) = if lane.is_crowded {
        let next = || answer(next.clone(), client.clone(), CALL_BOUND);
        let (edge, one, two, three) = tokio::join!(edge, next(), next(), next());
        (edge, vec![one, two, three])
    } else {
        let edge = edge.await;
        (edge, vec![answer(next, client, CALL_BOUND).await])
    };
    for next in &nexts {
        if end_of(next, round) != Some(Code::Unspecified) {
            tally.fault(format!("round {round}, the next call: {}", shown(next)));
        }
    }
    match end_of(&edge, round) {
        Some(Code::Unspecified) => tally.delivered += 1,
        Some(code) if code == lane.end => tally.ended += 1,
        _ => tally.fault(format!("round {round}: {}", shown(&edge))),
    }
    end_of(&edge, round) == Some(Code::Unspecified)
}

impl Tally {
    fn fault(&mut self, fault: String) {
        if self.faults.len() < FAULTS_KEPT {
            self.faults.push(fault);
        }
    }
}

/// The error's code, `Unspecified` when the round's own event was delivered, else nothing.
fn end_of(answer: &Answer, round: usize) -> Option<Code> {
    let (reply, _) = answer.as_ref().ok()?;
    match reply.result.as_ref().ok()?.outcome.as_ref()? {
        Outcome::EventJson(text) => {
            let found: Value = serde_json::from_slice(text).ok()?;
            (found == json!({"round": round})).then_some(Code::Unspecified)
        }
        Outcome::Error(error) => Some(error.code()),
        _ => None,
    }
}

fn shown(answer: &Answer) -> String {
    match answer {
        Err(waited) => format!("no answer within {waited:?}"),
        Ok((reply, _)) => reply.to_string(),
    }
}
