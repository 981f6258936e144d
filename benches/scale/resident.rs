//! Two thousand versions resident: what memory front and cells hold, and that a second call of each meets a warm isolate.

use std::time::Instant;

use bytes::Bytes;
use hdrhistogram::Histogram;
use penstock::api::InvokeResponse;
use prost::Message;

use crate::grpc::Streams;
use crate::service::Service;
use crate::started::{APART, CELLS, started};
use crate::{KEEP_ALL, figures, load, usage, work};

const VERSIONS: usize = 2_000;
const GIB: f64 = (1_u64 << 30) as f64;
/// Of a gRPC message: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// One call of each version.
struct Round {
    latencies: Histogram<u64>,
    cold_starts: usize,
}

pub fn measure() {
    let service = started(APART, &KEEP_ALL, CELLS);
    figures::reference("memory before any call", &memory(&service));
    let first = load::on_this_thread(round(&service));
    figures::reference("first calls of 2,000 versions", &told(&first));
    figures::line("memory then", &memory(&service), "within 4 GiB");
    let second = load::on_this_thread(round(&service));
    figures::line("second calls of each", &told(&second), "0 cold starts");
    figures::line("memory then", &memory(&service), "within 4 GiB");
}

/// One after the other.
async fn round(service: &Service) -> Round {
    let mut streams = Streams::connect(usage::port(service)).await;
    let mut round = Round {
        latencies: load::histogram(),
        cold_starts: 0,
    };
    for number in 0..VERSIONS {
        let ask = work::ask(&format!("resident-{number}"));
        let began = Instant::now();
        let answer = streams.call(&ask).await;
        load::record(&mut round.latencies, began.elapsed());
        round.cold_starts += usize::from(was_cold(answer));
    }
    round
}

/// Fails when it is not what the function makes.
fn was_cold(answer: Bytes) -> bool {
    load::check(&answer, work::PROOF);
    let response = InvokeResponse::decode(&answer[PREFIX..]).expect("a message of the API");
    response.usage.expect("it tells").cold_start
}

fn told(round: &Round) -> String {
    let quantile = |share| round.latencies.value_at_quantile(share) as f64 / 1e3;
    format!(
        "{} cold starts; p50 {:.2} ms, p99 {:.2} ms",
        round.cold_starts,
        quantile(0.50),
        quantile(0.99)
    )
}

fn memory(service: &Service) -> String {
    let pids = usage::pids(service);
    format!(
        "{:.2} GiB of the front and {} cells (PSS; their RSS adds up to {:.2} GiB)",
        usage::proportional_bytes(&pids) / GIB,
        pids.len() - 1,
        usage::resident_bytes(&pids) / GIB
    )
}
