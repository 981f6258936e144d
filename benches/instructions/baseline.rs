//! The counts that are committed: read, written, and what they were made with.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use toml::{Table, Value};

use crate::{cell, scenarios};

const HEAD: &str = "# Instructions of an event in each scenario of benches/instructions, and what they were counted with.
# `UPDATE=1 cargo bench --bench instructions` writes this anew.
";
const MADE_WITH: &str = "made_with";
const INSTRUCTIONS: &str = "instructions";

#[derive(Debug)]
pub struct Baseline {
    made_with: Table,
    instructions: Table,
}

impl Baseline {
    /// What is committed; nothing, if that is.
    pub fn read() -> Baseline {
        let text = std::fs::read_to_string(path()).unwrap_or_default();
        let mut all: Table = text
            .parse()
            .unwrap_or_else(|error| panic!("{}: {error}", path().display()));
        let mut table = |name| match all.remove(name) {
            Some(Value::Table(table)) => table,
            _ => Table::new(),
        };
        Baseline {
            made_with: table(MADE_WITH),
            instructions: table(INSTRUCTIONS),
        }
    }

    pub fn of(&self, scenario: &str) -> Option<u64> {
        u64::try_from(self.instructions.get(scenario)?.as_integer()?).ok()
    }

    /// What counts may differ by though the code does not, in words.
    pub fn differs_in(&self, here: &Table) -> Option<String> {
        let mut differences = Vec::new();
        for (what, now) in here {
            let then = self.made_with.get(what);
            if then != Some(now) {
                let then = then.map_or("nothing".to_owned(), ToString::to_string);
                differences.push(format!("{what} {now} instead of {then}"));
            }
        }
        (!differences.is_empty()).then(|| differences.join(", "))
    }

    /// The same with these counts in it; those of scenarios that are no more go.
    pub fn renewed(mut self, counts: &[(&str, u64)], here: Table) -> Baseline {
        let exists = |name: &str| scenarios::ALL.iter().any(|scenario| scenario.name == name);
        self.instructions.retain(|name, _| exists(name));
        for (name, count) in counts {
            self.instructions
                .insert((*name).to_owned(), Value::Integer(count.cast_signed()));
        }
        self.made_with = here;
        self
    }

    pub fn write(&self) {
        let mut text = HEAD.to_owned();
        for (name, table) in [
            (MADE_WITH, &self.made_with),
            (INSTRUCTIONS, &self.instructions),
        ] {
            let _ = writeln!(text, "\n[{name}]");
            text += &table.to_string();
        }
        std::fs::write(path(), text).expect("the baseline is writable");
    }
}

/// What this run counts with.
pub fn made_with(valgrind: String) -> Table {
    let facts = [
        ("processor", processor()),
        ("rustc", rustc_version()),
        ("v8", cell::v8_version()),
        ("valgrind", valgrind),
    ];
    let facts = facts.map(|(name, fact)| (name.to_owned(), Value::String(fact)));
    facts.into_iter().collect()
}

/// Code is chosen by what the processor can do.
fn processor() -> String {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        return "x86_64 with AVX2".to_owned();
    }
    std::env::consts::ARCH.to_owned()
}

fn rustc_version() -> String {
    let told = Command::new("rustc").arg("--version").output();
    let told = told.map_or_else(|_| Vec::new(), |output| output.stdout);
    String::from_utf8_lossy(&told).trim().to_owned()
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/instructions/baseline.toml")
}
