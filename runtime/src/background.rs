//! [`Background`]: a task that ends with whoever keeps it.

use std::fmt;

use tokio::task::AbortHandle;

/// A task that ends with whoever keeps this.
pub(crate) struct Background(AbortHandle);

impl Background {
    pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(task).abort_handle())
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

impl fmt::Debug for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Background")
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.0.abort();
    }
}
