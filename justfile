# The commands of everyday work; `just` lists them.

default:
    @just --list

# Serve on the defaults
run *arguments:
    cargo run --release -- {{arguments}}

# The example router, such as: just router --executor 127.0.0.1:50051 --function hello@1 --generate 100 --seconds 5
router *arguments:
    cargo run --release --example router -- {{arguments}}

# The libraries that functions find, into libs/dist; needs npm
libs:
    .ci/libraries

# All tests
test *arguments:
    cargo test {{arguments}}

# The playground's page in Chromium; needs npm
playground:
    .ci/playground

# All that callers do, mixed, for some minutes: fails when memory, descriptors or threads grow
soak minutes="10":
    cargo bench --bench soak -- {{minutes}}

# All attacks in random order beside 16 victims, for some minutes
soak-attacks minutes="10":
    PENSTOCK_SOAK_MINUTES={{minutes}} cargo test --release --test attacks -- --nocapture nothing_one

# Only the attacks whose name or family contains this
attack part:
    PENSTOCK_ATTACKS={{part}} cargo test --test attacks -- --nocapture nothing_one

# What hogs, and floods of cheap calls, cost their neighbours
neighbour:
    cargo bench --bench neighbour

# Beside a gRPC echo, a bare V8 loop and, after `npm ci` in benches/compare/peers, Node + isolated-vm and workerd
compare *arguments:
    cargo bench --bench compare -- {{arguments}}

# How it scales, beside the aims: warm calls among many versions, their memory, a second core; or only such a part
scale *parts:
    cargo bench --bench scale -- {{parts}}

# What an invocation costs in CPU time and memory
cost:
    cargo bench --bench cost

# What calls cost in instructions, beside the committed baseline; needs valgrind
instructions *arguments:
    cargo bench --bench instructions -- {{arguments}}

# What the first touch of each library costs
libraries:
    cargo bench --bench libraries

# What traces cost
tracing:
    cargo bench --bench tracing

# What every change has to pass
ci:
    .ci/run

# Format and let clippy mend what it can
tidy:
    cargo fmt
    cargo clippy --all-targets --fix --allow-dirty --allow-staged
