//! A source as text to be shown: its lines, as V8 counts them in the places it tells, and its characters.

/// The line of that number, from 1, without its end; `None` beyond the last.
pub fn line(text: &str, number: u32) -> Option<&str> {
    let before = usize::try_from(number).ok()?.checked_sub(1)?;
    lines(text).nth(before)
}

/// All lines; after an end of line there is always another, be it empty. Ends are LF, CR, CR LF and Unicode's
/// two separators.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.find(['\n', '\r', '\u{2028}', '\u{2029}']);
        let Some(end) = end else {
            rest = None;
            return Some(text);
        };
        let (line, tail) = text.split_at(end);
        let length = match tail.as_bytes() {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => '\u{2028}'.len_utf8(),
        };
        rest = tail.get(length..);
        Some(line)
    })
}

/// The first `most` bytes. What is cut off is marked, as the redactor wants it.
pub fn shortened(text: &str, most: usize) -> String {
    match text.get(..text.floor_char_boundary(most)) {
        Some(kept) if kept.len() < text.len() => format!("{kept}…"),
        _ => text.to_owned(),
    }
}

/// What is shown for a character. Control characters would act on a terminal, others write backwards or take no
/// room and hide: they become U+FFFD. Tabs stay.
pub fn printable(letter: char) -> char {
    let hides = matches!(
        letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{e0000}'..='\u{e007f}'
    );
    match hides || (letter.is_control() && letter != '\t') {
        true => char::REPLACEMENT_CHARACTER,
        false => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_in_javascript() {
        #[track_caller]
        fn check(text: &str, expect: &[&str]) {
            assert_eq!(lines(text).collect::<Vec<_>>(), expect, "{text:?}");
        }
        check("", &[""]);
        check("a", &["a"]);
        check("a\n", &["a", ""]);
        check("a\r\nb\rc\n\nd", &["a", "b", "c", "", "d"]);
        check("a\u{2028}b\u{2029}ü", &["a", "b", "ü"]);
        check("\r\n", &["", ""]);
    }

    #[test]
    fn a_line_is_found_by_its_number() {
        assert_eq!(line("a\nb", 2), Some("b"));
        for none in [0, 3, u32::MAX] {
            assert_eq!(line("a\nb", none), None);
        }
    }
}
