//! Work that is put off until all who are ready have had their turn, so that what they have to say goes out
//! together.
//!
//! tokio runs a task that was just woken before those that were ready already. So each answer that a cell gives
//! would wake its caller's connection and be written by itself, though the next ones are there, and a system call
//! costs more than all the rest of it.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

pin_project! {
    /// A future that, each time it is woken, first lets the others go before it.
    #[derive(Debug)]
    pub struct AfterOthers<F> {
        #[pin]
        future: F,
        has_waited: bool,
    }
}

impl<F> AfterOthers<F> {
    pub fn new(future: F) -> Self {
        Self {
            future,
            has_waited: false,
        }
    }
}

impl<F: Future> Future for AfterOthers<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if !std::mem::replace(this.has_waited, true) {
            // A task that wakes itself comes behind all that are ready.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        *this.has_waited = false;
        this.future.poll(context)
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use tokio::{sync::Notify, task::LocalSet};

    use super::*;

    #[tokio::test]
    async fn others_that_are_ready_go_first() {
        let order = Rc::new(RefCell::new(Vec::new()));
        let woken = Rc::new(Notify::new());
        let local = LocalSet::new();
        let (written, told) = (order.clone(), woken.clone());
        local.spawn_local(AfterOthers::new(async move {
            told.notified().await;
            written.borrow_mut().push("gathered");
        }));
        for name in ["first", "second", "third"] {
            let (order, woken) = (order.clone(), woken.clone());
            local.spawn_local(async move {
                tokio::task::yield_now().await;
                order.borrow_mut().push(name);
                woken.notify_one();
            });
        }
        local.await;
        assert_eq!(order.borrow().len(), 4);
        assert_eq!(order.borrow().last(), Some(&"gathered"));
    }
}
