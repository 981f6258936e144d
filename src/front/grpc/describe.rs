//! Describes: the request checked, the report as the API's message.

use super::{
    convert::{code, limit, proto_duration},
    decode::{Fault, check_function},
    structs,
};
use crate::{
    api::{
        self, DescribeRequest, DescribeResponse, FunctionRef, ManifestLimits, diagnostic::Severity,
    },
    front::{
        describe::{self, Report},
        functions::manifest::{self, SettingSchema, SettingType},
    },
    invocation::{Handler, SourceKind},
};

/// Checks a request to describe a function.
///
/// # Errors
/// All its faults.
pub fn decode(request: DescribeRequest) -> Result<FunctionRef, Vec<Fault>> {
    let function = request.function.unwrap_or_default();
    let mut faults = Vec::new();
    check_function(&function, &mut faults);
    if faults.is_empty() {
        Ok(function)
    } else {
        Err(faults)
    }
}

/// The response for a report.
pub fn encode(report: &Report) -> DescribeResponse {
    let version = &report.version;
    let kind = match report.kind {
        None => api::SourceKind::Unspecified,
        Some(SourceKind::Script) => api::SourceKind::Script,
        Some(SourceKind::Module) => api::SourceKind::Module,
    };
    let names = report.handlers.iter().copied().map(Handler::name);
    let mut response = DescribeResponse {
        handlers: names.map(str::to_owned).collect(),
        supports_batch: report.supports_batch(),
        source_kind: kind.into(),
        diagnostics: report.diagnostics.iter().map(diagnostic).collect(),
        source_bytes: version.source.len() as u64,
        source_sha256: version.digest.to_string(),
        file: version.file_name.clone(),
        ..DescribeResponse::default()
    };
    if let Some(manifest) = report.manifest() {
        response.display_name.clone_from(&manifest.display_name);
        response.description.clone_from(&manifest.description);
        response.settings = manifest.settings.iter().map(setting).collect();
        let limits = limits(&manifest.limits);
        response.limits = (limits != ManifestLimits::default()).then_some(limits);
        let hosts = manifest.allowed_hosts.as_ref();
        response.allowed_hosts = hosts.map(|hosts| api::AllowedHosts {
            hosts: hosts.patterns().collect(),
        });
    }
    response
}

fn setting(setting: &SettingSchema) -> api::SettingSchema {
    let setting_type = match setting.setting_type {
        SettingType::String => api::SettingType::String,
        SettingType::Boolean => api::SettingType::Boolean,
        SettingType::Number => api::SettingType::Number,
        SettingType::StringList => api::SettingType::StringList,
        SettingType::Map => api::SettingType::Map,
    };
    api::SettingSchema {
        name: setting.name.clone(),
        label: setting.label.clone(),
        r#type: setting_type.into(),
        description: setting.description.clone(),
        required: setting.required,
        encrypted: setting.encrypted,
        default: setting.default.clone().and_then(structs::value_of),
    }
}

fn limits(limits: &manifest::ManifestLimits) -> ManifestLimits {
    ManifestLimits {
        wall_time: limits.wall_time.and_then(proto_duration),
        cpu_time: limits.cpu_time.and_then(proto_duration),
        result_bytes: limits.result_bytes,
        log_bytes: limits.log_bytes,
        requests: limits.requests,
    }
}

fn diagnostic(diagnostic: &describe::Diagnostic) -> api::Diagnostic {
    let severity = match diagnostic.severity() {
        describe::Severity::Error => Severity::Error,
        describe::Severity::Warning => Severity::Warning,
    };
    api::Diagnostic {
        message: diagnostic.message.clone(),
        line: diagnostic.place.map_or(0, |place| place.line),
        column: diagnostic.place.map_or(0, |place| place.column),
        code_frame: diagnostic.code_frame.clone(),
        file: diagnostic.file.clone(),
        severity: severity.into(),
        code: diagnostic.code.map_or(0, |known| code(known).into()),
        limit: diagnostic.limit.clone().map(limit),
    }
}
