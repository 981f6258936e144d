//! Knobs that make no sense together: nothing is refused for it, but somebody should be told.

use super::{AdminAddress, Playground, ServeConfig};

/// Two knobs of which one keeps the other from ever mattering, or from doing what it is there for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    #[error(
        "--cache-instance-bytes ({instance}) is over --cache-bytes ({cell}): one instance may take all there is"
    )]
    CacheOfOne { instance: u64, cell: u64 },
    #[error(
        "--egress-at-once ({at_once}) is over --egress-function-requests ({function}), which holds before it"
    )]
    AtOnce { at_once: u32, function: u32 },
    #[error(
        "--egress-host-requests ({host}) is over --egress-function-requests ({function}), which holds before it"
    )]
    OneHost { host: u32, function: u32 },
    #[error(
        "--egress-function-requests ({function}) is over --egress-connections ({all}): one instance may take all places"
    )]
    OneFunction { function: u32, all: u32 },
    #[error("--egress-allow allows nothing while --egress-off is set")]
    AllowedButOff,
    #[error("--playground on shows nothing while --admin is off: it is a page of that endpoint")]
    PlaygroundOfNothing,
    #[error(
        "--drain-ms ({drain}) is under --wall-time-ms ({wall}): invocations under way at SIGTERM may be cut off"
    )]
    ShortDrain { drain: u64, wall: u64 },
    #[error(
        "--memory ({memory}) is under one heap of --heap-bytes in each of --cells ({heaps} together)"
    )]
    LittleMemory { memory: u64, heaps: u64 },
}

impl ServeConfig {
    /// All that is doubtful.
    pub fn doubts(&self) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        self.doubt_cells(&mut doubts);
        self.doubt_egress(&mut doubts);
        if self.admin.playground == Playground::On && self.admin.admin == AdminAddress::Off {
            doubts.push(Doubt::PlaygroundOfNothing);
        }
        let (drain, wall) = (self.traffic.drain_ms, self.limits.wall_time_ms);
        if drain < wall {
            doubts.push(Doubt::ShortDrain { drain, wall });
        }
        doubts
    }

    fn doubt_cells(&self, doubts: &mut Vec<Doubt>) {
        let (instance, cell) = (self.cells.cache_instance_bytes, self.cells.cache_bytes);
        // With 0 the cache is off, and the rest stands at its default.
        if cell > 0 && instance > cell {
            doubts.push(Doubt::CacheOfOne { instance, cell });
        }
        let heaps = u64::from(self.cells.cells.get()).saturating_mul(self.limits.heap_bytes);
        if let Some(memory) = self.cells.memory.filter(|memory| *memory < heaps) {
            doubts.push(Doubt::LittleMemory { memory, heaps });
        }
    }

    fn doubt_egress(&self, doubts: &mut Vec<Doubt>) {
        let egress = &self.egress;
        if egress.egress_off {
            if !egress.egress_allow.is_empty() {
                doubts.push(Doubt::AllowedButOff);
            }
            return;
        }
        let function = egress.egress_function_requests.get();
        let (at_once, host) = (
            egress.egress_at_once.get(),
            egress.egress_host_requests.get(),
        );
        if at_once > function {
            doubts.push(Doubt::AtOnce { at_once, function });
        }
        if host > function {
            doubts.push(Doubt::OneHost { host, function });
        }
        if let Some(all) = egress.egress_connections.filter(|all| all.get() < function) {
            let all = all.get();
            doubts.push(Doubt::OneFunction { function, all });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Effective;

    #[track_caller]
    fn check(arguments: &[&str], expect: &[&str]) {
        let arguments: Vec<_> = arguments.iter().map(Into::into).collect();
        let doubts = Effective::read(&arguments, &[]).unwrap().config.doubts();
        assert_eq!(doubts.len(), expect.len(), "{doubts:?}");
        for (doubt, expect) in doubts.iter().zip(expect) {
            assert!(doubt.to_string().starts_with(expect), "{doubt}");
        }
    }

    #[test]
    fn knobs_that_make_no_sense_together_are_told() {
        check(&[], &[]);
        check(&["--cache-bytes=0"], &[]);
        check(
            &["--cache-bytes=1000"],
            &["--cache-instance-bytes (8388608) is over --cache-bytes (1000)"],
        );
        check(&["--drain-ms=4999"], &["--drain-ms (4999)"]);
        check(&["--memory=268435455"], &["--memory (268435455)"]);
        check(&["--memory=268435456"], &[]);
        check(
            &[
                "--egress-at-once=7",
                "--egress-host-requests=8",
                "--egress-function-requests=6",
            ],
            &["--egress-at-once (7)", "--egress-host-requests (8)"],
        );
        check(
            &["--egress-connections=127"],
            &["--egress-function-requests (128)"],
        );
        check(
            &["--egress-off", "--egress-allow=10.0.0.0/8"],
            &["--egress-allow"],
        );
        check(&["--playground=on", "--admin=off"], &["--playground on"]);
        check(&["--admin=off"], &[]);
    }
}
