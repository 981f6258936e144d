//! The search for secrets in what has been decoded already.

use std::{collections::HashMap, ops::Range, sync::OnceLock};

use aho_corasick::{
    Anchored,
    automaton::{Automaton, StateID},
    nfa::contiguous::NFA,
};

use super::{
    secrets::{MIN_BYTES, Secrets},
    views::{Needs, View},
};

/// What is left of a secret where a text was cut off is known by pieces of this length.
const PIECE: usize = MIN_BYTES;

/// Bytes of an excerpt in one of V8's errors: 20 UTF-16 units.
const LONGEST_EXCERPT: usize = 60;

type Piece = [u8; PIECE];

/// The secrets of an invocation in a form that finds them.
pub struct Search {
    automaton: NFA,
    start: StateID,
    /// Length and setting of each secret, by its pattern's number.
    patterns: Vec<(usize, usize)>,
    /// Every piece of every secret, with its setting; made at the first cut.
    pieces: OnceLock<HashMap<Piece, usize>>,
    texts: Vec<(Box<[u8]>, usize)>,
    needs: Needs,
}

impl Search {
    /// `None` when the secrets are more than can be searched for.
    pub fn new(secrets: &Secrets) -> Option<Self> {
        let texts: Vec<(Box<[u8]>, usize)> = secrets
            .texts()
            .iter()
            .map(|secret| (secret.text.as_bytes().into(), secret.name))
            .collect();
        let automaton = NFA::new(texts.iter().map(|(text, _)| text)).ok()?;
        let needs = Needs {
            shortest: texts.iter().map(|(text, _)| text.len()).min()?,
            piece: PIECE,
            spaces: texts.iter().any(|(text, _)| text.contains(&b' ')),
        };
        Some(Self {
            start: automaton.start_state(Anchored::No).ok()?,
            automaton,
            patterns: texts
                .iter()
                .map(|(text, name)| (text.len(), *name))
                .collect(),
            pieces: OnceLock::new(),
            texts,
            needs,
        })
    }

    /// What a decoded text must have to be worth a look.
    pub fn needs(&self) -> Needs {
        self.needs
    }

    /// Tells, for each place where secrets end, the longest of them. So one that overlaps another is
    /// told, too, and the cost is that of the bytes, however the secrets are made.
    pub fn complete(&self, data: &[u8], mut found: impl FnMut(Range<usize>, usize)) {
        let mut state = self.start;
        for (place, &byte) in data.iter().enumerate() {
            state = self.automaton.next_state(Anchored::No, state, byte);
            if !self.automaton.is_match(state) {
                continue;
            }
            // The first pattern of a state is the one that is its whole path, the others are its suffixes.
            let pattern = self.automaton.match_pattern(state, 0);
            if let Some(&(length, name)) = self.patterns.get(pattern.as_usize()) {
                let end = place + 1;
                found(end.saturating_sub(length)..end, name);
            }
        }
    }

    /// What is left of secrets beside the places where the text was cut: the longest stretch there that has
    /// nothing but pieces of secrets in it.
    pub fn remains(&self, view: &View<'_>) -> Vec<(Range<usize>, usize)> {
        let mut found = Vec::new();
        let mut searched = 0;
        for &end in view.cut_ends() {
            found.extend(self.tail(view.data(), searched, end));
            searched = end;
        }
        for start in view.cut_starts() {
            found.extend(self.head(view.data(), start));
        }
        found
    }

    fn tail(&self, data: &[u8], from: usize, end: usize) -> Option<(Range<usize>, usize)> {
        let before = data.get(from..end)?;
        let left = |before: &[u8]| {
            let pieces = before.windows(PIECE).rev();
            let names: Vec<_> = pieces.map_while(|piece| self.piece(piece)).collect();
            let start = before
                .len()
                .checked_sub(PIECE + names.len().checked_sub(1)?)?;
            Some((from + start..end, *names.first()?))
        };
        left(before).or_else(|| left(without_cut_escape(before)?))
    }

    fn head(&self, data: &[u8], start: usize) -> Option<(Range<usize>, usize)> {
        let after = data.get(start..)?;
        let after = after.get(..LONGEST_EXCERPT).unwrap_or(after);
        let pieces = after.windows(PIECE);
        let names: Vec<_> = pieces.map_while(|piece| self.piece(piece)).collect();
        let length = PIECE + names.len().checked_sub(1)?;
        Some((start..start + length, *names.first()?))
    }

    fn piece(&self, piece: &[u8]) -> Option<usize> {
        let pieces = self.pieces.get_or_init(|| {
            let mut pieces = HashMap::new();
            for (text, name) in &self.texts {
                for piece in text.array_windows::<PIECE>() {
                    pieces.entry(*piece).or_insert(*name);
                }
            }
            pieces
        });
        pieces.get(piece).copied()
    }
}

/// A text without the half of an escape at its end, such as `%4` or `\u00`.
fn without_cut_escape(text: &[u8]) -> Option<&[u8]> {
    const LONGEST: usize = 5;
    let from = text.len().saturating_sub(LONGEST);
    let half = text.get(from..)?;
    let start = half.iter().rposition(|byte| matches!(byte, b'%' | b'\\'))?;
    text.get(..from + start)
}
