//! The front under callgrind, behind a connection of gRPC; its cell runs as ever, and is not counted.

use penstock::api::invoke_request::Payload;
use penstock::api::invoke_response::Outcome;
use penstock::api::{FunctionRef, InvokeBatchRequest, InvokeRequest};

use crate::callgrind::Callgrind;
use crate::counting::Counted;
use crate::json;
use crate::service::{Client, Service, block_on};
use crate::work;

struct Front {
    client: Client,
    _service: Service,
    callgrind: Callgrind,
}

impl Front {
    fn start() -> Front {
        let callgrind = Callgrind::new();
        let mut command = callgrind.command();
        // Threads that look whether there is work for them look as often as time allows.
        command.env("TOKIO_WORKER_THREADS", "1");
        let service = Service::start_by(command, &["--cells", "1", "--cell-threads", "1"]);
        Front {
            client: service.client(),
            _service: service,
            callgrind,
        }
    }
}

/// One event after the other.
pub struct OneEvent {
    front: Front,
    request: InvokeRequest,
}

impl OneEvent {
    /// The event as JSON.
    pub fn json() -> OneEvent {
        OneEvent::start(Payload::EventJson(work::event().to_owned().into()))
    }

    /// The event as protobuf's own form of JSON, which the front has to write anew, twice.
    pub fn structured() -> OneEvent {
        OneEvent::start(Payload::Event(json::to_struct(work::event())))
    }

    fn start(payload: Payload) -> OneEvent {
        OneEvent {
            front: Front::start(),
            request: InvokeRequest {
                function: Some(function()),
                payload: Some(payload),
                settings: Some(json::to_struct(work::SETTINGS)),
                ..InvokeRequest::default()
            },
        }
    }
}

impl Counted for OneEvent {
    fn call(&mut self) {
        let response = block_on(self.front.client.invoke(self.request.clone()));
        let outcome = response.expect("it is answered").into_inner().outcome;
        let event = match &outcome {
            Some(Outcome::EventJson(event)) => String::from_utf8_lossy(event).into_owned(),
            Some(Outcome::Event(event)) => json::from_struct(event).to_string(),
            _ => String::new(),
        };
        assert!(event.contains(work::PROOF), "{outcome:?}");
    }

    fn callgrind(&mut self) -> &mut Callgrind {
        &mut self.front.callgrind
    }
}

/// Events of a batch.
pub const BATCH: usize = 100;

/// One batch after the other.
pub struct Batch {
    front: Front,
    request: InvokeBatchRequest,
}

impl Batch {
    pub fn start() -> Batch {
        Batch {
            front: Front::start(),
            request: InvokeBatchRequest {
                function: Some(function()),
                events_json: vec![work::event().to_owned().into(); BATCH],
                settings: Some(json::to_struct(work::SETTINGS)),
                ..InvokeBatchRequest::default()
            },
        }
    }
}

impl Counted for Batch {
    fn call(&mut self) {
        let response = block_on(self.front.client.invoke_batch(self.request.clone()));
        let results = response.expect("it is answered").into_inner().results;
        assert_eq!(results.len(), BATCH);
    }

    fn callgrind(&mut self) -> &mut Callgrind {
        &mut self.front.callgrind
    }
}

/// With its source, as from a router that does not wait to be asked for it.
fn function() -> FunctionRef {
    FunctionRef {
        function_id: work::FUNCTION_ID.to_owned(),
        version: "1".to_owned(),
        source: work::source("1"),
        ..FunctionRef::default()
    }
}
