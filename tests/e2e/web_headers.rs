//! `Headers`, by a table of facts: the web's, and node-fetch's `raw`.

use crate::facts::hold;

#[test]
fn headers_are_as_the_table_says() {
    hold(include_str!("facts/web_headers.txt"));
}
