//! Rounds of one target, each with a seed of its own; a failure is made small and told so that it repeats.

use std::{
    any::Any,
    cell::Cell,
    fmt::Write,
    panic::{self, AssertUnwindSafe},
    str::FromStr,
    sync::Once,
    time::{Duration, Instant},
};

use crate::targets::random::Random;

const DEFAULT_SEED: u64 = 20_260_101;

/// One target: how its inputs are made, what they must hold to, and how one is shown.
pub struct Target<'a, T> {
    pub name: &'a str,
    /// How many when no time is given.
    pub rounds: u64,
    pub make: &'a dyn Fn(&mut Random) -> Vec<T>,
    /// Panics when the input shows a fault.
    pub check: &'a dyn Fn(&[T]),
    pub show: &'a dyn Fn(&[T]) -> String,
    /// How often a failing input is tried with something left out.
    pub shrinking_tries: usize,
}

/// Round `n` has the seed `n` above the first, so that it can be repeated alone.
///
/// # Panics
/// When an input fails its check.
pub fn run<T: Clone>(target: &Target<T>) {
    let first = from_environment("PENSTOCK_FUZZ_SEED").unwrap_or(DEFAULT_SEED);
    let bound = from_environment("PENSTOCK_FUZZ_SECONDS").map(Duration::from_secs);
    let start = Instant::now();
    let mut round = 0;
    while bound.map_or(round < target.rounds, |bound| start.elapsed() < bound) {
        let seed = first.wrapping_add(round);
        let input = (target.make)(&mut Random::seeded(seed));
        if let Some(fault) = fault_of(target, &input) {
            panic!("{}", report(target, seed, round, &input, &fault));
        }
        round += 1;
    }
    let rate = round as f64 / start.elapsed().as_secs_f64();
    println!(
        "{}: {round} rounds from seed {first}, {rate:.0} a second",
        target.name
    );
}

fn from_environment<T: FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    let number = text.parse().ok();
    assert!(number.is_some(), "{name} is no number: {text}");
    number
}

fn report<T: Clone>(target: &Target<T>, seed: u64, round: u64, input: &[T], fault: &str) -> String {
    let kind = kind_of(fault);
    let small = minimal(input, target.shrinking_tries, |less| {
        fault_of(target, less).is_some_and(|other| kind_of(&other) == kind)
    });
    let last_fault = fault_of(target, &small);
    let mut text = format!("{}: seed {seed}, round {round}: {fault}\n", target.name);
    let _ = writeln!(
        text,
        "repeat with PENSTOCK_FUZZ_SEED={seed} cargo test --test fuzz {}",
        target.name
    );
    let _ = writeln!(text, "--- input\n{}", (target.show)(input));
    let _ = writeln!(
        text,
        "--- as small as it was made\n{}",
        (target.show)(&small)
    );
    let _ = match last_fault {
        Some(last_fault) => writeln!(text, "--- which comes to\n{last_fault}"),
        None => writeln!(text, "--- which does not fail every time"),
    };
    text
}

/// The words it starts with: a smaller input should show the same fault, not another.
fn kind_of(fault: &str) -> String {
    fault
        .chars()
        .take(24)
        .filter(|letter| !letter.is_numeric())
        .collect()
}

/// Leaves out parts, first large, then small, as long as the rest still fails.
pub fn minimal<T: Clone>(input: &[T], tries: usize, fails: impl Fn(&[T]) -> bool) -> Vec<T> {
    let mut kept = input.to_vec();
    let mut left = tries;
    let mut size = kept.len().div_ceil(2);
    while size > 0 {
        let before = kept.len();
        let mut place = 0;
        while place + size <= kept.len() {
            if left == 0 {
                return kept;
            }
            left -= 1;
            let mut less = kept.clone();
            less.drain(place..place + size);
            if fails(&less) {
                kept = less;
            } else {
                place += 1;
            }
        }
        // Single ones until none can go: what one leaves behind may make another needless.
        let again = size == 1 && kept.len() < before;
        size = if again { 1 } else { smaller(size, kept.len()) };
    }
    kept
}

/// Every size is tried on short inputs, since a field with its length can only go as a whole.
fn smaller(size: usize, length: usize) -> usize {
    if length > 256 { size / 2 } else { size - 1 }
}

thread_local! {
    /// Whether a panic of this thread is caught and told later.
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

fn fault_of<T>(target: &Target<T>, input: &[T]) -> Option<String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let default = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !CAUGHT.get() {
                default(info);
            }
        }));
    });
    CAUGHT.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(|| (target.check)(input)));
    CAUGHT.set(false);
    result.err().map(|payload| message_of(&*payload))
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words")
        .to_owned()
}

#[test]
fn a_failing_input_is_made_small() {
    let input: Vec<u8> = (0..100).collect();
    let fails = |input: &[u8]| input.contains(&17) && input.contains(&83);
    assert_eq!(minimal(&input, 10_000, fails), [17, 83]);
    assert_eq!(minimal(&input, 0, fails), input);
}
