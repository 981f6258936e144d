# The commands of everyday work; `just` lists them.

default:
    @just --list

# Serve on the defaults
run *arguments:
    cargo run --release -- {{arguments}}

# All tests
test *arguments:
    cargo test {{arguments}}

# What every change has to pass
ci:
    .ci/run

# Format and let clippy mend what it can
tidy:
    cargo fmt
    cargo clippy --all-targets --fix --allow-dirty --allow-staged
