//! [`Polled`]: makes a source that cannot watch one that can.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use dagstack_plugin::BoxFuture;
use serde_json::Value;

use super::{Changed, ConfigSource, ConfigSourceError, Watch};

/// A source that is loaded again at intervals, for sources that cannot watch.
///
/// ```
/// use std::time::Duration;
/// use dagstack_runtime::config::Polled;
/// use dagstack_runtime::{MemoryConfig, Registry};
/// # let source = MemoryConfig::new(serde_json::json!({}));
///
/// let builder = Registry::builder().config(Polled::new(source, Duration::from_secs(30)));
/// ```
#[derive(Debug)]
pub struct Polled<S> {
    source: S,
    interval: Duration,
}

impl<S: ConfigSource> Polled<S> {
    /// Loads `source` again every `interval`.
    pub fn new(source: S, interval: Duration) -> Self {
        Self { source, interval }
    }
}

impl<S: ConfigSource> ConfigSource for Polled<S> {
    fn id(&self) -> &str {
        self.source.id()
    }

    fn load(&self) -> BoxFuture<'_, Result<Value, ConfigSourceError>> {
        self.source.load()
    }

    fn watch(&self, changed: Changed) -> Result<Option<Watch>, ConfigSourceError> {
        let interval = self.interval.max(Duration::from_millis(1));
        let (stop, stopped) = channel::<()>();
        std::thread::Builder::new()
            .name("dagstack-config-poll".to_owned())
            .spawn(move || {
                while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                    changed.notify();
                }
            })
            .map_err(ConfigSourceError::new)?;
        // Dropping the sender ends the thread.
        Ok(Some(Watch::new(stop)))
    }
}
