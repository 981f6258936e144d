//! Colours of what commands print, for those who can see them.

use std::io::{self, IsTerminal};

/// Whether a text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    Plain,
    Coloured,
}

/// What a part of a text is, by which it is coloured.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    Error,
    Warning,
    Good,
    Strong,
    /// Of a difference, what should have been.
    Removed,
    /// Of a difference, what is.
    Added,
}

impl Paint {
    /// Colours are for a terminal whose user has not said that they are unwelcome.
    pub fn of_output() -> Self {
        let unwelcome = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match io::stdout().is_terminal() && !unwelcome {
            true => Self::Coloured,
            false => Self::Plain,
        }
    }

    pub fn on(self, part: Part, text: &str) -> String {
        let style = match part {
            Part::Error => "1;31",
            Part::Warning => "1;33",
            Part::Good => "1;32",
            Part::Strong => "1",
            Part::Removed => "31",
            Part::Added => "32",
        };
        match self {
            Self::Plain => text.to_owned(),
            Self::Coloured => format!("\u{1b}[{style}m{text}\u{1b}[0m"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_only_for_who_wants_them() {
        assert_eq!(Paint::Plain.on(Part::Error, "e"), "e");
        assert_eq!(
            Paint::Coloured.on(Part::Error, "e"),
            "\u{1b}[1;31me\u{1b}[0m"
        );
    }
}
