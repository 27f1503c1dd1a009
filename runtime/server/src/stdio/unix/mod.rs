//! What only Unix has: descriptors, pipes, signals. A port to another system is a port of this.

mod descriptors;
mod events;
mod streams;

pub(super) use std::os::fd::{AsFd, OwnedFd};

pub(super) use descriptors::{
    columns, is_hung_up, is_readable, read, read_to_end, wake, wake_pipe, write_all,
};
pub(super) use events::{Events, signals};
pub(super) use rustix::stdio::{stderr, stdin, stdout};
pub(super) use streams::{protect, stdout_file, take_stdout};
