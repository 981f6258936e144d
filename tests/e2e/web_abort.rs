//! `AbortController`, `AbortSignal`, `Event` and `EventTarget`, by a table of facts.

use crate::facts::hold;

#[test]
fn signals_and_events_are_as_the_table_says() {
    hold(include_str!("facts/web_abort.txt"));
}
