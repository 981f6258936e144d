//! Frames on the socket: a length in four bytes, then the message.

use std::{io, marker::PhantomData};

use bytes::{Buf, BufMut, BytesMut};
use prost::Message;
use tokio_util::codec::{Decoder, Encoder};

/// The largest frame either side accepts, in bytes without the length. Above every sum of sizes that the
/// configuration allows (see [`crate::config::MAX_PAYLOAD_BYTES`]), so only a broken peer meets it.
pub const MAX_FRAME_BYTES: usize = 64 << 20;

const LENGTH_BYTES: usize = size_of::<u32>();

/// Writes frames of type `Out` and reads frames of type `In`.
#[derive(Debug)]
pub struct FrameCodec<Out, In> {
    direction: PhantomData<fn(Out) -> In>,
}

impl<Out, In> Default for FrameCodec<Out, In> {
    fn default() -> Self {
        Self {
            direction: PhantomData,
        }
    }
}

/// Why the frames of a peer can't be read or written any further.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    #[error("the socket failed: {0}")]
    Io(#[from] io::Error),
    #[error("a frame of {0} bytes is over the bound of {MAX_FRAME_BYTES}")]
    TooLarge(usize),
    #[error("a frame does not decode: {0}")]
    Undecodable(#[from] prost::DecodeError),
}

impl<Out: Message, In> Encoder<Out> for FrameCodec<Out, In> {
    type Error = FrameError;

    fn encode(&mut self, frame: Out, buffer: &mut BytesMut) -> Result<(), FrameError> {
        let length = frame.encoded_len();
        if length > MAX_FRAME_BYTES {
            return Err(FrameError::TooLarge(length));
        }
        buffer.reserve(LENGTH_BYTES + length);
        buffer.put_u32(u32::try_from(length).map_err(|_| FrameError::TooLarge(length))?);
        frame.encode_raw(buffer);
        Ok(())
    }
}

impl<Out, In: Message + Default> Decoder for FrameCodec<Out, In> {
    type Item = In;
    type Error = FrameError;

    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<In>, FrameError> {
        let Some(mut header) = buffer.get(..LENGTH_BYTES) else {
            return Ok(None);
        };
        let length = header.get_u32() as usize;
        if length > MAX_FRAME_BYTES {
            return Err(FrameError::TooLarge(length));
        }
        if buffer.len() < LENGTH_BYTES + length {
            // The length is only a claim: room is made as the body comes.
            return Ok(None);
        }
        buffer.advance(LENGTH_BYTES);
        let body = buffer.split_to(length).freeze();
        Ok(Some(In::decode(body)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Cancel, CellFrame, Start, ToCell, ToFront};

    type FrontSide = FrameCodec<ToCell, ToFront>;
    type CellSide = FrameCodec<ToFront, ToCell>;

    fn cancel(invocation: u64) -> ToCell {
        CellFrame::Cancel(Cancel { invocation }).into()
    }

    #[test]
    fn frames_survive_any_split() {
        let mut bytes = BytesMut::new();
        for invocation in 0..3 {
            FrontSide::default()
                .encode(cancel(invocation), &mut bytes)
                .unwrap();
        }
        for split in 0..bytes.len() {
            let mut arriving = BytesMut::from(&bytes[..split]);
            let mut decoder = CellSide::default();
            let mut read = Vec::new();
            while let Some(frame) = decoder.decode(&mut arriving).unwrap() {
                read.push(frame);
            }
            arriving.extend_from_slice(&bytes[split..]);
            while let Some(frame) = decoder.decode(&mut arriving).unwrap() {
                read.push(frame);
            }
            assert_eq!(
                read,
                vec![cancel(0), cancel(1), cancel(2)],
                "split at {split}"
            );
        }
    }

    #[test]
    fn a_frame_prints_no_settings() {
        let settings = crate::invocation::SettingsJson::new(r#"{"pin":"hunter22"}"#.into());
        assert_eq!(format!("{settings:?}"), "SettingsJson(18 bytes)");
        let start = Start {
            settings: settings.bytes().clone(),
            ..Start::default()
        };
        let frame: ToCell = CellFrame::Start(start).into();
        assert!(!format!("{frame:?}").contains("hunter22"), "{frame:?}");
    }

    #[test]
    fn a_length_over_the_bound_is_refused_before_its_body_is_awaited() {
        let mut bytes = BytesMut::from(&u32::MAX.to_be_bytes()[..]);
        let error = FrontSide::default().decode(&mut bytes).unwrap_err();
        assert!(matches!(error, FrameError::TooLarge(length) if length == u32::MAX as usize));
    }

    #[test]
    fn a_body_that_is_no_frame_is_refused() {
        let mut bytes = BytesMut::from(&[0, 0, 0, 2, 0xff, 0xff][..]);
        let error = FrontSide::default().decode(&mut bytes).unwrap_err();
        assert!(matches!(error, FrameError::Undecodable(_)));
    }
}
