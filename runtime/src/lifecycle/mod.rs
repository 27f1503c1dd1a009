//! From registration to teardown: setup, health, restart, reload, teardown.
//!
//! | here | what it does |
//! |---|---|
//! | [`setup`] | brings all plugins up, in order |
//! | [`health`] | asks all plugins how they are, now and then |
//! | [`restart`] | starts processes again that ended by themselves |
//! | [`reload`] | replaces one plugin by a fresh instance |
//! | [`teardown`] | takes all plugins down, in reverse |
//!
//! Whatever changes which instance a plugin has holds [`Lifecycle::turn`](state::Lifecycle::turn). Calls never do.

mod health;
pub(crate) mod options;
mod plugin_ref;
mod reload;
mod report;
mod restart;
mod setup;
pub(crate) mod state;
mod teardown;

pub use options::RestartPolicy;
pub use plugin_ref::PluginRef;
pub use report::SetupReport;
