//! `Request`, by tables of facts, and what `fetch` refuses before anything is sent.

use crate::facts::hold;

#[test]
fn requests_are_as_the_table_says() {
    hold(include_str!("facts/web_request.txt"));
}

#[test]
fn so_are_those_of_node_fetch_and_form_data() {
    hold(include_str!("facts/web_request_of_node.txt"));
}
