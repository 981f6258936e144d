//! The outgoing requests of the invocation that holds the isolate: how many there were, which are under way.

use std::collections::HashSet;

use bytes::Bytes;

use crate::{
    cell::outbox::Outbox,
    invocation::{LimitExceeded, Place},
    wire::{CancelFetch, Fetch, FetchTaken, MAX_REQUEST_BODY_BYTES, MAX_REQUEST_HEAD_BYTES},
};

#[derive(Debug)]
pub struct Fetches {
    outbox: Outbox,
    invocation: u64,
    most: u32,
    started: u32,
    handling: Handling,
    under_way: HashSet<u64>,
    /// Of the response that is being handed over.
    pub body: Bytes,
}

/// What becomes of the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Handling {
    Made,
    /// None is made, and none answered. The first was asked for at this place, once that is known.
    Withheld(Option<Place>),
}

/// A request that is not made. The function gets a `RangeError`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFetched {
    #[error(
        "the invocation passed the {} limit of {} {} (knob {})",
        .0.name, .0.value, .0.unit, .0.knob
    )]
    TooMany(LimitExceeded),
    #[error("the body of a request has {bytes} bytes, over the limit of {MAX_REQUEST_BODY_BYTES}")]
    LargeBody { bytes: usize },
    #[error(
        "the method, URL and headers of a request are over the limit of {MAX_REQUEST_HEAD_BYTES} bytes"
    )]
    LargeHead,
}

impl Fetches {
    /// For one invocation, which may make `most` requests.
    pub fn new(outbox: Outbox, invocation: u64, most: u32) -> Self {
        Self {
            outbox,
            invocation,
            most,
            started: 0,
            handling: Handling::Made,
            under_way: HashSet::new(),
            body: Bytes::new(),
        }
    }

    /// For a source that is only described: its requests are counted, never made, and never answered.
    pub fn withheld(outbox: Outbox, invocation: u64, most: u32) -> Self {
        Self {
            handling: Handling::Withheld(None),
            ..Self::new(outbox, invocation, most)
        }
    }

    /// Whether the last request that was started is the first one withheld, so that its place is of interest.
    pub fn wants_place(&self) -> bool {
        self.handling == Handling::Withheld(None) && self.started == 1
    }

    pub fn note_place(&mut self, place: Place) {
        self.handling = Handling::Withheld(Some(place));
    }

    /// How many requests were withheld, and where the first was asked for.
    pub fn withheld_so_far(&self) -> (u32, Option<Place>) {
        match self.handling {
            Handling::Made => (0, None),
            Handling::Withheld(place) => (self.started, place),
        }
    }

    /// Has the front make a request and returns its number; waits while the front does not read. Redirects
    /// are counted there.
    ///
    /// # Errors
    /// [`NotFetched`] when the invocation has made as many as it may, or the body is too large.
    pub fn start(&mut self, fetch: Fetch) -> Result<u64, NotFetched> {
        if self.started >= self.most {
            return Err(NotFetched::TooMany(LimitExceeded::requests(self.most)));
        }
        let bytes = fetch.body.len();
        if bytes > MAX_REQUEST_BODY_BYTES {
            return Err(NotFetched::LargeBody { bytes });
        }
        self.started += 1;
        let id = self.started.into();
        if matches!(self.handling, Handling::Withheld(_)) {
            return Ok(id);
        }
        self.under_way.insert(id);
        self.outbox.fetch(Fetch {
            invocation: self.invocation,
            id,
            ..fetch
        });
        Ok(id)
    }

    /// Nobody waits for the request any more.
    pub fn cancel(&mut self, id: u64) {
        if self.under_way.remove(&id) {
            self.outbox.cancel_fetch(CancelFetch {
                invocation: self.invocation,
                id,
            });
        }
    }

    /// Notes that a request has come to its end; false when nobody waits for it. Either way the front need
    /// not count its bytes any longer.
    pub fn finish(&mut self, id: u64) -> bool {
        self.outbox.fetch_taken(FetchTaken {
            invocation: self.invocation,
            id,
        });
        self.under_way.remove(&id)
    }

    /// Forgets all requests and says how many were under way. The front gives them up by itself when the
    /// invocation ends.
    pub fn clear(&mut self) -> usize {
        let left = self.under_way.len();
        self.under_way.clear();
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cell::outbox::tests::{Heard, heard},
        wire::FrontFrame,
    };

    fn fetches(most: u32) -> (Fetches, Heard) {
        let (outbox, heard) = heard();
        (Fetches::new(outbox, 7, most), heard)
    }

    #[test]
    fn requests_are_numbered_and_bounded() {
        let (mut fetches, mut frames) = fetches(2);
        assert_eq!(fetches.start(Fetch::default()), Ok(1));
        assert_eq!(fetches.start(Fetch::default()), Ok(2));
        let refused = fetches.start(Fetch::default()).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the invocation passed the outgoing_requests limit of 2 requests (knob --egress-requests)"
        );
        let Some(FrontFrame::Fetch(fetch)) = frames.next() else {
            panic!("no fetch");
        };
        assert_eq!((fetch.invocation, fetch.id), (7, 1));
    }

    #[test]
    fn what_is_withheld_is_counted_and_goes_nowhere() {
        let (outbox, mut frames) = heard();
        let mut fetches = Fetches::withheld(outbox, 7, 2);
        assert!(!fetches.wants_place());
        assert_eq!(fetches.start(Fetch::default()), Ok(1));
        assert!(fetches.wants_place());
        let place = Place { line: 3, column: 1 };
        fetches.note_place(place);
        assert_eq!(fetches.start(Fetch::default()), Ok(2));
        assert!(!fetches.wants_place());
        assert!(fetches.start(Fetch::default()).is_err());
        assert_eq!(fetches.withheld_so_far(), (2, Some(place)));
        assert_eq!(fetches.clear(), 0);
        assert!(frames.next().is_none());
    }

    #[test]
    fn a_request_ends_once() {
        let (mut fetches, mut frames) = fetches(3);
        for id in 1..=3 {
            assert_eq!(fetches.start(Fetch::default()), Ok(id));
            assert!(frames.next().is_some());
        }
        for still_waits in [true, false] {
            assert_eq!(fetches.finish(1), still_waits);
            let frame = frames.next();
            assert!(matches!(frame, Some(FrontFrame::FetchTaken(taken)) if taken.id == 1));
        }
        fetches.cancel(1);
        assert!(frames.next().is_none(), "what has ended is not cancelled");
        fetches.cancel(2);
        assert!(matches!(
            frames.next(),
            Some(FrontFrame::CancelFetch(CancelFetch {
                invocation: 7,
                id: 2
            }))
        ));
        assert!(!fetches.finish(2));
        assert_eq!(fetches.clear(), 1);
    }

    #[test]
    fn a_large_body_is_refused() {
        let (mut fetches, _frames) = fetches(1);
        let body = vec![0; MAX_REQUEST_BODY_BYTES + 1].into();
        let refused = fetches.start(Fetch {
            body,
            ..Fetch::default()
        });
        assert!(matches!(refused, Err(NotFetched::LargeBody { .. })));
        assert_eq!(fetches.start(Fetch::default()), Ok(1));
    }
}
