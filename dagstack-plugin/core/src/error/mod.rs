//! The two errors a plugin author meets, [`HookError`] from a call and [`PluginError`] from setup, and
//! those that they are made of.

mod call;
mod chain;
pub mod code;
mod config;
mod hook;
mod plugin;
mod resource;
mod tenant;

#[doc(hidden)]
pub use self::call::panicked;
pub use self::call::{deadline_exceeded, not_exposed};
pub(crate) use self::call::{was_cancelled, was_revoked};
pub use self::chain::BoxError;
#[doc(hidden)]
pub use self::chain::chain;
pub use self::config::ConfigInvalid;
pub use self::hook::HookError;
pub use self::plugin::PluginError;
pub use self::resource::ResourceError;
pub use self::tenant::TenantAccessDenied;
