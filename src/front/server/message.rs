//! The message of a call on its way in: bounded in size, in time, and in what all of them hold together, before
//! anybody holds it whole.
//!
//! tonic bounds the size of each only, and what it says of it names no knob.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{self, Sleep},
};

use crate::front::grpc;

/// What a gRPC message starts with: whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;

/// How large a message may be, how long all of it may take, and what all may hold together. Clones share the last.
#[derive(Clone, Debug)]
pub struct MessageBounds {
    bytes: u32,
    time: Duration,
    room: Arc<Semaphore>,
    room_bytes: u64,
}

/// Why a message is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageFault {
    #[error("has {length} bytes, the most allowed are {most} (knob --message-bytes)")]
    TooLarge { length: u32, most: u32 },
    #[error(
        "no room for a message of {length} bytes: those of the calls under way hold most of the {most} bytes \
         allowed (knob --messages-bytes)"
    )]
    NoRoom { length: u32, most: u64 },
    #[error("has to be the only one: a call has one message")]
    NotTheOnlyOne,
    #[error("the call's message was not there within {} ms (knob --receive-ms)", longest.as_millis())]
    Slow { longest: Duration },
}

/// The room that a call's message takes, from when its length is known until the last clone is dropped.
#[derive(Clone, Debug, Default)]
pub struct MessageRoom(Arc<OnceLock<OwnedSemaphorePermit>>);

impl MessageBounds {
    /// Messages of at most `bytes`, and `room_bytes` for all of them; one always has room.
    pub fn new(bytes: u32, time: Duration, room_bytes: u64) -> Self {
        let room_bytes = room_bytes.max(bytes.into());
        let permits = usize::try_from(room_bytes).unwrap_or(usize::MAX);
        Self {
            bytes,
            time,
            room: Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS))),
            room_bytes,
        }
    }

    fn take(&self, length: u32) -> Result<OwnedSemaphorePermit, MessageFault> {
        if length > self.bytes {
            return Err(MessageFault::TooLarge {
                length,
                most: self.bytes,
            });
        }
        let room = self.room.clone().try_acquire_many_owned(length);
        room.map_err(|_| MessageFault::NoRoom {
            length,
            most: self.room_bytes,
        })
    }
}

pin_project! {
    /// The body of a call with one message.
    #[derive(Debug)]
    pub struct MessageBody<B> {
        #[pin]
        body: B,
        bounds: MessageBounds,
        until: Instant,
        // Once there was something to wait for.
        #[pin]
        patience: Option<Sleep>,
        prefix: [u8; PREFIX_BYTES],
        prefix_read: usize,
        // Of the message behind its prefix.
        bytes_left: usize,
        room: MessageRoom,
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl<B> MessageBody<B> {
    /// The body of a call that arrived `at`; what its message takes is held in `room`.
    pub fn new(body: B, bounds: MessageBounds, at: Instant, room: MessageRoom) -> Self {
        Self {
            body,
            until: at + bounds.time,
            bounds,
            patience: None,
            prefix: [0; PREFIX_BYTES],
            prefix_read: 0,
            bytes_left: 0,
            room,
        }
    }

    /// Ready when the message has taken too long.
    fn poll_patience(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<MessageFault> {
        let mut this = self.project();
        if this.patience.is_none() {
            let patience = time::sleep_until((*this.until).into());
            this.patience.set(Some(patience));
        }
        if let Some(patience) = this.patience.as_pin_mut() {
            ready!(patience.poll(context));
        }
        Poll::Ready(MessageFault::Slow {
            longest: this.bounds.time,
        })
    }
}

impl<B> Body for MessageBody<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.as_mut().project();
        let Poll::Ready(read) = this.body.poll_frame(context) else {
            let slow = ready!(self.poll_patience(context));
            return Poll::Ready(Some(Err(grpc::message_refused(slow).into())));
        };
        let frame = match read {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
            None => return Poll::Ready(None),
        };
        let Some(data) = frame.data_ref() else {
            return Poll::Ready(Some(Ok(frame)));
        };
        let in_prefix = data.len().min(PREFIX_BYTES - *this.prefix_read);
        if let Some(length) = read_prefix(this.prefix, this.prefix_read, &data[..in_prefix]) {
            let room = this.bounds.take(length).map_err(grpc::message_refused)?;
            // It was empty: a prefix is read once.
            let _ = this.room.0.set(room);
            *this.bytes_left = length as usize;
        }
        // Whoever decodes it would hold what follows, and there is no room taken for that.
        let left = this.bytes_left.checked_sub(data.len() - in_prefix);
        *this.bytes_left =
            left.ok_or_else(|| grpc::message_refused(MessageFault::NotTheOnlyOne))?;
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The length of the message, once this part of its prefix is the last; the part is no longer than what is missing.
fn read_prefix(prefix: &mut [u8; PREFIX_BYTES], read: &mut usize, part: &[u8]) -> Option<u32> {
    let end = *read + part.len();
    prefix[*read..end].copy_from_slice(part);
    *read = end;
    let [_compressed, length @ ..] = *prefix;
    (end == PREFIX_BYTES && !part.is_empty()).then(|| u32::from_be_bytes(length))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::{StreamExt, stream};
    use http_body_util::{BodyExt, StreamBody};
    use tonic::{Code, Status};
    use tonic_types::StatusExt;

    use super::*;

    /// Messages of at most 300 bytes, within so short a time that a test can wait for it.
    fn bounds() -> MessageBounds {
        MessageBounds::new(300, Duration::from_millis(30), 500)
    }

    /// Reads a body that sends these parts, and then ends or hangs.
    async fn read(
        bounds: &MessageBounds,
        parts: &[&[u8]],
        hangs: bool,
    ) -> Result<MessageRoom, Status> {
        let parts: Vec<_> = parts
            .iter()
            .map(|part| Bytes::copy_from_slice(part))
            .collect();
        let sent: usize = parts.iter().map(Bytes::len).sum();
        let frames = stream::iter(parts).map(|part| Ok::<_, Infallible>(Frame::data(part)));
        let rest = match hangs {
            true => stream::pending().boxed(),
            false => stream::empty().boxed(),
        };
        let body = StreamBody::new(frames.chain(rest));
        let room = MessageRoom::default();
        let body = MessageBody::new(body, bounds.clone(), Instant::now(), room.clone());
        let read = body.collect().await.map_err(Status::from_error)?;
        assert_eq!(read.to_bytes().len(), sent);
        Ok(room)
    }

    #[tokio::test]
    async fn a_message_is_as_large_as_its_prefix_says_however_it_is_cut() {
        async fn check(parts: &[&[u8]], expect: Result<(), &str>) {
            match read(&bounds(), parts, false).await {
                Ok(_) => assert_eq!(Ok(()), expect),
                Err(status) => {
                    assert_eq!(status.code(), Code::InvalidArgument);
                    assert_eq!(Err(status.message()), expect);
                }
            }
        }
        let too_large = "message has 301 bytes, the most allowed are 300 (knob --message-bytes)";
        check(&[&[0, 0, 0, 1, 44], &[0; 300]], Ok(())).await;
        check(&[&[0, 0, 0, 1, 45], &[0; 301]], Err(too_large)).await;
        check(&[&[0, 0], &[0], &[1, 45, 0, 0]], Err(too_large)).await;
        check(&[&[0, 0]], Ok(())).await;
        let more = "message has to be the only one: a call has one message";
        check(&[&[0, 0, 0, 0, 2, 1], &[2]], Ok(())).await;
        check(&[&[0, 0, 0, 0, 2, 1, 2, 0]], Err(more)).await;
        check(&[&[0, 0, 0, 0, 0], &[0, 0, 1, 0, 0]], Err(more)).await;
    }

    #[tokio::test]
    async fn messages_together_hold_no_more_than_there_is_room_for() {
        let bounds = bounds();
        let large = [&[0, 0, 0, 1, 44][..], &[0; 300]];
        let small = [&[0, 0, 0, 0, 200][..], &[0; 200]];
        let first = read(&bounds, &large, false).await.unwrap();
        let status = read(&bounds, &large, false).await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert!(status.message().contains("--messages-bytes"), "{status}");
        assert!(status.get_details_retry_info().is_some(), "{status:?}");
        let _second = read(&bounds, &small, false).await.unwrap();
        assert_eq!(bounds.room.available_permits(), 0);
        drop(first);
        assert_eq!(bounds.room.available_permits(), 300);
    }

    #[tokio::test]
    async fn a_message_that_does_not_arrive_is_not_waited_for() {
        for parts in [&[][..], &[&[0, 0, 0, 0, 9, 1][..]]] {
            let status = read(&bounds(), parts, true).await.unwrap_err();
            assert_eq!(status.code(), Code::DeadlineExceeded);
            assert!(status.message().contains("30 ms (knob --receive-ms)"));
        }
    }
}
