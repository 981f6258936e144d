//! The configuration that holds: flag before environment before file before default, with where each value
//! came from.

use std::{ffi::OsString, path::PathBuf};

use clap::FromArgMatches;

use super::{
    ServeConfig, environment,
    faults::{Fault, Faults, Origin},
    file, flags,
    knobs::{self, CONFIG, Knob, Knobs},
    layers::{Given, Layer},
};

/// What `penstock serve` runs on.
#[derive(Debug)]
pub struct Effective {
    pub config: ServeConfig,
    settings: Vec<Setting>,
}

/// A knob and what it stands at.
#[derive(Debug)]
pub struct Setting {
    pub knob: Knob,
    pub given: Given,
}

impl Effective {
    /// Reads the arguments after `serve`, these variables, and the file that one of them names.
    ///
    /// # Errors
    /// Everything that is wrong in any of them, also with values that another takes precedence of: they
    /// would hold as soon as that one goes.
    pub fn read(
        arguments: &[OsString],
        variables: &[(OsString, OsString)],
    ) -> Result<Self, Faults> {
        let knobs = Knobs::of_serve();
        let mut faults = Faults::default();
        let from_flags = flags::read(&knobs, arguments, &mut faults);
        let from_environment = environment::read(&knobs, variables, &mut faults);
        let mut layers = vec![from_flags, from_environment];
        if let Some(path) = file_named(&layers) {
            layers.push(file::read(&knobs, &path, &mut faults));
        }
        for given in layers.iter().flatten() {
            judge(&knobs, given, &mut faults);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let config = config(&knobs, &layers)?;
        let of_listener = config.security.faults(config.listen);
        for fault in of_listener
            .into_iter()
            .chain(config.admin.faults(&config.security))
        {
            faults.add(Fault::Together(fault));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let settings = knobs.settings().map(|knob| Setting {
            given: given(&layers, knob),
            knob: knob.clone(),
        });
        Ok(Self {
            config,
            settings: settings.collect(),
        })
    }

    /// What each knob stands at, in the order of help.
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }
}

/// The file's name, by the first layer that has one. An empty one is a fault by itself.
fn file_named(layers: &[Layer]) -> Option<PathBuf> {
    let given = layers.iter().find_map(|layer| layer.get(CONFIG))?;
    let path = given.values.first()?;
    (!path.is_empty()).then(|| path.into())
}

fn judge(knobs: &Knobs, (key, given): (&String, &Given), faults: &mut Faults) {
    let Some(knob) = knobs.of_flag(key) else {
        return;
    };
    for value in &given.values {
        if let Err(reason) = knob.judge(value) {
            faults.add(Fault::Value {
                origin: given.origin.clone(),
                value: value.to_string_lossy().into_owned(),
                reason,
            });
        }
    }
}

/// What holds for a knob.
fn given(layers: &[Layer], knob: &Knob) -> Given {
    let set = layers.iter().find_map(|layer| layer.get(knob.key()));
    set.cloned().unwrap_or_else(|| Given {
        values: knob.default_values(),
        origin: Origin::Default,
    })
}

/// All that was set, put to the parser as if each were a flag; what knobs ask of each other is checked there.
fn config(knobs: &Knobs, layers: &[Layer]) -> Result<ServeConfig, Fault> {
    let keys = layers.iter().flat_map(Layer::keys);
    let mut keys: Vec<_> = keys.collect();
    keys.sort();
    keys.dedup();
    let set = keys.into_iter().filter_map(|key| knobs.of_flag(key));
    let arguments = set.flat_map(|knob| knob.arguments(&given(layers, knob).values));
    let matches = knobs::bare().try_get_matches_from(arguments);
    let config = matches.and_then(|matches| ServeConfig::from_arg_matches(&matches));
    config.map_err(|error| Fault::Together(error.to_string()))
}
