//! Any bytes as the frames of a peer.

#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock_fuzz::targets::wire_frames;

fuzz_target!(|input: &[u8]| wire_frames::check(input));
