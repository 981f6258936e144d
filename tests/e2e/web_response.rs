//! `Response`, by tables of facts: the web's, and node-fetch's where it has its own; bodies as streams.

use crate::facts::hold;

#[test]
fn responses_are_as_the_table_says() {
    hold(include_str!("facts/web_response.txt"));
}

#[test]
fn so_are_those_of_node_fetch_and_form_data() {
    hold(include_str!("facts/web_response_of_node.txt"));
}
