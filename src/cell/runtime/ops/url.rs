//! Ops on URLs as the WHATWG has them. JavaScript keeps the serialised URL and where its parts are; a setter
//! parses it again.

use std::borrow::Cow;

use percent_encoding::percent_decode;
use url::{Url, form_urlencoded, quirks};

use super::{Arguments, Return};
use crate::cell::runtime::bytes::{may_fit, one_byte_string, utf8_string, with_characters};

/// Characters that a URL, or one part of one, may be given with; browsers have the same bound.
const MOST_CHARACTERS: usize = 2 << 20;

/// The setters of a URL, by number.
const SETTERS: [fn(&mut Url, &str); 9] = [
    |url, value| _ = quirks::set_protocol(url, value),
    |url, value| _ = quirks::set_username(url, value),
    |url, value| _ = quirks::set_password(url, value),
    |url, value| set_host_with(url, value, quirks::set_host),
    |url, value| set_host_with(url, value, quirks::set_hostname),
    |url, value| _ = quirks::set_port(url, value),
    set_pathname,
    quirks::set_search,
    quirks::set_hash,
];

/// As the setter, and without the "/." that a path begins with in the text of a URL that had no host.
fn set_host_with(url: &mut Url, value: &str, setter: fn(&mut Url, &str) -> Result<(), ()>) {
    if url.has_host() || !url.path().starts_with("//") {
        _ = setter(url, value);
    } else if let Some(mut with_host) = with_authority(url, "//host", url.path())
        && setter(&mut with_host, value).is_ok()
    {
        *url = with_host;
    }
}

/// As [`quirks::set_pathname`], and keeps a path of a URL without host from being taken for one.
fn set_pathname(url: &mut Url, value: &str) {
    if url.has_host() || url.cannot_be_a_base() || url.scheme() == "file" {
        quirks::set_pathname(url, value);
        return;
    }
    let Some(mut with_host) = with_authority(url, "//host", "/") else {
        return;
    };
    quirks::set_pathname(&mut with_host, value);
    let path = with_host.path();
    let authority = if path.starts_with("//") { "/." } else { "" };
    if let Some(changed) = with_authority(url, authority, path) {
        *url = changed;
    }
}

/// The URL with something else between its scheme and its query.
fn with_authority(url: &Url, authority: &str, path: &str) -> Option<Url> {
    let scheme = url.scheme();
    let rest = &url.as_str()[quirks::internal_components(url).path_start as usize..];
    let rest = rest.strip_prefix(url.path()).unwrap_or_default();
    Url::parse(&format!("{scheme}:{authority}{path}{rest}")).ok()
}

/// A string that is not too long for a part of a URL.
fn part(scope: &mut v8::PinScope<'_, '_>, value: v8::Local<'_, v8::Value>) -> Option<String> {
    let string = v8::Local::<v8::String>::try_from(value).ok()?;
    (string.length() <= MOST_CHARACTERS).then(|| string.to_rust_string_lossy(scope))
}

/// What JavaScript is told of a URL: its text, then where its parts end or begin. The text is ASCII, so that
/// bytes are characters.
fn describe<'s>(scope: &mut v8::PinScope<'s, '_>, url: &Url) -> Option<v8::Local<'s, v8::Value>> {
    let href = url.as_str();
    let parts = quirks::internal_components(url);
    let end = href.len() as u32;
    let query_end = parts.fragment_start.unwrap_or(end);
    let path_end = parts.query_start.unwrap_or(query_end);
    let port_start = match parts.port {
        Some(_) => parts.host_end + 1,
        None => parts.host_end,
    };
    // What is before the path beside the port: "/." where the path could be taken for a host.
    let port_end = match parts.port {
        Some(_) => parts.path_start,
        None => parts.host_end,
    };
    let offsets = [
        parts.scheme_end,
        parts.username_end,
        parts.host_start,
        parts.host_end,
        port_start,
        port_end,
        parts.path_start,
        path_end,
        query_end,
    ];
    let mut description = vec![one_byte_string(scope, href.as_bytes())?.into()];
    for offset in offsets {
        description.push(v8::Integer::new_from_unsigned(scope, offset).into());
    }
    Some(v8::Array::new_with_elements(scope, &description).into())
}

/// `urlParse(input, base)`: what the URL is; `undefined` when it is none. `base` may be `undefined`.
pub fn parse(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, mut value: Return<'_>) {
    let url = parse_arguments(scope, &arguments);
    if let Some(parts) = url.and_then(|url| describe(scope, &url)) {
        value.set(parts);
    }
}

/// `urlCanParse(input, base)`
pub fn can_parse(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    mut value: Return<'_>,
) {
    value.set_bool(parse_arguments(scope, &arguments).is_some());
}

fn parse_arguments(scope: &mut v8::PinScope<'_, '_>, arguments: &Arguments<'_>) -> Option<Url> {
    let input = part(scope, arguments.get(0))?;
    let base = arguments.get(1);
    if base.is_undefined() {
        return Url::parse(&input).ok();
    }
    let base = Url::parse(&part(scope, base)?).ok()?;
    base.join(&input).ok()
}

/// `urlSet(href, setter, value)`: what the URL is with one part set; `undefined` when it stays as it is
/// because the value is too long.
pub fn set(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, mut value: Return<'_>) {
    let Some(setter) = super::numbered_entry(&SETTERS, arguments.get(1)) else {
        return;
    };
    // Our own text, which percent-encoding may have made longer than a part may be.
    let Ok(href) = v8::Local::<v8::String>::try_from(arguments.get(0)) else {
        return;
    };
    let Ok(mut url) = Url::parse(&href.to_rust_string_lossy(scope)) else {
        return;
    };
    let Some(new) = part(scope, arguments.get(2)) else {
        return;
    };
    setter(&mut url, &new);
    if let Some(parts) = describe(scope, &url) {
        value.set(parts);
    }
}

/// `domainToAscii(domain)`: empty when it is invalid.
pub fn domain_to_ascii(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    mut value: Return<'_>,
) {
    let domain = part(scope, arguments.get(0)).unwrap_or_default();
    if let Some(domain) = utf8_string(scope, quirks::domain_to_ascii(&domain).as_bytes()) {
        value.set(domain.into());
    }
}

/// `domainToUnicode(domain)`: empty when it is invalid.
pub fn domain_to_unicode(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    mut value: Return<'_>,
) {
    let domain = part(scope, arguments.get(0)).unwrap_or_default();
    if let Some(domain) = utf8_string(scope, quirks::domain_to_unicode(&domain).as_bytes()) {
        value.set(domain.into());
    }
}

/// `formEncode(string)`: as one side of `name=value` in `application/x-www-form-urlencoded`; `undefined`
/// when no string can be so long.
pub fn form_encode(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    mut value: Return<'_>,
) {
    let Ok(string) = v8::Local::<v8::String>::try_from(arguments.get(0)) else {
        return;
    };
    if with_characters(scope, string, |characters| is_plain(&characters)) {
        value.set(string.into());
        return;
    }
    let length = string.utf8_length(scope);
    // Most bytes become three.
    if !may_fit(scope, length.saturating_mul(3)) {
        return;
    }
    let text = string.to_rust_string_lossy(scope);
    let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    if let Some(encoded) = one_byte_string(scope, encoded.as_bytes()) {
        value.set(encoded.into());
    }
}

fn is_plain(characters: &v8::ValueViewData<'_>) -> bool {
    match characters {
        v8::ValueViewData::OneByte(bytes) => bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"*-._".contains(byte)),
        v8::ValueViewData::TwoByte(_) => false,
    }
}

/// `formDecode(string)`: one side of `name=value` in `application/x-www-form-urlencoded`, with U+FFFD for
/// what is no UTF-8; `undefined` when no string can be so long.
pub fn form_decode(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    mut value: Return<'_>,
) {
    let Ok(string) = v8::Local::<v8::String>::try_from(arguments.get(0)) else {
        return;
    };
    if with_characters(scope, string, |characters| is_literal(&characters)) {
        value.set(string.into());
        return;
    }
    let length = string.utf8_length(scope);
    if !may_fit(scope, length) {
        return;
    }
    let mut text = string.to_rust_string_lossy(scope).into_bytes();
    for byte in text.iter_mut().filter(|byte| **byte == b'+') {
        *byte = b' ';
    }
    let decoded: Cow<'_, [u8]> = percent_decode(&text).into();
    if let Some(decoded) = utf8_string(scope, &decoded) {
        value.set(decoded.into());
    }
}

/// Whether the characters stand for themselves; others than bytes may be halves of surrogate pairs.
fn is_literal(characters: &v8::ValueViewData<'_>) -> bool {
    match characters {
        v8::ValueViewData::OneByte(bytes) => !bytes.iter().any(|byte| b"+%".contains(byte)),
        v8::ValueViewData::TwoByte(_) => false,
    }
}
