//! The functions that events go through: named on the command line, with source and settings from files.

use std::{collections::HashMap, fs, path::PathBuf, str::FromStr};

use penstock::api::{FunctionRef, WireStruct};
use prost_types::{ListValue, Struct, Value as ProtoValue, value::Kind};
use serde_json::Value;

use super::pipeline::RouterError;

/// `id@version[#instance][,source=FILE][,settings=FILE]`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionOption {
    function_id: String,
    version: String,
    instance_id: String,
    source: Option<PathBuf>,
    settings: Option<PathBuf>,
}

/// Why a `--function` can't be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoFunction {
    #[error("{0:?} has no @version")]
    NoVersion(String),
    #[error("{0:?} is neither source=FILE nor settings=FILE")]
    UnknownPart(String),
}

impl FromStr for FunctionOption {
    type Err = NoFunction;

    fn from_str(text: &str) -> Result<Self, NoFunction> {
        let mut parts = text.split(',');
        let name = parts.next().unwrap_or_default();
        let Some((function_id, version)) = name.split_once('@') else {
            return Err(NoFunction::NoVersion(name.to_owned()));
        };
        let (version, instance_id) = version.split_once('#').unwrap_or((version, ""));
        let mut option = Self {
            function_id: function_id.to_owned(),
            version: version.to_owned(),
            instance_id: instance_id.to_owned(),
            source: None,
            settings: None,
        };
        for part in parts {
            match part.split_once('=') {
                Some(("source", file)) => option.source = Some(file.into()),
                Some(("settings", file)) => option.settings = Some(file.into()),
                _ => return Err(NoFunction::UnknownPart(part.to_owned())),
            }
        }
        Ok(option)
    }
}

/// One connected copy of a function: what goes with every call of it.
#[derive(Clone, Debug)]
pub struct Function {
    reference: FunctionRef,
    source: Option<String>,
    settings: Option<WireStruct>,
    name: String,
}

impl Function {
    /// # Errors
    /// [`RouterError`] when a file can't be read, or holds no settings.
    pub fn load(option: FunctionOption) -> Result<Self, RouterError> {
        let read = |path: PathBuf| match fs::read_to_string(&path) {
            Ok(text) => Ok((path, text)),
            Err(error) => Err(RouterError::Unreadable { path, error }),
        };
        let source = option.source.map(read).transpose()?;
        let settings = option.settings.map(read).transpose()?;
        let name = match option.instance_id.as_str() {
            "" => format!("{}@{}", option.function_id, option.version),
            instance => format!("{}@{}#{instance}", option.function_id, option.version),
        };
        let reference = FunctionRef {
            function_id: option.function_id,
            version: option.version,
            instance_id: option.instance_id,
            ..FunctionRef::default()
        };
        Ok(Self {
            reference,
            source: source.map(|(_, source)| source),
            settings: settings
                .map(|(path, text)| settings_of(path, &text))
                .transpose()?,
            name,
        })
    }

    /// As people and the balance know it: the function's key.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn settings(&self) -> Option<WireStruct> {
        self.settings.clone()
    }

    /// Without the source: an executor that knows the version, or has it in its store, needs none, and a source
    /// may be a megabyte.
    pub fn reference(&self) -> FunctionRef {
        self.reference.clone()
    }

    /// With the source, for an executor that said it does not know it. Nothing when there is none to send.
    pub fn reference_with_source(&self) -> Option<FunctionRef> {
        let source = self.source.clone()?;
        Some(FunctionRef {
            source,
            ..self.reference.clone()
        })
    }
}

fn settings_of(path: PathBuf, text: &str) -> Result<WireStruct, RouterError> {
    let settings: HashMap<String, Value> =
        serde_json::from_str(text).map_err(|error| RouterError::Settings { path, error })?;
    Ok(proto_struct(settings).into())
}

fn proto_struct(fields: impl IntoIterator<Item = (String, Value)>) -> Struct {
    let fields = fields.into_iter().map(|(name, value)| (name, proto(value)));
    Struct {
        fields: fields.collect(),
    }
}

/// JSON in the form of protobuf's well-known types; numbers are doubles there.
fn proto(value: Value) -> ProtoValue {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(value) => Kind::BoolValue(value),
        Value::Number(value) => Kind::NumberValue(value.as_f64().unwrap_or(f64::NAN)),
        Value::String(value) => Kind::StringValue(value),
        Value::Array(values) => Kind::ListValue(ListValue {
            values: values.into_iter().map(proto).collect(),
        }),
        Value::Object(fields) => Kind::StructValue(proto_struct(fields)),
    };
    ProtoValue { kind: Some(kind) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(&str, &str, &str, &str, &str), NoFunction>) {
        let file = |path: Option<PathBuf>| path.unwrap_or_default().display().to_string();
        let found = text.parse::<FunctionOption>().map(|option| {
            let files = [option.source, option.settings].map(file);
            let [source, settings] = files;
            (
                option.function_id,
                option.version,
                option.instance_id,
                source,
                settings,
            )
        });
        let expected = expected.map(|(id, version, instance, source, settings)| {
            let own = str::to_owned;
            (
                own(id),
                own(version),
                own(instance),
                own(source),
                own(settings),
            )
        });
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn functions_are_named_with_version_instance_and_files() {
        check("f@1", Ok(("f", "1", "", "", "")));
        check("f@1.2#copy-3", Ok(("f", "1.2", "copy-3", "", "")));
        check("f@1,source=a=b.js", Ok(("f", "1", "", "a=b.js", "")));
        check("f@1#c,settings=s,source=t", Ok(("f", "1", "c", "t", "s")));
        check("f", Err(NoFunction::NoVersion("f".into())));
        check("f@1,s.js", Err(NoFunction::UnknownPart("s.js".into())));
    }

    #[test]
    fn settings_become_a_struct() {
        let text = r#"{"a": [1, true, null], "b": {"c": "d"}}"#;
        let settings = settings_of("s.json".into(), text).unwrap();
        let a = settings.fields().unwrap()["a"].kind.clone();
        let Some(Kind::ListValue(list)) = a else {
            panic!("{a:?}");
        };
        let kinds: Vec<_> = list.values.into_iter().map(|value| value.kind).collect();
        let expected = [
            Kind::NumberValue(1.0),
            Kind::BoolValue(true),
            Kind::NullValue(0),
        ];
        assert_eq!(kinds, expected.map(Some));
        let no_object = settings_of("s.json".into(), "[]");
        assert!(matches!(no_object, Err(RouterError::Settings { .. })));
    }
}
