//! What all subjects do: the same function on the same event.

use std::sync::LazyLock;

use bytes::{BufMut, Bytes, BytesMut};
use penstock::api::{FunctionRef, InvokeBatchRequest, InvokeRequest, invoke_request::Payload};
use prost::Message;

use crate::json;

/// Masks an e-mail address, drops a member, adds one from the settings. The peers read the same file.
pub const FUNCTION: &str = include_str!("peers/function.js");
/// Those that the function reads, in every call of Penstock, and at the peers' start.
pub const SETTINGS: &str = r#"{"region":"eu"}"#;
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

/// Not compressed, and its length: <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>.
fn frame(message: &impl Message) -> Bytes {
    let length = message.encoded_len();
    let mut frame = BytesMut::with_capacity(5 + length);
    frame.put_u8(0);
    frame.put_u32(u32::try_from(length).expect("a small message"));
    message.encode(&mut frame).expect("there is room");
    frame.freeze()
}
