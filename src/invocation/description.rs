//! What a source turns out to be when it is compiled and its top level run, without an event.

use super::FunctionError;

/// Warnings of one description; a source with more has told its author enough.
pub const MAX_WARNINGS: usize = 16;

/// A handler that a source may define, in the contract's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Handler {
    Identify,
    Track,
    Page,
    Screen,
    Group,
    Alias,
    Delete,
    Batch,
}

impl Handler {
    pub const ALL: [Self; 8] = [
        Self::Identify,
        Self::Track,
        Self::Page,
        Self::Screen,
        Self::Group,
        Self::Alias,
        Self::Delete,
        Self::Batch,
    ];

    /// As a source spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identify => "onIdentify",
            Self::Track => "onTrack",
            Self::Page => "onPage",
            Self::Screen => "onScreen",
            Self::Group => "onGroup",
            Self::Alias => "onAlias",
            Self::Delete => "onDelete",
            Self::Batch => "onBatch",
        }
    }
}

/// How a source is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A classic script.
    Script,
    /// An ES module.
    Module,
}

impl SourceKind {
    /// As in "the script defines".
    pub fn name(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Module => "module",
        }
    }
}

/// A place in a source. Both count from 1; columns are UTF-16 units, as in stacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

/// What a cell found in a source.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    pub kind: SourceKind,
    /// In the order of [`Handler::ALL`], each once.
    pub handlers: Vec<Handler>,
    /// Why no event can be given to it.
    pub fault: Option<Box<FunctionError>>,
    /// At most [`MAX_WARNINGS`].
    pub warnings: Vec<SourceWarning>,
}

/// Something in a source that runs and is hardly meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceWarning {
    pub message: String,
    pub place: Option<Place>,
}
