//! Attack tests: nothing one function does fails another.
//!
//! `table` holds the attacks, one line of intent each. `arena` runs one against the real binary beside
//! victims, other functions under a steady load of calls, and finds out whether it ended as it may and
//! whether anybody else noticed. Everything that went wrong is told together, in
//! `target/attacks-report.txt` and at the end of the test.
//!
//! `PENSTOCK_SOAK_MINUTES=N` runs all attacks shuffled for N minutes beside more victims instead.
//! `PENSTOCK_ATTACKS=PART` runs those alone whose name or family has that part.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod arena;
mod attack;
mod deadline;
mod full_machine;
mod gauge;
mod judge;
mod report;
mod soak;
#[allow(dead_code)] // The end-to-end tests use all of it.
#[path = "../support/mod.rs"]
mod support;
mod table;
mod victims;

use std::collections::BTreeSet;

use arena::{Arena, VICTIMS};
use attack::Attack;
use report::Report;

#[test]
fn nothing_one_function_does_fails_another() {
    let attacks = chosen();
    let report = match std::env::var("PENSTOCK_SOAK_MINUTES") {
        Err(_) => once(&attacks),
        Ok(minutes) => {
            let minutes = minutes
                .parse()
                .unwrap_or_else(|error| panic!("PENSTOCK_SOAK_MINUTES={minutes}: {error}"));
            soak::run(&attacks, minutes)
        }
    };
    report.publish();
    assert!(report.faults().is_empty(), "{}", report.faults().join("\n"));
}

/// Every attack once, one after the other.
fn once(attacks: &[&Attack]) -> Report {
    let mut report = Report::default();
    let mut arena = Arena::start(VICTIMS);
    for attack in attacks {
        let trial = arena.attack(attack, 0);
        let failed = report.add(trial);
        if failed {
            // The next one gets a service that nothing happened to, so that its faults are its own.
            report.close(arena.end());
            arena = Arena::start(VICTIMS);
        }
    }
    if is_chosen(deadline::FAMILY, deadline::FAMILY) {
        report.add_all(deadline::rounds(&arena, deadline::ROUNDS));
    }
    if is_chosen(full_machine::FAMILY, full_machine::FAMILY) {
        report.add(full_machine::trial(&arena));
    }
    report.close(arena.end());
    report
}

fn chosen() -> Vec<&'static Attack> {
    table::attacks()
        .filter(|attack| is_chosen(attack.name, attack.family))
        .collect()
}

fn is_chosen(name: &str, family: &str) -> bool {
    let part = std::env::var("PENSTOCK_ATTACKS").unwrap_or_default();
    name.contains(&part) || family.contains(&part)
}

#[test]
fn each_attack_is_named_and_says_how_it_may_end() {
    let mut names = BTreeSet::new();
    for attack in table::attacks() {
        let name = (attack.family, attack.name);
        assert!(names.insert(name), "named twice: {name:?}");
        assert!(!attack.ends.is_empty(), "may not end: {}", attack.name);
    }
    assert!(names.len() >= 80, "{} attacks", names.len());
}
