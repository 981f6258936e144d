//! Any bytes as a request of the API.

#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock_fuzz::targets::requests;

fuzz_target!(|input: &[u8]| requests::check(input));
