//! What plugins log with, and the events of `tracing` that become of it. `dagstack_plugin::logging` says
//! what form they have.

#[doc(hidden)]
pub mod event;
#[doc(hidden)]
pub mod exception;
mod hidden;
mod logger;
mod severity;

pub use event::{EVENT_NAME, FORWARDED_TARGET, TARGET};
pub use hidden::HIDDEN;
#[doc(hidden)]
pub use hidden::hide;
pub use logger::Logger;
pub use severity::Severity;
