//! Looks after files while the executor serves: every few seconds, and when somebody asks with SIGHUP.

use std::{future, sync::Arc, time::Duration};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::{self, JoinHandle},
    time::{self, Interval, MissedTickBehavior},
};

use super::{
    audit::{Audit, Event},
    files::{Eagerness, Look, Watched, told},
};

/// Looks after files until it is aborted.
#[derive(Debug)]
pub struct Reloader {
    watched: Vec<Arc<dyn Watched>>,
    audit: Audit,
    hangup: Option<Signal>,
    ticks: Option<Interval>,
}

impl Reloader {
    /// To be called inside of a Tokio runtime; from then on SIGHUP does not end the process. `interval` is
    /// `None` for a look at SIGHUP only.
    pub fn new(watched: Vec<Arc<dyn Watched>>, audit: Audit, interval: Option<Duration>) -> Self {
        let hangup = signal(SignalKind::hangup());
        let hangup =
            hangup.inspect_err(|error| tracing::warn!(%error, "SIGHUP can't be waited for"));
        Self {
            watched,
            audit,
            hangup: hangup.ok(),
            ticks: interval.map(ticks),
        }
    }

    pub fn start(self) -> JoinHandle<()> {
        tokio::spawn(self.run())
    }

    async fn run(mut self) {
        loop {
            let eagerness = tokio::select! {
                () = hung_up(&mut self.hangup) => {
                    self.audit.reopen();
                    Eagerness::Insisting
                }
                () = tick(&mut self.ticks) => Eagerness::IfChanged,
            };
            for watched in &self.watched {
                look(watched, eagerness, &self.audit).await;
            }
        }
    }
}

fn ticks(every: Duration) -> Interval {
    let mut ticks = time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

async fn hung_up(hangup: &mut Option<Signal>) {
    let heard = match hangup {
        Some(hangup) => hangup.recv().await.is_some(),
        None => false,
    };
    if !heard {
        future::pending::<()>().await;
    }
}

async fn tick(ticks: &mut Option<Interval>) {
    match ticks {
        Some(ticks) => {
            ticks.tick().await;
        }
        None => future::pending().await,
    }
}

async fn look(watched: &Arc<dyn Watched>, eagerness: Eagerness, audit: &Audit) {
    let looking = watched.clone();
    // Only a panic could keep it from its answer.
    let Ok(look) = task::spawn_blocking(move || looking.look(eagerness)).await else {
        return;
    };
    let subject = watched.subject();
    let error = match look {
        Look::Unchanged => return,
        Look::Reloaded => {
            tracing::info!(subject, "reloaded");
            None
        }
        Look::Failed(faults) => {
            let error = told(&faults);
            tracing::error!(
                subject,
                error,
                "not reloaded; what was there before is still in use"
            );
            Some(error)
        }
    };
    audit.record(&Event::Reload { subject, error });
}
