//! What a source turned out to be, on the wire.

use prost::Message;

use super::{
    WireFunctionError,
    convert::{Malformed, error_from_wire, error_to_wire, number_of, value_of},
};
use crate::invocation::{Description, Handler, MAX_WARNINGS, Place, SourceKind, SourceWarning};

#[derive(Clone, PartialEq, Message)]
pub struct WireDescription {
    #[prost(uint32, tag = "1")]
    pub kind: u32,
    /// By their places in [`Handler::ALL`], ascending.
    #[prost(uint32, repeated, tag = "2")]
    pub handlers: Vec<u32>,
    #[prost(message, optional, boxed, tag = "3")]
    pub fault: Option<Box<WireFunctionError>>,
    #[prost(message, repeated, tag = "4")]
    pub warnings: Vec<WireSourceWarning>,
}

#[derive(Clone, PartialEq, Message)]
pub struct WireSourceWarning {
    #[prost(string, tag = "1")]
    pub message: String,
    /// 0, as the column, when there is no place to tell.
    #[prost(uint32, tag = "2")]
    pub line: u32,
    #[prost(uint32, tag = "3")]
    pub column: u32,
}

const SOURCE_KINDS: [SourceKind; 2] = [SourceKind::Script, SourceKind::Module];

pub fn description_to_wire(description: Description) -> WireDescription {
    let numbers = description.handlers.iter();
    let numbers = numbers.map(|handler| number_of(&Handler::ALL, handler));
    WireDescription {
        kind: number_of(&SOURCE_KINDS, &description.kind),
        handlers: numbers.collect(),
        fault: description
            .fault
            .map(|fault| Box::new(error_to_wire(*fault))),
        warnings: description
            .warnings
            .into_iter()
            .map(warning_to_wire)
            .collect(),
    }
}

pub fn description_from_wire(frame: WireDescription) -> Result<Description, Malformed> {
    if !frame.handlers.is_sorted_by(|one, next| one < next) {
        return Err(Malformed::Handlers);
    }
    if frame.warnings.len() > MAX_WARNINGS {
        return Err(Malformed::Warnings(frame.warnings.len()));
    }
    let handlers = frame.handlers.into_iter();
    let handlers =
        handlers.map(|number| value_of(&Handler::ALL, number).ok_or(Malformed::Handlers));
    let fault = frame
        .fault
        .map(|fault| error_from_wire(*fault).map(Box::new));
    let warnings = frame.warnings.into_iter().map(warning_from_wire);
    Ok(Description {
        kind: value_of(&SOURCE_KINDS, frame.kind).ok_or(Malformed::SourceKind(frame.kind))?,
        handlers: handlers.collect::<Result<_, _>>()?,
        fault: fault.transpose()?,
        warnings: warnings.collect::<Result<_, _>>()?,
    })
}

fn warning_to_wire(warning: SourceWarning) -> WireSourceWarning {
    WireSourceWarning {
        message: warning.message,
        line: warning.place.map_or(0, |place| place.line),
        column: warning.place.map_or(0, |place| place.column),
    }
}

fn warning_from_wire(warning: WireSourceWarning) -> Result<SourceWarning, Malformed> {
    let WireSourceWarning {
        message,
        line,
        column,
    } = warning;
    let place = match (line, column) {
        (0, 0) => None,
        (0, _) | (_, 0) => return Err(Malformed::Place { line, column }),
        (line, column) => Some(Place { line, column }),
    };
    Ok(SourceWarning { message, place })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invocation::{ErrorCode, FunctionError};

    fn description() -> Description {
        let fault = FunctionError::new(ErrorCode::InvalidFunction, "why");
        let place = Some(Place { line: 2, column: 3 });
        let warnings = [None, place].map(|place| SourceWarning {
            message: "odd".into(),
            place,
        });
        Description {
            kind: SourceKind::Module,
            handlers: Handler::ALL.into(),
            fault: Some(Box::new(fault)),
            warnings: warnings.into(),
        }
    }

    #[test]
    fn a_description_survives() {
        let plain = Description {
            kind: SourceKind::Script,
            handlers: vec![Handler::Track],
            fault: None,
            warnings: Vec::new(),
        };
        for description in [plain, description()] {
            let frame = description_to_wire(description.clone());
            assert_eq!(description_from_wire(frame), Ok(description));
        }
    }

    #[test]
    fn what_no_sound_cell_describes_is_malformed() {
        let sound = || description_to_wire(description());
        #[track_caller]
        fn check(frame: WireDescription, expect: Malformed) {
            assert_eq!(description_from_wire(frame), Err(expect));
        }
        for handlers in [vec![8], vec![1, 1], vec![2, 1]] {
            let frame = WireDescription {
                handlers,
                ..sound()
            };
            check(frame, Malformed::Handlers);
        }
        let frame = WireDescription { kind: 2, ..sound() };
        check(frame, Malformed::SourceKind(2));
        let warnings = vec![WireSourceWarning::default(); MAX_WARNINGS + 1];
        let frame = WireDescription {
            warnings,
            ..sound()
        };
        check(frame, Malformed::Warnings(MAX_WARNINGS + 1));
        let mut frame = sound();
        frame.warnings[1].column = 0;
        check(frame, Malformed::Place { line: 2, column: 0 });
    }
}
