//! The examples, as built into the executor.

use bytes::Bytes;

use super::Stored;
use crate::{front::functions::Language, invocation::VersionKey};

/// Their only version.
const VERSION: &str = "1";

macro_rules! example {
    ($id:literal) => {
        Example {
            id: $id,
            language: Language::JavaScript,
            source: example!($id, "index.js"),
            manifest: None,
        }
    };
    ($id:literal with manifest) => {
        Example {
            manifest: Some(example!($id, "function.json")),
            ..example!($id)
        }
    };
    ($id:literal in typescript) => {
        Example {
            id: $id,
            language: Language::TypeScript,
            source: example!($id, "index.ts"),
            manifest: Some(example!($id, "function.json")),
        }
    };
    ($id:literal, $file:literal) => {
        include_str!(concat!(
            "../../../../examples/functions/",
            $id,
            "/1/",
            $file
        ))
    };
}

struct Example {
    id: &'static str,
    language: Language,
    source: &'static str,
    manifest: Option<&'static str>,
}

const EXAMPLES: [Example; 13] = [
    example!("batch-by-type"),
    example!("batch-to-api"),
    example!("cached-lookup"),
    example!("enrich-from-api"),
    example!("enrich-from-setting" with manifest),
    example!("filter-by-rule" with manifest),
    example!("hello"),
    example!("mask-pii"),
    example!("oauth-token"),
    example!("rename-and-validate"),
    example!("retry-on-429"),
    example!("tokenise" with manifest),
    example!("typed-enrich" in typescript),
];

pub fn find(key: &VersionKey) -> Option<Stored> {
    if *key.version != *VERSION {
        return None;
    }
    let mut examples = EXAMPLES.iter();
    let found = examples.find(|example| example.id == &*key.function_id)?;
    Some(stored(found))
}

/// Each by the key it is found by.
pub fn all() -> impl Iterator<Item = (VersionKey, Stored)> {
    EXAMPLES.iter().map(|example| {
        let key = VersionKey {
            function_id: example.id.into(),
            version: VERSION.into(),
        };
        (key, stored(example))
    })
}

fn stored(example: &Example) -> Stored {
    let bytes = |text: &'static str| Bytes::from_static(text.as_bytes());
    Stored {
        source: bytes(example.source),
        language: example.language,
        manifest: example.manifest.map(bytes),
        source_map: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::functions::manifest::Manifest;

    #[test]
    fn their_manifests_are_sound() {
        let manifests = EXAMPLES.iter().filter_map(|example| example.manifest);
        for manifest in manifests {
            let manifest = Manifest::parse(manifest.as_bytes()).unwrap();
            assert!(!manifest.display_name.is_empty() && !manifest.settings.is_empty());
        }
    }
}
