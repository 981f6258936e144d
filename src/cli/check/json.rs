//! A report for a program.

use serde_json::{Value, json};

use crate::{
    cli::render::{code_name, limit_json, milliseconds},
    front::{
        describe::{Diagnostic, Report, Severity},
        functions::manifest::{Manifest, ManifestLimits, SettingSchema},
    },
    invocation::{Handler, SourceKind},
};

/// One JSON object, with what `DescribeResponse` has.
pub fn of(report: &Report) -> String {
    let version = &report.version;
    let names = report.handlers.iter().copied().map(Handler::name);
    let mut object = json!({
        "file": version.file_name,
        "source_kind": report.kind.map(SourceKind::name),
        "source_bytes": version.source.len(),
        "source_sha256": version.digest.to_string(),
        "handlers": names.collect::<Vec<_>>(),
        "supports_batch": report.supports_batch(),
    });
    if let Some(manifest) = report.manifest() {
        add_manifest(&mut object, manifest);
    }
    object["diagnostics"] = report.diagnostics.iter().map(diagnostic).collect();
    format!("{object:#}")
}

fn add_manifest(object: &mut Value, manifest: &Manifest) {
    object["display_name"] = manifest.display_name.as_str().into();
    object["description"] = manifest.description.as_str().into();
    object["settings"] = manifest.settings.iter().map(setting).collect();
    object["limits"] = limits(&manifest.limits);
    let hosts = manifest.allowed_hosts.as_ref();
    let hosts = hosts.map(|hosts| hosts.patterns().collect::<Vec<_>>());
    object["allowed_hosts"] = hosts.into();
}

fn setting(setting: &SettingSchema) -> Value {
    json!({
        "name": setting.name,
        "label": setting.label,
        "type": setting.setting_type.name(),
        "description": setting.description,
        "required": setting.required,
        "encrypted": setting.encrypted,
        "default": setting.default,
    })
}

fn limits(limits: &ManifestLimits) -> Value {
    json!({
        "wall_time_ms": limits.wall_time.map(milliseconds),
        "cpu_time_ms": limits.cpu_time.map(milliseconds),
        "result_bytes": limits.result_bytes,
        "log_bytes": limits.log_bytes,
        "requests": limits.requests,
    })
}

fn diagnostic(diagnostic: &Diagnostic) -> Value {
    json!({
        "severity": match diagnostic.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "code": diagnostic.code.map(code_name),
        "message": diagnostic.message,
        "file": diagnostic.file,
        "line": diagnostic.place.map(|place| place.line),
        "column": diagnostic.place.map(|place| place.column),
        "code_frame": diagnostic.code_frame,
        "limit": diagnostic.limit.as_ref().map(limit_json),
    })
}
