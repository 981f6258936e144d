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
};
use crate::invocation::{ErrorCode, FunctionError, SettingsJson, StackFrame, Violation};

/// Settings fit for the function, and what keeps their secrets out of all that goes out.
#[derive(Debug)]
pub struct Prepared {
    pub settings: SettingsJson,
    pub redactor: Redactor,
}

/// Checks what an invocation is given and completes it. Settings the schema does not know pass. A value
/// of `null` counts as none. Secret are the settings the schema marks encrypted and those that
/// `secret_names` names; a name without a setting is no fault, since an optional one may have no value.
///
/// # Errors
/// `INVALID_SETTINGS` with every setting that does not fit; `INVALID_FUNCTION` when the version's
/// manifest can't be used, so that nobody knows what would fit.
pub fn prepare(
    version: &FunctionVersion,
    given: SettingsJson,
    secret_names: &[String],
) -> Result<Prepared, Box<FunctionError>> {
    let manifest = version
        .manifest
        .as_ref()
        .map_err(|bad| bad_manifest(version, bad))?;
    if manifest.settings.is_empty() && secret_names.is_empty() {
        return Ok(Prepared {
            settings: given,
            redactor: Redactor::none(),
        });
    }
    // The error would quote the text.
    let mut fields = serde_json::from_slice(given.bytes()).map_err(|_| unreadable())?;
    check(manifest, &fields)?;
    let settings = match fill_in(manifest, &mut fields) {
        true => written(&fields)?,
        false => given,
    };
    Ok(Prepared {
        settings,
        redactor: Redactor::new(secrets(manifest, secret_names, &fields)?),
    })
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

fn secrets(
    manifest: &Manifest,
    secret_names: &[String],
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

fn check(manifest: &Manifest, fields: &Map<String, Json>) -> Result<(), Box<FunctionError>> {
    let violations: Vec<_> = manifest
        .settings
        .iter()
        .filter_map(|setting| violation(setting, fields.get(&setting.name)))
        .collect();
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
fn violation(setting: &SettingSchema, value: Option<&Json>) -> Option<Violation> {
    let field = format!("settings.{}", setting.name);
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
    let frames = bad.0.iter().map(|fault| StackFrame {
        function: String::new(),
        file: file.clone(),
        line: fault.line,
        column: fault.column,
    });
    let violations = bad.0.iter().map(|fault| Violation {
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

    fn prepared(settings: &'static str) -> Result<Prepared, Box<FunctionError>> {
        prepare(&version(MANIFEST), SettingsJson::new(settings.into()), &[])
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
        let given = SettingsJson::new(r#"{ "a" : null }"#.into());
        for names in [vec![], vec!["a".to_owned()]] {
            let prepared = prepare(&version("{}"), given.clone(), &names).unwrap();
            assert_eq!(prepared.settings, given);
        }
    }

    #[test]
    fn secrets_are_what_the_schema_or_the_caller_says() {
        let given = r#"{"key":"hunter22","rate":1,"other":"correct horse","map":"no"}"#
            .replace(r#","map":"no""#, "");
        let names = ["other".to_owned(), "absent".to_owned()];
        let prepared =
            prepare(&version(MANIFEST), SettingsJson::new(given.into()), &names).unwrap();
        let mut text = "hunter22 1 correct horse".to_owned();
        prepared.redactor.text(&mut text);
        assert_eq!(text, "[redacted:key] 1 [redacted:other]");
    }

    #[test]
    fn more_secrets_than_can_be_kept_are_refused() {
        let given = format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_SECRET_BYTES + 1));
        let given = SettingsJson::new(given.into());
        let error = prepare(&version("{}"), given, &["a".to_owned()]).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidSettings);
        assert!(
            error.message.contains("262145 bytes; no more than 262144"),
            "{error:?}"
        );
    }

    #[test]
    fn a_bad_manifest_is_the_functions_fault() {
        let given = SettingsJson::new("{}".into());
        let error = prepare(&version("{\n \"setings\": []}"), given, &[]).unwrap_err();
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
