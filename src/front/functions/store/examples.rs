//! The examples, as built into the executor.

use bytes::Bytes;

use super::Stored;
use crate::invocation::VersionKey;

/// Their only version.
const VERSION: &str = "1";

macro_rules! example {
    ($id:literal) => {
        ($id, example!($id, "index.js"), None)
    };
    ($id:literal with manifest) => {
        (
            $id,
            example!($id, "index.js"),
            Some(example!($id, "function.json")),
        )
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

/// Function id, source, manifest.
const EXAMPLES: [(&str, &str, Option<&str>); 12] = [
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
];

pub fn find(key: &VersionKey) -> Option<Stored> {
    if *key.version != *VERSION {
        return None;
    }
    let mut examples = EXAMPLES.iter();
    let (_, source, manifest) = examples.find(|(id, ..)| *id == &*key.function_id)?;
    Some(Stored {
        source: Bytes::from_static(source.as_bytes()),
        manifest: manifest.map(|manifest| Bytes::from_static(manifest.as_bytes())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::functions::manifest::Manifest;

    #[test]
    fn their_manifests_are_sound() {
        let manifests = EXAMPLES.iter().filter_map(|(_, _, manifest)| *manifest);
        for manifest in manifests {
            let manifest = Manifest::parse(manifest.as_bytes()).unwrap();
            assert!(!manifest.display_name.is_empty() && !manifest.settings.is_empty());
        }
    }
}
