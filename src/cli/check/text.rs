//! A report for a person: what is wrong first, then what the function is.

use std::fmt::Write;

use crate::{
    cli::{
        output::shown,
        paint::{Paint, Part},
    },
    front::{
        describe::{Diagnostic, Report, Severity},
        functions::manifest::{Manifest, ManifestLimits, SettingSchema},
    },
    invocation::{Handler, Place, SourceKind},
};

/// The report, without a line's end after the last line.
pub fn of(report: &Report, paint: Paint) -> String {
    let mut text = wrong(report, paint);
    write_function(&mut text, report, paint);
    let _ = write!(text, "\n{}", verdict(report, paint));
    text
}

/// The same without what the function is.
pub fn of_faults(report: &Report, paint: Paint) -> String {
    wrong(report, paint) + &verdict(report, paint)
}

fn wrong(report: &Report, paint: Paint) -> String {
    let mut text = String::new();
    for diagnostic in &report.diagnostics {
        write_diagnostic(&mut text, diagnostic, paint);
        text.push('\n');
    }
    text
}

fn write_diagnostic(text: &mut String, diagnostic: &Diagnostic, paint: Paint) {
    let (part, name) = match diagnostic.severity() {
        Severity::Error => (Part::Error, "error"),
        Severity::Warning => (Part::Warning, "warning"),
    };
    let message = shown(&diagnostic.message, "  ");
    let _ = writeln!(text, "{}: {message}", paint.on(part, name));
    if let Some(Place { line, column }) = diagnostic.place {
        let file = shown(&diagnostic.file, "");
        let _ = writeln!(text, "  at {file}:{line}:{column}");
    }
    for line in diagnostic.code_frame.lines() {
        let marks = line.starts_with('>') || line.ends_with('^');
        let line = match marks {
            true => paint.on(part, line),
            false => line.to_owned(),
        };
        let _ = writeln!(text, "{line}");
    }
}

fn write_function(text: &mut String, report: &Report, paint: Paint) {
    let version = &report.version;
    let kind = report.kind.map_or("source", SourceKind::name);
    let file = paint.on(Part::Strong, &shown(&version.file_name, ""));
    let bytes = version.source.len();
    let _ = writeln!(text, "{file}: a {kind} of {bytes} bytes");
    let mut row = |name: &str, value: &str| {
        if !value.is_empty() {
            let value = shown(value, "            ");
            let _ = writeln!(text, "  {name:<9} {value}");
        }
    };
    row("sha256", &version.digest.to_string());
    let names: Vec<_> = report.handlers.iter().copied().map(Handler::name).collect();
    row("handlers", &names.join(", "));
    if !report.handlers.is_empty() {
        row(
            "batches",
            match report.supports_batch() {
                true => "whole, by onBatch",
                false => "each event by its own handler",
            },
        );
    }
    let Some(manifest) = report.manifest() else {
        return;
    };
    row("name", &manifest.display_name);
    row("about", &manifest.description);
    row("limits", &limits(&manifest.limits));
    row("hosts", &hosts(manifest));
    for setting in &manifest.settings {
        row("setting", &setting_text(setting));
    }
}

fn limits(limits: &ManifestLimits) -> String {
    let milliseconds = |time: std::time::Duration| format!("{} ms", time.as_millis());
    let parts = [
        ("wall time", limits.wall_time.map(milliseconds)),
        ("CPU time", limits.cpu_time.map(milliseconds)),
        (
            "result",
            limits.result_bytes.map(|bytes| format!("{bytes} bytes")),
        ),
        (
            "logs",
            limits.log_bytes.map(|bytes| format!("{bytes} bytes")),
        ),
        (
            "requests",
            limits.requests.map(|requests| requests.to_string()),
        ),
    ];
    let set = parts.into_iter();
    let set = set.filter_map(|(name, value)| Some(format!("{name} {}", value?)));
    set.collect::<Vec<_>>().join(", ")
}

fn hosts(manifest: &Manifest) -> String {
    match &manifest.allowed_hosts {
        None => String::new(),
        Some(hosts) => {
            let patterns: Vec<_> = hosts.patterns().collect();
            match patterns.is_empty() {
                true => "none".to_owned(),
                false => patterns.join(", "),
            }
        }
    }
}

fn setting_text(setting: &SettingSchema) -> String {
    let mut text = format!("{}: {}", setting.name, setting.setting_type.name());
    if setting.required {
        text.push_str(", required");
    }
    if setting.encrypted {
        text.push_str(", encrypted");
    }
    if let Some(default) = &setting.default {
        let _ = write!(text, ", {default} by default");
    }
    for more in [&setting.label, &setting.description] {
        if !more.is_empty() {
            let _ = write!(text, "\n{more}");
        }
    }
    text
}

fn verdict(report: &Report, paint: Paint) -> String {
    let errors = report.count(Severity::Error);
    let warnings = report.count(Severity::Warning);
    let counted = |number: usize, one: &str, part: Part| match number {
        0 => None,
        1 => Some(paint.on(part, &format!("1 {one}"))),
        many => Some(paint.on(part, &format!("{many} {one}s"))),
    };
    let counts = [
        counted(errors, "error", Part::Error),
        counted(warnings, "warning", Part::Warning),
    ];
    let counts: Vec<_> = counts.into_iter().flatten().collect();
    match counts.is_empty() {
        true => "no errors".to_owned(),
        false => counts.join(", "),
    }
}
