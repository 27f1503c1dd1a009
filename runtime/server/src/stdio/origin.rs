//! Where a request came from, and so where its answer goes.

use std::sync::Arc;

use super::batch::Batch;
use super::bounds::Held;
use super::writer::LineWriter;

/// What a request takes along until it is answered.
#[derive(Debug)]
pub(super) struct Origin {
    /// Its share of what peers may have this process hold.
    _held: Option<Held>,
    /// The batch it came in.
    pub(super) batch: Option<Arc<Batch>>,
}

impl Origin {
    pub(super) fn new(held: Option<Held>, batch: Option<Arc<Batch>>) -> Self {
        Self { _held: held, batch }
    }

    /// Sends the answer to the request `id`, a line. With `more`, see [`LineWriter::send`].
    pub(super) fn send(&self, output: &LineWriter, id: &str, line: Vec<u8>, more: bool) {
        match &self.batch {
            Some(batch) => batch.add_bounded(id, line.len(), || line),
            None => output.send(line, more),
        }
    }
}
