//! Figures as they are printed: medians of rounds, and a line of each with what is aimed for beside it.

/// A figure is told and never judged: what a shared machine measures must not fail anything.
pub fn line(what: &str, found: &str, aim: &str) {
    println!("{what:<46} {found:<78} aim: {aim}");
}

/// One that others are measured by, which has no aim of its own.
pub fn reference(what: &str, found: &str) {
    println!("{what:<46} {found}");
}

/// Of at least one; the upper one of two in the middle.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
