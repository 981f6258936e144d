//! When to try again: randomized, exponential, and not for ever.

use std::time::Duration;

/// How long to wait between the tries of one delivery.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The step before the first retry; it doubles from one to the next.
    pub first: Duration,
    /// The longest step.
    pub longest: Duration,
    /// From the first try on; what has not succeeded by then is given up.
    pub give_up_after: Duration,
}

impl Backoff {
    /// The wait before the next try, after `tries` that failed and `elapsed` since the first of them. Nothing when
    /// the delivery has to be given up.
    ///
    /// What the function or the executor asked for is a lower bound. Half of the step is random: events that failed
    /// together, as all do when their destination is down, must not come back together.
    pub fn wait(&self, tries: u32, elapsed: Duration, asked: Option<Duration>) -> Option<Duration> {
        let half = self.step(tries) / 2;
        let wait = asked.unwrap_or_default().max(half) + half.mul_f64(fastrand::f64());
        (elapsed + wait <= self.give_up_after).then_some(wait)
    }

    fn step(&self, tries: u32) -> Duration {
        let doublings = tries.saturating_sub(1).min(31);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff {
        first: Duration::from_millis(500),
        longest: Duration::from_mins(5),
        give_up_after: Duration::from_hours(4),
    };
    const MS: Duration = Duration::from_millis(1);

    /// Every wait is within these milliseconds, and they are not all the same.
    fn check(tries: u32, asked_ms: Option<u32>, expected: std::ops::RangeInclusive<u32>) {
        let asked = asked_ms.map(|asked| MS * asked);
        let waits: Vec<_> = (0..100)
            .map(|_| BACKOFF.wait(tries, Duration::ZERO, asked).unwrap())
            .collect();
        let within = MS * *expected.start()..=MS * *expected.end();
        let all = waits.iter().all(|wait| within.contains(wait));
        assert!(all, "{tries} tries, asked for {asked_ms:?}: {waits:?}");
        assert!(waits.iter().any(|wait| *wait != waits[0]), "{waits:?}");
    }

    #[test]
    fn waits_double_up_to_the_longest_and_are_random_by_half() {
        check(1, None, 250..=500);
        check(2, None, 500..=1_000);
        check(5, None, 4_000..=8_000);
        check(20, None, 150_000..=300_000);
        check(u32::MAX, None, 150_000..=300_000);
    }

    #[test]
    fn what_was_asked_for_is_a_lower_bound() {
        check(1, Some(100), 250..=500);
        check(1, Some(3_000), 3_000..=3_250);
        check(20, Some(3_600_000), 3_600_000..=3_750_000);
    }

    #[test]
    fn after_four_hours_it_is_given_up() {
        let hours = Duration::from_hours;
        let wait = |elapsed, asked| BACKOFF.wait(60, elapsed, asked);
        assert!(wait(hours(3), None).is_some());
        assert_eq!(wait(hours(4), None), None);
        assert_eq!(
            wait(Duration::ZERO, Some(hours(5))),
            None,
            "it would be later"
        );
    }
}
