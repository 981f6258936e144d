//! Keeps the values of secret settings out of what goes out: each is replaced by `[redacted:NAME]`.
//!
//! Secret are the strings of an encrypted setting, also those inside its lists and maps, and its numbers of
//! six digits or more; [`secrets`] has the rules. They are found as they are, and when percent-encoded,
//! escaped as in JSON or JavaScript, in hex or in base64 at any alignment, also one in another as far as
//! [`views`] goes: the text is decoded and searched, so no way of encoding a character escapes. Where a
//! text was cut off, what is left of a secret is found as well, from four bytes on.
//!
//! What a function does to a secret itself is not undone: a secret it prints letter by letter, backwards or
//! encrypted goes out. The delivered event is the function's output and is not touched.

use std::{
    ops::Range,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;

use super::cells::{Answered, RequestTrace, SHOWN_BODY_BYTES};
use crate::invocation::{FunctionError, Outcome};

mod search;
mod secrets;
mod views;

pub use secrets::{MAX_SECRET_BYTES, Secrets};

use search::Search;
use views::View;

/// Characters of a setting's name that are shown in its place.
const SHOWN_NAME: usize = 64;

/// An excerpt is searched so much further than it goes, so that a secret across its end is known as such.
const LOOK_AHEAD: usize = 4096;

/// What stands in place of everything when it can't be searched.
const UNSEARCHABLE: &str = "[redacted]";

/// The secrets of one invocation, ready to be kept out of its texts. Made ready at the first text, which
/// an invocation that only delivers never has. Clones share it; `None` without secrets.
#[derive(Clone)]
pub struct Redactor(Option<Arc<Known>>);

struct Known {
    secrets: Secrets,
    search: OnceLock<Option<Search>>,
}

/// Prints no secret.
impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

/// A part of a text that gives a secret away.
#[derive(Clone, Debug)]
struct Spot {
    range: Range<usize>,
    /// Place of the setting's name.
    name: usize,
    /// Bytes of the secret found there.
    weight: usize,
}

impl Redactor {
    pub fn new(secrets: Secrets) -> Self {
        let known = (!secrets.is_empty()).then(|| Known {
            secrets,
            search: OnceLock::new(),
        });
        Self(known.map(Arc::new))
    }

    /// A redactor without secrets.
    pub fn none() -> Self {
        Self(None)
    }

    /// Redacts all of an invocation's end but the delivered events, and cuts bodies to what is shown of them.
    pub fn apply(&self, answered: &mut Answered) {
        for line in &mut answered.finished.logs {
            self.text(&mut line.message);
        }
        for outcome in &mut answered.finished.outcomes {
            self.outcome(outcome);
        }
        for trace in &mut answered.requests.traces {
            self.trace(trace);
        }
    }

    fn trace(&self, trace: &mut RequestTrace) {
        self.text(&mut trace.method);
        self.text(&mut trace.url);
        self.text(&mut trace.error);
        let headers = trace.request_headers.iter_mut();
        for (name, value) in headers.chain(&mut trace.response_headers) {
            self.text(name);
            self.text(value);
        }
        trace.request_body = self.excerpt(&trace.request_body, SHOWN_BODY_BYTES);
        trace.response_body = self.excerpt(&trace.response_body, SHOWN_BODY_BYTES);
    }

    /// Redacts an outcome; a delivered event stays as it is.
    pub fn outcome(&self, outcome: &mut Outcome) {
        match outcome {
            // No settings are given to what is only described.
            Outcome::Delivered(_) | Outcome::Described(_) => {}
            Outcome::Filtered { message, .. } => self.text(message),
            Outcome::Failed(error) => self.error(error),
        }
    }

    /// Redacts every text of an error.
    pub fn error(&self, error: &mut FunctionError) {
        self.text(&mut error.name);
        self.text(&mut error.message);
        self.text(&mut error.stack);
        for frame in &mut error.frames {
            self.text(&mut frame.function);
            self.text(&mut frame.file);
        }
        for violation in &mut error.violations {
            self.text(&mut violation.field);
            self.text(&mut violation.description);
        }
    }

    /// Redacts a text, such as a URL or a header's value.
    pub fn text(&self, text: &mut String) {
        let Some(known) = self.0.as_ref().filter(|_| !text.is_empty()) else {
            return;
        };
        let Some(search) = known.search() else {
            UNSEARCHABLE.clone_into(text);
            return;
        };
        let spots = spots(search, View::text(text.as_bytes()));
        if spots.is_empty() {
            return;
        }
        let whole = |range: Range<usize>| {
            text.floor_char_boundary(range.start)..text.ceil_char_boundary(range.end)
        };
        let mut redacted = String::with_capacity(text.len());
        let mut copied = 0;
        for spot in spots {
            let range = whole(spot.range);
            redacted.push_str(text.get(copied..range.start).unwrap_or_default());
            known.push_mark(&mut redacted, spot.name);
            copied = range.end;
        }
        redacted.push_str(text.get(copied..).unwrap_or_default());
        *text = redacted;
    }

    /// The first `limit` bytes of a body, redacted before they are cut off. To be given more of the body
    /// than `limit` if there is more.
    pub fn excerpt(&self, body: &Bytes, limit: usize) -> Bytes {
        let Some(known) = self.0.as_ref().filter(|_| !body.is_empty()) else {
            return body.slice(..limit.min(body.len()));
        };
        let Some(search) = known.search() else {
            return Bytes::from_static(UNSEARCHABLE.as_bytes());
        };
        let end = body.len().min(limit.saturating_add(LOOK_AHEAD));
        let seen = body.get(..end).unwrap_or_default();
        let view = match body.len() > limit {
            true => View::cut_text(seen),
            false => View::text(seen),
        };
        let mut redacted = Vec::with_capacity(seen.len());
        let mut copied = 0;
        for spot in spots(search, view) {
            redacted.extend_from_slice(seen.get(copied..spot.range.start).unwrap_or_default());
            let mut mark = String::new();
            known.push_mark(&mut mark, spot.name);
            redacted.extend_from_slice(mark.as_bytes());
            copied = spot.range.end;
        }
        redacted.extend_from_slice(seen.get(copied..).unwrap_or_default());
        redacted.truncate(limit);
        redacted.into()
    }
}

impl Known {
    fn search(&self) -> Option<&Search> {
        self.search
            .get_or_init(|| Search::new(&self.secrets))
            .as_ref()
    }

    fn push_mark(&self, redacted: &mut String, name: usize) {
        redacted.push_str("[redacted:");
        redacted.extend(self.secrets.name(name).chars().take(SHOWN_NAME));
        redacted.push(']');
    }
}

/// All parts of a text that give secrets away, in order and apart from one another.
fn spots(search: &Search, text: View<'_>) -> Vec<Spot> {
    let mut found = Vec::new();
    look_at(search, &text, &mut found);
    found.sort_unstable_by_key(|spot| (spot.range.start, spot.range.end));
    let mut joined: Vec<Spot> = Vec::new();
    for spot in found {
        match joined.last_mut() {
            Some(last) if touches(last, &spot) => {
                last.range.end = last.range.end.max(spot.range.end);
                if spot.weight > last.weight {
                    (last.name, last.weight) = (spot.name, spot.weight);
                }
            }
            _ => joined.push(spot),
        }
    }
    joined
}

/// Whether two spots, the first of which starts first, are to be one: they overlap, or are pieces of the
/// same secret side by side.
fn touches(first: &Spot, second: &Spot) -> bool {
    second.range.start < first.range.end
        || second.range.start == first.range.end && second.name == first.name
}

fn look_at(search: &Search, view: &View<'_>, found: &mut Vec<Spot>) {
    search.complete(view.data(), |range, name| {
        found.push(Spot {
            weight: range.len(),
            range: view.place(range),
            name,
        });
    });
    for (range, name) in search.remains(view) {
        found.push(Spot {
            weight: range.len(),
            range: view.place(range),
            name,
        });
    }
    view.decoded(search.needs(), |inner| look_at(search, &inner, found));
}

#[cfg(test)]
mod tests;
