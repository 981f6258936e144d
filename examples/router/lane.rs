//! A function's lane: its queue, its bounds, and the deliveries made from it.
//!
//! Every function has one of its own, so that a slow one uses up its own places and no others'. But each event goes
//! through every function: when a lane is full, reading waits for it. A router that may not wait puts what has to
//! be tried again into a queue on disk; this one holds it in memory, which is why there are only so many places.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Options,
    backoff::Backoff,
    batches::{Batches, Fill},
    call::{self, Form},
    delivery::{Courier, Taken},
    executors::Executors,
    functions::Function,
    ledger::Ledger,
    source::Event,
};

/// What a lane shares with all others.
#[derive(Clone, Debug)]
pub struct Shared {
    pub executors: Arc<Executors>,
    pub ledger: Arc<Ledger>,
    /// Cancelled when there is no more time.
    pub abandon: CancellationToken,
}

/// The way into a lane. Dropping it closes the lane, which then finishes what it has.
#[derive(Debug)]
pub struct Entrance {
    places: Arc<Semaphore>,
    queue: mpsc::Sender<Taken>,
    ledger: Arc<Ledger>,
}

impl Entrance {
    /// Waits for a place in flight.
    pub async fn take(&self, event: Event) {
        // Neither is closed before we are dropped.
        let Ok(place) = self.places.clone().acquire_owned().await else {
            return;
        };
        self.ledger.due();
        let _ = self.queue.send(Taken::new(event, place)).await;
    }
}

/// Opens a function's lane; `lanes` are all at their end when its last event is.
pub fn open(
    function: Function,
    options: &Options,
    shared: Shared,
    lanes: &TaskTracker,
) -> Entrance {
    let (queue, taken) = mpsc::channel(1);
    let entrance = Entrance {
        places: Arc::new(Semaphore::new(options.in_flight)),
        queue,
        ledger: shared.ledger.clone(),
    };
    let courier = Courier {
        function: Arc::new(function),
        form: Form::Single,
        executors: shared.executors,
        ledger: shared.ledger,
        backoff: Backoff {
            first: options.retry_first_ms,
            longest: options.retry_longest_ms,
            give_up_after: options.retry_for_s,
        },
        deadline: options.deadline_ms,
        calls: Arc::new(Semaphore::new(options.calls)),
        abandon: shared.abandon,
    };
    let fill = Fill {
        events: options.batch_events as usize,
        bytes: options.batch_bytes,
        wait: options.batch_wait_ms,
    };
    lanes.spawn(run(courier, taken, fill, lanes.clone()));
    entrance
}

async fn run(
    mut courier: Courier,
    queue: mpsc::Receiver<Taken>,
    mut fill: Fill,
    lanes: TaskTracker,
) {
    courier.form = form(&courier).await;
    if courier.form == Form::Single {
        fill.events = 1;
    }
    let courier = Arc::new(courier);
    let mut batches = Batches::new(queue, fill);
    while let Some(events) = batches.next().await {
        let courier = courier.clone();
        // As many as there are places in flight.
        lanes.spawn(async move { courier.deliver(events).await });
    }
}

/// Asked once: a version never changes its source.
async fn form(courier: &Courier) -> Form {
    let name = courier.function.name();
    let asked = async {
        let place = courier.executors.place(name, None).await;
        call::supports_batch(&place, &courier.function, courier.deadline).await
    };
    tokio::select! {
        () = courier.abandon.cancelled() => Form::Single,
        supports_batch = asked => match supports_batch {
            true => Form::Batch,
            false => Form::Single,
        },
    }
}
