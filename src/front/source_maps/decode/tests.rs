//! Maps as bundlers write them, broken ones, and those that mean harm.

use super::*;

fn map(mappings: &str) -> String {
    format!(
        r#"{{"version":3,"sourceRoot":"r","sources":["a.ts",null],"names":["alpha"],
            "sourcesContent":["x"],"mappings":"{mappings}","x_other":[1,{{}}]}}"#
    )
}

/// A place of the generated file and where it comes from: source, line, column, name.
#[track_caller]
fn check(text: &str, place: (u32, u32), expect: Option<(&str, u32, u32, Option<&str>)>) {
    let map = SourceMap::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
    let found = map.original(place.0, place.1);
    let found = found.map(|found| (found.source, found.line, found.column, found.name));
    assert_eq!(found, expect, "{place:?} of {text}");
}

#[track_caller]
fn refused(text: &str, expect: &str) {
    let error = SourceMap::parse(text.as_bytes()).expect_err(text);
    assert!(error.to_string().contains(expect), "{error}");
}

#[test]
fn places_are_found_on_their_line_at_or_before_their_column() {
    // 1:1 → 1:1 alpha; 1:5 → 1:3; 1:9 nowhere; 3:3 → 2:1 of the source without a name.
    let text = map("AAAAA,IAAE,I;;ECCF");
    check(&text, (1, 1), Some(("a.ts", 1, 1, Some("alpha"))));
    check(&text, (1, 2), Some(("a.ts", 1, 1, None)));
    check(&text, (1, 5), Some(("a.ts", 1, 3, None)));
    check(&text, (1, 8), Some(("a.ts", 1, 3, None)));
    check(&text, (1, 9), None);
    check(&text, (2, 1), None);
    check(&text, (3, 2), None);
    check(&text, (3, 3), Some(("", 2, 1, None)));
    check(&text, (4, 1), None);
    check(&text, (0, 0), None);
    check(&text, (u32::MAX, u32::MAX), None);
    check(
        &format!(")]}}'\n{text}"),
        (1, 1),
        Some(("a.ts", 1, 1, Some("alpha"))),
    );
    let map = SourceMap::parse(text.as_bytes()).unwrap();
    assert_eq!(map.original(1, 1).unwrap().root, "r");
}

#[test]
fn mappings_out_of_order_are_put_in_order() {
    check(&map("IAAE,JAAF"), (1, 1), Some(("a.ts", 1, 1, None)));
}

#[test]
fn an_index_has_each_section_at_its_place() {
    let section = |line: u32, column: u32, source: &str| {
        format!(
            r#"{{"offset":{{"line":{line},"column":{column}}},"map":{{"version":3,
                "sources":["{source}"],"names":["n"],"mappings":"AAAAA;AACA"}}}}"#
        )
    };
    let sections = [section(0, 0, "a"), section(4, 9, "b")].join(",");
    let text = format!(r#"{{"version":3,"sections":[{sections}]}}"#);
    check(&text, (1, 1), Some(("a", 1, 1, Some("n"))));
    check(&text, (5, 9), None);
    check(&text, (5, 10), Some(("b", 1, 1, Some("n"))));
    check(&text, (6, 1), Some(("b", 2, 1, None)));
    let nested = format!(
        r#"{{"version":3,"sections":[{{"offset":{{"line":0,"column":0}},"map":{text}}}]}}"#
    );
    refused(&nested, "neither mappings nor sections");
}

#[test]
fn what_is_broken_is_refused_with_why() {
    refused("", "not JSON");
    refused("{", "not JSON");
    refused("[]", "not JSON");
    refused(")]}'", "not JSON");
    refused("\u{feff}{}", "not JSON");
    refused("{}", "neither");
    refused(r#"{"version":4,"mappings":""}"#, "version 4");
    refused(r#"{"version":3,"mappings":"","names":[1]}"#, "not JSON");
    refused(r#"{"version":3,"mappings":"","mappings":""}"#, "duplicate");
    refused(&map("AA"), "2 numbers");
    refused(&map("AAAAAA"), "6 numbers");
    refused(&map("AE"), "2 numbers");
    refused(&map("AEAA"), "does not list");
    refused(&map("AAAAE"), "does not list");
    refused(&map("ADAA"), "not in its range");
    refused(&map("D"), "not in its range");
    for number in ["ggggggg", "ggggggggggggggB", "g", "é", "!", "AAAAg"] {
        refused(&map(number), "no base64 VLQ");
    }
    let far = r#"{"sections":[{"offset":{"line":4294967295,"column":0},"map":{"mappings":";A"}}]}"#;
    refused(far, "not in its range");
    refused(&"[".repeat(100_000), "not JSON");
    refused(&r#"{"sections":[{"map":"#.repeat(10_000), "not JSON");
}

#[test]
fn what_it_costs_is_bounded_by_its_text() {
    refused(&map(&"A,".repeat(MAX_MAPPINGS + 1)), "more than 2097152");
    let names = vec![r#""""#; 2 << 20].join(",");
    let text = format!(r#"{{"names":[{names}],"mappings":""}}"#);
    let error = SourceMap::parse(text.as_bytes()).err();
    assert!(matches!(error, Some(BadMap::TooLarge { .. })), "{error:?}");
    // What a long root and many sources come to, if each were put together.
    let root = "r".repeat(1 << 20);
    let sources = vec![r#""""#; 1 << 18].join(",");
    let text = format!(r#"{{"sourceRoot":"{root}","sources":[{sources}],"mappings":"AAAA"}}"#);
    let map = SourceMap::parse(text.as_bytes()).unwrap();
    assert!(
        map.bytes() < 10 * text.len(),
        "{} of {}",
        map.bytes(),
        text.len()
    );
    assert!(map.original(1, 1).unwrap().root.len() < 300);
    let many_lines = SourceMap::parse(self::map(&";".repeat(1 << 22)).as_bytes()).unwrap();
    assert!(many_lines.bytes() < 1000);
}

#[test]
fn long_names_are_cut_and_marked() {
    let (long, path) = ("n".repeat(5000), format!("{}/end.ts", "p".repeat(5000)));
    let text = format!(r#"{{"sources":["{path}"],"names":["{long}"],"mappings":"AAAAA"}}"#);
    let map = SourceMap::parse(text.as_bytes()).unwrap();
    let found = map.original(1, 1).unwrap();
    assert!(found.source.starts_with('…') && found.source.ends_with("p/end.ts"));
    assert!(found.name.unwrap().ends_with("n…"));
    assert!(found.source.len() + found.name.unwrap().len() < 400);
}

/// Damaged in every byte, a map is read or refused, and what was read answers for every place.
#[test]
fn no_damage_panics() {
    let text = map("AAAAA,IAAE,I;;ECCF,gggggB");
    let bytes = text.as_bytes();
    for at in 0..bytes.len() {
        for other in [
            0, b'"', b'/', b'0', b'9', b';', b'A', b'[', b'{', 0x80, 0xff,
        ] {
            let mut damaged = bytes.to_vec();
            damaged[at] = other;
            for damaged in [&damaged[..], &damaged[..at], &damaged[at..]] {
                let Ok(map) = SourceMap::parse(damaged) else {
                    continue;
                };
                for line in [0, 1, 2, 3, 4, u32::MAX] {
                    for column in [0, 1, 4, 5, 9, u32::MAX] {
                        let _ = map.original(line, column);
                    }
                }
            }
        }
    }
}
