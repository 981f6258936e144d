//! Any bytes as the choices that grow a hostile function, which the service then runs.

#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock_fuzz::targets::{function_sources::Subject, grammar, random::Random};

thread_local! {
    static SUBJECT: Subject = Subject::default();
}

fuzz_target!(|input: &[u8]| {
    let source = grammar::pieces(&mut Random::scripted(input.to_vec())).join("\n");
    SUBJECT.with(|subject| subject.check(&source));
});
