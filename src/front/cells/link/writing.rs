//! What goes to a cell: invocations with their sources, cancellations, ends of requests.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::SinkExt;
use tokio::sync::mpsc;

use super::{InFlight, Outgoing, OutgoingCall, Waiting, Writer};
use crate::{
    front::{
        cells::{Call, loaded::Loaded},
        functions::FunctionVersion,
    },
    invocation::{FunctionKey, Input},
    wire::{Cancel, CellFrame, Forget, FrameError, Load, Start},
};

/// Invocations written with one system call at most.
const CALLS_AT_ONCE: usize = 64;

/// Writes calls and cancellations, as much as is ready with one system call.
pub async fn write_calls(
    mut writer: Writer,
    mut loaded: Loaded,
    outgoing: &mut mpsc::Receiver<Outgoing>,
    in_flight: &InFlight,
) -> FrameError {
    let mut ready = Vec::with_capacity(CALLS_AT_ONCE);
    loop {
        tokio::select! {
            _ = outgoing.recv_many(&mut ready, CALLS_AT_ONCE) => {}
            () = in_flight.cancellation.notified() => {}
        }
        if let Err(error) = write_ready(&mut writer, &mut ready, &mut loaded, in_flight).await {
            return error;
        }
    }
}

async fn write_ready(
    writer: &mut Writer,
    ready: &mut Vec<Outgoing>,
    loaded: &mut Loaded,
    in_flight: &InFlight,
) -> Result<(), FrameError> {
    for outgoing in ready.drain(..) {
        let OutgoingCall {
            id,
            call,
            answer,
            trace,
        } = match outgoing {
            Outgoing::Call(outgoing) => *outgoing,
            Outgoing::Fetched(fetched) => {
                writer.feed(CellFrame::Fetched(fetched).into()).await?;
                continue;
            }
        };
        let waiting = Waiting {
            function: FunctionKey {
                version: call.version.key.clone(),
                instance_id: call.instance_id.clone(),
            },
            allowed_hosts: call.version.allowed_hosts(),
            most_fetches: call.limits.requests,
            trace,
            fetches: None,
            expected: call.input.expects(),
            answer,
        };
        if !in_flight.register(id, waiting) {
            continue;
        }
        if loaded.needs(call.version.handle, call.version.code().len() as u64) {
            let handle = call.version.handle;
            in_flight
                .versions
                .lock()
                .insert(handle, call.version.key.clone());
            writer
                .feed(CellFrame::Load(load(&call.version)).into())
                .await?;
        }
        writer
            .feed(CellFrame::Start(start(id, call)).into())
            .await?;
    }
    while let Some(handle) = loaded.pop_excess() {
        in_flight.versions.lock().remove(&handle);
        writer
            .feed(CellFrame::Forget(Forget { handle }).into())
            .await?;
    }
    let cancelled = std::mem::take(&mut *in_flight.cancelled.lock());
    for invocation in cancelled {
        writer
            .feed(CellFrame::Cancel(Cancel { invocation }).into())
            .await?;
    }
    writer.flush().await
}

fn load(version: &FunctionVersion) -> Load {
    Load {
        handle: version.handle,
        function_id: version.key.function_id.to_string(),
        version: version.key.version.to_string(),
        source: version.code.clone().unwrap_or_default(),
        file_name: version.file_name.clone(),
    }
}

fn start(invocation: u64, call: Call) -> Start {
    let describe = matches!(call.input, Input::Describe);
    let (input, batch_events) = match call.input {
        Input::Event(json) => (json, None),
        Input::Batch { events, json } => (json, Some(events)),
        Input::Describe => (Bytes::new(), None),
    };
    let patience = call
        .useful_until
        .map(|until| until.saturating_duration_since(Instant::now()));
    Start {
        invocation,
        handle: call.version.handle,
        instance_id: call.instance_id.to_string(),
        input,
        batch_events,
        settings: call.settings.bytes().clone(),
        wall_nanos: nanos(call.limits.wall_time),
        result_bytes: call.limits.result_bytes,
        batch_result_bytes: call.limits.batch_result_bytes,
        log_bytes: call.limits.log_bytes,
        requests: call.limits.requests,
        describe,
        cpu_nanos: nanos(call.limits.cpu_time),
        patience_nanos: patience.map(nanos),
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
