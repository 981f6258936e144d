//! The executors of a test, which go and come back.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rustix::process::Signal;

use crate::processes::signal;
use crate::service::Service;

pub const NUMBER: usize = 3;

/// Above what a pod may take to drain.
const PATIENCE: Duration = Duration::from_mins(1);

/// One test's pods, each at an address that stays.
pub struct Pods {
    pods: Vec<Service>,
}

impl Pods {
    pub fn start() -> Pods {
        let pods = (0..NUMBER).map(|_| start_at(&format!("{}:0", fresh_host())));
        Pods {
            pods: pods.collect(),
        }
    }

    pub fn addresses(&self) -> Vec<String> {
        let addresses = self.pods.iter().map(Service::address);
        addresses.map(str::to_owned).collect()
    }

    /// As a machine that is gone, from one moment to the next.
    pub fn kill_and_replace(&mut self, pod: usize) {
        signal(self.pods[pod].pid(), Signal::KILL);
        self.replace(pod);
    }

    /// As Kubernetes does it.
    pub fn drain_and_replace(&mut self, pod: usize) {
        signal(self.pods[pod].pid(), Signal::TERM);
        let code = self.pods[pod].process().exit_code_within(PATIENCE);
        assert_eq!(code, Some(0), "its stderr:\n{}", self.pods[pod].stderr());
        self.replace(pod);
    }

    fn replace(&mut self, pod: usize) {
        let address = self.pods[pod].address().to_owned();
        let gone = self.pods.remove(pod);
        // Reaped, so that the port is free.
        drop(gone);
        self.pods.insert(pod, start_at(&address));
    }
}

fn start_at(address: &str) -> Service {
    let arguments = ["--egress-allow", "127.0.0.0/8", "--cells", "1"];
    Service::start(&[&arguments[..], &["--listen", address]].concat())
}

/// An address of loopback that no other process has, so that its ports stay ours.
fn fresh_host() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let (process, host) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    // 127.64.0.0/10: six bits of the second byte, and 0 and 255 kept out of the last.
    let (high, middle) = (64 + (process >> 8) % 64, process % 256);
    format!("127.{high}.{middle}.{}", host % 254 + 1)
}
