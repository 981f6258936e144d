//! The command line, read as far as it can be: a fault in it does not hide the next.

use std::ffi::{OsStr, OsString};

use clap_lex::{ArgCursor, RawArgs};

use super::{
    faults::{Fault, Faults, Origin},
    knobs::{Knob, Knobs, Shape},
    layers::{Given, Layer},
};

/// What the flags set.
pub fn read(knobs: &Knobs, arguments: &[OsString], faults: &mut Faults) -> Layer {
    let arguments = RawArgs::new(arguments);
    let mut cursor = arguments.cursor();
    let mut layer = Layer::new();
    while let Some(argument) = arguments.next(&mut cursor) {
        let Some((name, value)) = argument.to_long().filter(|_| !argument.is_escape()) else {
            faults.add(Fault::NotAFlag(argument.display().to_string()));
            continue;
        };
        let name = name.map_or_else(|name| name.to_string_lossy().into_owned(), str::to_owned);
        let Some(knob) = knobs.of_flag(&name) else {
            // What follows is its value, and no fault of its own.
            if value.is_none() {
                value_after(&arguments, &mut cursor);
            }
            let nearest = knobs.flag_like(&name);
            faults.add(Fault::UnknownFlag { name, nearest });
            continue;
        };
        match value_of(knob, value, &arguments, &mut cursor) {
            Ok(values) => add(&mut layer, knob, values, faults),
            Err(fault) => faults.add(fault),
        }
    }
    layer
}

fn value_of(
    knob: &Knob,
    value: Option<&OsStr>,
    arguments: &RawArgs,
    cursor: &mut ArgCursor,
) -> Result<Vec<OsString>, Fault> {
    let name = || knob.key().to_owned();
    if knob.shape() == Shape::Switch {
        return match value {
            Some(_) => Err(Fault::UnwantedValue(name())),
            None => Ok(vec!["true".into()]),
        };
    }
    let value = value.or_else(|| value_after(arguments, cursor));
    let value = value.ok_or_else(|| Fault::NoValue(name()))?;
    Ok(knob.values_in(value))
}

/// The next argument, unless it is a flag.
fn value_after<'a>(arguments: &'a RawArgs, cursor: &mut ArgCursor) -> Option<&'a OsStr> {
    let next = arguments.peek(cursor)?;
    if next.is_long() || next.is_short() || next.is_escape() {
        return None;
    }
    arguments.next_os(cursor)
}

fn add(layer: &mut Layer, knob: &Knob, values: Vec<OsString>, faults: &mut Faults) {
    let origin = Origin::Flag(knob.key().to_owned());
    let Some(before) = layer.get_mut(knob.key()) else {
        layer.insert(knob.key().to_owned(), Given { values, origin });
        return;
    };
    if knob.shape() == Shape::List {
        before.values.extend(values);
    } else {
        faults.add(Fault::Repeated(knob.key().to_owned()));
    }
}
