//! Where events come from: lines of a file or of stdin, or made on the spot; and which are none.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use bytes::Bytes;
use serde::Deserialize;
use tokio::{
    sync::mpsc,
    time::{self, MissedTickBehavior},
};

use super::{Options, ledger::Ledger, pipeline::RouterError};

/// Read ahead and not in a lane yet.
const READ_AHEAD: usize = 64;

/// The longest line that is taken for an event, as executors have it by default.
const MAX_EVENT_BYTES: usize = 1 << 20;

/// An event, with its place in the input.
#[derive(Clone, Debug)]
pub struct Event {
    /// From 1.
    pub number: u64,
    /// As it was read: the executor takes JSON as it is, and keys keep their order.
    pub json: Bytes,
}

/// Starts to read or to make events. Who drops the receiver ends it; who is slow to receive slows it down.
///
/// # Errors
/// [`RouterError::Unreadable`] when there is no such file.
pub fn start(options: &Options, ledger: Arc<Ledger>) -> Result<mpsc::Receiver<Event>, RouterError> {
    let (send, events) = mpsc::channel(READ_AHEAD);
    match options.generate {
        Some(rate) => {
            tokio::spawn(generate(rate, options.seconds, send));
        }
        None => {
            let input = open(&options.events)?;
            // A thread of its own, for a read of stdin can't be cancelled: it must hold up nobody's end.
            thread::spawn(move || read(input, &send, &ledger));
        }
    }
    Ok(events)
}

fn open(path: &Path) -> Result<Box<dyn BufRead + Send>, RouterError> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let unreadable = |error| RouterError::Unreadable {
        path: PathBuf::from(path),
        error,
    };
    Ok(Box::new(BufReader::new(
        File::open(path).map_err(unreadable)?,
    )))
}

fn read(mut input: impl BufRead, send: &mpsc::Sender<Event>, ledger: &Ledger) {
    for number in 1.. {
        let line = match read_line(&mut input) {
            Ok(None) => return,
            Ok(Some(line)) => line,
            Err(error) => {
                tracing::error!("line {number}: {error}; nothing is read after it");
                return;
            }
        };
        if line.trim_ascii().is_empty() {
            continue;
        }
        // An executor refuses the whole batch for one of these, so they are sorted out before.
        match fault_of(&line) {
            Some(fault) => {
                tracing::warn!("line {number} is no event: {fault}");
                ledger.rejected();
            }
            None => {
                let json = line.into();
                if send.blocking_send(Event { number, json }).is_err() {
                    return;
                }
            }
        }
    }
}

/// The next line without its end; nothing at the end of the input. Of a line that is too long only so much is kept
/// that it can be seen to be.
fn read_line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let most = MAX_EVENT_BYTES as u64 + 1;
    let read = input.by_ref().take(most).read_until(b'\n', &mut line)?;
    if read == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() > MAX_EVENT_BYTES {
        input.skip_until(b'\n')?;
    }
    Ok(Some(line))
}

/// Why a line is no event.
fn fault_of(line: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Head {
        #[serde(rename = "type")]
        _type: String,
    }
    if line.len() > MAX_EVENT_BYTES {
        return Some(format!("it is over {MAX_EVENT_BYTES} bytes"));
    }
    if line.trim_ascii_start().first() != Some(&b'{') {
        return Some("it is no JSON object".to_owned());
    }
    let head = serde_json::from_slice::<Head>(line);
    head.err().map(|error| error.to_string())
}

async fn generate(rate: NonZeroU32, seconds: Option<u64>, send: mpsc::Sender<Event>) {
    let mut ticks = time::interval(Duration::from_secs(1) / rate.get());
    // After a hold-up it catches up, so that the number made is the rate times the seconds.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let number = seconds.map_or(u64::MAX, |seconds| seconds * u64::from(rate.get()));
    for number in 1..=number {
        ticks.tick().await;
        let json = made(number).into();
        if send.send(Event { number, json }).await.is_err() {
            return;
        }
    }
}

fn made(number: u64) -> String {
    format!(
        r#"{{"type":"track","event":"Order Completed","messageId":"made-{number}","userId":"user-{}","properties":{{"order_id":"{number}","total":129.9,"currency":"gbp"}}}}"#,
        number % 1_000
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<&str>) {
        let found = fault_of(line.as_bytes());
        let fits = match (&found, expected) {
            (Some(found), Some(expected)) => found.contains(expected),
            (found, expected) => found.is_none() && expected.is_none(),
        };
        assert!(fits, "{line}: {found:?}");
    }

    #[test]
    fn what_no_executor_would_take_is_no_event() {
        check(r#"{"type":"track"}"#, None);
        check(r#" {"b":1,"type":"x","c":{}} "#, None);
        check(&made(7), None);
        check("[]", Some("no JSON object"));
        check("1", Some("no JSON object"));
        check(r#"{"type":1}"#, Some("expected a string"));
        check("{}", Some("missing field `type`"));
        check(r#"{"type":"track""#, Some("EOF"));
        check(
            &format!(r#"{{"type":"{}"}}"#, "x".repeat(1 << 20)),
            Some("over 1048576 bytes"),
        );
    }

    #[test]
    fn lines_are_read_one_by_one_and_long_ones_skipped() {
        let long = "x".repeat(3 << 20);
        let text = format!("one\n\n{long}\ntwo");
        let mut input = text.as_bytes();
        let lines: Vec<_> = std::iter::from_fn(|| read_line(&mut input).unwrap()).collect();
        let lengths: Vec<_> = lines.iter().map(Vec::len).collect();
        assert_eq!(lengths, [3, 0, (1 << 20) + 1, 3]);
        assert_eq!(lines[3], b"two");
    }
}
