//! What only Unix has: descriptors, pipes, signals. A port to another system is a port of this.

mod descriptors;
mod events;
mod streams;

pub(super) use std::os::fd::OwnedFd;

pub(super) use descriptors::{is_readable, read, wake, wake_pipe, write_all};
pub(super) use events::{Events, signals};
pub(super) use streams::{protect, stdout_file, take_stdout};
