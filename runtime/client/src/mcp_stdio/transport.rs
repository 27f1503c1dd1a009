//! The lines between host and child, as rmcp's [`Transport`].
//!
//! rmcp's own leaves a call waiting for ever when its answer is too long or cannot be parsed, reads
//! 8 KiB at a time, and answers a stray log line of the child.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex as StdMutex};
use std::time::Duration;

use dagstack_engine::wire::{CONFIG_CHANGED, Object, SETUP, is_one_line};
use dagstack_plugin_core::sync::lock;
use rmcp::RoleClient;
use rmcp::model::{
    ClientNotification, ClientRequest, ErrorData, JsonRpcMessage, JsonRpcNotification, RequestId,
    ServerJsonRpcMessage, ServerNotification,
};
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::{Mutex, watch};

use super::progress::Listeners;

use super::resources::{Serving, Writer};

/// The longest line that is read: one answer.
const MAX_LINE: usize = 256 * 1024 * 1024;
/// What is kept of a longer one, to find out which call it answers.
const HEAD: usize = 256;
/// How many lines that are no messages are logged, of each child.
const STRAY_LINES: u32 = 20;

/// Parameters that hold the plugin's config, by method: put in when the line is written, so that
/// they never pass through rmcp's own traces.
#[derive(Clone, Default)]
pub(super) struct PrivateParams(Arc<StdMutex<VecDeque<(&'static str, Value)>>>);

impl PrivateParams {
    /// Keeps the parameters of the next message of this method.
    pub(super) fn push(&self, method: &'static str, params: Value) {
        let mut waiting = lock(&self.0);
        waiting.push_back((method, params));
    }

    fn take(&self, method: &str) -> Option<Value> {
        let mut waiting = lock(&self.0);
        let at = waiting.iter().position(|(kept, _)| *kept == method)?;
        waiting.remove(at).map(|(_, params)| params)
    }
}

impl fmt::Debug for PrivateParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateParams")
    }
}

/// One child's standard streams as a stream of messages.
#[derive(Debug)]
pub(super) struct LineTransport<R, W> {
    plugin: String,
    read: BufReader<R>,
    line: Vec<u8>,
    /// The line was too long: its head is in `line`, the rest is being skipped.
    skipping: bool,
    max_line: usize,
    stray: u32,
    write: Writer<W>,
    private: PrivateParams,
    listeners: Listeners,
    serving: Serving,
    /// Dropped with the transport: tells that the connection is over.
    _open: watch::Sender<()>,
}

impl<R: AsyncRead + Unpin, W> LineTransport<R, W> {
    /// Besides the transport, a receiver that fails once the connection is over.
    pub(super) fn new(
        plugin: String,
        read: R,
        write: W,
        private: PrivateParams,
        listeners: Listeners,
        serving: Serving,
    ) -> (Self, watch::Receiver<()>) {
        let (open, closed) = watch::channel(());
        let lines = Self {
            plugin,
            read: BufReader::with_capacity(64 * 1024, read),
            line: Vec::new(),
            skipping: false,
            max_line: MAX_LINE,
            stray: 0,
            write: Arc::new(Mutex::new(Some(write))),
            private,
            listeners,
            serving,
            _open: open,
        };
        (lines, closed)
    }

    /// Reads up to the end of a line; `false` at the end of the stream. What is read stays in
    /// `self`, so the future may be dropped at any time.
    async fn read_line(&mut self) -> bool {
        loop {
            let available = match self.read.fill_buf().await {
                Ok(bytes) if !bytes.is_empty() => bytes,
                _ => return false,
            };
            let end = available.iter().position(|&byte| byte == b'\n');
            let part = end.map_or(available, |end| available.split_at(end).0);
            let used = end.map_or(available.len(), |end| end + 1);
            if !self.skipping {
                if self.line.len() + part.len() > self.max_line {
                    self.skipping = true;
                    let wanted = HEAD.saturating_sub(self.line.len()).min(part.len());
                    self.line.extend_from_slice(part.split_at(wanted).0);
                    self.line.truncate(HEAD);
                    self.line.shrink_to(HEAD);
                } else {
                    self.line.extend_from_slice(part);
                }
            }
            self.read.consume(used);
            if end.is_some() {
                return true;
            }
        }
    }

    /// The message on the line that has been read; `None` if there is none.
    fn message(&mut self) -> Option<ServerJsonRpcMessage> {
        let line = self.line.trim_ascii();
        if std::mem::take(&mut self.skipping) {
            let limit = self.max_line;
            return unreadable(line, || {
                format!("it is longer than {limit} bytes; return less, or in several calls")
            });
        }
        if line.is_empty() {
            return None;
        }
        match serde_json::from_slice(line) {
            Ok(message) => Some(message),
            Err(error) => {
                let message = unreadable(line, || error.to_string());
                if message.is_none() {
                    self.stray();
                }
                message
            }
        }
    }

    fn stray(&mut self) {
        self.stray = self.stray.saturating_add(1);
        if self.stray <= STRAY_LINES {
            let text = String::from_utf8_lossy(&self.line);
            let text: String = text.chars().take(200).collect();
            tracing::warn!(
                plugin = self.plugin,
                line = text,
                "the plugin wrote a line to its standard output that is no MCP message; only messages belong there"
            );
        }
    }
}

/// An error in place of an answer that cannot be read, so that its call does not wait for ever.
fn unreadable(line: &[u8], why: impl FnOnce() -> String) -> Option<ServerJsonRpcMessage> {
    let id = answered(line)?;
    let message = format!("the plugin's answer cannot be read: {}", why());
    Some(JsonRpcMessage::error(
        ErrorData::internal_error(message, None),
        Some(id),
    ))
}

/// Which request a line answers that is no message as a whole: too deep, cut off, or no JSON.
fn answered(line: &[u8]) -> Option<RequestId> {
    #[derive(Deserialize)]
    struct Answer {
        id: u32,
        method: Option<IgnoredAny>,
    }
    if let Ok(Object(answer)) = serde_json::from_slice::<Object<Answer>>(line) {
        // A request of the child's own has a method.
        return answer
            .method
            .is_none()
            .then(|| RequestId::Number(answer.id.into()));
    }
    let head = line.split_at(line.len().min(HEAD)).0;
    let head = String::from_utf8_lossy(head);
    if !head.trim_start().starts_with('{') || head.contains("\"method\"") {
        return None;
    }
    let (_, rest) = head.split_once("\"id\"")?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start();
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    Some(RequestId::Number(digits.parse::<u32>().ok()?.into()))
}

/// The line of a message, with the config where it belongs.
fn encode(
    mut item: TxJsonRpcMessage<RoleClient>,
    private: &PrivateParams,
    listeners: &Listeners,
) -> Result<Vec<u8>, serde_json::Error> {
    match &mut item {
        JsonRpcMessage::Request(request) => {
            listeners.note(&mut request.request);
            if let ClientRequest::CustomRequest(custom) = &mut request.request
                && matches!(&*custom.method, SETUP | CONFIG_CHANGED)
            {
                custom.params = private.take(&custom.method);
            }
        }
        JsonRpcMessage::Notification(notification) => {
            if let ClientNotification::CustomNotification(custom) = &mut notification.notification
                && custom.method == CONFIG_CHANGED
            {
                custom.params = private.take(CONFIG_CHANGED);
            }
        }
        _ => {}
    }
    let mut line = serde_json::to_vec(&item)?;
    line.push(b'\n');
    debug_assert!(is_one_line(&line), "a message must be one line");
    Ok(line)
}

impl<R, W> Drop for LineTransport<R, W> {
    fn drop(&mut self) {
        // Nobody reads the answers any more.
        self.serving.close();
    }
}

impl<R, W> Transport<RoleClient> for LineTransport<R, W>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    type Error = io::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), io::Error>> + Send + 'static {
        let write = Arc::clone(&self.write);
        let line = encode(item, &self.private, &self.listeners);
        async move {
            let line = line.map_err(io::Error::other)?;
            match &mut *write.lock().await {
                Some(write) => {
                    write.write_all(&line).await?;
                    write.flush().await
                }
                None => Err(io::ErrorKind::NotConnected.into()),
            }
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        while self.read_line().await {
            if !self.skipping && self.serving.takes(&self.line, &self.write) {
                self.line.clear();
                continue;
            }
            let message = self.message();
            self.line.clear();
            // One huge answer does not keep its memory.
            self.line.shrink_to(1024 * 1024);
            match message {
                Some(JsonRpcMessage::Notification(JsonRpcNotification {
                    notification: ServerNotification::ProgressNotification(progress),
                    ..
                })) => self.listeners.report(progress),
                Some(message) => return Some(message),
                None => {}
            }
        }
        None
    }

    async fn close(&mut self) -> Result<(), io::Error> {
        // A child that does not read keeps the lock taken; it is ended by signals then.
        const PATIENCE: Duration = Duration::from_millis(200);
        if let Ok(mut write) = tokio::time::timeout(PATIENCE, self.write.lock()).await {
            drop(write.take());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn received(text: &str, max_line: usize) -> Vec<Value> {
        let (mut lines, _closed) = LineTransport::new(
            "test".to_owned(),
            std::io::Cursor::new(text.to_owned()),
            tokio::io::sink(),
            PrivateParams::default(),
            Listeners::default(),
            Serving::default(),
        );
        lines.max_line = max_line;
        let mut messages = Vec::new();
        while let Some(message) = lines.receive().await {
            messages.push(serde_json::to_value(message).unwrap());
        }
        messages
    }

    #[tokio::test]
    async fn stray_lines_are_skipped() {
        let text = "hello\n\n{\"level\":\"info\",\"id\":\"x\"}\n{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}\r\n";
        let messages = received(text, MAX_LINE).await;
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0]["id"], 7);
    }

    #[tokio::test]
    async fn an_answer_that_cannot_be_read_is_an_error_of_its_call() {
        let deep = format!("{}1{}", "[".repeat(300), "]".repeat(300));
        for result in [deep.as_str(), "NaN", "{\"cut", "\u{1}"] {
            let text = format!("{{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{result}}}\n");
            let messages = received(&text, MAX_LINE).await;
            assert_eq!(messages.len(), 1, "{result}");
            assert_eq!(messages[0]["id"], 7);
            assert!(messages[0]["error"]["message"].is_string());
        }
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_an_error_of_its_call() {
        let long = "x".repeat(1000);
        let text = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":\"{long}\"}}\n{{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":{{}}}}\n"
        );
        let messages = received(&text, 500).await;
        assert_eq!(messages.len(), 2);
        assert!(
            messages[0]["error"]["message"]
                .as_str()
                .is_some_and(|text| text.contains("longer than 500 bytes"))
        );
        assert_eq!(messages[1]["id"], 8);
    }

    #[test]
    fn a_config_is_put_in_when_its_line_is_written() {
        use rmcp::model::CustomNotification;

        let private = PrivateParams::default();
        let message = |method: &str| {
            let notification = CustomNotification::new(method, None);
            JsonRpcMessage::notification(ClientNotification::CustomNotification(notification))
        };
        for n in 1..3 {
            private.push(CONFIG_CHANGED, serde_json::json!({ "config": n }));
        }
        let written = |method: &str| -> Value {
            let line = encode(message(method), &private, &Listeners::default()).unwrap();
            serde_json::from_slice(&line).unwrap()
        };
        assert_eq!(written("other")["params"], Value::Null);
        assert_eq!(written(CONFIG_CHANGED)["params"]["config"], 1);
        assert_eq!(written(CONFIG_CHANGED)["params"]["config"], 2);
        assert_eq!(written(CONFIG_CHANGED)["params"], Value::Null);
    }
}
