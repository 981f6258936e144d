//! The sealed settings of a request: their number, names and sizes, before anything is opened.

use std::collections::HashMap;

use bytes::Bytes;

use super::Fault;
use crate::{
    api::WireStruct,
    config::LimitsConfig,
    front::sealed::{MAX_NAME_BYTES, MAX_SEALED, Sealed},
};

const FIELD: &str = "sealed_settings";

/// Names told one by one: a status has to fit into a header.
const MOST_FAULTS: usize = 8;

/// The sealed settings in the order of their names. What is wrong with them is added to the faults.
pub fn check(
    sealed: HashMap<String, Bytes>,
    settings: Option<&WireStruct>,
    allowed: &LimitsConfig,
    faults: &mut Vec<Fault>,
) -> Sealed {
    let (number, bytes) = (sealed.len(), bytes_of(&sealed));
    if number > MAX_SEALED {
        let many = format!("has {number} entries, over the limit of {MAX_SEALED}");
        faults.push(Fault::new(FIELD, many));
    }
    let limit = allowed.settings_bytes;
    if bytes > limit {
        let size = format!("has {bytes} bytes, over the limit of {limit} (knob --settings-bytes)");
        faults.push(Fault::new(FIELD, size));
    }
    if sealed
        .keys()
        .any(|name| name.is_empty() || name.len() > MAX_NAME_BYTES)
    {
        let names = format!("has a name that is not of 1 to {MAX_NAME_BYTES} bytes");
        faults.push(Fault::new(FIELD, names));
        return Sealed::new();
    }
    let sealed: Sealed = sealed.into_iter().collect();
    if sealed.is_empty() {
        return sealed;
    }
    // What is no protobuf is told where the settings are read.
    let settings = settings.and_then(|settings| settings.fields().ok());
    let settings = settings.unwrap_or_default();
    let twice = sealed
        .keys()
        .filter(|name| settings.contains_key(name.as_str()));
    faults.extend(twice.take(MOST_FAULTS).map(|name| {
        let both = "is given in settings, too: give it in one of the two";
        Fault::new(format!("{FIELD}.{name}"), both)
    }));
    sealed
}

fn bytes_of(sealed: &HashMap<String, Bytes>) -> u64 {
    let sizes = sealed.iter().map(|(name, file)| name.len() + file.len());
    sizes.sum::<usize>() as u64
}
