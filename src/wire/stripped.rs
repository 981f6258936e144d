//! What `penstock strip` answers: JavaScript, or what is wrong with a TypeScript source.

use bytes::Bytes;
use prost::{Enumeration, Message, Oneof};

/// The one answer of a process that takes types out of a source.
#[derive(Clone, PartialEq, Message)]
pub struct Stripped {
    #[prost(oneof = "StripOutcome", tags = "1, 2, 4")]
    pub outcome: Option<StripOutcome>,
    /// Why the process is not locked down; empty when it is.
    #[prost(string, tag = "3")]
    pub not_locked_down: String,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum StripOutcome {
    /// UTF-8, with every place where it was.
    #[prost(bytes, tag = "1")]
    JavaScript(Bytes),
    #[prost(message, tag = "2")]
    Faults(StripFaults),
    /// The parser panicked.
    #[prost(message, tag = "4")]
    ParserFailed(()),
}

#[derive(Clone, PartialEq, Message)]
pub struct StripFaults {
    /// At least one.
    #[prost(message, repeated, tag = "1")]
    pub faults: Vec<StripFault>,
}

#[derive(Clone, PartialEq, Message)]
pub struct StripFault {
    #[prost(enumeration = "Construct", tag = "1")]
    pub construct: i32,
    /// From 1, as the column, in UTF-16 units as V8 counts.
    #[prost(uint32, tag = "2")]
    pub line: u32,
    #[prost(uint32, tag = "3")]
    pub column: u32,
    /// The parser's words.
    #[prost(string, tag = "4")]
    pub message: String,
}

/// What a fault is about: a construct of TypeScript that is more than types, or the syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
pub enum Construct {
    Syntax = 0,
    Enum = 1,
    Namespace = 2,
    ImportEquals = 3,
    ExportAssignment = 4,
    ParameterProperty = 5,
    AngleBracketAssertion = 6,
    Decorator = 7,
    /// Another one that is named by the message alone.
    Other = 8,
}
