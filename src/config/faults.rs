//! What is wrong with a configuration: all of it, not the first thing.

use std::{fmt, io, path::PathBuf};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The flag of this name.
    Flag(String),
    /// The variable of this name.
    Variable(String),
    /// This line of the file.
    File(Place),
    /// Nobody set it.
    Default,
}

/// A line of a file, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub path: PathBuf,
    pub line: usize,
}

/// One thing that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("--{name}: there is no such flag{}", hint("--", nearest.as_deref()))]
    UnknownFlag {
        name: String,
        nearest: Option<String>,
    },
    #[error("{0:?}: only flags are taken here")]
    NotAFlag(String),
    #[error("flag --{0}: wants a value")]
    NoValue(String),
    #[error("flag --{0}: takes no value")]
    UnwantedValue(String),
    #[error("flag --{0}: is given more than once, and takes one value")]
    Repeated(String),
    #[error("environment {name}: nothing is set by it{}", hint("", nearest.as_deref()))]
    UnknownVariable {
        name: String,
        nearest: Option<String>,
    },
    #[error("{}: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{place}: {message}")]
    Syntax { place: Place, message: String },
    #[error("{place}: `{key}` is no key{}", hint("", nearest.as_deref()))]
    UnknownKey {
        place: Place,
        key: String,
        nearest: Option<String>,
    },
    #[error("{place}: [{section}]: there are no sections; keys are named as the flags")]
    Section { place: Place, section: String },
    #[error("{place}: {key} takes {wanted}, not {found}")]
    Shape {
        place: Place,
        key: String,
        wanted: &'static str,
        found: &'static str,
    },
    #[error("{origin}: {value:?} can't be used: {reason}")]
    Value {
        origin: Origin,
        value: String,
        reason: String,
    },
    /// Of values that are each in order.
    #[error("{0}")]
    Together(String),
}

/// Everything that is wrong with a configuration.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

impl std::error::Error for Faults {}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration can't be used:")?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag --{name}"),
            Self::Variable(name) => write!(f, "environment {name}"),
            Self::File(place) => place.fmt(f),
            Self::Default => f.write_str("default"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)
    }
}

fn hint(dashes: &str, nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| {
        format!("; did you mean {dashes}{nearest}?")
    })
}
