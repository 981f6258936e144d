//! An invocation's settings before any JavaScript runs: checked against the function's schema, with
//! defaults filled in and the secrets among them known.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::{
    functions::{
        FunctionVersion,
        manifest::{self, BadManifest, Manifest, SettingSchema, SettingType},
    },
    redactor::{MAX_SECRET_BYTES, Redactor, Secrets},
    sealed::Opened,
};
use crate::invocation::{ErrorCode, FunctionError, SettingsJson, StackFrame, Violation};

mod joining;

use joining::Joined;

/// What a caller gives an invocation besides events.
#[derive(Debug)]
pub struct GivenSettings {
    pub settings: SettingsJson,
    /// Settings to be kept secret besides the encrypted and the sealed.
    pub secret_names: Vec<String>,
    pub sealed: Opened,
}

/// Settings fit for the function, and what keeps their secrets out of all that goes out.
#[derive(Debug)]
pub struct Prepared {
    pub settings: SettingsJson,
    pub redactor: Redactor,
}

/// Checks what an invocation is given and completes it. Settings the schema does not know pass. A value
/// of `null` counts as none. Secret are the settings that came sealed, those the schema marks encrypted and
/// those that `secret_names` names; a name without a setting is no fault, since an optional one may have no
/// value. With the sealed ones opened, the settings may have `settings_bytes` of JSON.
///
/// # Errors
/// `INVALID_SETTINGS` with every setting that does not fit; `INVALID_FUNCTION` when the version's
/// manifest can't be used, so that nobody knows what would fit.
pub fn prepare(
    version: &FunctionVersion,
    given: GivenSettings,
    settings_bytes: u64,
) -> Result<Prepared, Box<FunctionError>> {
    let manifest = version
        .manifest
        .as_ref()
        .map_err(|bad| bad_manifest(version, bad))?;
    let is_plain = given.secret_names.is_empty() && given.sealed.is_empty();
    if manifest.settings.is_empty() && is_plain {
        return Ok(Prepared {
            settings: given.settings,
            redactor: Redactor::none(),
        });
    }
    // The error would quote the text.
    let mut fields = serde_json::from_slice(given.settings.bytes()).map_err(|_| unreadable())?;
    let is_joined = !given.sealed.is_empty();
    let joined = joining::join(manifest, given.sealed, &mut fields);
    check(manifest, &joined, &fields)?;
    let is_filled_in = fill_in(manifest, &mut fields);
    let settings = match is_joined || is_filled_in {
        true => written(&fields)?,
        false => given.settings,
    };
    if is_joined {
        check_size(&settings, settings_bytes)?;
    }
    let secret_names = given.secret_names.iter().chain(joined.names());
    Ok(Prepared {
        settings,
        redactor: Redactor::new(secrets(manifest, secret_names, &fields)?),
    })
}

fn check_size(settings: &SettingsJson, limit: u64) -> Result<(), Box<FunctionError>> {
    let bytes = settings.bytes().len() as u64;
    if bytes <= limit {
        return Ok(());
    }
    Err(do_not_fit(vec![Violation {
        field: "settings".to_owned(),
        description: format!(
            "have {bytes} bytes with the sealed ones opened, over the limit of {limit} (knob \
             --settings-bytes)"
        ),
    }]))
}

fn written(fields: &Map<String, Json>) -> Result<SettingsJson, Box<FunctionError>> {
    match serde_json::to_vec(fields) {
        Ok(json) => Ok(SettingsJson::new(json.into())),
        Err(_) => Err(unreadable()),
    }
}

fn unreadable() -> Box<FunctionError> {
    let message = "the settings are no JSON object that can be checked";
    Box::new(FunctionError::new(ErrorCode::InvalidSettings, message))
}

fn secrets<'a>(
    manifest: &'a Manifest,
    secret_names: impl Iterator<Item = &'a String>,
    fields: &Map<String, Json>,
) -> Result<Secrets, Box<FunctionError>> {
    let encrypted = manifest.settings.iter().filter(|setting| setting.encrypted);
    let names: BTreeSet<_> = encrypted
        .map(|setting| &setting.name)
        .chain(secret_names)
        .collect();
    let mut secrets = Secrets::default();
    for name in names {
        if let Some(value) = fields.get(name) {
            secrets.add(name, value);
        }
    }
    if secrets.bytes() > MAX_SECRET_BYTES {
        return Err(do_not_fit(vec![Violation {
            field: "settings".to_owned(),
            description: format!(
                "the secret values have {} bytes; no more than {MAX_SECRET_BYTES} can be kept out of \
                 what goes out",
                secrets.bytes()
            ),
        }]));
    }
    Ok(secrets)
}

fn check(
    manifest: &Manifest,
    joined: &Joined,
    fields: &Map<String, Json>,
) -> Result<(), Box<FunctionError>> {
    let known = manifest
        .settings
        .iter()
        .filter(|setting| !joined.is_unknown(&setting.name));
    let misfits = known.filter_map(|setting| {
        let field = joined.place(&setting.name);
        violation(field, setting, fields.get(&setting.name))
    });
    let violations: Vec<_> = joined.violations().chain(misfits).collect();
    if violations.is_empty() {
        Ok(())
    } else {
        Err(do_not_fit(violations))
    }
}

fn do_not_fit(violations: Vec<Violation>) -> Box<FunctionError> {
    let told: Vec<_> = violations
        .iter()
        .map(|violation| format!("{}: {}", violation.field, violation.description))
        .collect();
    let message = format!("the settings do not fit the function: {}", told.join("; "));
    Box::new(FunctionError {
        violations,
        ..FunctionError::new(ErrorCode::InvalidSettings, message)
    })
}

/// What is wrong with a setting's value. Tells of which type it is and never the value itself: it may be
/// a secret, be it in the wrong place.
fn violation(field: String, setting: &SettingSchema, value: Option<&Json>) -> Option<Violation> {
    let expected = setting.setting_type.expected();
    let (field, description) = match value {
        None | Some(Json::Null) if setting.required && setting.default.is_none() => (
            field,
            format!("is required: expected {expected}, found none"),
        ),
        None | Some(Json::Null) => return None,
        Some(Json::String(text)) if text.is_empty() && setting.required => (
            field,
            format!("is required: expected {expected}, found an empty string"),
        ),
        Some(value) => match misfit(setting.setting_type, value)? {
            Misfit::Whole => (field, format!("expected {expected}, found {}", kind(value))),
            Misfit::Element(number, element) => (
                format!("{field}[{number}]"),
                format!("expected a string, found {}", kind(element)),
            ),
        },
    };
    Some(Violation { field, description })
}

enum Misfit<'v> {
    Whole,
    /// The first element at fault of a list.
    Element(usize, &'v Json),
}

fn misfit(setting_type: SettingType, value: &Json) -> Option<Misfit<'_>> {
    let fits = match setting_type {
        SettingType::String => value.is_string(),
        SettingType::Boolean => value.is_boolean(),
        SettingType::Number => value.is_number(),
        SettingType::Map => value.is_object(),
        SettingType::StringList => match value {
            Json::Array(elements) => {
                let mut numbered = elements.iter().enumerate();
                return numbered
                    .find(|(_, element)| !element.is_string())
                    .map(|(number, element)| Misfit::Element(number, element));
            }
            _ => false,
        },
    };
    (!fits).then_some(Misfit::Whole)
}

fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "a list",
        Json::Object(_) => "a map",
    }
}

/// Gives settings without a value their default. Whether there was one to give.
fn fill_in(manifest: &Manifest, fields: &mut Map<String, Json>) -> bool {
    let mut filled = false;
    for setting in &manifest.settings {
        let is_given = fields
            .get(&setting.name)
            .is_some_and(|value| !value.is_null());
        if let (false, Some(default)) = (is_given, &setting.default) {
            fields.insert(setting.name.clone(), default.clone());
            filled = true;
        }
    }
    filled
}

/// The error for a version whose manifest can't be used; the places are told as frames of the file.
fn bad_manifest(version: &FunctionVersion, bad: &BadManifest) -> Box<FunctionError> {
    let file = manifest::name_beside(&version.file_name);
    let frames = bad.faults.iter().map(|fault| StackFrame {
        function: String::new(),
        file: file.clone(),
        line: fault.line,
        column: fault.column,
    });
    let violations = bad.faults.iter().map(|fault| Violation {
        field: format!("function.json:{}:{}", fault.line, fault.column),
        description: fault.told(),
    });
    Box::new(FunctionError {
        frames: frames.collect(),
        violations: violations.collect(),
        ..FunctionError::new(ErrorCode::InvalidFunction, bad.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"{"settings":[
        {"name":"key","type":"string","required":true,"encrypted":true},
        {"name":"rate","type":"number","required":true,"default":0.5},
        {"name":"tags","type":"string[]"},
        {"name":"flag","type":"boolean","default":true},
        {"name":"map","type":"map"}
    ]}"#;

    fn version(manifest: &str) -> FunctionVersion {
        FunctionVersion::new(
            1,
            crate::invocation::VersionKey {
                function_id: "f".into(),
                version: "1".into(),
            },
            "".into(),
            Some(manifest.as_bytes()),
        )
    }

    const NO_LIMIT: u64 = u64::MAX;

    fn given(settings: impl Into<bytes::Bytes>, secret_names: &[&str]) -> GivenSettings {
        GivenSettings {
            settings: SettingsJson::new(settings.into()),
            secret_names: secret_names.iter().map(|&name| name.to_owned()).collect(),
            sealed: Vec::new(),
        }
    }

    fn prepared(settings: &'static str) -> Result<Prepared, Box<FunctionError>> {
        prepare(&version(MANIFEST), given(settings, &[]), NO_LIMIT)
    }

    #[track_caller]
    fn passes(settings: &'static str, expect: &str) {
        let passed = prepared(settings).expect(settings);
        let found: Json = serde_json::from_slice(passed.settings.bytes()).unwrap();
        assert_eq!(found, serde_json::from_str::<Json>(expect).unwrap());
    }

    #[track_caller]
    fn fails(settings: &'static str, expect: &[(&str, &str)]) {
        let error = prepared(settings).expect_err(settings);
        assert_eq!(error.code, ErrorCode::InvalidSettings);
        let found: Vec<_> = error
            .violations
            .iter()
            .map(|violation| (&*violation.field, &*violation.description))
            .collect();
        assert_eq!(found, expect, "{settings}");
        for (field, description) in expect {
            assert!(error.message.contains(field) && error.message.contains(description));
        }
    }

    #[test]
    fn defaults_are_filled_in_and_unknown_settings_pass() {
        passes(r#"{"key":"k"}"#, r#"{"key":"k","rate":0.5,"flag":true}"#);
        passes(
            r#"{"key":"k","rate":null,"flag":false,"tags":["a"],"map":{"a":[1]},"other":[{}]}"#,
            r#"{"key":"k","rate":0.5,"flag":false,"tags":["a"],"map":{"a":[1]},"other":[{}]}"#,
        );
        passes(
            r#"{"key":"k","tags":null}"#,
            r#"{"key":"k","tags":null,"rate":0.5,"flag":true}"#,
        );
    }

    #[test]
    fn every_violation_is_told_and_no_value() {
        fails(
            r#"{"key":12345,"rate":"fast","tags":["a",{"b":1},2],"flag":"true","map":[]}"#,
            &[
                ("settings.key", "expected a string, found a number"),
                ("settings.rate", "expected a number, found a string"),
                ("settings.tags[1]", "expected a string, found a map"),
                ("settings.flag", "expected a boolean, found a string"),
                ("settings.map", "expected a map (an object), found a list"),
            ],
        );
        let none = "is required: expected a string, found none";
        fails("{}", &[("settings.key", none)]);
        fails(r#"{"key":null}"#, &[("settings.key", none)]);
        fails(
            r#"{"key":""}"#,
            &[(
                "settings.key",
                "is required: expected a string, found an empty string",
            )],
        );
        fails(
            r#"{"key":"k","tags":"a,b"}"#,
            &[(
                "settings.tags",
                "expected a list of strings, found a string",
            )],
        );
        let message = prepared(r#"{"key":["hunter22"]}"#).unwrap_err().message;
        assert!(!message.contains("hunter22"), "{message}");
    }

    #[test]
    fn without_a_schema_settings_pass_untouched() {
        let settings = r#"{ "a" : null }"#;
        for names in [&[][..], &["a"]] {
            let prepared = prepare(&version("{}"), given(settings, names), NO_LIMIT).unwrap();
            assert_eq!(prepared.settings.bytes(), settings);
        }
    }

    #[test]
    fn secrets_are_what_the_schema_or_the_caller_says() {
        let settings = r#"{"key":"hunter22","rate":1,"other":"correct horse"}"#;
        let given = given(settings, &["other", "absent"]);
        let prepared = prepare(&version(MANIFEST), given, NO_LIMIT).unwrap();
        let mut text = "hunter22 1 correct horse".to_owned();
        prepared.redactor.text(&mut text);
        assert_eq!(text, "[redacted:key] 1 [redacted:other]");
    }

    #[test]
    fn more_secrets_than_can_be_kept_are_refused() {
        let settings = format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_SECRET_BYTES + 1));
        let error = prepare(&version("{}"), given(settings, &["a"]), NO_LIMIT).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidSettings);
        assert!(
            error.message.contains("262145 bytes; no more than 262144"),
            "{error:?}"
        );
    }

    #[test]
    fn a_bad_manifest_is_the_functions_fault() {
        let version = version("{\n \"setings\": []}");
        let error = prepare(&version, given("{}", &[]), NO_LIMIT).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidFunction);
        assert!(error.message.contains("no key \"setings\""), "{error:?}");
        let frame = &error.frames[0];
        assert_eq!(
            (&*frame.file, frame.line, frame.column),
            ("f/function.json", 2, 2)
        );
        assert_eq!(error.violations[0].field, "function.json:2:2");
    }
}
