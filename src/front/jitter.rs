//! Spreads times, so that those who were told the same moment do not all come at it.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// From half of a time to one and a half of it, each as likely.
pub fn around(time: Duration) -> Duration {
    between(time.mul_f64(0.5), time.mul_f64(1.5))
}

/// From a tenth less than a time to a tenth more.
pub fn near(time: Duration) -> Duration {
    between(time.mul_f64(0.9), time.mul_f64(1.1))
}

fn between(shortest: Duration, longest: Duration) -> Duration {
    // Its keys are random, and others each time.
    let drawn = RandomState::new().hash_one(());
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
