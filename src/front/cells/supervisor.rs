//! Keeps every place filled and a spare ready, and sees cells to their end.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{self, Instant},
};

use super::{CellEnd, CellPlan, CellProcess, CellState, Census, Link, Places, process::NotStarted};
use crate::front::quarantine::Quarantine;

/// The wait before another start after one that failed, or after a cell that died at once; doubled up to
/// the longest.
const SHORTEST_BACKOFF: Duration = Duration::from_millis(50);
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);

/// A cell that lived this long died of something new: its successor starts at once.
const SETTLED_AFTER: Duration = Duration::from_secs(1);

/// Word of cells that leave their place; each cell leaves once.
const NOTICES: usize = 16;

/// One task owns all of this, so that no two hands fill one place.
pub struct Supervisor {
    plan: CellPlan,
    publish: watch::Sender<Places>,
    quarantine: Arc<Quarantine>,
    census: Arc<Census>,
    spares: Vec<CellProcess>,
    starting: JoinSet<Result<CellProcess, NotStarted>>,
    /// A task for each cell in a place, until its process is gone.
    attended: JoinSet<()>,
    notices: mpsc::Receiver<Vacated>,
    notify: mpsc::Sender<Vacated>,
    backoff: Duration,
    /// No start before then.
    start_at: Instant,
}

/// A cell has left its place.
struct Vacated {
    place: usize,
    link: Arc<Link>,
    /// Whether it lived too short a time.
    died_at_once: bool,
}

impl Supervisor {
    pub fn new(
        plan: CellPlan,
        publish: watch::Sender<Places>,
        quarantine: Arc<Quarantine>,
        census: Arc<Census>,
    ) -> Self {
        let (notify, notices) = mpsc::channel(NOTICES);
        Self {
            plan,
            publish,
            quarantine,
            census,
            spares: Vec::new(),
            starting: JoinSet::new(),
            attended: JoinSet::new(),
            notices,
            notify,
            backoff: SHORTEST_BACKOFF,
            start_at: Instant::now(),
        }
    }

    /// Runs until it is dropped, and all cells with it.
    pub async fn run(mut self, first: CellProcess) {
        self.census.started();
        self.install(0, first);
        loop {
            self.start_missing();
            tokio::select! {
                Some(started) = self.starting.join_next() => match started {
                    Ok(Ok(cell)) => self.welcome(cell),
                    Ok(Err(error)) => self.not_started(&error),
                    Err(error) => self.not_started(&error),
                },
                Some(vacated) = self.notices.recv() => self.refill(&vacated),
                Some(_) = self.attended.join_next() => {}
                () = time::sleep_until(self.start_at), if self.start_at > Instant::now() => {}
                place = first_ended(&mut self.spares) => self.drop_spare(place),
            }
        }
    }

    fn start_missing(&mut self) {
        if self.start_at > Instant::now() {
            return;
        }
        let empty = self
            .publish
            .borrow()
            .iter()
            .filter(|link| link.is_none())
            .count();
        let wanted = empty + self.plan.spares;
        for _ in self.spares.len() + self.starting.len()..wanted {
            let plan = self.plan.clone();
            self.starting
                .spawn(async move { CellProcess::start(&plan).await });
        }
    }

    /// A cell is up: into an empty place, or ready beside.
    fn welcome(&mut self, cell: CellProcess) {
        self.census.started();
        let empty = self.publish.borrow().iter().position(Option::is_none);
        match empty {
            Some(place) => self.install(place, cell),
            None => {
                self.census.enters(cell.pid(), CellState::Spare);
                self.spares.push(cell);
            }
        }
    }

    /// Killed from outside, or by what it was made of: nobody's fault that we know.
    fn drop_spare(&mut self, place: usize) {
        let spare = self.spares.swap_remove(place);
        self.census.ended(CellEnd::Died);
        self.census.leaves(spare.pid());
        self.hold_back(&"a spare cell ended");
    }

    fn not_started(&mut self, reason: &dyn std::fmt::Display) {
        self.census.not_started();
        self.hold_back(reason);
    }

    fn install(&mut self, place: usize, cell: CellProcess) {
        tracing::info!(place, pid = cell.pid(), "cell up");
        self.census.enters(cell.pid(), CellState::Up);
        self.fill(place, Some(cell.link()));
        let (notify, quarantine) = (self.notify.clone(), self.quarantine.clone());
        let (drain, census) = (self.plan.drain, self.census.clone());
        self.attended
            .spawn(attend(cell, place, drain, notify, quarantine, census));
    }

    /// Puts a spare where a cell has left, at once.
    fn refill(&mut self, vacated: &Vacated) {
        let holds = |link: &Arc<Link>| Arc::ptr_eq(link, &vacated.link);
        if !self.publish.borrow()[vacated.place]
            .as_ref()
            .is_some_and(holds)
        {
            return;
        }
        if vacated.died_at_once {
            self.hold_back(&"a cell died as soon as it was up");
        } else {
            self.backoff = SHORTEST_BACKOFF;
        }
        match self.spares.pop() {
            Some(spare) => self.install(vacated.place, spare),
            None => self.fill(vacated.place, None),
        }
    }

    /// Puts off the next start.
    fn hold_back(&mut self, reason: &dyn std::fmt::Display) {
        tracing::error!(%reason, wait_ms = self.backoff.as_millis(), "cells are started later");
        self.start_at = Instant::now() + self.backoff;
        self.backoff = (self.backoff * 2).min(LONGEST_BACKOFF);
    }

    fn fill(&self, place: usize, link: Option<Arc<Link>>) {
        self.publish.send_modify(|places| {
            let mut changed = places.to_vec();
            changed[place] = link;
            *places = changed.into();
        });
    }
}

/// The first spare whose link ends; never when there is none.
async fn first_ended(spares: &mut [CellProcess]) -> usize {
    std::future::poll_fn(|context| {
        for (place, spare) in spares.iter_mut().enumerate() {
            if pin!(spare.link_ended()).poll(context).is_ready() {
                return std::task::Poll::Ready(place);
            }
        }
        std::task::Poll::Pending
    })
    .await
}

/// Sees a cell to its end: until it dies, or until it is unfit and has finished what it had.
async fn attend(
    mut cell: CellProcess,
    place: usize,
    drain: Duration,
    notify: mpsc::Sender<Vacated>,
    quarantine: Arc<Quarantine>,
    census: Arc<Census>,
) {
    let (pid, link, began) = (cell.pid(), cell.link(), Instant::now());
    let vacated = |died_at_once| Vacated {
        place,
        link: link.clone(),
        died_at_once,
    };
    tokio::select! {
        end = cell.link_ended() => {
            census.ended(if end.is_death() { CellEnd::Died } else { CellEnd::BrokeProtocol });
            census.leaves(pid);
            let _ = notify.send(vacated(began.elapsed() < SETTLED_AFTER)).await;
            let status = cell.reap().await;
            tracing::warn!(place, pid, %end, status, "cell ended and was replaced");
            if let Some(version) = end.at_fault() {
                quarantine.strike(version);
            }
        }
        blame = link.unfit() => {
            census.ended(CellEnd::Unfit(blame.cause));
            census.enters(pid, CellState::Draining);
            let _ = notify.send(vacated(false)).await;
            tracing::warn!(place, pid, reason = blame.reason, version = ?blame.version,
                "cell is being replaced; it finishes what it has");
            if let Some(version) = &blame.version {
                quarantine.strike(version);
            }
            let finished = time::timeout(drain, link.idle()).await.is_ok();
            cell.reap().await;
            census.leaves(pid);
            tracing::info!(place, pid, finished, "replaced cell is gone");
        }
    }
}
