//! Choices that repeat: by a seed, or by the bytes of a coverage-guided fuzzer for as long as they last.

/// `SplitMix64`, with a script that goes first.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
    script: std::vec::IntoIter<u8>,
}

impl Random {
    /// Neighbouring seeds give unrelated choices.
    pub fn seeded(seed: u64) -> Random {
        Random {
            state: seed,
            script: Vec::new().into_iter(),
        }
    }

    /// Takes a byte a choice, so that a small change of the script is a small change of what is made.
    pub fn scripted(script: Vec<u8>) -> Random {
        Random {
            state: 0,
            script: script.into_iter(),
        }
    }

    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to `bound`, without it; 0 when there is nothing to choose from.
    pub fn below(&mut self, bound: usize) -> usize {
        let chosen = match self.script.next() {
            Some(byte) => u64::from(byte),
            None => self.number(),
        };
        chosen.checked_rem(bound as u64).unwrap_or(0) as usize
    }

    pub fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.below(256) as u8).collect()
    }
}

#[test]
fn choices_repeat_and_a_script_goes_first() {
    let choices = |mut random: Random| [random.below(10), random.below(10), random.below(1000)];
    assert_eq!(choices(Random::seeded(1)), choices(Random::seeded(1)));
    assert_ne!(choices(Random::seeded(1)), choices(Random::seeded(2)));
    assert_eq!(choices(Random::scripted(vec![7, 13]))[..2], [7, 3]);
}
