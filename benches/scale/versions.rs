//! What a warm call costs when one, ten, a hundred or a thousand versions are called in turn, all of them resident.

use std::time::Duration;

use crate::load::{self, Ask, Protocol, Target};
use crate::scrape::Scrape;
use crate::service::Service;
use crate::started::{APART, CELLS, started};
use crate::{KEEP_ALL, figures, usage, work};

const LAYOUTS: [(&str, u32, &[&str]); 2] = [
    ("one cell", 1, &["--cells", "1"]),
    ("cells as the default", CELLS, &[]),
];
const VERSIONS: [usize; 4] = [1, 10, 100, 1_000];
/// One after the other, which shows latency; and enough of them that the server seldom waits, which shows its work.
const IN_FLIGHT: [usize; 2] = [1, 8];
const WARM_UP: Duration = Duration::from_secs(4);
const TIME: Duration = Duration::from_secs(3);

/// Of calls once all versions are warm.
struct Warm {
    /// CPU time of front and cells for a call in microseconds.
    cpu_each: f64,
    p50: f64,
    p99: f64,
    cold_starts: f64,
}

pub fn measure() {
    for (layout, cells, arguments) in LAYOUTS {
        let arguments = [arguments, KEEP_ALL.as_slice()].concat();
        let mut of_one = [None; IN_FLIGHT.len()];
        for versions in VERSIONS {
            let service = started(APART, &arguments, cells);
            let asks = asks(versions);
            for (in_flight, of_one) in IN_FLIGHT.into_iter().zip(&mut of_one) {
                let warm = load::on_this_thread(warm(&service, &asks, in_flight));
                let of_one = *of_one.get_or_insert(warm.cpu_each);
                let name = format!("{layout}, {versions} in turn, {in_flight} in flight");
                print_row(&name, &warm, of_one);
            }
        }
    }
}

fn asks(versions: usize) -> Vec<Ask> {
    let numbers = 0..versions;
    numbers
        .map(|number| work::ask(&format!("resident-{number}")))
        .collect()
}

async fn warm(service: &Service, asks: &[Ask], in_flight: usize) -> Warm {
    let target = Target {
        protocol: Protocol::Grpc,
        port: usage::port(service),
    };
    load::in_turn(target, asks.iter().cloned(), Duration::ZERO).await;
    load::closed(target, asks, in_flight, WARM_UP).await;
    let pids = usage::pids(service);
    let (cpu, cold) = (usage::cpu(&pids), cold_starts(service));
    let recorded = load::closed(target, asks, in_flight, TIME).await;
    Warm {
        cpu_each: (usage::cpu(&pids) - cpu) / recorded.latencies.len() as f64,
        p50: recorded.quantile(0.50),
        p99: recorded.quantile(0.99),
        cold_starts: cold_starts(service) - cold,
    }
}

fn cold_starts(service: &Service) -> f64 {
    Scrape::of(service).value("faas_coldstarts_total")
}

fn print_row(name: &str, warm: &Warm, of_one: f64) {
    let found = format!(
        "{:6.1} µs of CPU, {:.2} times one version's; p50 {:.0} µs, p99 {:.0} µs; {} cold",
        warm.cpu_each,
        warm.cpu_each / of_one,
        warm.p50,
        warm.p99,
        warm.cold_starts
    );
    figures::line(name, &found, "flat, 1.00");
}
