//! The names that maps give to authors' files, as they are told: plain and relative.

use crate::source_text::printable;

/// Puts a map's source root and one of its sources together as a name. What stands for a bundler or a host
/// before the path is dropped, and so are `.`, `..` where nothing is before it, and a leading slash.
/// Nothing is ever opened by the name.
pub fn tidy(root: &str, source: &str) -> String {
    let stands_alone = source.starts_with('/') || after_scheme(source).is_some();
    let whole = match stands_alone || root.is_empty() {
        true => source.to_owned(),
        false => format!("{root}/{source}"),
    };
    let path = after_scheme(&whole).unwrap_or(&whole);
    let path = path.split('?').next().unwrap_or_default();
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split(['/', '\\']) {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    let name: String = segments.join("/").chars().map(printable).collect();
    match name.is_empty() {
        true => "(unnamed)".to_owned(),
        // A stack has the place after " (".
        false => name.replace(" (", "_("),
    }
}

/// The path of `scheme://host/path` or `scheme:/path`; a drive's letter is no scheme.
fn after_scheme(name: &str) -> Option<&str> {
    let (scheme, rest) = name.split_once(":/")?;
    let is_scheme = scheme.len() > 1
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    if !is_scheme {
        return None;
    }
    match rest.strip_prefix('/') {
        Some(rest) => Some(rest.split_once('/').map_or(rest, |(_host, path)| path)),
        None => Some(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(root: &str, source: &str, expect: &str) {
        assert_eq!(tidy(root, source), expect, "{root:?} {source:?}");
    }

    #[test]
    fn names_are_plain_and_relative() {
        check("", "src/a.ts", "src/a.ts");
        check("", "./src/a.ts", "src/a.ts");
        check("", "../src/a.ts", "src/a.ts");
        check("", "src/x/../a.ts", "src/a.ts");
        check("", "../../../../etc/passwd", "etc/passwd");
        check("", "/home/ada/src/a.ts", "home/ada/src/a.ts");
        check("", "C:\\work\\src\\a.ts", "C:/work/src/a.ts");
        check("src", "a.ts", "src/a.ts");
        check("src/", "a.ts", "src/a.ts");
        check("/srv", "a.ts", "srv/a.ts");
        check("src", "/a.ts", "a.ts");
    }

    #[test]
    fn bundlers_and_hosts_are_dropped() {
        check("", "webpack:///./src/a.ts", "src/a.ts");
        check("", "webpack:///src/a.ts?5cd1", "src/a.ts");
        check("", "webpack://my-app/./src/a.ts", "src/a.ts");
        check("webpack://", "src/a.ts", "src/a.ts");
        check("webpack:///", "src/a.ts", "src/a.ts");
        check("src", "webpack:///./a.ts", "a.ts");
        check("", "file:///home/ada/a.ts", "home/ada/a.ts");
        check("", "https://cdn.example.com/x/a.ts", "x/a.ts");
        check("", "rollup:/a.ts", "a.ts");
        check("", "a.ts://", "(unnamed)");
    }

    #[test]
    fn nothing_breaks_a_stack() {
        check("", "", "(unnamed)");
        check("", "..", "(unnamed)");
        check("", "a\n    at b (c:1:1)", "a\u{fffd}    at b_(c:1:1)");
        check(
            "",
            "a\u{202e}st.b\u{200b}\u{1b}c",
            "a\u{fffd}st.b\u{fffd}\u{fffd}c",
        );
        check("", "(group)/a.ts", "(group)/a.ts");
    }
}
