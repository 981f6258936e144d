//! Whether calls are taken, and if not, why: what every probe is answered from.

use tokio::sync::watch;

use super::cells::Places;

/// Ready while a cell is up and nobody has asked to stop.
#[derive(Clone, Debug)]
pub struct Readiness {
    cells: watch::Receiver<Places>,
    draining: watch::Receiver<bool>,
}

/// Why no calls are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    #[error("draining: calls under way finish, new ones go elsewhere")]
    Draining,
    #[error("no cell is up")]
    NoCell,
}

impl Readiness {
    pub fn new(cells: watch::Receiver<Places>, draining: watch::Receiver<bool>) -> Self {
        Self { cells, draining }
    }

    /// # Errors
    /// [`NotReady`] when calls are not taken now.
    pub fn check(&self) -> Result<(), NotReady> {
        if *self.draining.borrow() {
            Err(NotReady::Draining)
        } else if self.cells.borrow().iter().any(Option::is_some) {
            Ok(())
        } else {
            Err(NotReady::NoCell)
        }
    }

    /// Waits until it may be otherwise; false when it never will.
    pub async fn changed(&mut self) -> bool {
        let changed = tokio::select! {
            changed = self.cells.changed() => changed,
            changed = self.draining.changed() => changed,
        };
        changed.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_drain_and_the_want_of_a_cell_are_told_apart() {
        let (_cells, live) = watch::channel(Places::from(vec![None]));
        let (drain, draining) = watch::channel(false);
        let mut readiness = Readiness::new(live, draining);
        assert_eq!(readiness.check(), Err(NotReady::NoCell));
        drain.send(true).unwrap();
        assert!(readiness.changed().await);
        assert_eq!(readiness.check(), Err(NotReady::Draining));
        drop(drain);
        assert!(!readiness.changed().await);
    }
}
