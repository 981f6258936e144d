//! What operators get with the executor: a dashboard and alert rules, which may ask for no metric that there is not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::scrape::FAMILIES;

/// Only there while spans are exported, which `exporting.rs` looks at, or with TLS and an access file, which
/// `documents.rs` looks at.
const NOT_EVERYWHERE: [&str; 6] = [
    "otel_sdk_processor_span_processed_total",
    "penstock_traces_spans_lost_total",
    "penstock_tls_certificate_not_after_seconds",
    "penstock_tls_handshakes_total",
    "penstock_reloads_total",
    "penstock_reload_stale",
];

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("monitoring")
        .join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The metrics that an expression asks for: names that are no label's, function's or keyword's.
fn metrics(expression: &str) -> BTreeSet<String> {
    // What is in braces, in brackets or behind `by` are labels and times.
    let (mut rest, mut asked) = (String::new(), BTreeSet::new());
    let mut depth = 0;
    for character in expression.chars() {
        depth += i32::from(matches!(character, '{' | '['));
        rest.push(if depth == 0 { character } else { ' ' });
        depth -= i32::from(matches!(character, '}' | ']'));
    }
    while let Some(start) = rest.find(" by (") {
        let end = rest[start..].find(')').expect("it ends");
        rest.replace_range(start..=start + end, "");
    }
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    for word in rest.split(|character| !is_part(character)) {
        if word.contains('_') && word != "histogram_quantile" {
            asked.insert(word.to_owned());
        }
    }
    asked
}

#[track_caller]
fn assert_there(expression: &str) {
    let asked = metrics(expression);
    assert!(!asked.is_empty(), "no metric in {expression}");
    for metric in asked {
        let is_there = FAMILIES.iter().any(|(family, kind)| match *kind {
            "histogram" => ["_bucket", "_sum", "_count"]
                .iter()
                .any(|part| metric == format!("{family}{part}")),
            _ => metric == *family,
        });
        assert!(
            is_there || NOT_EVERYWHERE.contains(&metric.as_str()),
            "{metric} in {expression}"
        );
    }
}

#[test]
fn expressions_are_read() {
    let check = |expression: &str, expect: &[&str]| {
        let expect: BTreeSet<_> = expect.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(metrics(expression), expect, "{expression}");
    };
    check(
        "sum by (le_x) (rate(a_b{c_d=\"e_f\"}[$g_h])) / a_c > 0.9",
        &["a_b", "a_c"],
    );
    check("histogram_quantile(0.9, a_bucket)", &["a_bucket"]);
}

#[test]
fn alerts_ask_for_metrics_that_are_there() {
    let rules = read("alerts.yaml");
    let mut alerts = BTreeSet::new();
    for rule in rules.split("- alert: ").skip(1) {
        let name = rule.lines().next().expect("a name");
        alerts.insert(name.to_owned());
        let expression = rule.split("expr: |").nth(1).expect("an expression");
        let end = expression.find("labels:").expect("labels");
        let expression = expression[..end].split("for:").next().expect("text");
        assert_there(expression);
        for told in ["severity: ", "summary: "] {
            assert!(rule.contains(told), "{told} in {name}");
        }
        let runbook = format!("runbook_url: docs/operations.md#{}\n", name.to_lowercase());
        assert!(rule.contains(&runbook), "{runbook} in {name}");
        let tests = read("alerts.test.yaml");
        assert!(
            tests.contains(&format!("  alertname: {name}\n")),
            "a test of {name}"
        );
    }
    assert!(alerts.len() >= 9, "{alerts:?}");
}

#[test]
fn the_operator_gets_the_same_alerts() {
    let rules = read("alerts.yaml");
    let (_, groups) = rules.split_once("\ngroups:").expect("groups");
    let rule = read("../k8s/components/monitoring/alerts.yaml");
    let (_, spec) = rule.split_once("\nspec:\n  groups:").expect("a spec");
    let indented = groups.replace('\n', "\n  ").replace("\n  \n", "\n\n");
    assert_eq!(spec.trim_end(), indented.trim_end());
}

#[test]
fn every_runbook_is_of_an_alert_and_every_alert_has_one() {
    let document = read("../docs/operations.md");
    let (_, runbooks) = document.split_once("\n## Runbooks\n").expect("runbooks");
    let described: BTreeSet<_> = runbooks
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let rules = read("alerts.yaml");
    let alerts: BTreeSet<_> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    assert_eq!(described, alerts);
}

#[test]
fn the_dashboard_asks_for_metrics_that_are_there() {
    let dashboard: Value = serde_json::from_str(&read("grafana-dashboard.json")).expect("JSON");
    assert!(
        dashboard["schemaVersion"]
            .as_u64()
            .is_some_and(|version| version >= 39)
    );
    let panels = dashboard["panels"].as_array().expect("panels");
    let mut ids = BTreeSet::new();
    let mut taken = BTreeMap::new();
    for panel in panels {
        let title = panel["title"].as_str().expect("a title");
        assert!(
            ids.insert(panel["id"].as_u64().expect("an id")),
            "{title}: an id twice"
        );
        let place = |side: &str| panel["gridPos"][side].as_u64().expect("a place");
        let (x, y, width, height) = (place("x"), place("y"), place("w"), place("h"));
        assert!(width > 0 && x + width <= 24, "{title} is within the grid");
        for cell in (x..x + width).flat_map(|x| (y..y + height).map(move |y| (x, y))) {
            if let Some(other) = taken.insert(cell, title) {
                panic!("{title} covers {other}");
            }
        }
        if panel["type"] == "row" {
            continue;
        }
        let targets = panel["targets"].as_array().expect("targets");
        assert!(!targets.is_empty(), "{title} asks nothing");
        for target in targets {
            assert_there(target["expr"].as_str().expect("an expression"));
        }
        assert!(
            panel["description"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{title}"
        );
    }
    let shown: BTreeSet<_> = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().into_iter().flatten())
        .flat_map(|target| metrics(target["expr"].as_str().unwrap_or_default()))
        .collect();
    for (family, _) in FAMILIES {
        // How many sources there are says less than what they take.
        let is_shown = shown.iter().any(|metric| metric.starts_with(family));
        assert!(
            is_shown || family == "penstock_source_cache_count",
            "{family} is nowhere on it"
        );
    }
}
