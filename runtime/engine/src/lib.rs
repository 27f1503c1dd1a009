//! What runs plugins, whoever hosts them: the one interface to a plugin that is set up, wherever it runs.

mod adapter;
mod reason;
mod section;

pub use adapter::{Adapter, Announced, TeardownFailure};
pub use reason::Reason;
pub use section::check as check_section;
