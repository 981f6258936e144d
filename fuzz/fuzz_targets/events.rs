//! Any bytes as the JSON text of an event.

#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock_fuzz::targets::events;

fuzz_target!(|input: &[u8]| events::check(input));
