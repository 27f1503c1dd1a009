//! Where lines go that no worker is about to write: the answers of a batch, log records.

use std::sync::Arc;

use super::bounds::Bounds;
use super::writer::LineWriter;

/// The server, to those that it knows.
pub(super) trait Outlet: Send + Sync {
    fn output(&self) -> &LineWriter;

    /// What all batches may hold together.
    fn batch_bounds(&self) -> &Bounds;

    /// Has a worker write what waits.
    fn flush_soon(self: Arc<Self>);
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// No server.
    pub(crate) enum Nowhere {}

    impl Outlet for Nowhere {
        fn output(&self) -> &LineWriter {
            match *self {}
        }

        fn batch_bounds(&self) -> &Bounds {
            match *self {}
        }

        fn flush_soon(self: Arc<Self>) {
            match *self {}
        }
    }
}
