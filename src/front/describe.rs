//! What a version of a function is: what its source and manifest say, and what a cell finds when it runs the
//! source's top level.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    cells::{Answered, Call},
    functions::{
        FunctionVersion, TypeScriptFault,
        manifest::{self, Manifest, ManifestFault},
    },
    source_maps::SourceMaps,
};
use crate::{
    invocation::{
        Description, ErrorCode, FunctionError, Handler, Input, InvocationLimits, LimitExceeded,
        Outcome, Place, SettingsJson, SourceKind, SourceWarning, StackFrame,
    },
    source_text,
};

mod code_frame;

/// A version of a function, described.
#[derive(Clone, Debug)]
pub struct Report {
    pub version: Arc<FunctionVersion>,
    /// `None` when no cell could say.
    pub kind: Option<SourceKind>,
    /// In the contract's order; none when no event can be given to the source.
    pub handlers: Vec<Handler>,
    /// Of the source, then of the manifest; of the source's, the errors first.
    pub diagnostics: Vec<Diagnostic>,
}

/// Something to be mended, or thought over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What an event would fail with; `None` for a warning.
    pub code: Option<ErrorCode>,
    pub message: String,
    /// The file's name, as in stacks; empty without a place.
    pub file: String,
    pub place: Option<Place>,
    /// The lines around the place; empty where there is none to show.
    pub code_frame: String,
    /// The limit that was passed, when one was.
    pub limit: Option<LimitExceeded>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Events fail.
    Error,
    Warning,
}

impl Diagnostic {
    pub fn severity(&self) -> Severity {
        match self.code {
            Some(_) => Severity::Error,
            None => Severity::Warning,
        }
    }
}

impl Report {
    /// The manifest, if it can be used; the default one when there is none.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.version.manifest.as_ref().ok()
    }

    pub fn supports_batch(&self) -> bool {
        self.handlers.contains(&Handler::Batch)
    }

    /// How many diagnostics there are of that kind.
    pub fn count(&self, severity: Severity) -> usize {
        let diagnostics = self.diagnostics.iter();
        diagnostics
            .filter(|diagnostic| diagnostic.severity() == severity)
            .count()
    }
}

/// What has a cell describe a version. Nothing is logged for it, and no request made.
pub fn call(
    version: Arc<FunctionVersion>,
    instance_id: Arc<str>,
    allowed: InvocationLimits,
) -> Call {
    Call {
        limits: InvocationLimits {
            log_bytes: 0,
            ..version.lowered(allowed)
        },
        version,
        instance_id,
        input: Input::Describe,
        settings: SettingsJson::empty(),
        useful_until: None,
    }
}

/// What there is to say of a version once a cell has answered, by its author's files.
pub async fn report(
    version: Arc<FunctionVersion>,
    mut answered: Answered,
    maps: &SourceMaps,
) -> Report {
    let map_fault = maps.fault(&version).await;
    if map_fault.is_none() {
        maps.apply(&version, &mut answered.finished).await;
    }
    let mut report = answered_report(version, answered);
    let map_fault = map_fault.map(|reason| of_map(&report.version, &reason));
    report.diagnostics.extend(map_fault);
    report
}

/// What there is to say of a version whose types can't be taken out. No cell could say more.
pub fn unrunnable(version: Arc<FunctionVersion>) -> Report {
    let faults = version.code.as_ref().err();
    let faults = faults.into_iter().flat_map(|bad| &bad.0);
    let of_source = faults.map(|fault| of_typescript(&version, fault));
    let diagnostics = of_source.chain(of_manifest(&version)).collect();
    Report {
        version,
        kind: None,
        handlers: Vec::new(),
        diagnostics,
    }
}

fn answered_report(version: Arc<FunctionVersion>, answered: Answered) -> Report {
    let outcome = answered.finished.outcomes.into_iter().next();
    let (kind, handlers, fault, warnings) = match outcome {
        Some(Outcome::Described(description)) => {
            let Description {
                kind,
                handlers,
                fault,
                warnings,
            } = *description;
            (Some(kind), handlers, fault, warnings)
        }
        Some(Outcome::Failed(error)) => (None, Vec::new(), Some(error), Vec::new()),
        // No cell answers so: what it sends is checked.
        Some(Outcome::Delivered(_) | Outcome::Filtered { .. }) | None => {
            let lost = Box::new(FunctionError::executor_lost());
            (None, Vec::new(), Some(lost), Vec::new())
        }
    };
    let fault = fault.map(|fault| of_error(&version, *fault));
    let warnings = warnings.into_iter();
    let warnings = warnings.map(|warning| of_warning(&version, warning));
    let of_source = fault.into_iter().chain(warnings);
    let diagnostics = of_source.chain(of_manifest(&version)).collect();
    Report {
        version,
        kind,
        handlers,
        diagnostics,
    }
}

fn of_error(version: &FunctionVersion, error: FunctionError) -> Diagnostic {
    // The innermost that is the function's own; a library's would tell its author nothing.
    let mut frames = error.frames.iter();
    let frame = frames.find(|frame| frame.file == version.file_name);
    let frame = frame.or(error.frames.first());
    let place = frame.map(|frame| Place {
        line: frame.line,
        column: frame.column,
    });
    let file = frame.map(|frame| frame.file.clone()).unwrap_or_default();
    let code_frame = match place {
        Some(place) if file == version.file_name => frame_of_source(version, place),
        _ => String::new(),
    };
    Diagnostic {
        code: Some(error.code),
        message: message_without_place(&error),
        file,
        place,
        code_frame,
        limit: error.limit,
    }
}

/// The class and message of an error. Where the message ends with the place, that is told apart from it.
fn message_without_place(error: &FunctionError) -> String {
    let place = |StackFrame {
                     file, line, column, ..
                 }: &StackFrame| format!(" ({file}:{line}:{column})");
    let place = error.frames.first().map(place);
    let message = place.and_then(|place| error.message.strip_suffix(&*place));
    let message = message.unwrap_or(&error.message);
    match error.name.is_empty() {
        true => message.to_owned(),
        false => format!("{}: {message}", error.name),
    }
}

fn of_warning(version: &FunctionVersion, warning: SourceWarning) -> Diagnostic {
    let SourceWarning { message, place } = warning;
    let frame = place.map(|place| frame_of_source(version, place));
    Diagnostic {
        code: None,
        message,
        file: place.map(|_| version.file_name.clone()).unwrap_or_default(),
        place,
        code_frame: frame.unwrap_or_default(),
        limit: None,
    }
}

fn of_typescript(version: &FunctionVersion, fault: &TypeScriptFault) -> Diagnostic {
    let place = fault.place().map(|(line, column)| Place { line, column });
    let frame = place.map(|place| frame_of_source(version, place));
    Diagnostic {
        code: Some(ErrorCode::InvalidFunction),
        message: fault.to_string(),
        file: version.file_name.clone(),
        place,
        code_frame: frame.unwrap_or_default(),
        limit: None,
    }
}

fn of_map(version: &FunctionVersion, reason: &str) -> Diagnostic {
    Diagnostic {
        code: None,
        message: format!("the source map is not used: {reason}"),
        file: version.file_name.clone(),
        place: None,
        code_frame: String::new(),
        limit: None,
    }
}

fn of_manifest(version: &FunctionVersion) -> Vec<Diagnostic> {
    let Err(bad) = &version.manifest else {
        return Vec::new();
    };
    let file = manifest::name_beside(&version.file_name);
    let diagnostic = |fault: &ManifestFault| Diagnostic {
        code: Some(ErrorCode::InvalidFunction),
        message: fault.told(),
        file: file.clone(),
        place: Some(Place {
            line: fault.line,
            column: fault.column,
        }),
        code_frame: frame_of_manifest(&bad.text, fault),
        limit: None,
    };
    bad.faults.iter().map(diagnostic).collect()
}

fn frame_of_source(version: &FunctionVersion, place: Place) -> String {
    let text = std::str::from_utf8(&version.source).unwrap_or_default();
    let line = source_text::line(text, place.line).unwrap_or_default();
    let column = in_characters(line, place.column);
    code_frame::draw(source_text::lines(text), place.line, column)
}

fn frame_of_manifest(text: &Bytes, fault: &ManifestFault) -> String {
    let Ok(text) = std::str::from_utf8(text) else {
        return String::new();
    };
    let lines = text.split('\n');
    let lines = lines.map(|line| line.strip_suffix('\r').unwrap_or(line));
    code_frame::draw(lines, fault.line, fault.column as usize)
}

/// A column in UTF-16 units, from 1, as one in characters.
fn in_characters(line: &str, column: u32) -> usize {
    let before = (column as usize).saturating_sub(1);
    let mut units = 0;
    let characters = line.chars().take_while(|letter| {
        units += letter.len_utf16();
        units <= before
    });
    let characters = characters.count();
    let line_units = line.encode_utf16().count();
    characters + before.saturating_sub(line_units) + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invocation::{Finished, VersionKey};

    fn version(source: &'static str, manifest: Option<&str>) -> Arc<FunctionVersion> {
        let key = VersionKey {
            function_id: "f".into(),
            version: "1".into(),
        };
        let manifest = manifest.map(str::as_bytes);
        Arc::new(FunctionVersion::new(1, key, source.into(), manifest))
    }

    fn report_of(version: &Arc<FunctionVersion>, outcome: Outcome) -> Report {
        let finished = Finished::without_running(outcome, 1);
        answered_report(version.clone(), Answered::without_running(finished))
    }

    fn described(warnings: Vec<SourceWarning>, fault: Option<FunctionError>) -> Outcome {
        Outcome::Described(Box::new(Description {
            kind: SourceKind::Script,
            handlers: vec![Handler::Track, Handler::Batch],
            fault: fault.map(Box::new),
            warnings,
        }))
    }

    #[test]
    fn columns_are_told_in_utf16_and_marked_in_characters() {
        for (line, column, expect) in [
            ("abc", 1, 1),
            ("abc", 4, 4),
            ("abc", 9, 9),
            ("😀bc", 3, 2),
            ("😀bc", 2, 1),
            ("é😀", 2, 2),
            ("", 3, 3),
        ] {
            assert_eq!(in_characters(line, column), expect, "{line} {column}");
        }
        let place = Some(Place { line: 2, column: 3 });
        let warning = SourceWarning {
            message: "odd".into(),
            place,
        };
        let version = version("\r\n😀x", None);
        let report = report_of(&version, described(vec![warning], None));
        let [warning] = &report.diagnostics[..] else {
            panic!("{report:?}");
        };
        assert_eq!(warning.code_frame, "  1 |\n> 2 | 😀x\n    |   ^");
        assert_eq!((warning.place, &*warning.file), (place, "f/index.js"));
        assert!(report.supports_batch());
    }

    #[test]
    fn an_error_is_told_at_its_innermost_frame_in_the_source() {
        let frame = |file: &str, line| StackFrame {
            function: String::new(),
            file: file.into(),
            line,
            column: 1,
        };
        let error = FunctionError {
            name: "TypeError".into(),
            frames: vec![frame("library.js", 9), frame("f/index.js", 1)],
            ..FunctionError::new(ErrorCode::InvalidFunction, "no")
        };
        let version = version("x()", None);
        let report = report_of(&version, described(Vec::new(), Some(error.clone())));
        let told = &report.diagnostics[0];
        assert_eq!(
            (&*told.message, told.severity()),
            ("TypeError: no", Severity::Error)
        );
        assert_eq!(told.code_frame, "> 1 | x()\n    | ^");
        let elsewhere = FunctionError {
            message: "no (library.js:9:1)".into(),
            frames: vec![frame("library.js", 9)],
            ..error
        };
        let report = report_of(&version, elsewhere.into());
        let told = &report.diagnostics[0];
        assert_eq!(
            (&*told.message, &*told.file),
            ("TypeError: no", "library.js")
        );
        assert_eq!((&*told.code_frame, report.kind), ("", None));
    }

    #[test]
    fn faults_of_the_manifest_are_marked_in_it() {
        let version = version("", Some("{\r\n\t\"limits\": 7}"));
        let report = report_of(&version, described(Vec::new(), None));
        let fault = &report.diagnostics[0];
        assert_eq!(fault.message, "limits must be an object, not a number");
        assert_eq!(fault.file, "f/function.json");
        assert_eq!(
            fault.code_frame,
            "  1 | {\n> 2 | \t\"limits\": 7}\n    | \t          ^"
        );
    }
}
