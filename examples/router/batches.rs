//! Puts events together: a batch goes when it is full, or when its first event has waited long enough.

use std::time::Duration;

use tokio::{
    sync::mpsc,
    time::{self, Instant},
};

/// When a batch is complete.
#[derive(Clone, Copy, Debug)]
pub struct Fill {
    /// Most events of a batch; 1 for functions that take no batches.
    pub events: usize,
    /// Most bytes of its events together. A single larger event is a batch alone.
    pub bytes: usize,
    /// The longest that its first event waits for others.
    pub wait: Duration,
}

/// What batches are made of.
pub trait Weighed {
    fn bytes(&self) -> usize;
}

/// Forms batches from one queue, in its order.
#[derive(Debug)]
pub struct Batches<T> {
    queue: mpsc::Receiver<T>,
    fill: Fill,
    /// The event that did not fit into the last batch.
    left_over: Option<T>,
}

impl<T: Weighed> Batches<T> {
    pub fn new(queue: mpsc::Receiver<T>, fill: Fill) -> Self {
        Self {
            queue,
            fill,
            left_over: None,
        }
    }

    /// Nothing once the queue is closed and all of it has gone.
    pub async fn next(&mut self) -> Option<Vec<T>> {
        let first = match self.left_over.take() {
            Some(event) => event,
            None => self.queue.recv().await?,
        };
        let complete_at = Instant::now() + self.fill.wait;
        let mut bytes = first.bytes();
        let mut batch = vec![first];
        while batch.len() < self.fill.events {
            // Late, or the queue is closed: what is there goes.
            let Ok(Some(event)) = time::timeout_at(complete_at, self.queue.recv()).await else {
                break;
            };
            bytes += event.bytes();
            if bytes > self.fill.bytes {
                self.left_over = Some(event);
                break;
            }
            batch.push(event);
        }
        Some(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weighed for usize {
        fn bytes(&self) -> usize {
            *self
        }
    }

    const LONG: Duration = Duration::from_hours(1);

    fn batches(wait: Duration) -> (mpsc::Sender<usize>, Batches<usize>) {
        let (send, queue) = mpsc::channel(100);
        let fill = Fill {
            events: 3,
            bytes: 100,
            wait,
        };
        (send, Batches::new(queue, fill))
    }

    /// Events of these bytes come in these batches, when there is no hurry.
    async fn check(events: &[usize], expected: &[&[usize]]) {
        let (send, mut batches) = batches(LONG);
        for event in events {
            send.send(*event).await.unwrap();
        }
        drop(send);
        let mut found = Vec::new();
        while let Some(batch) = batches.next().await {
            found.push(batch);
        }
        assert_eq!(found, expected, "{events:?}");
    }

    #[tokio::test]
    async fn a_batch_goes_when_it_is_full_or_nothing_comes_after() {
        check(&[], &[]).await;
        check(&[1; 3], &[&[1; 3]]).await;
        check(&[1; 7], &[&[1; 3], &[1; 3], &[1]]).await;
    }

    #[tokio::test]
    async fn a_batch_goes_before_it_is_too_large() {
        check(&[60, 60, 40], &[&[60], &[60, 40]]).await;
        check(&[1, 500, 1], &[&[1], &[500], &[1]]).await;
    }

    #[tokio::test]
    async fn a_batch_goes_when_its_first_event_waited_long_enough() {
        let (send, mut batches) = batches(Duration::from_millis(1));
        send.send(1).await.unwrap();
        // The queue is open, and nothing more comes.
        assert_eq!(batches.next().await, Some(vec![1]));
    }
}
