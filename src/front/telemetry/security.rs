//! The listener's guards, looked at when a reader asks: certificate, handshakes, reloads, the audit log.

use std::{sync::Arc, time::UNIX_EPOCH};

use opentelemetry::{KeyValue, metrics::Meter};

use crate::front::{
    audit::Audit,
    files::Watched,
    security::Security,
    tls::{HandshakeEnd, HandshakeTally, Tls},
};

/// Without TLS, or files to reload, there are no series about them.
pub fn observe(meter: &Meter, security: &Security, watched: Vec<Arc<dyn Watched>>) {
    audit(meter, security.audit.clone());
    if let Some(tls) = &security.tls {
        certificate(meter, tls.clone());
        handshakes(meter, security.handshakes.clone());
    }
    if !watched.is_empty() {
        reloads(meter, watched);
    }
}

/// `penstock.audit.lost`: what the audit log does not have.
fn audit(meter: &Meter, audit: Audit) {
    meter
        .u64_observable_counter("penstock.audit.lost")
        .with_unit("{record}")
        .with_description("Records of the audit log that could not be written, or not in time")
        .with_callback(move |observer| observer.observe(audit.lost(), &[]))
        .build();
}

/// `penstock.tls.certificate.not_after`: when the listener's certificate expires.
fn certificate(meter: &Meter, tls: Tls) {
    meter
        .f64_observable_gauge("penstock.tls.certificate.not_after")
        .with_unit("s")
        .with_description("When the listener's certificate expires, in seconds since 1970")
        .with_callback(move |observer| {
            let since = tls.not_after().duration_since(UNIX_EPOCH);
            observer.observe(since.map_or(0.0, |since| since.as_secs_f64()), &[]);
        })
        .build();
}

/// `penstock.tls.handshakes` by `penstock.tls.handshake.result`.
fn handshakes(meter: &Meter, tally: Arc<HandshakeTally>) {
    let ends = HandshakeEnd::ALL.map(|end| (end, [end_attribute(end)]));
    meter
        .u64_observable_counter("penstock.tls.handshakes")
        .with_unit("{handshake}")
        .with_description(
            "TLS handshakes: done, failed, late (--tls-handshake-ms), displaced by others \
             (--tls-handshakes), or without HTTP/2 in ALPN",
        )
        .with_callback(move |observer| {
            for (end, attributes) in &ends {
                observer.observe(tally.count(*end), attributes);
            }
        })
        .build();
}

fn end_attribute(end: HandshakeEnd) -> KeyValue {
    let name = match end {
        HandshakeEnd::Done => "done",
        HandshakeEnd::Failed => "failed",
        HandshakeEnd::Late => "late",
        HandshakeEnd::Displaced => "displaced",
        HandshakeEnd::NoHttp2 => "no_http2",
    };
    KeyValue::new("penstock.tls.handshake.result", name)
}

/// `penstock.reloads` by `penstock.reload.subject` and `penstock.reload.result`, and `penstock.reload.stale`
/// by the subject.
fn reloads(meter: &Meter, watched: Vec<Arc<dyn Watched>>) {
    let subject =
        |watched: &Arc<dyn Watched>| KeyValue::new("penstock.reload.subject", watched.subject());
    let result = |name| KeyValue::new("penstock.reload.result", name);
    let by_result: Vec<_> = watched
        .iter()
        .map(|watched| {
            let attributes = ["done", "failed"].map(|name| [subject(watched), result(name)]);
            (watched.clone(), attributes)
        })
        .collect();
    meter
        .u64_observable_counter("penstock.reloads")
        .with_unit("{reload}")
        .with_description("Times that changed files were made use of, or could not be")
        .with_callback(move |observer| {
            for (watched, [done, failed]) in &by_result {
                observer.observe(watched.reloads(), done);
                observer.observe(watched.failures(), failed);
            }
        })
        .build();
    let subjects: Vec<_> = watched
        .into_iter()
        .map(|watched| ([subject(&watched)], watched))
        .collect();
    meter
        .u64_observable_gauge("penstock.reload.stale")
        .with_description("1 while what is in use is older than the files, which are of no use")
        .with_callback(move |observer| {
            for (attributes, watched) in &subjects {
                observer.observe(u64::from(watched.is_stale()), attributes);
            }
        })
        .build();
}
