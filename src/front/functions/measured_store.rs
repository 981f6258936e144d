//! A store whose looks are timed and traced; but for the built-in one, where there is nothing to wait for.

use std::time::Instant;

use super::{
    Functions, StoredBounds,
    store::{Found, Store, StoreError},
};
use crate::{
    front::telemetry::{LookEnd, StoreMetrics},
    invocation::VersionKey,
};

impl Functions {
    /// Times its looks into the store with these.
    #[must_use]
    pub fn measured(mut self, metrics: StoreMetrics) -> Self {
        self.store.measure(metrics);
        self
    }
}

#[derive(Debug)]
pub struct MeasuredStore {
    store: Store,
    metrics: Option<StoreMetrics>,
}

impl MeasuredStore {
    /// Not measured yet.
    pub fn unmeasured(store: Store) -> Self {
        Self {
            store,
            metrics: None,
        }
    }

    /// From now on looks are timed with these.
    pub fn measure(&mut self, metrics: StoreMetrics) {
        self.metrics = Some(metrics);
    }

    /// As [`Store::fetch`].
    ///
    /// # Errors
    /// [`StoreError`] when the store can't tell.
    pub async fn fetch(
        &self,
        key: &VersionKey,
        bounds: StoredBounds,
    ) -> Result<Option<Found>, StoreError> {
        let began = Instant::now();
        let found = self.store.fetch(key, bounds).await;
        if let Some(metrics) = &self.metrics
            && !self.store.is_built_in()
        {
            metrics.looked(began, end_of(&found));
        }
        found
    }
}

fn end_of(found: &Result<Option<Found>, StoreError>) -> LookEnd {
    match found {
        Ok(Some(_)) => LookEnd::Found,
        Ok(None) => LookEnd::Missing,
        Err(StoreError::Failed { .. }) => LookEnd::Failed,
        Err(StoreError::Slow { .. }) => LookEnd::TimedOut,
    }
}
