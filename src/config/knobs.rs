//! What there is to set, read off the command line's own definition: a flag that is added there has its
//! variable, its key in the file and its place in the documentation without another line.

use std::ffi::{OsStr, OsString};

use clap::{
    Arg, ArgAction, Args, Command,
    builder::Str,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::ServeConfig;

/// What all variables start with.
pub(super) const PREFIX: &str = "PENSTOCK_";

/// The flag that names the file. It can't stand in one.
pub(super) const CONFIG: &str = "config";

/// How help tells a default that is no value.
const DEFAULT: &str = "[default: ";

/// How alike a word must be to one that there is to be taken for it misspelt, from 0 to 1.
const ALIKE: f64 = 0.75;

/// Every flag of `penstock serve`, in the order of its help.
#[derive(Clone, Debug)]
pub struct Knobs(Vec<Knob>);

/// One flag, with its variable and key.
#[derive(Clone, Debug)]
pub struct Knob {
    key: String,
    argument: Arg,
}

/// What a knob takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Nothing as a flag; true or false elsewhere.
    Switch,
    /// One value.
    Value,
    /// Any number of values.
    List,
}

impl Knobs {
    pub fn of_serve() -> Self {
        let mut command = definition();
        command.build();
        let knobs = command.get_arguments().filter_map(|argument| {
            let key = argument.get_long()?.to_owned();
            let argument = argument.clone();
            Some(Knob { key, argument })
        });
        Self(knobs.collect())
    }

    /// Those that make up a configuration, which may stand in the file: all but what says where it is read
    /// from and whether it is only shown.
    pub fn settings(&self) -> impl Iterator<Item = &Knob> {
        self.0.iter().filter(|knob| knob.is_setting())
    }

    /// The one of this flag, without its dashes.
    pub(super) fn of_flag(&self, name: &str) -> Option<&Knob> {
        self.0.iter().find(|knob| knob.key == name)
    }

    /// The one of this key in the file.
    pub(super) fn of_key(&self, key: &str) -> Option<&Knob> {
        self.settings().find(|knob| knob.key == key)
    }

    /// The one of this variable.
    pub(super) fn of_variable(&self, variable: &str) -> Option<&Knob> {
        let mut knobs = self.0.iter();
        knobs.find(|knob| knob.variable() == Some(variable))
    }

    pub(super) fn flag_like(&self, name: &str) -> Option<String> {
        nearest(name, self.0.iter().map(Knob::key))
    }

    pub(super) fn key_like(&self, key: &str) -> Option<String> {
        nearest(key, self.settings().map(Knob::key))
    }

    pub(super) fn variable_like<'a>(&'a self, variable: &'a str) -> Option<String> {
        // What all of them have in common says nothing about which is meant.
        let name = |variable: &'a str| variable.strip_prefix(PREFIX);
        let names = self.0.iter().filter_map(Knob::variable).filter_map(name);
        let nearest = nearest(name(variable)?, names)?;
        Some(format!("{PREFIX}{nearest}"))
    }
}

impl Knob {
    /// Its key in the file: the flag without its dashes.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The variable that sets it.
    pub fn variable(&self) -> Option<&str> {
        self.argument.get_env().and_then(OsStr::to_str)
    }

    /// What its value stands for, as help has it; nothing for a switch.
    pub fn value_name(&self) -> Option<&str> {
        if self.shape() == Shape::Switch {
            return None;
        }
        let names = self.argument.get_value_names()?;
        names.first().map(Str::as_str)
    }

    /// Its section in help.
    pub fn heading(&self) -> Option<&str> {
        self.argument.get_help_heading()
    }

    /// What it does, without its default.
    pub fn help(&self) -> String {
        self.whole_help()
            .split(DEFAULT)
            .next()
            .map_or_else(String::new, |text| text.trim().to_owned())
    }

    /// What holds when nobody sets it, in words for people where no value says it.
    pub fn default_in_words(&self) -> Option<String> {
        let values = self.default_values();
        let value = values.first();
        let value = value.map(|value| value.to_string_lossy().into_owned());
        let none = (self.shape() == Shape::List).then(|| "none".to_owned());
        value.or_else(|| self.told_default()).or(none)
    }

    pub fn shape(&self) -> Shape {
        match self.argument.get_action() {
            ArgAction::SetTrue => Shape::Switch,
            ArgAction::Append => Shape::List,
            _ => Shape::Value,
        }
    }

    pub(super) fn default_values(&self) -> Vec<OsString> {
        let values = self.argument.get_default_values().iter();
        values.map(|value| value.as_os_str().to_owned()).collect()
    }

    /// The values in a text: for a list, those between its commas, and none in an empty one.
    pub(super) fn values_in(&self, text: &OsStr) -> Vec<OsString> {
        match (
            self.shape(),
            self.argument.get_value_delimiter(),
            text.to_str(),
        ) {
            (Shape::List, Some(_), Some("")) => Vec::new(),
            (Shape::List, Some(delimiter), Some(text)) => {
                text.split(delimiter).map(OsString::from).collect()
            }
            _ => vec![text.to_owned()],
        }
    }

    /// What the command line would be to set it so.
    pub(super) fn arguments(&self, values: &[OsString]) -> Vec<OsString> {
        let flag = format!("--{}", self.key);
        if self.shape() == Shape::Switch {
            let on = values.iter().any(|value| value == "true");
            return on.then(|| flag.into()).into_iter().collect();
        }
        let argument = |value: &OsString| {
            let mut argument = OsString::from(format!("{flag}="));
            argument.push(value);
            argument
        };
        values.iter().map(argument).collect()
    }

    /// Whether it takes `value`, with its own parser.
    ///
    /// # Errors
    /// Why it does not.
    pub(super) fn judge(&self, value: &OsStr) -> Result<(), String> {
        if self.shape() == Shape::Switch {
            let known = value == "true" || value == "false";
            return known
                .then_some(())
                .ok_or_else(|| "must be true or false".to_owned());
        }
        let parsed = bare().try_get_matches_from(self.arguments(&[value.to_owned()]));
        let Err(error) = parsed else { return Ok(()) };
        // What this knob asks of others is for all of them together.
        match error.kind() {
            ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::InvalidUtf8 => {
                Err(reason(&error))
            }
            _ => Ok(()),
        }
    }

    fn is_setting(&self) -> bool {
        self.variable().is_some() && self.key != CONFIG
    }

    fn whole_help(&self) -> String {
        let help = self.argument.get_long_help();
        let help = help.or_else(|| self.argument.get_help());
        help.map(ToString::to_string).unwrap_or_default()
    }

    fn told_default(&self) -> Option<String> {
        let help = self.whole_help();
        let (_, default) = help.split_once(DEFAULT)?;
        Some(default.trim_end().trim_end_matches(']').to_owned())
    }
}

/// All flags, reading neither environment nor the name of the program.
pub(super) fn bare() -> Command {
    definition().mut_args(|argument| argument.env(None::<&'static str>))
}

fn definition() -> Command {
    ServeConfig::augment_args(Command::new("penstock").no_binary_name(true))
}

/// Why a value was refused, without what is said around it. A parser that says nothing gives its options, or
/// takes anything but an empty value.
fn reason(error: &clap::Error) -> String {
    if let Some(source) = std::error::Error::source(error) {
        return source.to_string();
    }
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(options)) if !options.is_empty() => {
            format!("must be one of {}", options.join(", "))
        }
        _ if error.kind() == ErrorKind::InvalidUtf8 => "must be UTF-8".to_owned(),
        _ => "must not be empty".to_owned(),
    }
}

fn nearest<'a>(word: &str, words: impl Iterator<Item = &'a str>) -> Option<String> {
    let scored = words.map(|known| (strsim::jaro(word, known), known));
    let best = scored.max_by(|one, other| one.0.total_cmp(&other.0))?;
    (best.0 >= ALIKE).then(|| best.1.to_owned())
}
