//! The log lines of one invocation, up to a number of bytes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::invocation::{LogLevel, LogLine};

#[derive(Debug)]
pub struct Logs {
    lines: Vec<LogLine>,
    limit: u64,
    kept_bytes: u64,
    cut_bytes: u64,
}

impl Logs {
    /// Keeps at most `limit` bytes of text, and the mark of a cut; beyond it they are only counted.
    pub fn with_limit(limit: u64) -> Self {
        Self {
            lines: Vec::new(),
            limit,
            kept_bytes: 0,
            cut_bytes: 0,
        }
    }

    pub fn push(&mut self, level: LogLevel, mut message: String, event: Option<u32>) {
        let keep = message.floor_char_boundary(self.room());
        if keep < message.len() {
            self.cut_bytes += (message.len() - keep) as u64;
            if keep == 0 {
                return;
            }
            // The mark also tells the front where half a secret may stand.
            message.truncate(keep);
            message.push('…');
        }
        // An empty line costs a byte, so that their number is bounded too.
        self.kept_bytes += message.len().max(1) as u64;
        self.lines.push(LogLine {
            time: unix_time(),
            level,
            message,
            event,
        });
    }

    /// Bytes the next line may have: none once anything was cut, even if it were short enough to fit.
    fn room(&self) -> usize {
        if self.cut_bytes > 0 {
            return 0;
        }
        usize::try_from(self.limit.saturating_sub(self.kept_bytes)).unwrap_or(usize::MAX)
    }

    /// The lines so far, and a last one that says what was cut. Empty afterwards.
    pub fn take(&mut self) -> Vec<LogLine> {
        let mut lines = std::mem::take(&mut self.lines);
        if self.cut_bytes > 0 {
            lines.push(LogLine {
                time: unix_time(),
                level: LogLevel::Warn,
                message: format!(
                    "{} bytes of logs were cut: an invocation may log {} bytes (knob --log-bytes)",
                    self.cut_bytes, self.limit
                ),
                event: None,
            });
            self.cut_bytes = 0;
        }
        lines
    }
}

fn unix_time() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(limit: u64, messages: &[&str], expect: &[&str]) {
        let mut logs = Logs::with_limit(limit);
        for message in messages {
            logs.push(LogLevel::Info, (*message).to_owned(), None);
        }
        let lines: Vec<_> = logs.take().into_iter().map(|line| line.message).collect();
        assert_eq!(lines, expect);
        assert_eq!(logs.take(), []);
    }

    #[test]
    fn logs_are_cut_at_the_limit_and_the_rest_is_counted() {
        check(10, &["12345", "67890"], &["12345", "67890"]);
        let last = "3 bytes of logs were cut: an invocation may log 10 bytes (knob --log-bytes)";
        check(10, &["12345", "67890abc"], &["12345", "67890…", last]);
        check(10, &["12345", "67890", "abc"], &["12345", "67890", last]);
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        let last = "2 bytes of logs were cut: an invocation may log 3 bytes (knob --log-bytes)";
        check(3, &["aaé"], &["aa…", last]);
    }
}
