//! Which libraries there are, and where in the memory that front and cells share each one's texts stand.

use prost::Message;

/// A library, as a cell is told of it.
#[derive(Clone, PartialEq, Message)]
pub struct WireLibrary {
    #[prost(string, tag = "1")]
    pub name: String,
    /// The global that it is found as.
    #[prost(string, tag = "2")]
    pub global: String,
    #[prost(message, repeated, tag = "3")]
    pub packages: Vec<WirePackage>,
    #[prost(message, required, tag = "4")]
    pub code: WireSpan,
    #[prost(message, repeated, tag = "5")]
    pub parts: Vec<WirePart>,
}

/// A package that `require` finds in a library.
#[derive(Clone, PartialEq, Message)]
pub struct WirePackage {
    #[prost(string, tag = "1")]
    pub name: String,
    /// The way to it from the library's exports, by the names of members.
    #[prost(string, repeated, tag = "2")]
    pub path: Vec<String>,
}

/// A text that a library reads only when it needs it.
#[derive(Clone, PartialEq, Message)]
pub struct WirePart {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(message, required, tag = "2")]
    pub text: WireSpan,
}

/// A text's place in the shared memory.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct WireSpan {
    #[prost(uint64, tag = "1")]
    pub offset: u64,
    #[prost(uint64, tag = "2")]
    pub bytes: u64,
}
