//! What every scenario does: one function on one event, and the same settings.

use std::sync::LazyLock;

use crate::json;

pub const FUNCTION_ID: &str = "counted";
/// Masks an e-mail address, drops a member, adds one from the settings: what the comparison runs, too.
const FUNCTION: &str = include_str!("../compare/peers/function.js");
pub const SETTINGS: &str = r#"{"region":"eu"}"#;
/// What an answer has that the event had not.
pub const PROOF: &str = r#""masked":true"#;

static EVENT: LazyLock<String> =
    LazyLock::new(|| json::minified(include_str!("../../examples/events/track.json")));

/// One line of JSON.
pub fn event() -> &'static str {
    &EVENT
}

/// So many events as a JSON array.
pub fn events(count: usize) -> String {
    format!("[{}]", vec![event(); count].join(","))
}

/// Another version is another text.
pub fn source(version: &str) -> String {
    format!("{FUNCTION}// {version}\n")
}
