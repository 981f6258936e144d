//! How many invocations may be in flight at once.

use std::{num::NonZeroU32, sync::Arc};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Lets invocations in up to a number; what is beyond is refused at once and may come again. Clones share
/// the places.
#[derive(Clone, Debug)]
pub struct Admission {
    places: Arc<Semaphore>,
    max_in_flight: NonZeroU32,
}

/// All places are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{max_in_flight} invocations are in flight, the most allowed (knob --max-in-flight)")]
pub struct Full {
    max_in_flight: NonZeroU32,
}

/// A place in flight; dropping it lets another in.
#[derive(Debug)]
pub struct Admitted {
    _permit: OwnedSemaphorePermit,
}

impl Admission {
    pub fn new(max_in_flight: NonZeroU32) -> Self {
        let places = Arc::new(Semaphore::new(max_in_flight.get() as usize));
        Self {
            places,
            max_in_flight,
        }
    }

    /// Places taken.
    pub fn in_flight(&self) -> usize {
        self.max_in_flight()
            .saturating_sub(self.places.available_permits())
    }

    /// Places there are.
    pub fn max_in_flight(&self) -> usize {
        self.max_in_flight.get() as usize
    }

    /// # Errors
    /// [`Full`] when no place is free.
    pub fn admit(&self) -> Result<Admitted, Full> {
        let permit = self.places.clone().try_acquire_owned();
        permit
            .map(|permit| Admitted { _permit: permit })
            .map_err(|_| Full {
                max_in_flight: self.max_in_flight,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_once_its_holder_is_gone() {
        let admission = Admission::new(NonZeroU32::MIN);
        assert_eq!(admission.in_flight(), 0);
        let first = admission.admit().unwrap();
        assert_eq!(admission.clone().in_flight(), 1);
        assert_eq!(
            admission.admit().unwrap_err(),
            Full {
                max_in_flight: NonZeroU32::MIN
            }
        );
        drop(first);
        admission.admit().unwrap();
    }
}
