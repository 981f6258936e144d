//! The choice of an executor for a call: by the function's key, or in turn. No network here.

use sha2::{Digest, Sha256};

/// An executor's load may be above the mean of all by a quarter before it is passed over, the bound of
/// "Consistent Hashing with Bounded Loads" (Mirrokni, Thorup, Zadimoghaddam): lower spreads better, higher keeps
/// more calls warm.
const OVER_MEAN: f64 = 1.25;

/// An executor that takes calls, as the choice sees it.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    pub address: &'a str,
    /// Calls of ours under way there.
    pub load: usize,
}

/// Rendezvous hashing: every executor draws a number for the key, and the highest wins. All routers that know the
/// same executors agree without a word between them, and an executor that comes or goes moves only its own share
/// of the keys: one in N.
///
/// A key that is too busy for one executor spills to its next choices: an executor is passed over when its load is
/// at `spill_at` and over the mean by a quarter. Below `spill_at` warmth is worth more than an even spread.
pub fn by_key(key: &str, candidates: &[Candidate], spill_at: usize) -> Option<usize> {
    let total: usize = candidates.iter().map(|candidate| candidate.load).sum();
    let mean = (total + 1) as f64 / candidates.len() as f64;
    let bound = spill_at.max((mean * OVER_MEAN).ceil() as usize);
    let places = 0..candidates.len();
    // Someone is always under the mean, so under the bound: there is a choice unless there is nobody.
    places.max_by_key(|place| {
        let candidate = &candidates[*place];
        (candidate.load < bound, draw(key, candidate.address))
    })
}

/// Each in turn, whatever the key.
pub fn in_turn(turn: usize, candidates: &[Candidate]) -> Option<usize> {
    turn.checked_rem(candidates.len())
}

/// A digest rather than a hash of the standard library: routers in other languages, and of other builds, have to
/// draw the same. It costs under a microsecond; who has hundreds of executors keeps the draws of a key.
fn draw(key: &str, address: &str) -> u64 {
    let digest = Sha256::new()
        .chain_update(key)
        // So that "a" on "bc" is not "ab" on "c".
        .chain_update([0])
        .chain_update(address)
        .finalize();
    digest
        .iter()
        .take(8)
        .fold(0, |draw, byte| draw << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESSES: [&str; 4] = [
        "10.0.0.1:50051",
        "10.0.0.2:50051",
        "10.0.0.3:50051",
        "10.0.0.4:50051",
    ];

    fn candidates<const N: usize>(loads: [usize; N]) -> Vec<Candidate<'static>> {
        let each = ADDRESSES.into_iter().zip(loads);
        each.map(|(address, load)| Candidate { address, load })
            .collect()
    }

    fn keys() -> impl Iterator<Item = String> {
        (0..4_000).map(|n| format!("function-{n}@1#copy"))
    }

    fn home(key: &str, candidates: &[Candidate]) -> &'static str {
        let place = by_key(key, candidates, 64).expect("there are some");
        ADDRESSES[place]
    }

    #[test]
    fn draws_are_the_same_in_every_build() {
        // `printf 'hello@1\x00127.0.0.1:50051' | sha256sum` begins like this.
        assert_eq!(draw("hello@1", "127.0.0.1:50051"), 0x067e_7873_e15b_0263);
    }

    #[test]
    fn keys_spread_evenly() {
        let all = candidates([0; 4]);
        for address in ADDRESSES {
            let share = keys().filter(|key| home(key, &all) == address).count();
            assert!((850..1_150).contains(&share), "{address}: {share} of 4000");
        }
    }

    #[test]
    fn an_executor_that_goes_moves_its_own_keys_only() {
        let (all, fewer) = (candidates([0; 4]), candidates([0; 3]));
        for key in keys() {
            let before = home(&key, &all);
            if before != ADDRESSES[3] {
                assert_eq!(home(&key, &fewer), before, "{key}");
            }
        }
    }

    /// Whether a key stays at home, the first, under these loads.
    fn check<const N: usize>(loads: [usize; N], stays: bool) {
        let idle = candidates([0; N]);
        let key = keys()
            .find(|key| home(key, &idle) == ADDRESSES[0])
            .expect("some");
        let found = home(&key, &candidates(loads));
        assert_eq!(found == ADDRESSES[0], stays, "{loads:?}: {found}");
    }

    #[test]
    fn a_busy_key_spills_within_bounds() {
        check([63, 0, 0, 0], true);
        check([64, 0, 0, 0], false);
        check([64, 64, 64, 64], true);
        check([110, 100, 100, 100], true);
        check([140, 100, 100, 100], false);
        check([1_000], true);
    }

    #[test]
    fn nobody_is_no_choice() {
        assert_eq!(by_key("key", &[], 64), None);
        assert_eq!(in_turn(7, &[]), None);
    }

    #[test]
    fn turns_go_round() {
        let all = candidates([0, 9, 0]);
        let turns: Vec<_> = (0..6).filter_map(|turn| in_turn(turn, &all)).collect();
        assert_eq!(turns, [0, 1, 2, 0, 1, 2]);
    }
}
