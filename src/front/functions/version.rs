//! One version of a function: what its author wrote, what cells run of it, and what it says of itself.

use std::{fmt, sync::Arc};

use bytes::Bytes;

use super::{
    SourceDigest, SourceMapText,
    manifest::{BadManifest, Manifest},
    typescript::BadTypeScript,
};
use crate::{
    front::egress::AllowedHosts,
    invocation::{ErrorCode, FunctionError, InvocationLimits, StackFrame, VersionKey, Violation},
};

/// What a source is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    JavaScript,
    TypeScript,
}

impl Language {
    /// The source's file in a store.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::JavaScript => "index.js",
            Self::TypeScript => "index.ts",
        }
    }

    /// The name in stacks of a source in it, of the function with that id.
    pub fn name_in_stacks(self, function_id: &str) -> String {
        format!("{function_id}/{}", self.file_name())
    }
}

/// One version of a function, with its source.
#[derive(Debug)]
pub struct FunctionVersion {
    /// This front's number for it, by which cells know it.
    pub handle: u64,
    pub key: VersionKey,
    pub language: Language,
    /// As its author wrote it, in UTF-8.
    pub source: Bytes,
    /// What cells run, in UTF-8, with every place where it is in the source.
    pub code: Result<Bytes, BadTypeScript>,
    /// Of the source.
    pub digest: SourceDigest,
    /// The source's name in stacks.
    pub file_name: String,
    /// What the version says of itself; the default when it has no manifest.
    pub manifest: Result<Manifest, BadManifest>,
    /// What turns places in the source back to files it was made of.
    pub source_map: Option<SourceMapText>,
}

impl FunctionVersion {
    /// A version in JavaScript with its source and, if it has one, the text of its `function.json`.
    pub fn new(handle: u64, key: VersionKey, source: Bytes, manifest: Option<&[u8]>) -> Self {
        Self {
            handle,
            language: Language::JavaScript,
            file_name: Language::JavaScript.name_in_stacks(&key.function_id),
            key,
            code: Ok(source.clone()),
            digest: SourceDigest::of(&source),
            source_map: SourceMapText::inline(&source),
            source,
            manifest: manifest.map_or_else(|| Ok(Manifest::default()), Manifest::parse),
        }
    }

    /// The same in TypeScript, with what came of taking the types out. It needs no map, and keeps its name.
    #[must_use]
    pub fn in_typescript(self, code: Result<Bytes, BadTypeScript>) -> Self {
        Self {
            language: Language::TypeScript,
            code,
            source_map: None,
            ..self
        }
    }

    /// The same with the map that is beside its source. One in the source itself counts first: it can't be
    /// of another build.
    #[must_use]
    pub fn with_map(mut self, map: Option<Bytes>) -> Self {
        let beside = map.map(SourceMapText::Beside);
        self.source_map = self.source_map.or(beside);
        self
    }

    /// What cells run; nothing for a version that [`Self::check`] fails.
    pub fn code(&self) -> &[u8] {
        self.code.as_deref().unwrap_or_default()
    }

    /// Bytes it takes to keep.
    pub fn bytes(&self) -> u64 {
        let code = match (&self.code, self.language) {
            (Ok(_), Language::JavaScript) => 0,
            (Ok(code), Language::TypeScript) => code.len(),
            (Err(bad), _) => bad.bytes(),
        };
        let manifest = match &self.manifest {
            Ok(manifest) => manifest.bytes(),
            Err(bad) => bad.bytes(),
        };
        let map = self.source_map.as_ref().map_or(0, SourceMapText::own_bytes);
        (self.source.len() + code + manifest + map) as u64
    }

    /// Whether it can be run at all, as far as that shows without running it.
    ///
    /// # Errors
    /// `INVALID_FUNCTION` with each fault and its place.
    pub fn check(&self) -> Result<(), Box<FunctionError>> {
        match &self.code {
            Ok(_) => Ok(()),
            Err(bad) => Err(self.bad_typescript(bad)),
        }
    }

    /// The places are told as frames, the first also at the end of the message.
    fn bad_typescript(&self, bad: &BadTypeScript) -> Box<FunctionError> {
        let file = &self.file_name;
        let places = bad.0.iter().filter_map(super::TypeScriptFault::place);
        let frames = places.map(|(line, column)| StackFrame {
            function: String::new(),
            file: file.clone(),
            line,
            column,
        });
        let frames: Vec<_> = frames.collect();
        let described = bad.0.iter().map(|fault| {
            let description = fault.to_string();
            match fault.place() {
                Some((line, column)) => (format!("{file}:{line}:{column}"), description),
                None => (file.clone(), description),
            }
        });
        let described: Vec<_> = described.collect();
        let told = described
            .iter()
            .map(|(place, description)| format!("{description} ({place})"));
        let message = format!(
            "the TypeScript can't be run: {}",
            told.collect::<Vec<_>>().join("; ")
        );
        let at = described
            .iter()
            .map(|(place, _)| format!("\n    at {place}"));
        let stack = format!("{message}{}", at.collect::<String>());
        let violations = described
            .into_iter()
            .map(|(field, description)| Violation { field, description });
        Box::new(FunctionError {
            frames,
            stack,
            violations: violations.collect(),
            ..FunctionError::new(ErrorCode::InvalidFunction, message)
        })
    }

    /// Hosts that the version's requests may go to; `None` for any.
    pub fn allowed_hosts(&self) -> Option<Arc<AllowedHosts>> {
        let manifest = self.manifest.as_ref().ok()?;
        manifest.allowed_hosts.clone()
    }

    /// An invocation's limits, lowered to those the version sets for itself.
    #[must_use]
    pub fn lowered(&self, mut limits: InvocationLimits) -> InvocationLimits {
        if let Ok(manifest) = &self.manifest {
            manifest.limits.lower(&mut limits);
        }
        limits
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::JavaScript => "JavaScript",
            Self::TypeScript => "TypeScript",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::TypeScriptFault, *};

    fn version(manifest: Option<&str>) -> FunctionVersion {
        let key = VersionKey {
            function_id: "f".into(),
            version: "1".into(),
        };
        FunctionVersion::new(1, key, "x".into(), manifest.map(str::as_bytes))
    }

    #[test]
    fn what_is_wrong_with_a_version_weighs_too() {
        assert_eq!(version(None).bytes(), 1);
        let about = "a".repeat(1000);
        let sound = version(Some(&format!(r#"{{"description":"{about}"}}"#)));
        assert!((1000..1200).contains(&sound.bytes()), "{}", sound.bytes());
        let manifest = r#"{"a":1,"b":2}"#;
        let broken = version(Some(manifest));
        let told = "the manifest has no key \"a\"".len();
        let least = manifest.len() + 2 * told;
        assert!(broken.bytes() > least as u64, "{}", broken.bytes());
        let fault = TypeScriptFault::Syntax {
            line: 1,
            column: 1,
            message: "m".repeat(1000),
        };
        let broken = version(None).in_typescript(Err(BadTypeScript(vec![fault])));
        assert!(broken.bytes() > 1000, "{}", broken.bytes());
    }
}
