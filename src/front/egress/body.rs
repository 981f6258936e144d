//! A response's body, read whole within its bounds.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

use super::budget::{BudgetSpent, Reservation};

/// What has come of a body.
#[derive(Debug)]
pub struct Collected {
    bytes: Vec<u8>,
    reservation: Reservation,
}

#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    #[error("over the limit")]
    TooLarge,
    #[error(transparent)]
    Budget(#[from] BudgetSpent),
    #[error(transparent)]
    Broken(#[from] hyper::Error),
}

impl Collected {
    pub fn new(reservation: Reservation) -> Self {
        Self {
            bytes: Vec::new(),
            reservation,
        }
    }

    /// Reads `body` to its end, which must come within `limit` bytes. What came before an error stays.
    ///
    /// # Errors
    /// [`CollectError`] when it is too large or breaks off.
    pub async fn collect(&mut self, mut body: Incoming, limit: u64) -> Result<(), CollectError> {
        if body.size_hint().lower() > limit {
            return Err(CollectError::TooLarge);
        }
        while let Some(frame) = body.frame().await {
            // Trailers are nothing a function gets to see.
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            if (self.bytes.len() + data.len()) as u64 > limit {
                return Err(CollectError::TooLarge);
            }
            self.reservation.grow(data.len())?;
            self.bytes.extend_from_slice(&data);
        }
        Ok(())
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// An empty reservation for what these bytes are decoded into.
    pub fn another_reservation(&self) -> Reservation {
        self.reservation.another()
    }

    pub fn into_bytes(self) -> Bytes {
        self.reservation.hold(self.bytes)
    }
}
