//! A glance at an event: is it surely fit to run?
//!
//! All but all events are, and telling so costs a few instructions a byte: it is the larger part of what the front does
//! for an event of a batch. What a glance does not pass is read again by who can say what is wrong with it, so nothing
//! here tells faults apart.

/// Whether `text` is a JSON object whose `type` is a string. False also where it takes more than a glance to tell: for
/// keys with escapes, and beyond [`MAX_DEPTH`].
pub fn surely_fits(text: &str) -> bool {
    let mut glance = Glance {
        text: text.as_bytes(),
        at: 0,
    };
    glance.event() == Some(TypeIs::AString)
}

/// Arrays and objects within each other, below the event: as many as the bits that tell which is which.
const MAX_DEPTH: u32 = u64::BITS;

/// Goes through a text; every step is `None` when it is not what it should be.
struct Glance<'a> {
    text: &'a [u8],
    at: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum TypeIs {
    AString,
    SomethingElse,
}

impl<'a> Glance<'a> {
    fn event(&mut self) -> Option<TypeIs> {
        self.symbol(b'{')?;
        let mut found = TypeIs::SomethingElse;
        loop {
            let key = self.key()?;
            if key.contains(&b'\\') {
                return None;
            }
            // Of equal keys the last counts, as in JSON.parse.
            if key == b"type" {
                found = match self.peek()? {
                    b'"' => TypeIs::AString,
                    _ => TypeIs::SomethingElse,
                };
            }
            self.value()?;
            match self.token()? {
                b',' => {}
                b'}' => break,
                _ => return None,
            }
        }
        self.peek().is_none().then_some(found)
    }

    /// A value with all that is in it.
    fn value(&mut self) -> Option<()> {
        let mut around = Around::default();
        loop {
            match self.token()? {
                b'"' => drop(self.string()?),
                b'{' if self.peek()? == b'}' => self.at += 1,
                b'{' => {
                    around.enter(Kind::Object)?;
                    self.key()?;
                    continue;
                }
                b'[' if self.peek()? == b']' => self.at += 1,
                b'[' => {
                    around.enter(Kind::Array)?;
                    continue;
                }
                b't' => self.word(b"rue")?,
                b'f' => self.word(b"alse")?,
                b'n' => self.word(b"ull")?,
                first => self.number(first)?,
            }
            if self.ends(&mut around)? {
                return Some(());
            }
        }
    }

    /// What may follow a value within what is around it, up to where the next one begins. True when nothing is around.
    fn ends(&mut self, around: &mut Around) -> Option<bool> {
        while let Some(kind) = around.innermost() {
            match (self.token()?, kind) {
                (b',', Kind::Array) => return Some(false),
                (b',', Kind::Object) => {
                    self.key()?;
                    return Some(false);
                }
                (b']', Kind::Array) | (b'}', Kind::Object) => around.leave(),
                _ => return None,
            }
        }
        Some(true)
    }

    /// A key as it is written, and the colon after it.
    fn key(&mut self) -> Option<&'a [u8]> {
        self.symbol(b'"')?;
        let key = self.string()?;
        self.symbol(b':')?;
        Some(key)
    }

    /// What is left of a string after its first quote, as it is written. Surrogates may be lone.
    fn string(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        loop {
            self.pass_plain_words();
            match self.next()? {
                b'"' => return self.text.get(start..self.at - 1),
                b'\\' => self.escape()?,
                0..0x20 => return None,
                // Of the last bytes of the text, which are less than a word.
                _ => {}
            }
        }
    }

    /// Goes to the next byte that ends a string, begins an escape or may not stand in one, as far as there are words.
    fn pass_plain_words(&mut self) {
        while let Some(word) = self.text.get(self.at..).and_then(<[u8]>::first_chunk) {
            let special = special_bytes(u64::from_le_bytes(*word));
            if special != 0 {
                self.at += special.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
    }

    fn escape(&mut self) -> Option<()> {
        match self.next()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let digits = self.text.get(self.at..self.at + 4)?;
                self.at += 4;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(())
            }
            _ => None,
        }
    }

    fn number(&mut self, first: u8) -> Option<()> {
        let first = match first {
            b'-' => self.next()?,
            first => first,
        };
        match first {
            b'0' => {}
            b'1'..=b'9' => self.digits(),
            _ => return None,
        }
        if self.has(b'.') {
            self.digit()?;
            self.digits();
        }
        if self.has(b'e') || self.has(b'E') {
            let _sign = self.has(b'+') || self.has(b'-');
            self.digit()?;
            self.digits();
        }
        Some(())
    }

    fn digit(&mut self) -> Option<()> {
        self.next()?.is_ascii_digit().then_some(())
    }

    fn digits(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    }

    fn word(&mut self, rest: &[u8]) -> Option<()> {
        let found = self.text.get(self.at..self.at + rest.len())?;
        self.at += rest.len();
        (found == rest).then_some(())
    }

    fn symbol(&mut self, expected: u8) -> Option<()> {
        (self.token()? == expected).then_some(())
    }

    /// The next byte that is no space.
    fn token(&mut self) -> Option<u8> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    /// The same, but it remains the next.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match *self.text.get(self.at)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    fn next(&mut self) -> Option<u8> {
        let byte = *self.text.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    /// Passes a byte, if it is the next.
    fn has(&mut self, byte: u8) -> bool {
        let has = self.text.get(self.at) == Some(&byte);
        self.at += usize::from(has);
        has
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Array,
    Object,
}

/// The arrays and objects around a value.
#[derive(Default)]
struct Around {
    /// A bit for each, set for arrays, the innermost lowest.
    arrays: u64,
    depth: u32,
}

impl Around {
    fn enter(&mut self, kind: Kind) -> Option<()> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        self.arrays = self.arrays << 1 | u64::from(matches!(kind, Kind::Array));
        Some(())
    }

    fn leave(&mut self) {
        self.depth -= 1;
        self.arrays >>= 1;
    }

    fn innermost(&self) -> Option<Kind> {
        match (self.depth, self.arrays & 1) {
            (0, _) => None,
            (_, 0) => Some(Kind::Object),
            (_, _) => Some(Kind::Array),
        }
    }
}

/// The top bit of the first byte that is a quote, a backslash or a control character. What is above it may be wrong:
/// the subtractions borrow from there.
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const TOPS: u64 = ONES << 7;
    let is_zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let quotes = is_zero(word ^ (ONES * u64::from(b'"')));
    let backslashes = is_zero(word ^ (ONES * u64::from(b'\\')));
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    (quotes | backslashes | controls) & TOPS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: bool) {
        assert_eq!(surely_fits(text), expect, "{text}");
    }

    #[test]
    fn events_of_all_forms_fit() {
        check(r#"{"type":"track"}"#, true);
        check(" {\n\"a\" : [ ] ,\t\"type\":\"\",\r\"b\":{ } } ", true);
        check(
            r#"{"a":[1,-0,10.50e-3,2E+7,0.1],"b":[true,false,null,{"type":[{}]}],"type":"x"}"#,
            true,
        );
        check(r#"{"type":1,"type":"page"}"#, true);
        check(
            r#"{"é":"\"\\\/\b\f\n\r\t\u00e9\ud800","type":"été, 夏, 🌞"}"#,
            true,
        );
    }

    #[test]
    fn faults_do_not() {
        const FAULTY: &str = r#" | { | {} | [] | null | {"type":7} | {"type":"page","type":null} | {"Type":"page"}
            | {"type":"page",} | {"type":"page"}} | {"type":"page"} {} | {"type" "page"} | {type:"page"} | {"type":"page"
            | {"type":"page"#;
        for fault in FAULTY.split(" | ") {
            check(fault, false);
        }
    }

    #[test]
    fn values_are_checked_to_the_letter() {
        const FAULTY: &str = r#"01 | - | 1. | .5 | +1 | 1e | 1e+ | 0x1 | - 1 | nul | nulL | True | tru | NaN | [1,] | [,1]
            | [1 2] | [1} | {1:2} | {"a":1] | {"a"} | {"a":1,} | "\x" | "\u12g4" | "\u123" | 'a' | "a | [ | [[] | "#;
        for value in FAULTY
            .split(" | ")
            .chain(["\"\n\"", "\"\u{1f}\"", "\u{feff}1", "\u{a0}1"])
        {
            check(&format!(r#"{{"type":"page","a":{value}}}"#), false);
        }
    }

    #[test]
    fn strings_end_where_they_end_wherever_that_is() {
        for length in 0..40 {
            for (end, expect) in [("", true), ("\\n", true), ("\u{1}", false), ("\\", false)] {
                let text = format!("{}{end}", "x".repeat(length));
                check(
                    &format!(r#"{{"a":{{"{text}":1}},"type":"{text}"}}"#),
                    expect,
                );
            }
        }
    }

    #[test]
    fn more_than_a_glance_is_for_others() {
        check(r#"{"t\u0079pe":"page"}"#, false);
        let nested = |depth: usize| {
            let (open, close) = ("[".repeat(depth), "]".repeat(depth));
            format!(r#"{{"a":{open}1{close},"type":"page"}}"#)
        };
        check(&nested(MAX_DEPTH as usize), true);
        check(&nested(MAX_DEPTH as usize + 1), false);
        check(&nested(100_000), false);
    }
}
