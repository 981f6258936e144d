//! The way out: announced, then no new calls, then those under way to their end, all of it bounded.

use std::{pin::pin, time::Duration};

use futures_util::{Stream, StreamExt};
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
    time,
};

use super::gate::Gate;
use crate::config::TrafficConfig;

/// How long clients get to take the last answers and their leave, once there is no call any more. One that is
/// silent holds us no longer.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Tells all who take part that it is time to go.
#[derive(Debug)]
pub struct WayOut {
    announced: watch::Sender<bool>,
    closing: watch::Sender<bool>,
    gate: Gate,
    delay: Duration,
    grace: Duration,
}

/// How the serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Farewell {
    /// Calls that were taken and not answered.
    pub dropped: usize,
}

impl WayOut {
    pub fn new(config: &TrafficConfig) -> Self {
        Self {
            announced: watch::Sender::new(false),
            closing: watch::Sender::new(false),
            gate: Gate::default(),
            delay: config.drain_delay(),
            grace: config.drain_grace(),
        }
    }

    /// True once probes are to say that no calls should come.
    pub fn announced(&self) -> watch::Receiver<bool> {
        self.announced.subscribe()
    }

    /// True once connections are to end.
    pub fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// What calls go through.
    pub fn gate(&self) -> Gate {
        self.gate.clone()
    }

    /// Waits for the first of `stops`, and drains what is served; the second ends it at once. `serving` comes back
    /// with the connections that are still open.
    pub async fn once_asked(
        self,
        serving: JoinHandle<JoinSet<()>>,
        stops: impl Stream<Item = ()>,
    ) -> Farewell {
        let mut stops = pin!(stops);
        next(&mut stops).await;
        let mut drain = pin!(self.drain(serving));
        let dropped = tokio::select! {
            dropped = &mut drain => dropped,
            () = next(&mut stops) => {
                tracing::warn!("asked to stop at once");
                self.gate.inside()
            }
        };
        match dropped {
            0 => tracing::info!("every call that was taken is answered"),
            _ => tracing::error!(dropped, "calls under way were dropped"),
        }
        Farewell { dropped }
    }

    /// How many calls were not answered in the grace. Those are counted before their connections go.
    async fn drain(&self, serving: JoinHandle<JoinSet<()>>) -> usize {
        tracing::info!(
            delay_ms = self.delay.as_millis(),
            grace_ms = self.grace.as_millis(),
            "draining: new calls are refused after the delay, those under way finish within the grace"
        );
        self.announced.send_replace(true);
        time::sleep(self.delay).await;
        self.gate.close();
        self.closing.send_replace(true);
        let mut finish = pin!(self.finish(serving));
        if time::timeout(self.grace, &mut finish).await.is_err() {
            tracing::warn!("the grace is over");
        }
        self.gate.inside()
    }

    async fn finish(&self, serving: JoinHandle<JoinSet<()>>) {
        let open = serving.await;
        self.gate.emptied().await;
        if let Ok(mut open) = open {
            let left = time::timeout(LAST_ANSWERS, async {
                while open.join_next().await.is_some() {}
            });
            if left.await.is_err() {
                tracing::info!(connections = open.len(), "silent clients are disconnected");
            }
        }
    }
}

/// The next request to stop; never when none can come any more.
async fn next(stops: &mut (impl Stream<Item = ()> + Unpin)) {
    if stops.next().await.is_none() {
        std::future::pending::<()>().await;
    }
}
