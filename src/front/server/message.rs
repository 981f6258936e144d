//! The message of a call on its way in: bounded in size and in time, before anybody holds it whole.
//!
//! tonic bounds the size only, and what it says of it names no knob.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{self, Sleep};
use tonic::Status;

/// What a gRPC message starts with: whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;

/// How large a message may be, and how long all of it may take.
#[derive(Clone, Copy, Debug)]
pub struct MessageBounds {
    pub bytes: u64,
    pub time: Duration,
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
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl<B> MessageBody<B> {
    /// The body of a call that arrived `at`.
    pub fn new(body: B, bounds: MessageBounds, at: Instant) -> Self {
        Self {
            body,
            bounds,
            until: at + bounds.time,
            patience: None,
            prefix: [0; PREFIX_BYTES],
            prefix_read: 0,
        }
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
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut this = self.project();
        match this.body.poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    read_prefix(this.prefix, this.prefix_read, data);
                    if *this.prefix_read == PREFIX_BYTES {
                        check_length(*this.prefix, this.bounds.bytes)?;
                    }
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                if this.patience.is_none() {
                    let patience = time::sleep_until((*this.until).into());
                    this.patience.set(Some(patience));
                }
                let over = this
                    .patience
                    .as_pin_mut()
                    .map(|patience| patience.poll(context));
                match over {
                    Some(Poll::Ready(())) => Poll::Ready(Some(Err(slow(this.bounds.time).into()))),
                    _ => Poll::Pending,
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn read_prefix(prefix: &mut [u8; PREFIX_BYTES], read: &mut usize, data: &Bytes) {
    let missing = &mut prefix[*read..];
    let count = missing.len().min(data.len());
    missing[..count].copy_from_slice(&data[..count]);
    *read += count;
}

fn check_length(prefix: [u8; PREFIX_BYTES], most: u64) -> Result<(), BoxError> {
    let [_compressed, length @ ..] = prefix;
    let length = u64::from(u32::from_be_bytes(length));
    match length <= most {
        true => Ok(()),
        false => Err(Status::resource_exhausted(format!(
            "the message has {length} bytes, the most allowed are {most} (knob --message-bytes)"
        ))
        .into()),
    }
}

fn slow(time: Duration) -> Status {
    Status::deadline_exceeded(format!(
        "the call's message was not there within {} ms (knob --receive-ms)",
        time.as_millis()
    ))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::{StreamExt, stream};
    use http_body_util::{BodyExt, StreamBody};
    use tonic::Code;

    use super::*;

    const BOUNDS: MessageBounds = MessageBounds {
        bytes: 300,
        time: Duration::from_millis(30),
    };

    /// Reads a body that sends these parts, and then ends or hangs.
    async fn read(parts: &[&[u8]], hangs: bool) -> Result<usize, Status> {
        let parts: Vec<_> = parts
            .iter()
            .map(|part| Bytes::copy_from_slice(part))
            .collect();
        let frames = stream::iter(parts).map(|part| Ok::<_, Infallible>(Frame::data(part)));
        let rest = match hangs {
            true => stream::pending().boxed(),
            false => stream::empty().boxed(),
        };
        let body = StreamBody::new(frames.chain(rest));
        let body = MessageBody::new(body, BOUNDS, Instant::now());
        let read = body.collect().await;
        read.map(|body| body.to_bytes().len())
            .map_err(Status::from_error)
    }

    #[tokio::test]
    async fn a_message_is_as_large_as_its_prefix_says_however_it_is_cut() {
        #[track_caller]
        fn check(read: Result<usize, Status>, expect: Result<usize, &str>) {
            match (read, expect) {
                (Ok(read), expect) => assert_eq!(Ok(read), expect),
                (Err(status), expect) => {
                    assert_eq!(status.code(), Code::ResourceExhausted);
                    assert_eq!(Err(status.message()), expect);
                }
            }
        }
        let too_large =
            "the message has 301 bytes, the most allowed are 300 (knob --message-bytes)";
        check(read(&[&[0, 0, 0, 1, 44], &[0; 300]], false).await, Ok(305));
        check(
            read(&[&[0, 0, 0, 1, 45], &[0; 301]], false).await,
            Err(too_large),
        );
        check(
            read(&[&[0, 0], &[0], &[1, 45, 0, 0]], false).await,
            Err(too_large),
        );
        check(read(&[&[0, 0]], false).await, Ok(2));
    }

    #[tokio::test]
    async fn a_message_that_does_not_arrive_is_not_waited_for() {
        for parts in [&[][..], &[&[0, 0, 0, 0, 9, 1][..]]] {
            let status = read(parts, true).await.unwrap_err();
            assert_eq!(status.code(), Code::DeadlineExceeded);
            assert!(status.message().contains("30 ms (knob --receive-ms)"));
        }
    }
}
