//! Looks at a turn that runs long: it is a hog, passes a limit, is given up, or is stuck for ever.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Interruption, Invocation, Ring, Stage,
    running::{GIVE_UP_AFTER, HOG_AFTER, Running},
};
use crate::cell::{threads::JsThread, watchdog::Alarm};

/// A turn that was given up and works this long is stuck, and so is the cell. Counted in CPU time, since a
/// demoted thread on a busy machine may not come to see its termination for seconds.
const STUCK_AFTER_CPU: Duration = Duration::from_millis(200);

/// A turn that was given up and is not back by then is stuck even if it did not work: it waits for something, or the
/// machine has had nothing to spare for it for so long that a cell without it is better off.
const STUCK_AFTER: Duration = Duration::from_mins(1);

/// What a look at a long turn calls for.
#[derive(Debug)]
pub enum Seen {
    Nothing,
    /// The thread is to be demoted.
    Hog(Arc<JsThread>),
    /// The caller is to be answered, since the turn does not end.
    GivenUp(GivenUp),
    /// The turn will not end. The cell is to be replaced.
    Stuck,
}

/// What is known of an invocation whose turn was given up.
#[derive(Clone, Copy, Debug)]
pub struct GivenUp {
    /// `None` when the thread parked for ever.
    pub interruption: Option<Interruption>,
    pub began: Instant,
    pub cpu: Duration,
}

impl Invocation {
    /// Looks at a turn that has run for a while, and sets when to look again.
    pub fn look(&self, set_look: impl FnOnce(Instant) -> Alarm<Ring>) -> Seen {
        let mut stage = self.stage.lock();
        let now = Instant::now();
        match &mut *stage {
            Stage::Running(running) => match running.interruption {
                Some((reason, at)) if now >= at + GIVE_UP_AFTER => {
                    let given_up = give_up(&mut stage, Some(reason), set_look);
                    given_up.map_or(Seen::Nothing, Seen::GivenUp)
                }
                Some(_) => {
                    running.look = Some(set_look(running.next_look(self.limits.cpu_time)));
                    Seen::Nothing
                }
                None => self.look_at_running(running, now, set_look),
            },
            Stage::Abandoned {
                thread,
                terminator,
                since,
                cpu,
                look,
            } => {
                let worked = thread.cpu_time().saturating_sub(*cpu);
                if worked >= STUCK_AFTER_CPU || now >= *since + STUCK_AFTER {
                    *look = None;
                    return Seen::Stuck;
                }
                // Whatever may have made V8 forget the first.
                if let Some(terminator) = terminator {
                    terminator.terminate();
                }
                *look = Some(set_look(now + GIVE_UP_AFTER));
                Seen::Nothing
            }
            Stage::Queued | Stage::Parked { .. } | Stage::Ended => Seen::Nothing,
        }
    }

    fn look_at_running(
        &self,
        running: &mut Running,
        now: Instant,
        set_look: impl FnOnce(Instant) -> Alarm<Ring>,
    ) -> Seen {
        let cpu = running.cpu();
        if running.top_level_ends.is_some_and(|ends| cpu >= ends) {
            running.terminate(Interruption::TopLevelTime);
        } else if cpu >= self.limits.cpu_time {
            running.terminate(Interruption::CpuTime);
        }
        let hog =
            cpu.saturating_sub(running.cpu_before) >= HOG_AFTER && !running.thread.is_demoted();
        let next = running.next_look(self.limits.cpu_time);
        // A hog is demoted only once this lock is free, so the next look is not for its sake.
        let next = if hog { next.max(now + HOG_AFTER) } else { next };
        running.look = Some(set_look(next));
        if hog {
            Seen::Hog(running.thread.clone())
        } else {
            Seen::Nothing
        }
    }

    /// The thread of the running turn has parked for ever. `None` when no turn runs.
    pub fn never_comes_back(
        &self,
        set_look: impl FnOnce(Instant) -> Alarm<Ring>,
    ) -> Option<GivenUp> {
        let mut stage = self.stage.lock();
        let reason = match &*stage {
            Stage::Running(running) => running.interruption.map(|(reason, _)| reason),
            _ => return None,
        };
        give_up(&mut stage, reason, set_look)
    }
}

/// From running to abandoned.
fn give_up(
    stage: &mut Stage,
    interruption: Option<Interruption>,
    set_look: impl FnOnce(Instant) -> Alarm<Ring>,
) -> Option<GivenUp> {
    let Stage::Running(running) = stage else {
        return None;
    };
    let given_up = GivenUp {
        interruption,
        began: running.began,
        cpu: running.cpu(),
    };
    let since = Instant::now();
    *stage = Stage::Abandoned {
        cpu: running.thread.cpu_time(),
        thread: running.thread.clone(),
        terminator: running.terminator.take(),
        since,
        look: Some(set_look(since + GIVE_UP_AFTER)),
    };
    Some(given_up)
}
