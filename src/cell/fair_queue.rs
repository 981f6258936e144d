//! A queue of many lines, one for each key, served in turn: however long one line is, another waits for no more
//! than one of it.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    hash::Hash,
};

/// Every step is one look into a map and two moves at ends. A key without anything in line is not kept.
#[derive(Debug)]
pub struct FairQueue<K, T> {
    lines: HashMap<K, VecDeque<T>>,
    /// The keys of the lines: the first is served next.
    turns: VecDeque<K>,
}

impl<K: Clone + Eq + Hash, T> FairQueue<K, T> {
    pub fn new() -> Self {
        Self {
            lines: HashMap::new(),
            turns: VecDeque::new(),
        }
    }

    /// Whether nothing is in line.
    pub fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// Puts something at the end of its key's line.
    pub fn push(&mut self, key: K, item: T) {
        match self.lines.entry(key) {
            Entry::Occupied(mut line) => line.get_mut().push_back(item),
            Entry::Vacant(line) => {
                self.turns.push_back(line.key().clone());
                line.insert(VecDeque::from([item]));
            }
        }
    }

    /// Takes the first of the line whose turn it is; that line is served again after all others.
    pub fn pop(&mut self) -> Option<T> {
        let Entry::Occupied(mut line) = self.lines.entry(self.turns.pop_front()?) else {
            return None;
        };
        let item = line.get_mut().pop_front();
        if line.get().is_empty() {
            line.remove();
        } else {
            self.turns.push_back(line.key().clone());
        }
        item
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_served_in_turn_and_each_in_order() {
        #[track_caller]
        fn check(pushed: &str, expect: &str) {
            let mut queue = FairQueue::new();
            for (at, key) in pushed.chars().enumerate() {
                queue.push(key, (key, at));
            }
            let popped: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
            let keys: String = popped.iter().map(|(key, _)| *key).collect();
            assert_eq!(keys, expect, "{pushed}");
            for key in expect.chars() {
                let of_key = popped.iter().filter(|(other, _)| *other == key);
                assert!(of_key.map(|(_, at)| at).is_sorted(), "{pushed}: {key}");
            }
            assert!(queue.lines.is_empty() && queue.turns.is_empty());
        }
        check("", "");
        check("aaa", "aaa");
        check("aaaab", "abaaa");
        check("aaabbc", "abcaba");
    }

    #[test]
    fn a_newcomer_waits_for_one_of_each_other_line() {
        let mut queue = FairQueue::new();
        for number in 0..1000 {
            queue.push(number % 2, number);
        }
        assert_eq!(queue.pop(), Some(0));
        queue.push(7, 7000);
        let popped: Vec<_> = (0..4).filter_map(|_| queue.pop()).collect();
        assert_eq!(popped, [1, 2, 7000, 3]);
    }
}
