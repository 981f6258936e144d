use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::json;

use super::*;

mod ends;

/// Has a space, quotes, a character of two bytes and what URLs escape.
const SECRET: &str = "p4ss w\u{f6}rd/+\"'\\$%!";

fn redactor(settings: serde_json::Value) -> Redactor {
    let mut secrets = Secrets::default();
    for (name, value) in settings.as_object().unwrap() {
        secrets.add(name, value);
    }
    Redactor::new(secrets)
}

#[track_caller]
fn check(settings: serde_json::Value, text: &str, expect: &str) {
    let mut redacted = text.to_owned();
    redactor(settings).text(&mut redacted);
    assert_eq!(redacted, expect, "{text}");
}

/// The code of the secret, wherever it stands in a text, is replaced whole.
#[track_caller]
fn hidden(code: &str) {
    let redactor = redactor(json!({ "key": SECRET }));
    for (before, after) in [("", ""), ("a: ", "."), ("<", ">"), ("…", "…"), ("é", "é")] {
        let mut text = format!("{before}{code}{after}");
        redactor.text(&mut text);
        assert_eq!(text, format!("{before}[redacted:key]{after}"), "{code}");
    }
}

fn percent(secret: &str, keep: &str, digits: fn(u8) -> String) -> String {
    let code = |byte: u8| match keep.as_bytes().contains(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{}", digits(byte)),
    };
    secret.bytes().map(code).collect()
}

fn lower(byte: u8) -> String {
    format!("{byte:02x}")
}

fn upper(byte: u8) -> String {
    format!("{byte:02X}")
}

#[test]
fn a_secret_is_found_as_it_is_and_in_longer_texts() {
    hidden(SECRET);
    check(
        json!({"a": "hunter22"}),
        "xhunter22hunter22y",
        "x[redacted:a]y",
    );
    check(
        json!({"a": "hunter22"}),
        "hunter2 Hunter22",
        "hunter2 Hunter22",
    );
}

#[test]
fn encodings() {
    const LETTERS: &str = "p4swrd";
    for digits in [lower, upper] {
        hidden(&percent(SECRET, "", digits));
        hidden(&percent(SECRET, LETTERS, digits));
        hidden(&percent(SECRET, "p4swrd!'$/+", digits));
        hidden(&percent(SECRET, LETTERS, digits).replace("%20", "+"));
        hidden(&SECRET.bytes().map(digits).collect::<String>());
        hidden(&SECRET.bytes().map(digits).collect::<Vec<_>>().join(" "));
        hidden(&SECRET.bytes().map(digits).collect::<Vec<_>>().join(":"));
    }
    let json = serde_json::to_string(SECRET).unwrap();
    let json = json.trim_matches('"');
    hidden(json);
    hidden(&json.replace('/', "\\/").replace('\u{f6}', "\\u00f6"));
    hidden(&SECRET.replace('\\', "\\\\").replace('\'', "\\'"));
    hidden(
        &SECRET
            .replace('\\', "\\\\")
            .replace('\u{f6}', "\\xF6")
            .replace('!', "\\u{21}")
            .replace("\\u{21}", "\\x21"),
    );
    for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
        hidden(&engine.encode(SECRET));
    }
}

#[test]
fn hex_is_found_at_any_digit_and_between_other_words() {
    let code: String = SECRET.bytes().map(lower).collect();
    for (before, after) in [
        ("a", ""),
        ("ab", "c"),
        ("abc", "12"),
        ("dead beef ", " cafe"),
        ("1:", ":2"),
    ] {
        let text = format!("{before}{code}{after}");
        check(
            json!({ "key": SECRET }),
            &text,
            &format!("{before}[redacted:key]{after}"),
        );
    }
}

#[test]
fn a_character_beyond_the_basic_plane_is_found_by_its_surrogates() {
    check(
        json!({"a": "key\u{1f511}end"}),
        r"x key\ud83d\uDD11end",
        "x [redacted:a]",
    );
}

#[test]
fn base64_at_every_alignment_leaves_nothing_of_the_secret() {
    let redactor = redactor(json!({ "key": "hunter22-is-secret" }));
    for engine in [&STANDARD, &URL_SAFE_NO_PAD] {
        for before in ["", "\u{ff}", "ab", "abc", "user:"] {
            for after in ["", "x", "\u{3ff}", "xyz"] {
                let plain = format!("{before}hunter22-is-secret{after}");
                let code = engine.encode(&plain);
                for lead in ["", "/", "ab/", "a_b"] {
                    let mut text = format!("Authorization: Basic {lead}{code}");
                    redactor.text(&mut text);
                    assert!(text.contains("[redacted:key]"), "{plain}: {text}");
                    // Not even a piece of it is left.
                    let left =
                        text.len() - "Authorization: Basic [redacted:key]".len() - lead.len();
                    assert!(
                        left <= (before.len() + after.len()) * 4 / 3 + 4,
                        "{plain}: {text}"
                    );
                }
            }
        }
    }
}

#[test]
fn one_encoding_around_another() {
    let json = serde_json::to_string(&json!({ "a": SECRET })).unwrap();
    let around = |code: &str| serde_json::to_string(code).unwrap();
    for code in [
        percent(
            &STANDARD.encode(SECRET),
            "abcdefghijklmnopqrstuvwxyz0123456789",
            upper,
        ),
        around(&json),
        STANDARD.encode(&json),
        STANDARD.encode(SECRET).replace('/', "\\/"),
        percent(&STANDARD.encode(&json), "a", upper),
        percent(&percent(SECRET, "", lower), "", upper),
        percent(&json, "a", lower),
        around(&percent(SECRET, "", upper)),
    ] {
        let mut text = format!("<{code}>");
        redactor(json!({ "key": SECRET })).text(&mut text);
        assert!(text.contains("[redacted:key]"), "{code}: {text}");
    }
}

#[test]
fn overlapping_secrets_leave_nothing() {
    let settings = json!({"a": "abc12345", "b": "2345xyz9", "c": "c123", "d": "abc12345xyz"});
    check(settings.clone(), "-abc12345xyz9-", "-[redacted:d]-");
    check(
        settings.clone(),
        "-abc123452345xyz9-",
        "-[redacted:a]2345xyz9-"
            .replace("2345xyz9", "[redacted:b]")
            .as_str(),
    );
    check(settings.clone(), "-abc1234-", "-ab[redacted:c]4-");
    check(settings, "-bc12345xyz9-", "-b[redacted:b]-");
    check(json!({"a": "abcabcX"}), "abcabcabcX", "abc[redacted:a]");
    check(
        json!({"a": "aaaa", "b": "aaaaaaaa"}),
        "aaaaaaaaaaa",
        "[redacted:b]",
    );
}

#[test]
fn which_values_are_secret() {
    let settings = json!({"list": ["first-one", {"deep": "second-one"}], "pin": 123_456, "rate": 2024, "yes": true});
    check(
        settings,
        "first-one second-one 123456 2024 true",
        "[redacted:list] [redacted:list] [redacted:pin] 2024 true",
    );
    check(
        json!({"a": "abc", "b": "    ", "c": ""}),
        "abc     ",
        "abc     ",
    );
    check(
        json!({"a": 1e300, "b": 123_456.75, "c": 1.234_567e-9}),
        "1e+300 123456.75 1.234567e-9",
        "1e+300 [redacted:b] [redacted:c]",
    );
    check(json!({"a": 1.234_567e30}), "1.234567e+30", "[redacted:a]");
    check(json!({"a": "  token-1\n"}), "<token-1>", "<[redacted:a]>");
}

#[test]
fn a_key_of_several_lines_is_found_line_by_line() {
    let key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\nEFAASCBKcwggSjAgEAAoIBAQC7\nxyz=\n-----END KEY-----\n";
    let printed = "'-----BEGIN KEY-----\\n' +\n  'MIIEvQIBADANBgkqhkiG9w0BAQ\\n' +\n  'EFAASCBKcwggSjAgEAAoIBAQC7\\n' +\n 'xyz=\\n'";
    check(
        json!({ "key": key }),
        printed,
        "'[redacted:key]\\n' +\n  '[redacted:key]\\n' +\n  '[redacted:key]\\n' +\n 'xyz=\\n'",
    );
    check(
        json!({ "key": key }),
        &format!("<{key}>"),
        "<[redacted:key]>",
    );
    // In the form that cloud vendors give their keys in, which functions parse.
    let account = json!({"client_id": "1234-abcd", "private_key": key}).to_string();
    check(
        json!({ "account": account }),
        "MIIEvQIBADANBgkqhkiG9w0BAQ 1234-abcd",
        "[redacted:account] [redacted:account]",
    );
}

#[test]
fn what_a_cut_left_of_a_secret_is_found() {
    let secret = "super-secret-value";
    for left in 4..secret.len() {
        let start = &secret[..left];
        check(
            json!({ "a": secret }),
            &format!("x {start}…"),
            "x [redacted:a]…",
        );
        check(
            json!({ "a": secret }),
            &format!("x {start}... 12 more"),
            &format!("x {start}... 12 more"),
        );
        check(
            json!({ "a": secret }),
            &format!("'x {start}'... 12 more"),
            "'x [redacted:a]'... 12 more",
        );
        check(
            json!({ "a": secret }),
            &format!("x {start}..."),
            "x [redacted:a]...",
        );
    }
    check(json!({ "a": secret }), "x sup…", "x sup…");
    check(json!({ "a": secret }), "x super", "x super");
    for offset in 0..3 {
        let code = STANDARD.encode(format!("{}{secret}", &"xyz"[offset..]));
        for cut in 10..code.len() {
            let mut text = format!("code {}…", &code[..cut]);
            redactor(json!({ "a": secret })).text(&mut text);
            assert!(text.contains("[redacted:a]"), "{text}");
            assert!(text.len() <= "code [redacted:a]…".len() + 4, "{text}");
        }
    }
    let odd = "s\u{e9}cr\u{e9}t valu\u{e9}";
    for code in [
        percent(odd, "scrtvalu", upper),
        odd.replace('\u{e9}', "\\u00e9"),
        odd.bytes().map(lower).collect(),
    ] {
        for cut in 21..code.len() {
            let mut text = format!("code {}…", &code[..cut]);
            redactor(json!({ "a": odd })).text(&mut text);
            assert!(text.contains("[redacted:a]"), "{text}");
            assert!(!text.contains("cr") && !text.contains("6372"), "{text}");
        }
    }
}

#[test]
fn v8s_excerpts_of_json_are_found() {
    let settings = json!({ "a": "super-secret-and-long-value" });
    for (error, expect) in [
        (
            "Unexpected token 's', \"super-secr\"... is not valid JSON",
            "Unexpected token 's', \"[redacted:a]\"... is not valid JSON",
        ),
        (
            "Unexpected token 'x', ...\"cret-and-lxlong-va\"... is not valid JSON",
            "Unexpected token 'x', ...\"[redacted:a]x[redacted:a]\"... is not valid JSON",
        ),
        (
            "Unexpected token 'e', ...\"long-value\" is not valid JSON",
            "Unexpected token 'e', ...\"[redacted:a]\" is not valid JSON",
        ),
        (
            "Unexpected token '}', ...\"ng-value}\" is not valid JSON",
            "Unexpected token '}', ...\"[redacted:a]}\" is not valid JSON",
        ),
    ] {
        check(settings.clone(), error, expect);
    }
}

#[test]
fn a_secret_is_found_in_lower_case_as_hosts_and_headers_names_have_it() {
    let settings = json!({"a": "SkLive-Qw9", "b": ["\u{c4}Bc-%41"]});
    for (text, expect) in [
        (
            "GET http://sklive-qw9.invalid/SkLive-Qw9",
            "GET http://[redacted:a].invalid/[redacted:a]",
        ),
        ("sKlIVE-qW9", "sKlIVE-qW9"),
        ("x-\u{c4}bc-%2541: 1", "x-[redacted:b]: 1"),
        ("c2tsaXZlLXF3OQ==", "[redacted:a]"),
    ] {
        check(settings.clone(), text, expect);
    }
}

#[test]
fn nothing_prints_a_secret() {
    let mut secrets = Secrets::default();
    secrets.add("key", &json!("hunter22"));
    assert_eq!(format!("{secrets:?}"), "Secrets { names: [\"key\"], .. }");
    assert_eq!(format!("{:?}", Redactor::new(secrets)), "Redactor { .. }");
}

#[test]
fn the_search_costs_no_more_for_nested_secrets() {
    let nested: Vec<_> = (4..200).map(|length| "a".repeat(length)).collect();
    let redactor = redactor(json!({ "a": nested }));
    let mut text = "a".repeat(1 << 16);
    redactor.text(&mut text);
    assert_eq!(text, "[redacted:a]");
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        // Knuth's MMIX generator.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

#[test]
fn no_text_gets_a_secret_through_or_breaks_the_search() {
    let secrets = [SECRET, "hunter22", "r22-%4Ahunt", "\u{1f511}\u{1f512}-keys"];
    let mut pieces: Vec<String> = [
        "%",
        "%4",
        "%e",
        "\\",
        "\\u",
        "\\ud83d",
        "\\x4",
        "\u{2026}",
        "...",
        "'... ",
        "...\"",
        "\" is not valid JSON",
        "\u{e9}",
        "\u{1f511}",
        "a",
        "7",
        " ",
        "+",
        "=",
        "/",
        "-",
        ":",
        "\n",
    ]
    .map(str::to_owned)
    .into();
    for secret in secrets {
        let json = serde_json::to_string(secret).unwrap();
        pieces.extend([
            secret.to_owned(),
            json.clone(),
            STANDARD.encode(secret),
            STANDARD.encode(json),
            percent(secret, "", lower),
        ]);
        pieces.extend([
            percent(&percent(secret, "a", upper), "", upper),
            secret.bytes().map(upper).collect(),
        ]);
    }
    let redactor = redactor(json!({ "a": secrets }));
    let mut dice = Dice(5);
    for _ in 0..3000 {
        let mut text = String::new();
        for _ in 0..dice.below(12) {
            let piece = &pieces[dice.below(pieces.len())];
            let end = piece.ceil_char_boundary(1 + dice.below(piece.len() * 2));
            text.push_str(piece.get(..end).unwrap_or(piece));
        }
        let mut redacted = text.clone();
        redactor.text(&mut redacted);
        for secret in secrets {
            assert!(!redacted.contains(secret), "{text}: {redacted}");
        }
        let excerpt = redactor.excerpt(&Bytes::from(text.clone().into_bytes()), 50);
        assert!(excerpt.len() <= 50);
        assert!(
            !String::from_utf8_lossy(&excerpt).contains("hunter22"),
            "{text}"
        );
    }
}
