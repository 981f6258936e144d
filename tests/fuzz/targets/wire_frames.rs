//! Frames between front and cell: any bytes, however they arrive, come to the same frames or the same end.

use std::fmt::Debug;

use bytes::BytesMut;
use penstock::{
    api::{InvokeBatchResponse, InvokeResponse},
    front::{
        cells::Answered,
        grpc::{decode::EventForm, encode},
        redactor::Redactor,
    },
    invocation::{Expected, Finished},
    wire::{
        self, FrameCodec, FrontFrame, ToCell, ToFront, WireOutcome, WireResult, finished_from_wire,
        finished_to_wire,
    },
};
use prost::Message;
use tokio_util::codec::{Decoder, Encoder};

use super::random::Random;

/// What a decoder may hold beyond what arrived: a length makes it hold nothing.
const AHEAD_BYTES: usize = 1024;

/// A frame of either direction.
trait Frame: Message + Default + Clone + PartialEq + Debug {}

impl<T: Message + Default + Clone + PartialEq + Debug> Frame for T {}

/// The first byte says how the rest, the stream, is split into chunks.
pub fn check(input: &[u8]) {
    let Some((&split, stream)) = input.split_first() else {
        return;
    };
    let chunks = chunks(stream, split);
    check_direction::<ToFront, ToCell>(stream, &chunks);
    for frame in check_direction::<ToCell, ToFront>(stream, &chunks) {
        if let Some(FrontFrame::Finished(finished)) = frame.frame {
            check_finished(*finished);
        }
    }
}

fn chunks(stream: &[u8], split: u8) -> Vec<&[u8]> {
    let mut random = Random::seeded(split.into());
    let longest = 1 + random.below(40);
    let mut rest = stream;
    let mut chunks = Vec::new();
    while !rest.is_empty() {
        let (chunk, later) = rest.split_at(rest.len().min(random.below(longest + 1)));
        chunks.push(chunk);
        rest = later;
    }
    chunks
}

/// Whatever is read is the same in one piece and in chunks, and survives its own encoding.
fn check_direction<Out: Frame, In: Frame>(stream: &[u8], chunks: &[&[u8]]) -> Vec<In> {
    let (frames, end) = read::<Out, In>(&[stream]);
    let in_chunks = read::<Out, In>(chunks);
    assert_eq!(
        (&frames, &end),
        (&in_chunks.0, &in_chunks.1),
        "in one piece and in chunks"
    );
    for frame in &frames {
        check_encoding::<Out, In>(frame);
    }
    frames
}

/// The frames, and the error that ended them if one did.
fn read<Out: Frame, In: Frame>(chunks: &[&[u8]]) -> (Vec<In>, Option<String>) {
    let mut codec = FrameCodec::<Out, In>::default();
    let mut buffer = BytesMut::new();
    let mut frames = Vec::new();
    let mut received = 0;
    for chunk in chunks {
        buffer.extend_from_slice(chunk);
        received += chunk.len();
        loop {
            match codec.decode(&mut buffer) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error.to_string())),
            }
        }
        let held = buffer.capacity();
        assert!(
            held <= 2 * received + AHEAD_BYTES,
            "holds {held} bytes after {received} arrived"
        );
    }
    (frames, None)
}

fn check_encoding<Out: Frame, In: Frame>(frame: &In) {
    let mut bytes = BytesMut::new();
    FrameCodec::<In, Out>::default()
        .encode(frame.clone(), &mut bytes)
        .expect("what was read can be written");
    let again = read::<Out, In>(&[&bytes]);
    assert_eq!(again, (vec![frame.clone()], None), "written and read again");
}

fn check_finished(frame: wire::Finished) {
    let expected = expected_by(&frame.results);
    let Ok(finished) = finished_from_wire(frame.clone(), expected) else {
        return;
    };
    let written = finished_to_wire(frame.invocation, finished.clone());
    assert_same(&written, &frame, "an end as a frame again");
    assert_same(
        &finished_from_wire(written, expected),
        &Ok(finished.clone()),
        "an end read again",
    );
    for form in [EventForm::Struct, EventForm::Json] {
        check_response(finished.clone(), form);
        check_batch_response(finished.clone(), form);
    }
}

/// The invocation that such an end could be of.
fn expected_by(results: &[WireResult]) -> Expected {
    match results {
        [
            WireResult {
                outcome: Some(WireOutcome::Described(_)),
            },
        ] => Expected::Description,
        events => Expected::Events(events.len()),
    }
}

/// What goes to the caller is what a caller can decode.
pub fn check_response(finished: Finished, form: EventForm) -> InvokeResponse {
    let answered = Answered::without_running(finished);
    let response = encode::invoke_response(answered, form, true, &Redactor::none());
    let decoded = InvokeResponse::decode(&*response.encode_to_vec());
    assert_same(
        &decoded.as_ref(),
        &Ok(&response),
        "the response, as its caller decodes it",
    );
    assert!(response.outcome.is_some(), "an outcome: {response:?}");
    response
}

/// As [`check_response`], for a batch.
pub fn check_batch_response(finished: Finished, form: EventForm) -> InvokeBatchResponse {
    let events = finished.outcomes.len();
    let answered = Answered::without_running(finished);
    let response = encode::invoke_batch_response(answered, form, true, &Redactor::none());
    let decoded = InvokeBatchResponse::decode(&*response.encode_to_vec());
    assert_same(
        &decoded.as_ref(),
        &Ok(&response),
        "the response, as its caller decodes it",
    );
    assert_eq!(response.results.len(), events, "one result an event");
    response
}

fn assert_same<T: Debug + PartialEq>(found: &T, expected: &T, what: &str) {
    assert!(found == expected, "{what}: {found:?}, not {expected:?}");
}
