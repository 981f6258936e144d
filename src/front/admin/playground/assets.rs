//! The page's files, built into the executor, and what a browser is told to keep from them.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";
const IMAGE: &str = "image/svg+xml";

/// What every answer of the playground says. The page shows what functions wrote, and runs nothing of it: all it
/// may load is its own files, none of them inline, and nobody may frame it.
const PROTECTION: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types 'none'",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    // Another executor may be at the same address tomorrow.
    ("cache-control", "no-store"),
];

macro_rules! files {
    ($($path:literal: $content_type:ident = $file:literal,)*) => {
        &[$(($path, $content_type, include_str!($file)),)*]
    };
}

/// By the path that each is asked for at.
const FILES: &[(&str, &str, &str)] = files! {
    "/playground": HTML = "page.html",
    "/playground/style.css": STYLE = "style.css",
    "/playground/icon.svg": IMAGE = "icon.svg",
    "/playground/app.js": SCRIPT = "app.js",
    "/playground/api.js": SCRIPT = "api.js",
    "/playground/changes.js": SCRIPT = "changes.js",
    "/playground/desk.js": SCRIPT = "desk.js",
    "/playground/editor.js": SCRIPT = "editor.js",
    "/playground/elements.js": SCRIPT = "elements.js",
    "/playground/functions.js": SCRIPT = "functions.js",
    "/playground/grpcurl.js": SCRIPT = "grpcurl.js",
    "/playground/highlight.js": SCRIPT = "highlight.js",
    "/playground/history.js": SCRIPT = "history.js",
    "/playground/outcome.js": SCRIPT = "outcome.js",
    "/playground/requests.js": SCRIPT = "requests.js",
    "/playground/settings.js": SCRIPT = "settings.js",
    "/playground/units.js": SCRIPT = "units.js",
    "/playground/events/identify.json": JSON = "../../../../examples/events/identify.json",
    "/playground/events/track.json": JSON = "../../../../examples/events/track.json",
    "/playground/events/page.json": JSON = "../../../../examples/events/page.json",
    "/playground/events/screen.json": JSON = "../../../../examples/events/screen.json",
    "/playground/events/group.json": JSON = "../../../../examples/events/group.json",
    "/playground/events/alias.json": JSON = "../../../../examples/events/alias.json",
    "/playground/events/delete.json": JSON = "../../../../examples/events/delete.json",
    "/playground/events/batch.json": JSON = "../../../../examples/events/batch.json",
    "/playground/settings/batch-to-api.json": JSON = "../../../../examples/settings/batch-to-api.json",
    "/playground/settings/cached-lookup.json": JSON = "../../../../examples/settings/cached-lookup.json",
    "/playground/settings/enrich-from-api.json": JSON = "../../../../examples/settings/enrich-from-api.json",
    "/playground/settings/enrich-from-setting.json": JSON = "../../../../examples/settings/enrich-from-setting.json",
    "/playground/settings/filter-by-rule.json": JSON = "../../../../examples/settings/filter-by-rule.json",
    "/playground/settings/oauth-token.json": JSON = "../../../../examples/settings/oauth-token.json",
    "/playground/settings/retry-on-429.json": JSON = "../../../../examples/settings/retry-on-429.json",
    "/playground/settings/tokenise.json": JSON = "../../../../examples/settings/tokenise.json",
    "/playground/settings/typed-enrich.json": JSON = "../../../../examples/settings/typed-enrich.json",
};

/// The file at a path, with its content type.
pub fn find(path: &str) -> Option<(&'static str, Bytes)> {
    let mut files = FILES.iter();
    let (_, content_type, text) = files.find(|(at, ..)| *at == path)?;
    Some((content_type, Bytes::from_static(text.as_bytes())))
}

/// Says what a browser is to keep from an answer.
pub fn protect(headers: &mut HeaderMap) {
    for (name, value) in PROTECTION {
        let name = HeaderName::from_static(name);
        headers.insert(name, HeaderValue::from_static(value));
    }
}
