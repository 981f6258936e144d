//! The first bytes of a connection: whether its client speaks HTTP/2, before HTTP/2 is spoken to it.
//!
//! hyper waits for them without end and tells a client of HTTP/1 nothing that a person can read. So who connects
//! and stays silent would hold a connection until it counts as idle, and who tries `curl` would not learn why.

use std::time::Duration;

use tokio::{
    io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time,
};

/// What every client of HTTP/2 sends first.
pub const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How long a client may take to send it.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a client of HTTP/1 is told.
const ANSWER: &str =
    "This is a gRPC listener: it speaks HTTP/2 only. Metrics and probes are at --admin.\n";

/// How long it may take to hear it, and what it may go on saying meanwhile.
const FAREWELL: Duration = Duration::from_secs(1);
const LAST_WORDS_BYTES: u64 = 64 << 10;

/// Reads the preface, and gives the connection back. `None` when the client sent something else, or nothing for too
/// long; one that speaks HTTP/1 was told why.
pub async fn expect<IO>(mut io: IO) -> Option<IO>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send,
{
    match time::timeout(PATIENCE, read(&mut io)).await {
        Ok(Ok(First::Preface)) => Some(io),
        Ok(Ok(First::OldHttp)) => {
            let _ = time::timeout(FAREWELL, send_away(io)).await;
            None
        }
        Ok(Ok(First::Else) | Err(_)) | Err(_) => None,
    }
}

enum First {
    Preface,
    OldHttp,
    Else,
}

async fn read(io: &mut (impl AsyncRead + Unpin)) -> io::Result<First> {
    let mut bytes = [0; PREFACE.len()];
    let mut read = 0;
    while read < bytes.len() {
        match io.read(&mut bytes[read..]).await? {
            0 => return Ok(First::Else),
            more => read += more,
        }
        let seen = &bytes[..read];
        if !PREFACE.starts_with(seen) {
            return Ok(match is_method(seen) {
                true => First::OldHttp,
                false => First::Else,
            });
        }
    }
    Ok(First::Preface)
}

/// Whether it begins as a request of HTTP/1 does.
fn is_method(seen: &[u8]) -> bool {
    let word = seen.split(|byte| *byte == b' ').next().unwrap_or_default();
    !word.is_empty() && word.iter().all(u8::is_ascii_uppercase)
}

async fn send_away(mut io: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    let length = ANSWER.len();
    let answer = format!(
        "HTTP/1.1 505 HTTP Version Not Supported\r\ncontent-type: text/plain; charset=utf-8\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n{ANSWER}"
    );
    io.write_all(answer.as_bytes()).await?;
    io.shutdown().await?;
    // What it still sends is read: closing on it would take the answer from it.
    let mut last_words = io.take(LAST_WORDS_BYTES);
    io::copy(&mut last_words, &mut io::sink()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a client that sends this is told, and whether HTTP/2 is spoken to it.
    async fn told(sent: &[&[u8]]) -> (bool, String) {
        let (mut client, server) = tokio::io::duplex(1 << 10);
        let expected = tokio::spawn(expect(server));
        for part in sent {
            client.write_all(part).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut answer = String::new();
        let prefaced = match sent.last() {
            Some(last) if last.ends_with(b"SM\r\n\r\n") => expected.await.unwrap(),
            _ => {
                client.shutdown().await.unwrap();
                client.read_to_string(&mut answer).await.unwrap();
                drop(client);
                expected.await.unwrap()
            }
        };
        (prefaced.is_some(), answer)
    }

    #[tokio::test]
    async fn only_who_speaks_http_2_is_spoken_to() {
        assert_eq!(told(&[PREFACE]).await, (true, String::new()));
        assert!(told(&[&PREFACE[..3], &PREFACE[3..]]).await.0);
        let old = [
            "GET / HTTP/1.1\r\n\r\n",
            "POST /x HTTP/1.1\r\n\r\n",
            "PRI * HTTP/2.1",
            "PRINT",
        ];
        for old in old {
            let (spoken_to, answer) = told(&[old.as_bytes()]).await;
            assert!(
                !spoken_to && answer.starts_with("HTTP/1.1 505 "),
                "{old}: {answer}"
            );
            assert!(answer.ends_with(ANSWER), "{answer}");
        }
        for odd in [&b"\x16\x03\x01\x02"[..], b"PRI ", b""] {
            assert_eq!(told(&[odd]).await, (false, String::new()), "{odd:?}");
        }
    }

    #[tokio::test]
    async fn what_follows_the_preface_is_left_to_others() {
        let (mut client, server) = tokio::io::duplex(1 << 10);
        client.write_all(PREFACE).await.unwrap();
        client.write_all(b"and more").await.unwrap();
        drop(client);
        let mut read = Vec::new();
        let mut prefaced = expect(server).await.unwrap();
        prefaced.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, b"and more");
    }
}
