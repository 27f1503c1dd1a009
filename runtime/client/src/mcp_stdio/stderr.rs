//! A child's standard error, passed on to `tracing` line by line, so that it never blocks the child.
//! A line that is a log record keeps its level and its fields.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dagstack_engine::logging::{self, LogRecord};
use dagstack_engine::wire;
use dagstack_plugin_core::PluginName;
use dagstack_plugin_core::sync::lock;
use rmcp::RoleClient;
use rmcp::service::Peer;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::watch;

use super::request;

/// A longer line is cut into several. Log records are longer than what people write.
const MAX_LINE: usize = 64 * 1024;
/// The last lines that are kept, for the message of a failed start.
const TAIL_LINES: usize = 5;
const TAIL_LINE: usize = 300;

/// How long a mark may be on its way. All of it passes only where the child drops it among others.
const MARK_LAG: Duration = Duration::from_secs(5);

/// The marks that a child was asked to write to its standard error, and the last that came.
#[derive(Debug)]
pub(super) struct Marks {
    asked: AtomicU64,
    seen: watch::Receiver<u64>,
}

impl Marks {
    /// Besides the marks, what [`drain`] tells them by.
    pub(super) fn new() -> (watch::Sender<u64>, Self) {
        let (tell, seen) = watch::channel(0);
        let asked = AtomicU64::new(0);
        (tell, Self { asked, seen })
    }

    /// Waits, but not for ever, until all has been read that the child has logged so far.
    pub(super) async fn catch_up(&self, peer: &Peer<RoleClient>) {
        let mark = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        let asked = request(peer, wire::LOG_MARK, json!({ "mark": mark })).await;
        // Nothing comes of a child that is gone, or older than the marks.
        if asked.is_ok() {
            let mut seen = self.seen.clone();
            let came = seen.wait_for(|seen| *seen >= mark);
            let _ = tokio::time::timeout(MARK_LAG, came).await;
        }
    }
}

/// The last lines a child wrote.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    fn push(&self, line: &str) {
        let mut lines = lock(&self.0);
        if lines.len() == TAIL_LINES {
            lines.pop_front();
        }
        lines.push_back(line.chars().take(TAIL_LINE).collect());
    }

    /// The lines as the end of a message; empty if there are none.
    pub(super) fn text(&self) -> String {
        let lines = lock(&self.0);
        if lines.is_empty() {
            return String::new();
        }
        let lines: Vec<_> = lines.iter().map(|line| format!("\n  {line}")).collect();
        format!("; its last words on standard error:{}", lines.concat())
    }
}

/// Reads until the stream ends.
pub(super) async fn drain(
    mut stream: impl AsyncRead + Unpin,
    plugin: PluginName,
    tail: Tail,
    marks: watch::Sender<u64>,
) {
    let key = plugin.to_string();
    let mut buffer = vec![0; 16 * 1024];
    let mut line: Vec<u8> = Vec::new();
    let say = |line: &mut Vec<u8>| {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end();
        if let Some(mark) = wire::read_log_mark(text) {
            marks.send_replace(mark);
        } else if !text.is_empty() {
            match LogRecord::from_json(text) {
                Some(record) => {
                    tail.push(&summary(&record));
                    logging::forward(&of_plugin(record, &plugin));
                }
                None => {
                    tail.push(text);
                    tracing::info!(target: "dagstack.plugin.stderr", plugin = key, "{text}");
                }
            }
        }
        line.clear();
    };
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        for part in buffer
            .split_at(count)
            .0
            .split_inclusive(|&byte| byte == b'\n')
        {
            for piece in part.chunks(MAX_LINE) {
                if line.len() + piece.len() > MAX_LINE {
                    say(&mut line);
                }
                line.extend_from_slice(piece);
            }
            if part.ends_with(b"\n") {
                say(&mut line);
            }
        }
    }
    say(&mut line);
}

/// A record that does not say which plugin it comes from is this one's.
fn of_plugin(mut record: LogRecord, plugin: &PluginName) -> LogRecord {
    for (key, value) in [
        ("plugin.kind", plugin.kind()),
        ("plugin.name", plugin.name()),
    ] {
        if !record.attributes.contains_key(key) {
            record.attributes.insert(key.to_owned(), value.into());
        }
    }
    record
}

/// A record as the line a person reads.
fn summary(record: &LogRecord) -> String {
    match record.body.as_str() {
        Some(body) => format!("{} {body}", record.severity),
        None => format!("{} {}", record.severity, record.body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_of_any_length_and_encoding_are_drained() {
        let mut bytes = b"first\n\xff\xfe second\r\n".to_vec();
        bytes.extend_from_slice(&vec![b'x'; 100_000]);
        let tail = Tail::default();
        bytes.extend_from_slice(b"\n{\"dev.dagstack/log_mark\":3}\n");
        let (tell, marks) = Marks::new();
        let plugin = PluginName::new("tool", "test");
        drain(&bytes[..], plugin, tail.clone(), tell).await;
        assert_eq!(*marks.seen.borrow(), 3);
        let text = tail.text();
        assert!(text.contains("xxx") && !text.contains("mark"), "{text}");
        assert!(text.len() < 5 * 320);
    }
}
