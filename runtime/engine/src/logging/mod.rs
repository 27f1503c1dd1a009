//! Log records, as [`LogRecord`]s: written as lines, read from lines and from events of `tracing`.
//! `dagstack_plugin::logging` says what form they have.

mod forward;
#[cfg(feature = "logging")]
mod json_lines;
#[cfg(feature = "logging")]
mod reading;
mod record;
mod redaction;

pub use dagstack_plugin_core::logging::*;
pub use forward::forward;
#[cfg(feature = "logging")]
pub use json_lines::JsonLines;
pub use record::{InstrumentationScope, LogRecord};
pub use redaction::Redaction;
