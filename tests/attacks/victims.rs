//! Functions that do no harm, called steadily while others attack, and what became of the calls.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use penstock::api::invoke_response::Outcome;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::check::{Call, Reply};
use crate::support::service::{Client, Service};

/// From the end of a victim's call to its next.
const PAUSE: Duration = Duration::from_millis(5);

/// A call that takes longer has failed. Its own wall time is shorter.
const CALL_BOUND: Duration = Duration::from_secs(10);

/// Copies of each victim, called in turn, so that every cell has some of them.
const INSTANCES: u64 = 8;

/// What a victim's calls showed is kept up to this many times between two looks.
const FAULTS_KEPT: usize = 5;

const SYNCHRONOUS: &str = "function onTrack(event) {
  for (const key in {}) throw new Error(`somebody put ${key} on every object`);
  const parts = [3, 1, 2].sort().map(part => part * event.number);
  return { ...event, text: JSON.stringify(parts) };
}";

const WAITING: &str = "let begun = 0;
async function onTrack(event) {
  begun++;
  await new Promise(resolve => setTimeout(resolve, 5));
  event.text = `${event.number} of ${typeof begun}`;
  return event;
}";

/// What the victims saw from one look to the next.
#[derive(Debug, Default)]
pub struct Window {
    pub calls: u64,
    pub worst: Duration,
    pub faults: Vec<String>,
}

#[derive(Debug, Default)]
struct Ledger {
    stop: AtomicBool,
    window: Mutex<Window>,
    /// Calls that each victim has ended.
    ended: Vec<AtomicU64>,
}

impl Ledger {
    fn window(&self) -> std::sync::MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, victim: usize, time: Duration, fault: Option<String>) {
        let mut window = self.window();
        window.calls += 1;
        window.worst = window.worst.max(time);
        if window.faults.len() < FAULTS_KEPT {
            window.faults.extend(fault);
        }
        drop(window);
        self.ended[victim].fetch_add(1, Ordering::Relaxed);
    }
}

/// The load; it stops when dropped.
#[derive(Debug)]
pub struct Victims {
    ledger: Arc<Ledger>,
    tasks: Vec<JoinHandle<()>>,
}

impl Victims {
    /// Half of them synchronous, half awaiting a timer. To be called within the runtime.
    pub fn start(service: &Service, count: usize) -> Victims {
        let ledger = Arc::new(Ledger {
            ended: (0..count).map(|_| AtomicU64::new(0)).collect(),
            ..Ledger::default()
        });
        let tasks = (0..count)
            .map(|victim| tokio::spawn(load(service.separate_client(), victim, ledger.clone())))
            .collect();
        Victims { ledger, tasks }
    }

    /// What they saw since the last look.
    pub fn look(&self) -> Window {
        std::mem::take(&mut self.ledger.window())
    }

    /// Waits until every victim has ended `count` calls that began after now.
    ///
    /// # Errors
    /// The victim that has not within `bound`.
    pub async fn outlive(&self, count: u64, bound: Duration) -> Result<(), String> {
        let ended = |victim: &AtomicU64| victim.load(Ordering::Relaxed);
        // One more, since each has a call under way.
        let goals: Vec<u64> = self.ledger.ended.iter().map(ended).collect();
        let goals: Vec<u64> = goals.into_iter().map(|now| now + count + 1).collect();
        let start = Instant::now();
        loop {
            let mut pairs = self.ledger.ended.iter().zip(&goals);
            let Some(slow) = pairs.position(|(victim, goal)| ended(victim) < *goal) else {
                return Ok(());
            };
            if start.elapsed() > bound {
                return Err(format!(
                    "victim {slow} got no {count} calls through in {bound:?}"
                ));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

impl Drop for Victims {
    fn drop(&mut self) {
        self.ledger.stop.store(true, Ordering::Relaxed);
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn load(client: Client, victim: usize, ledger: Arc<Ledger>) {
    let source = if victim.is_multiple_of(2) {
        SYNCHRONOUS
    } else {
        WAITING
    };
    let function = Call::of(source).id(&format!("victim-{victim}"));
    for number in 0_u64.. {
        if ledger.stop.load(Ordering::Relaxed) {
            return;
        }
        let call = function
            .clone()
            .instance(&format!("copy-{}", number % INSTANCES))
            .event(&json!({"type": "track", "number": number}).to_string());
        let start = Instant::now();
        let answer = tokio::time::timeout(CALL_BOUND, call.send(client.clone())).await;
        let fault = match answer {
            Err(_) => Some(format!("victim {victim}: no answer within {CALL_BOUND:?}")),
            Ok(reply) => fault_of(victim, number, &reply),
        };
        ledger.note(victim, start.elapsed(), fault);
        tokio::time::sleep(PAUSE).await;
    }
}

fn fault_of(victim: usize, number: u64, reply: &Reply) -> Option<String> {
    let text = if victim.is_multiple_of(2) {
        format!("[{},{},{}]", number, 2 * number, 3 * number)
    } else {
        format!("{number} of number")
    };
    let expected = json!({"type": "track", "number": number, "text": text});
    let outcome = reply.result.as_ref().map(|response| &response.outcome);
    if let Ok(Some(Outcome::EventJson(found))) = outcome
        && serde_json::from_slice::<Value>(found).is_ok_and(|found| found == expected)
    {
        return None;
    }
    Some(format!(
        "victim {victim}, call {number}: not {expected}\n{reply}"
    ))
}
