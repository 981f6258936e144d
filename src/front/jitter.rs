//! Spreads times, so that those who were told the same moment do not all come at it.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Differs from process to process, so that many executors are spread, too.
static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);

static DRAWN: AtomicU64 = AtomicU64::new(0);

/// From half of a time to one and a half of it, each as likely.
pub fn around(time: Duration) -> Duration {
    between(time / 2, time + time / 2)
}

/// From a tenth less than a time to a tenth more.
pub fn near(time: Duration) -> Duration {
    between(time - time / 10, time + time / 10)
}

fn between(shortest: Duration, longest: Duration) -> Duration {
    let drawn = SEED.hash_one(DRAWN.fetch_add(1, Ordering::Relaxed));
    let part = f64::from((drawn >> 32) as u32) / f64::from(u32::MAX);
    shortest + longest.saturating_sub(shortest).mul_f64(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_spread_within_their_bounds() {
        let second = Duration::from_secs(1);
        let drawn: Vec<_> = (0..1000).map(|_| around(second)).collect();
        let (least, most) = (drawn.iter().min(), drawn.iter().max());
        assert!(least.is_some_and(|least| (500..600).contains(&least.as_millis())));
        assert!(most.is_some_and(|most| (1400..=1500).contains(&most.as_millis())));
        assert!((900..=1100).contains(&near(second).as_millis()));
        assert_eq!(around(Duration::ZERO), Duration::ZERO);
    }
}
