//! What the documents say is so: knobs, metrics, and what the executor is deployed with.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use penstock::config::{Knob, Knobs, Shape};

use crate::scrape::Scrape;
use crate::secured::{Secured, token_entry};
use crate::service::{Service, penstock};

const CONFIGURATION: &str = "docs/configuration.md";
const OPERATIONS: &str = "docs/operations.md";

/// What is put together for a cluster.
const MANIFESTS: [&str; 5] = [
    "k8s/base",
    "k8s/overlays/dev",
    "k8s/overlays/production",
    "k8s/components/monitoring",
    "k8s/components/tls",
];

/// What the table of knobs stands under.
const INTRODUCTION: &str = "\
# Configuration

<!-- Made of the flags' definitions: `UPDATE=1 cargo test --test e2e documents` writes it anew. -->

Every knob of `penstock serve` is a flag, a variable and a key of a TOML file. A flag wins over the variable, the variable
over the file (`--config FILE`, `PENSTOCK_CONFIG`), the file over the default.

```toml
# The flags' names without their dashes; there are no sections.
cells = 4
require-lockdown = true
egress-allow = [\"10.1.0.0/16\", \"10.2.0.0/16\"]
```

- `penstock serve --print-config` shows what holds, as such a file, with where each value came from.
- **Everything that is wrong is told at once**, with flag, variable or line, and the exit code is 2. A flag, key or
  `PENSTOCK_…` variable that there is not is wrong, too. `PENSTOCK_LOG` says what is logged, and is read from the
  environment alone. What Kubernetes sets for a service called `penstock` (`PENSTOCK_PORT=tcp://…`) is let be.
- What is doubtful, such as a knob that another keeps from ever mattering, is logged as a warning at the start.
- A switch is a bare flag, and `true` or `false` elsewhere. A list is a flag given several times, commas in the variable, an
  array in the file; who wins replaces the list and adds nothing to it.
- Times are in milliseconds, sizes in bytes. **0** is taken where a knob says what it means. None takes infinity; those
  without an upper end take what their number can hold, so that a large one is as good.
";

#[track_caller]
fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn configuration() -> String {
    let mut text = INTRODUCTION.to_owned();
    let knobs = Knobs::of_serve();
    let mut heading = None;
    for knob in knobs.settings() {
        if knob.heading() != heading {
            heading = knob.heading();
            let heading = heading.unwrap_or_default();
            let head = "| flag | variable | key | default | |\n|---|---|---|---|---|";
            writeln!(text, "\n## {heading}\n\n{head}").expect("a text grows");
        }
        row(&mut text, knob);
    }
    text
}

fn row(text: &mut String, knob: &Knob) {
    let (key, variable) = (knob.key(), knob.variable().unwrap_or_default());
    let value = knob
        .value_name()
        .map_or_else(String::new, |name| format!(" {name}"));
    let default = default(knob);
    let help = knob.help().replace('|', "\\|").replace('\n', " ");
    writeln!(
        text,
        "| `--{key}{value}` | `{variable}` | `{key}` | {default} | {help} |"
    )
    .expect("a text grows");
}

/// A value as such, with what it is in larger units, and words as words.
fn default(knob: &Knob) -> String {
    let default = knob.default_in_words().unwrap_or_default();
    if knob.shape() == Shape::List || default.contains(' ') || default == "none" {
        return default;
    }
    let bytes = default
        .parse()
        .ok()
        .filter(|_| knob.value_name() == Some("BYTES"));
    match bytes.filter(|bytes: &u64| *bytes >= 1024) {
        Some(bytes) if bytes % (1 << 20) == 0 => format!("`{default}`, {} MiB", bytes >> 20),
        Some(bytes) if bytes % (1 << 10) == 0 => format!("`{default}`, {} KiB", bytes >> 10),
        _ => format!("`{default}`"),
    }
}

#[test]
fn the_table_of_knobs_is_that_of_the_flags() {
    let made = configuration();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(root().join(CONFIGURATION), &made).expect("it is written");
    }
    let written = std::fs::read_to_string(root().join(CONFIGURATION)).unwrap_or_default();
    assert!(
        written == made,
        "{CONFIGURATION} is not what the flags say: UPDATE=1 writes it anew"
    );
}

/// The first column of the tables under a heading, without its backticks.
fn first_column(document: &str, heading: &str) -> Vec<String> {
    let (_, section) = document
        .split_once(&format!("\n## {heading}\n"))
        .expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split('`').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_metric_is_explained_and_no_other() {
    let explained = first_column(&read(OPERATIONS), "Metrics");
    let secured = Secured::new(&token_entry("router", "token", ""));
    let secured_service = secured.start(&[]);
    let services = [Service::shared(), &secured_service];
    let told = services.map(|service| Scrape::of(service).families.into_keys());
    let told: BTreeSet<_> = told.into_iter().flatten().collect();
    let once: BTreeSet<_> = explained.iter().cloned().collect();
    assert_eq!(
        once.len(),
        explained.len(),
        "one is explained twice: {explained:?}"
    );
    assert_eq!(once, told);
}

#[test]
fn documents_speak_of_flags_and_variables_that_there_are() {
    let knobs = Knobs::of_serve();
    let known: BTreeMap<_, _> = knobs
        .settings()
        .map(|knob| (knob.key(), knob.variable()))
        .collect();
    for document in [OPERATIONS, "README.md"] {
        for variable in words(&read(document), |text| text.starts_with("PENSTOCK_")) {
            let known = known
                .values()
                .any(|known| *known == Some(variable.as_str()));
            let other =
                ["PENSTOCK_LOG", "PENSTOCK_CONFIG", "PENSTOCK_"].contains(&variable.as_str());
            assert!(known || other, "{document} speaks of {variable}");
        }
    }
    for flag in words(&read(OPERATIONS), |text| text.starts_with("--")) {
        let name = flag.trim_start_matches('-');
        let known = known.contains_key(name) || ["print-config", "config"].contains(&name);
        assert!(known || name.is_empty(), "{OPERATIONS} speaks of {flag}");
    }
}

/// What stands between characters that no flag and no variable has, and fits.
fn words(text: &str, fits: impl Fn(&str) -> bool) -> Vec<String> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    let words = text.split(|character| !is_part(character));
    words.filter(|word| fits(word)).map(str::to_owned).collect()
}

/// The files of the manifests that end so.
fn files(ending: &str) -> Vec<PathBuf> {
    let of = |directory: &str| {
        let entries = std::fs::read_dir(root().join(directory)).expect(directory);
        let paths = entries.map(|entry| entry.expect("an entry").path());
        paths.collect::<Vec<_>>()
    };
    let files = MANIFESTS.into_iter().flat_map(of);
    files
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == ending)
        })
        .collect()
}

/// The variables that the components next to a configuration set.
fn variables_of_components(configuration: &Path) -> BTreeMap<String, String> {
    let kustomization = read(configuration.with_file_name("kustomization.yaml"));
    let lines = kustomization.lines().map(str::trim);
    let components = lines.filter_map(|line| line.strip_prefix("- ../../components/"));
    let patches = components.filter_map(|component| {
        let patch = format!("k8s/components/{component}/deployment.yaml");
        std::fs::read_to_string(root().join(patch)).ok()
    });
    let mut variables = BTreeMap::new();
    for patch in patches {
        let lines: Vec<_> = patch.lines().map(str::trim).collect();
        for pair in lines.windows(2) {
            if let Some(name) = pair[0].strip_prefix("- name: PENSTOCK_")
                && let Some(value) = pair[1].strip_prefix("value: ")
            {
                variables.insert(format!("PENSTOCK_{name}"), value.to_owned());
            }
        }
    }
    variables
}

#[test]
fn manifests_configure_the_executor_with_what_it_knows() {
    let configurations = files("toml");
    assert_eq!(configurations.len(), 3, "{configurations:?}");
    for path in &configurations {
        let mut command = penstock();
        command
            .args(["serve", "--print-config", "--config"])
            .arg(path)
            .envs(variables_of_components(path));
        let output = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", path.display());
    }
    let knobs = Knobs::of_serve();
    let mut variables = BTreeSet::new();
    for path in files("yaml") {
        let text = read(&path);
        let names = words(&text, |text| {
            text.starts_with("PENSTOCK_") && !text.ends_with("PENSTOCK_PORT")
        });
        for name in names {
            let known = name == "PENSTOCK_CONFIG"
                || knobs
                    .settings()
                    .any(|knob| knob.variable() == Some(name.as_str()));
            assert!(known, "{}: {name}", path.display());
            variables.insert(name);
        }
    }
    assert!(variables.contains("PENSTOCK_CONFIG"), "{variables:?}");
}

/// A key's values, in all files, as numbers.
fn numbers(text: &str, key: &str) -> Vec<u64> {
    let lines = text.lines().map(str::trim);
    let values = lines.filter_map(|line| {
        line.strip_prefix(key)?
            .trim_start()
            .strip_prefix([':', '='])
    });
    values
        .filter_map(|value| value.trim().parse().ok())
        .collect()
}

#[test]
fn the_kubelet_waits_longer_than_the_drain_takes() {
    let grace = numbers(
        &read("k8s/base/deployment.yaml"),
        "terminationGracePeriodSeconds",
    );
    assert_eq!(grace.len(), 1);
    let knobs = Knobs::of_serve();
    let default = |key: &str| {
        let knob = knobs.settings().find(|knob| knob.key() == key);
        let default = knob.and_then(Knob::default_in_words).expect(key);
        default.parse::<u64>().expect(key)
    };
    for path in files("toml") {
        let text = read(&path);
        let set = |key: &str| numbers(&text, key).first().copied();
        let time = |key: &str| set(key).unwrap_or_else(|| default(key));
        let drain = time("drain-delay-ms") + time("drain-ms");
        assert!(
            drain < grace[0] * 1000,
            "{}: {drain} ms of {} s",
            path.display(),
            grace[0]
        );
    }
}

#[test]
fn the_network_policy_denies_what_the_executor_denies() {
    let policy = read("k8s/base/networkpolicy.yaml");
    let nets = policy
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- "));
    let mut policy: Vec<_> = nets
        .filter(|net| net.contains('/') && !net.contains(' '))
        .collect();
    policy.sort_unstable();
    let ranges = read("src/front/egress/policy/ranges.rs");
    let quads = ranges
        .lines()
        .filter_map(|line| line.trim().strip_prefix("(v4("));
    let mut executor: Vec<_> = quads
        .map(|net| {
            let net = net.split(')').next().unwrap_or_default();
            let parts: Vec<_> = net.split(", ").collect();
            format!("{}/{}", parts[..4].join("."), parts[4])
        })
        .collect();
    executor.sort_unstable();
    policy.retain(|net| net.contains('.'));
    assert_eq!(policy, executor);
}
