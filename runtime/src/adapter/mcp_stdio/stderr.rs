//! A child's standard error, passed on to `tracing` line by line, so that it never blocks the child.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt};

/// A longer line is cut into several.
const MAX_LINE: usize = 8 * 1024;
/// The last lines that are kept, for the message of a failed start.
const TAIL_LINES: usize = 5;
const TAIL_LINE: usize = 300;

/// The last lines a child wrote.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    fn push(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == TAIL_LINES {
            lines.pop_front();
        }
        lines.push_back(line.chars().take(TAIL_LINE).collect());
    }

    /// The lines as the end of a message; empty if there are none.
    pub(super) fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.is_empty() {
            return String::new();
        }
        let lines: Vec<_> = lines.iter().map(|line| format!("\n  {line}")).collect();
        format!("; its last words on standard error:{}", lines.concat())
    }
}

/// Reads until the stream ends.
pub(super) async fn drain(mut stream: impl AsyncRead + Unpin, plugin: String, tail: Tail) {
    let mut buffer = vec![0; 16 * 1024];
    let mut line: Vec<u8> = Vec::new();
    let say = |line: &mut Vec<u8>| {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end();
        if !text.is_empty() {
            tail.push(text);
            tracing::info!(target: "dagstack.plugin.stderr", plugin, "{text}");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_of_any_length_and_encoding_are_drained() {
        let mut bytes = b"first\n\xff\xfe second\r\n".to_vec();
        bytes.extend_from_slice(&vec![b'x'; 100_000]);
        let tail = Tail::default();
        drain(&bytes[..], "test".to_owned(), tail.clone()).await;
        let text = tail.text();
        assert!(text.contains("xxx"), "{text}");
        assert!(text.len() < 5 * 320);
    }
}
