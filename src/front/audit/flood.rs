//! Keeps refusals, which anyone can cause, to a number in a minute for each kind.

use std::{
    mem,
    time::{Duration, Instant},
};

use serde::Serialize;

use crate::lock::Lock;

/// Refusals of one kind that are told in a window; the rest is counted.
pub const MOST: u64 = 60;

const WINDOW: Duration = Duration::from_mins(1);

/// A kind of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FloodKind {
    Unauthenticated,
    PermissionDenied,
    VersionConflict,
    DigestMismatch,
}

impl FloodKind {
    pub const ALL: [Self; 4] = [
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::VersionConflict,
        Self::DigestMismatch,
    ];
}

/// What was told and what was not, by kind.
#[derive(Debug, Default)]
pub struct Floods([Lock<Flood>; FloodKind::ALL.len()]);

#[derive(Debug, Default)]
struct Flood {
    since: Option<Instant>,
    told: u64,
    suppressed: u64,
}

impl Floods {
    /// Whether one more is told; else it is counted.
    pub fn allow(&self, kind: FloodKind, now: Instant) -> bool {
        let mut flood = self.0[kind as usize].lock();
        if flood
            .since
            .is_none_or(|since| now.saturating_duration_since(since) >= WINDOW)
        {
            flood.since = Some(now);
            flood.told = 0;
        }
        let allowed = flood.told < MOST;
        match allowed {
            true => flood.told += 1,
            false => flood.suppressed += 1,
        }
        allowed
    }

    /// How many were not told in windows that are over, by kind. They count as told then.
    pub fn take_suppressed(&self, now: Instant) -> Vec<(FloodKind, u64)> {
        self.take(|flood| flood.is_to_be_told(now))
    }

    /// How many were not told so far, by kind. They count as told then.
    pub fn take_all(&self) -> Vec<(FloodKind, u64)> {
        self.take(|_| true)
    }

    fn take(&self, from: impl Fn(&Flood) -> bool) -> Vec<(FloodKind, u64)> {
        let take = |kind: FloodKind| {
            let mut flood = self.0[kind as usize].lock();
            let taken = from(&flood).then(|| mem::take(&mut flood.suppressed));
            taken.filter(|count| *count > 0).map(|count| (kind, count))
        };
        FloodKind::ALL.into_iter().filter_map(take).collect()
    }
}

impl Flood {
    /// A new window may have begun before anyone looked: what it suppresses comes with the next.
    fn is_to_be_told(&self, now: Instant) -> bool {
        let since = self.since;
        since.is_none_or(|since| now.saturating_duration_since(since) >= WINDOW) || self.told < MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_told_in_a_window_and_the_rest_is_counted() {
        let (floods, kind) = (Floods::default(), FloodKind::Unauthenticated);
        let start = Instant::now();
        let told = (0..1000).filter(|_| floods.allow(kind, start)).count();
        assert_eq!(told as u64, MOST);
        assert!(
            floods.allow(FloodKind::PermissionDenied, start),
            "kinds do not share"
        );
        assert_eq!(floods.take_suppressed(start), []);
        let later = start + WINDOW;
        assert_eq!(floods.take_suppressed(later), [(kind, 1000 - MOST)]);
        assert_eq!(floods.take_suppressed(later), []);
        assert!(floods.allow(kind, later));
        assert_eq!(floods.take_suppressed(later), []);
        assert_eq!(
            (0..MOST).filter(|_| floods.allow(kind, later)).count() as u64,
            MOST - 1
        );
        assert_eq!(floods.take_all(), [(kind, 1)]);
    }

    #[test]
    fn what_was_suppressed_is_told_also_when_the_flood_goes_on() {
        let (floods, kind) = (Floods::default(), FloodKind::VersionConflict);
        let start = Instant::now();
        for _ in 0..MOST + 5 {
            floods.allow(kind, start);
        }
        assert!(floods.allow(kind, start + WINDOW));
        assert_eq!(floods.take_suppressed(start + WINDOW), [(kind, 5)]);
    }
}
