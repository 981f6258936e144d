//! What a connection's task writes, gathered until the task has had its turn, so that it goes out together.
//!
//! h2 flushes after every frame of data. So each answer would be two system calls, one of them for the ten bytes that
//! end it, though the next answers are there; and of all that a call costs, writing to TCP is the dearest.

use std::{
    future::{Future, poll_fn},
    io::{self, IoSlice},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::lock::Lock;

/// Bytes that are held at most; then whoever writes waits for the client.
const MOST_HELD: usize = 64 << 10;

/// A write that is worth a system call of its own, and not worth a copy.
const LARGE: usize = 16 << 10;

/// A connection whose writes are gathered. Clones are the same connection.
#[derive(Debug)]
pub struct Gathering<IO>(Arc<Lock<State<IO>>>);

#[derive(Debug)]
struct State<IO> {
    io: IO,
    /// What was read before it came here, to be read again.
    unread: &'static [u8],
    held: BytesMut,
    /// Whether the client is gone, of which the writer is still to hear.
    is_broken: bool,
}

impl<IO> Clone for Gathering<IO> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<IO: AsyncWrite + Unpin> Gathering<IO> {
    /// `unread` was read of it already, and is what its reader is to find first.
    pub fn new(io: IO, unread: &'static [u8]) -> Self {
        Self(Arc::new(Lock::new(State {
            io,
            unread,
            held: BytesMut::new(),
            is_broken: false,
        })))
    }

    /// Lets out what was gathered each time `speaking`, which writes it, has had its turn.
    pub async fn let_out_after<T>(self, speaking: impl Future<Output = T>) -> T {
        let mut speaking = pin!(speaking);
        poll_fn(|context| {
            let spoken = speaking.as_mut().poll(context);
            let mut state = self.0.lock();
            if let Poll::Ready(Err(_)) = state.poll_let_out(context) {
                state.held.clear();
                state.is_broken = true;
                context.waker().wake_by_ref();
            }
            spoken
        })
        .await
    }
}

impl<IO: AsyncWrite + Unpin> State<IO> {
    fn poll_let_out(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.held.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while !self.held.is_empty() {
            match ready!(Pin::new(&mut self.io).poll_write(context, &self.held))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.held.advance(count),
            }
        }
        // A connection without a call holds no room.
        self.held = BytesMut::new();
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn check(&self) -> io::Result<()> {
        match self.is_broken {
            true => Err(io::ErrorKind::BrokenPipe.into()),
            false => Ok(()),
        }
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Gathering<IO> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.0.lock();
        if !state.unread.is_empty() {
            let count = state.unread.len().min(buffer.remaining());
            let (again, unread) = state.unread.split_at(count);
            buffer.put_slice(again);
            state.unread = unread;
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut state.io).poll_read(context, buffer)
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Gathering<IO> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.0.lock();
        state.check()?;
        let count = parts.iter().map(|part| part.len()).sum();
        if count >= LARGE || state.held.len() >= MOST_HELD {
            ready!(state.poll_let_out(context))?;
        }
        if count >= LARGE {
            return Pin::new(&mut state.io).poll_write_vectored(context, parts);
        }
        for part in parts {
            state.held.extend_from_slice(part);
        }
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Nothing: the turn is not over.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.lock().check())
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.0.lock();
        state.check()?;
        ready!(state.poll_let_out(context))?;
        Pin::new(&mut state.io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    /// What the client has by now.
    async fn heard(client: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
        let mut heard = vec![0; MOST_HELD];
        let read = poll_fn(|context| {
            let mut buffer = ReadBuf::new(&mut heard);
            match Pin::new(&mut *client).poll_read(context, &mut buffer) {
                Poll::Ready(read) => Poll::Ready(read.map(|()| buffer.filled().len())),
                Poll::Pending => Poll::Ready(Ok(0)),
            }
        });
        let count = read.await.unwrap();
        heard.truncate(count);
        heard
    }

    #[tokio::test]
    async fn what_is_written_in_one_turn_goes_out_at_its_end() {
        let (mut client, server) = duplex(MOST_HELD);
        let mut io = Gathering::new(server, b"again ");
        client.write_all(b"and on").await.unwrap();
        let speaking = io.clone().let_out_after(async {
            io.write_all(b"one ").await.unwrap();
            io.flush().await.unwrap();
            assert_eq!(heard(&mut client).await, b"");
            io.write_all(b"two").await.unwrap();
            tokio::task::yield_now().await;
            assert_eq!(heard(&mut client).await, b"one two");
            let mut read = [0; 12];
            io.read_exact(&mut read).await.unwrap();
            assert_eq!(&read, b"again and on");
            io.write_all(b"three").await.unwrap();
        });
        speaking.await;
        assert_eq!(heard(&mut client).await, b"three");
    }

    #[tokio::test]
    async fn large_writes_keep_their_place_and_a_slow_client_holds_the_writer_back() {
        let (mut client, server) = duplex(LARGE);
        let mut io = Gathering::new(server, b"");
        let large = vec![b'x'; LARGE];
        let small = vec![b'y'; LARGE - 1];
        let writing = tokio::spawn(io.clone().let_out_after(async move {
            io.write_all(&small).await.unwrap();
            io.write_all(&large).await.unwrap();
            for _ in 0..8 {
                io.write_all(&small).await.unwrap();
            }
            io.shutdown().await.unwrap();
        }));
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
        assert!(!writing.is_finished(), "far more than may be held");
        let mut all = Vec::new();
        client.read_to_end(&mut all).await.unwrap();
        writing.await.unwrap();
        assert_eq!(all.len(), 9 * (LARGE - 1) + LARGE);
        assert!(all[LARGE - 1..][..LARGE].iter().all(|byte| *byte == b'x'));
    }

    #[tokio::test]
    async fn a_client_that_is_gone_ends_the_writing() {
        let (client, server) = duplex(LARGE);
        let mut io = Gathering::new(server, b"");
        drop(client);
        let error = io.clone().let_out_after(async {
            io.write_all(b"into nothing").await.unwrap();
            tokio::task::yield_now().await;
            io.write_all(b"more").await.unwrap_err()
        });
        assert_eq!(error.await.kind(), io::ErrorKind::BrokenPipe);
    }
}
