//! The gate that every call goes through: counts those inside, and once closed lets no more in.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use http::Response;
use hyper::body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::sync::Notify;

/// Counts who is inside. Clones are the same gate.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<State>);

#[derive(Debug, Default)]
struct State {
    inside: AtomicUsize,
    closed: AtomicBool,
    left: Notify,
}

/// Somebody inside; dropping it lets it out.
#[derive(Debug)]
pub struct Inside(Gate);

impl Gate {
    /// Goes in; `None` once the gate is closed.
    pub fn enter(&self) -> Option<Inside> {
        // Counted before the look, so that who closes the gate and then counts misses nobody.
        self.0.inside.fetch_add(1, Ordering::SeqCst);
        let inside = Inside(self.clone());
        (!self.0.closed.load(Ordering::SeqCst)).then_some(inside)
    }

    /// Lets nobody in from now on.
    pub fn close(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
    }

    /// How many are inside.
    pub fn inside(&self) -> usize {
        self.0.inside.load(Ordering::SeqCst)
    }

    /// Waits until nobody is inside.
    pub async fn emptied(&self) {
        loop {
            let left = self.0.left.notified();
            if self.inside() == 0 {
                return;
            }
            left.await;
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        if self.0.0.inside.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.0.left.notify_waiters();
        }
    }
}

pin_project! {
    /// The body of an answer, whose call is inside until all of it was taken.
    #[derive(Debug)]
    pub struct LeavingBody<B> {
        #[pin]
        body: B,
        inside: Option<Inside>,
    }
}

impl<B> LeavingBody<B> {
    pub fn new(body: B, inside: Option<Inside>) -> Self {
        Self { body, inside }
    }
}

impl<B: Default> Default for LeavingBody<B> {
    fn default() -> Self {
        Self::new(B::default(), None)
    }
}

impl<B: Body> Body for LeavingBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.project().body.poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

pin_project! {
    /// A call, which is inside until the body of its answer was taken.
    #[derive(Debug)]
    pub struct LeavingCall<F> {
        #[pin]
        call: F,
        inside: Option<Inside>,
    }
}

impl<F> LeavingCall<F> {
    pub fn new(call: F, inside: Option<Inside>) -> Self {
        Self { call, inside }
    }
}

impl<F, B, E> Future for LeavingCall<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<LeavingBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.call.poll(context));
        let inside = this.inside.take();
        Poll::Ready(answer.map(|answer| answer.map(|body| LeavingBody::new(body, inside))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_closed_gate_lets_nobody_in_and_waits_for_those_inside() {
        let gate = Gate::default();
        let first = gate.enter().unwrap();
        gate.close();
        assert!(gate.enter().is_none());
        assert_eq!(gate.inside(), 1);
        let emptied = tokio::spawn({
            let gate = gate.clone();
            async move { gate.emptied().await }
        });
        tokio::task::yield_now().await;
        assert!(!emptied.is_finished());
        drop(first);
        emptied.await.unwrap();
    }
}
