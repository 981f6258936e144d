//! Versions that keep costing cells are not run for a while, each time for longer.

use std::{
    collections::VecDeque,
    fmt::Debug,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime},
};

use dashmap::DashMap;

use super::audit::{Audit, Event};
use crate::invocation::{ErrorCode, FunctionError, VersionKey};

/// Cells a version may cost in [`WINDOW`] before it is quarantined.
const STRIKES: usize = 3;

const WINDOW: Duration = Duration::from_mins(10);

/// The first quarantine; each further one is twice as long, up to the longest.
const FIRST_TERM: Duration = Duration::from_mins(1);
const LONGEST_TERM: Duration = Duration::from_hours(1);

/// Records kept; more versions than this at fault at once would be more than cells there are.
const MAX_RECORDS: usize = 10_000;

/// What is known of the versions that have cost cells.
#[derive(Debug, Default)]
pub struct Quarantine {
    records: DashMap<VersionKey, Record>,
    /// Whether there are any: asked for every invocation, and mostly there are none.
    any: AtomicBool,
    strikes: AtomicU64,
    audit: Audit,
}

#[derive(Debug, Default)]
struct Record {
    /// When it cost a cell, the oldest first; at most [`STRIKES`].
    strikes: VecDeque<Instant>,
    /// Quarantines so far.
    terms: u32,
    until: Option<Instant>,
}

impl Quarantine {
    /// One that tells an audit log whom it holds.
    pub fn audited(audit: Audit) -> Self {
        Self {
            audit,
            ..Self::default()
        }
    }

    /// A version has cost a cell.
    pub fn strike(&self, version: &VersionKey) {
        self.strike_at(version, Instant::now());
    }

    /// The error for a version that is not run at the moment.
    pub fn check(&self, version: &VersionKey) -> Option<FunctionError> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        self.left_at(version, Instant::now())
            .map(|left| error(version, left))
    }

    /// Versions that are not run at the moment.
    pub fn len(&self) -> usize {
        let now = Instant::now();
        self.records
            .iter()
            .filter(|record| record.until.is_some_and(|until| until > now))
            .count()
    }

    /// Cells that versions have cost so far.
    pub fn strikes(&self) -> u64 {
        self.strikes.load(Ordering::Relaxed)
    }

    /// Whether every version is run.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn strike_at(&self, version: &VersionKey, now: Instant) {
        if self.records.len() >= MAX_RECORDS {
            self.records.retain(|_, record| record.is_fresh(now));
        }
        self.any.store(true, Ordering::Release);
        self.strikes.fetch_add(1, Ordering::Relaxed);
        let mut record = self.records.entry(version.clone()).or_default();
        record.strikes.push_back(now);
        record
            .strikes
            .retain(|&strike| now.saturating_duration_since(strike) <= WINDOW);
        if record.strikes.len() >= STRIKES {
            let term = FIRST_TERM
                .saturating_mul(1 << record.terms.min(16))
                .min(LONGEST_TERM);
            record.terms += 1;
            record.strikes.clear();
            record.until = Some(now + term);
            tracing::warn!(%version, seconds = term.as_secs(), "quarantined");
            self.audit
                .record(&Event::quarantined(version, STRIKES, term));
        }
    }

    /// How long the version is still not run.
    fn left_at(&self, version: &VersionKey, now: Instant) -> Option<Duration> {
        let until = self.records.get(version)?.until?;
        until
            .checked_duration_since(now)
            .filter(|left| !left.is_zero())
    }
}

impl Record {
    /// Whether there is anything to remember: a recent strike, or a quarantine that would grow.
    fn is_fresh(&self, now: Instant) -> bool {
        let recent = |at: Instant| now.saturating_duration_since(at) <= WINDOW;
        self.strikes.back().is_some_and(|&strike| recent(strike)) || self.until.is_some_and(recent)
    }
}

fn error(version: &VersionKey, left: Duration) -> FunctionError {
    let until = humantime::format_rfc3339_seconds(SystemTime::now() + left);
    let message = format!(
        "function {version} has cost {STRIKES} processes within {} minutes and is not run until {until}",
        WINDOW.as_secs() / 60
    );
    FunctionError {
        retry_after: Some(left),
        ..FunctionError::new(ErrorCode::Quarantined, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(id: &str) -> VersionKey {
        VersionKey {
            function_id: id.into(),
            version: "1".into(),
        }
    }

    #[test]
    fn three_strikes_within_the_window_quarantine_for_a_growing_time() {
        let (quarantine, bad) = (Quarantine::default(), version("bad"));
        let start = Instant::now();
        let strike = |after| quarantine.strike_at(&bad, start + after);
        let left = |after| quarantine.left_at(&bad, start + after);
        strike(Duration::ZERO);
        strike(Duration::from_secs(1));
        assert_eq!(left(Duration::from_secs(1)), None);
        strike(Duration::from_secs(2));
        assert_eq!(left(Duration::from_secs(2)), Some(FIRST_TERM));
        assert_eq!(left(Duration::from_secs(2) + FIRST_TERM), None);
        let later = Duration::from_secs(100);
        for _ in 0..STRIKES {
            strike(later);
        }
        assert_eq!(left(later), Some(FIRST_TERM * 2));
        assert_eq!(quarantine.left_at(&version("good"), start), None);
    }

    #[test]
    fn strikes_outside_of_the_window_do_not_count() {
        let (quarantine, bad) = (Quarantine::default(), version("bad"));
        let start = Instant::now();
        for number in 0..10 {
            quarantine.strike_at(&bad, start + WINDOW * number);
        }
        assert_eq!(quarantine.left_at(&bad, start + WINDOW * 9), None);
    }

    #[test]
    fn the_error_says_until_when() {
        let quarantine = Quarantine::default();
        for _ in 0..STRIKES {
            assert_eq!(quarantine.check(&version("bad")), None);
            quarantine.strike(&version("bad"));
        }
        let error = quarantine.check(&version("bad")).unwrap();
        assert_eq!(error.code, ErrorCode::Quarantined);
        assert!(
            error.message.contains("is not run until 2"),
            "{}",
            error.message
        );
        assert_eq!((quarantine.len(), quarantine.strikes()), (1, 3));
    }
}
