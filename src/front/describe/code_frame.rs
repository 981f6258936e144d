//! The lines around a place in a file, with the place marked.
//!
//! ```text
//!   1 | function onTrack(event) {
//! > 2 |   return event event
//!     |                ^
//!   3 | }
//! ```

use std::{fmt::Write, iter};

use unicode_width::UnicodeWidthChar;

use crate::source_text::printable;

/// Lines shown before and after the one of the place.
const AROUND: u32 = 2;

/// Characters shown of a line.
const WIDTH: usize = 100;

/// Where in a long line the place is shown.
const SHOWN_AT: usize = 60;

/// The frame for a place, both numbers from 1 and columns in characters. Lines that are too long are cut around
/// the column, and what a terminal would not show is U+FFFD. Empty when there is no such line.
pub fn draw<'t>(lines: impl Iterator<Item = &'t str>, line: u32, column: usize) -> String {
    let first = line.saturating_sub(AROUND).max(1);
    let last = line.saturating_add(AROUND);
    let lines = (1..=last)
        .zip(lines)
        .skip_while(|(number, _)| *number < first);
    let lines: Vec<_> = lines.collect();
    if !lines.iter().any(|(number, _)| *number == line) {
        return String::new();
    }
    let last = lines.last().map_or(line, |(number, _)| *number);
    let digits = last.to_string().len();
    let from = match column {
        near if near <= WIDTH => 0,
        far => far - SHOWN_AT,
    };
    let mut frame = String::new();
    for (number, text) in lines {
        let shown = excerpt(text, from);
        let marker = if number == line { '>' } else { ' ' };
        let _ = write!(frame, "{marker} {number:digits$} |");
        push_after_space(&mut frame, &shown);
        if number == line {
            let _ = write!(frame, "\n  {:digits$} |", "");
            push_after_space(
                &mut frame,
                &pointer(&shown, column.saturating_sub(from + 1)),
            );
        }
        if number != last {
            frame.push('\n');
        }
    }
    frame
}

fn push_after_space(frame: &mut String, text: &str) {
    if !text.is_empty() {
        frame.push(' ');
        frame.push_str(text);
    }
}

/// At most [`WIDTH`] characters, with an ellipsis in place of the first and last where there are more.
fn excerpt(line: &str, from: usize) -> String {
    let mut letters = line.chars().skip(from);
    let mut shown: Vec<_> = letters.by_ref().take(WIDTH).map(printable).collect();
    if letters.next().is_some() {
        shown.pop();
        shown.push('…');
    }
    if from > 0 && !line.is_empty() {
        match shown.first_mut() {
            Some(first) => *first = '…',
            None => shown.push('…'),
        }
    }
    shown.into_iter().collect()
}

/// A caret under a character. Before it is room as wide as the text over it; tabs stay, since their width is the
/// reader's.
fn pointer(shown: &str, before: usize) -> String {
    let over = shown.chars().chain(iter::repeat(' '));
    let mut pointer = String::new();
    for letter in over.take(before) {
        match letter {
            '\t' => pointer.push('\t'),
            other => pointer.extend(iter::repeat_n(' ', other.width().unwrap_or(0))),
        }
    }
    pointer.push('^');
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, line: u32, column: usize, expect: &str) {
        let frame = draw(text.split('\n'), line, column);
        assert_eq!(frame, expect, "\n{frame}\n");
    }

    #[test]
    fn two_lines_around_the_place() {
        let text = "a\nb\nc\nd\n\nf\ng";
        check(
            text,
            4,
            1,
            "  2 | b\n  3 | c\n> 4 | d\n    | ^\n  5 |\n  6 | f",
        );
        check(text, 1, 2, "> 1 | a\n    |  ^\n  2 | b\n  3 | c");
        check(text, 7, 1, "  5 |\n  6 | f\n> 7 | g\n    | ^");
        check("", 1, 1, "> 1 |\n    | ^");
        check("x", 2, 1, "");
        check("x", 0, 1, "");
    }

    #[test]
    fn numbers_are_aligned_and_tabs_kept() {
        let text = "\n".repeat(8) + "i\n\tj\nk";
        check(
            &text,
            10,
            2,
            "   8 |\n   9 | i\n> 10 | \tj\n     | \t^\n  11 | k",
        );
    }

    #[test]
    fn long_lines_are_cut_around_the_column() {
        let long = format!("{}!{}", "x".repeat(5000), "y".repeat(5000));
        let frame = draw([&*long, "short", ""].into_iter(), 1, 5001);
        let lines: Vec<_> = frame.lines().collect();
        let [marked, caret, "  2 | …", "  3 |"] = lines[..] else {
            panic!("{frame}");
        };
        assert_eq!(marked.chars().count(), "> 1 | ".len() + WIDTH);
        let at = caret.find('^').unwrap();
        assert_eq!(marked.chars().nth(at), Some('!'), "{frame}");
        assert!(
            marked.contains(" | …x") && marked.ends_with("y…"),
            "{frame}"
        );
        let frame = draw([&*long].into_iter(), 1, 1);
        assert!(
            frame.starts_with("> 1 | xx") && frame.contains("x…\n"),
            "{frame}"
        );
    }

    #[test]
    fn what_would_act_on_a_terminal_is_not_printed() {
        check(
            "\u{1b}[2J\u{202e}\u{200b}é",
            1,
            7,
            "> 1 | \u{fffd}[2J\u{fffd}\u{fffd}é\n    |       ^",
        );
    }

    #[test]
    fn the_caret_stands_below_wide_and_combined_characters() {
        check("日本 x", 1, 4, "> 1 | 日本 x\n    |      ^");
        check("😀x", 1, 2, "> 1 | 😀x\n    |   ^");
        check("e\u{301}x", 1, 3, "> 1 | e\u{301}x\n    |  ^");
    }
}
