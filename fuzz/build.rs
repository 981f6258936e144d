//! Tells the shared support code which binary to start: `PENSTOCK_BINARY`, else the release build beside this crate.

use std::{env, path::PathBuf};

fn main() {
    println!("cargo::rerun-if-env-changed=PENSTOCK_BINARY");
    let built = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/release/penstock");
    let binary = env::var_os("PENSTOCK_BINARY").map_or(built, PathBuf::from);
    println!(
        "cargo::rustc-env=CARGO_BIN_EXE_penstock={}",
        binary.display()
    );
}
