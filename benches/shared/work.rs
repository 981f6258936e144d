//! What is asked of servers: the same function on the same event, as the messages that ask for it.

use std::sync::LazyLock;

use bytes::{BufMut, Bytes, BytesMut};
use penstock::api::{FunctionRef, InvokeBatchRequest, InvokeRequest, invoke_request::Payload};
use prost::Message;

use crate::json;
use crate::load::Ask;

/// Masks an e-mail address, drops a member, adds one from the settings. The peers read the same file.
pub const FUNCTION: &str = include_str!("../compare/peers/function.js");
/// Those that the function reads, in every call of Penstock, and at the peers' start.
pub const SETTINGS: &str = r#"{"region":"eu"}"#;
pub const INVOKE: &str = "/penstock.executor.v1.ExecutorService/Invoke";
pub const INVOKE_BATCH: &str = "/penstock.executor.v1.ExecutorService/InvokeBatch";
/// Events of a batch.
pub const BATCH: usize = 100;
/// What an answer has that the event had not.
pub const PROOF: &[u8] = br#""region":"eu","masked":true"#;

static EVENT: LazyLock<String> =
    LazyLock::new(|| json::minified(include_str!("../../examples/events/track.json")));

/// One line of JSON.
pub fn event() -> &'static str {
    &EVENT
}

/// The batch as a JSON array, for those who take one.
pub fn batch_json() -> Bytes {
    format!("[{}]", vec![event(); BATCH].join(",")).into()
}

/// One event for the function of this version, over gRPC.
pub fn ask(version: &str) -> Ask {
    Ask {
        path: INVOKE.to_owned(),
        body: single(function(version)),
        function: version.to_owned(),
        proof: PROOF,
    }
}

/// A request of one event, as a gRPC frame.
pub fn single(function: FunctionRef) -> Bytes {
    frame(&InvokeRequest {
        function: Some(function),
        payload: Some(Payload::EventJson(event().to_owned().into())),
        settings: Some(json::to_struct(SETTINGS)),
        ..InvokeRequest::default()
    })
}

/// A request of [`BATCH`] events, as a gRPC frame.
pub fn batch(function: FunctionRef) -> Bytes {
    frame(&InvokeBatchRequest {
        function: Some(function),
        events_json: vec![event().to_owned().into(); BATCH],
        settings: Some(json::to_struct(SETTINGS)),
        ..InvokeBatchRequest::default()
    })
}

/// With its source, as from a router that does not wait to be asked for it.
pub fn function(version: &str) -> FunctionRef {
    FunctionRef {
        function_id: "compared".to_owned(),
        version: version.to_owned(),
        // Another version is another text.
        source: format!("{FUNCTION}// {version}\n"),
        ..FunctionRef::default()
    }
}

/// A message as it goes over a connection: not compressed, and its length: <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>.
pub fn frame(message: &impl Message) -> Bytes {
    let length = message.encoded_len();
    let mut frame = BytesMut::with_capacity(5 + length);
    frame.put_u8(0);
    frame.put_u32(u32::try_from(length).expect("a small message"));
    message.encode(&mut frame).expect("there is room");
    frame.freeze()
}
