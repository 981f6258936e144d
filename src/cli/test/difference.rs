//! Where two JSON values differ, place by place.

use serde_json::{Map, Value as Json};

/// What stands for a place in a difference where there is nothing.
pub type Side = Option<Json>;

/// One place at which what came out is not what had to.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Such as `expect.event.properties.items[2]`.
    pub path: String,
    pub expected: Side,
    pub found: Side,
}

impl Difference {
    /// Whether it is at this place, or in what is there.
    pub fn is_in(&self, place: &str) -> bool {
        let rest = self.path.strip_prefix(place);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }
}

/// How much has to be said of what came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    All,
    /// Only what is expected; the rest may be anything.
    Some,
}

/// Holds one value against another.
#[derive(Debug)]
pub struct Comparison<F> {
    /// Whether what was found may stand for a text other than it.
    pub is_same_text: F,
}

impl<F: Fn(&str, &str) -> bool> Comparison<F> {
    /// Everything in which `found` is not as `expected`, in the order of what is expected. Keys may come in any
    /// order; numbers are the same if their values are.
    pub fn differences(
        &self,
        path: &str,
        expected: &Json,
        found: &Json,
        extent: Extent,
    ) -> Vec<Difference> {
        let mut differences = Vec::new();
        self.compare(path, expected, found, extent, &mut differences);
        differences
    }

    fn compare(
        &self,
        path: &str,
        expected: &Json,
        found: &Json,
        extent: Extent,
        into: &mut Vec<Difference>,
    ) {
        match (expected, found) {
            (Json::Object(expected), Json::Object(found)) => {
                self.compare_objects(path, expected, found, extent, into);
            }
            (Json::Array(expected), Json::Array(found)) => {
                let most = expected.len().max(found.len());
                for number in 0..most {
                    let path = format!("{path}[{number}]");
                    self.compare_parts(&path, expected.get(number), found.get(number), into);
                }
            }
            _ if self.is_same(expected, found) => {}
            _ => into.push(Difference {
                path: path.to_owned(),
                expected: Some(expected.clone()),
                found: Some(found.clone()),
            }),
        }
    }

    fn compare_objects(
        &self,
        path: &str,
        expected: &Map<String, Json>,
        found: &Map<String, Json>,
        extent: Extent,
        into: &mut Vec<Difference>,
    ) {
        for (key, value) in expected {
            self.compare_parts(&below(path, key), Some(value), found.get(key), into);
        }
        if extent == Extent::Some {
            return;
        }
        let others = found.iter().filter(|(key, _)| !expected.contains_key(*key));
        for (key, value) in others {
            self.compare_parts(&below(path, key), None, Some(value), into);
        }
    }

    fn compare_parts(
        &self,
        path: &str,
        expected: Option<&Json>,
        found: Option<&Json>,
        into: &mut Vec<Difference>,
    ) {
        match (expected, found) {
            (Some(expected), Some(found)) => {
                self.compare(path, expected, found, Extent::All, into);
            }
            (expected, found) => into.push(Difference {
                path: path.to_owned(),
                expected: expected.cloned(),
                found: found.cloned(),
            }),
        }
    }

    fn is_same(&self, expected: &Json, found: &Json) -> bool {
        match (expected, found) {
            (Json::String(expected), Json::String(found)) => {
                expected == found || (self.is_same_text)(expected, found)
            }
            (Json::Number(one), Json::Number(other)) => {
                one == other || one.as_f64() == other.as_f64()
            }
            _ => expected == found,
        }
    }
}

/// The place of a key in what is at `path`.
fn below(path: &str, key: &str) -> String {
    let is_word = |key: &str| {
        !key.is_empty()
            && !key.starts_with(|first: char| first.is_ascii_digit())
            && key
                .chars()
                .all(|letter| letter.is_alphanumeric() || letter == '_')
    };
    match is_word(key) {
        true => format!("{path}.{key}"),
        false => format!("{path}[{}]", Json::from(key)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(expected: Json, found: Json, extent: Extent, expect: &[(&str, Side, Side)]) {
        let comparison = Comparison {
            is_same_text: |expected: &str, found: &str| expected == "[redacted]" && found == "s",
        };
        let differences = comparison.differences("at", &expected, &found, extent);
        let differences: Vec<_> = differences
            .iter()
            .map(|found| (&*found.path, found.expected.clone(), found.found.clone()))
            .collect();
        assert_eq!(differences, expect, "{expected} and {found}");
    }

    #[test]
    fn what_is_the_same_differs_nowhere() {
        let one = json!({"a": [1, {"b": null}], "c": 2.0, "d": "[redacted]"});
        let other = json!({"d": "s", "c": 2, "a": [1.0, {"b": null}]});
        check(one, other, Extent::All, &[]);
        check(json!({"a": 1}), json!({"a": 1, "b": 2}), Extent::Some, &[]);
    }

    #[test]
    fn a_difference_is_in_the_places_that_lead_to_it() {
        let difference = Difference {
            path: "expect[1].event.at.time".to_owned(),
            expected: None,
            found: None,
        };
        for place in [
            "expect[1].event.at.time",
            "expect[1].event",
            "expect[1]",
            "expect",
        ] {
            assert!(difference.is_in(place), "{place}");
        }
        for place in [
            "expect[1].event.at.t",
            "expect[1].event.at.time.x",
            "expect[0]",
            "event",
        ] {
            assert!(!difference.is_in(place), "{place}");
        }
    }

    #[test]
    fn each_place_is_named() {
        check(
            json!({"a": {"b c": 1, "d": [1, 2]}, "e": "x"}),
            json!({"a": {"b c": true, "d": [1]}, "f": [], "e": "y"}),
            Extent::All,
            &[
                ("at.a[\"b c\"]", Some(json!(1)), Some(json!(true))),
                ("at.a.d[1]", Some(json!(2)), None),
                ("at.e", Some(json!("x")), Some(json!("y"))),
                ("at.f", None, Some(json!([]))),
            ],
        );
        check(
            json!({"a": {"b": 1}}),
            json!({"a": {"b": 1, "c": 2}, "d": 3}),
            Extent::Some,
            &[("at.a.c", None, Some(json!(2)))],
        );
    }
}
