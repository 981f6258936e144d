//! `Blob` and `File`, by a table of facts.

use crate::facts::hold;

#[test]
fn blobs_are_as_the_table_says() {
    hold(include_str!("facts/web_blob.txt"));
}
