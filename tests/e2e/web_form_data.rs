//! `FormData`, by tables of facts: the web's, and that of npm's form-data.

use crate::facts::hold;

#[test]
fn forms_are_as_the_table_says() {
    hold(include_str!("facts/web_form_data.txt"));
}

#[test]
fn so_are_those_of_node_fetch_and_form_data() {
    hold(include_str!("facts/web_form_data_of_node.txt"));
}
