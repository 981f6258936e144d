//! The effective configuration as a file: each value with where it came from.

use std::{ffi::OsString, fmt};

use toml::Value;
use url::Url;

use super::{
    effective::{Effective, Setting},
    knobs::Shape,
};

/// Stands for what could be a secret.
const MASKED: &str = "[masked]";

/// What the value of a knob that holds a secret is called in help.
const SECRET: &str = "SECRET";

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "# What `penstock serve` runs on, and where each value came from."
        )?;
        let mut heading = None;
        for setting in self.settings() {
            if setting.knob.heading() != heading {
                heading = setting.knob.heading();
                writeln!(f, "\n# {}", heading.unwrap_or_default())?;
            }
            line(setting, f)?;
        }
        Ok(())
    }
}

fn line(Setting { knob, given }: &Setting, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let key = knob.key();
    let origin = &given.origin;
    let values = given.values.iter();
    let mut values = values.map(|value| told(knob.value_name(), value));
    let text = match knob.shape() {
        Shape::List => {
            let values: Vec<_> = values.collect();
            format!("[{}]", values.join(", "))
        }
        Shape::Switch => given
            .values
            .first()
            .is_some_and(|value| value == "true")
            .to_string(),
        Shape::Value => match values.next() {
            Some(value) => value,
            None => {
                let default = knob.default_in_words();
                let default = default.unwrap_or_else(|| "nothing".to_owned());
                return writeln!(f, "# {key} =  # {origin}: {default}");
            }
        },
    };
    writeln!(f, "{key} = {text}  # {origin}")
}

/// A value as TOML has it: a number without quotes, whatever else with them.
fn told(value_name: Option<&str>, value: &OsString) -> String {
    let text = value.to_string_lossy();
    if value_name == Some(SECRET) || may_have_credentials(&text) {
        return Value::from(MASKED).to_string();
    }
    match text.parse::<i64>() {
        Ok(number) if number.to_string() == text => text.into_owned(),
        _ => Value::from(&*text).to_string(),
    }
}

/// Whether it is a URL with more than a place in it, or one that can't be told apart. Stores refuse those, but it
/// may be printed before.
fn may_have_credentials(text: &str) -> bool {
    if !text.contains("://") {
        return false;
    }
    let Ok(url) = Url::parse(text) else {
        return true;
    };
    let is_bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    !is_bare
}
