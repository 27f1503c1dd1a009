//! Kinds: the contracts that plugins keep and hosts call by. [`#[kind]`](macro@crate::kind) makes one of a trait.

#[cfg(feature = "manifest")]
pub use dagstack_manifest::{Hookspec, HookspecError};
pub use dagstack_plugin_core::kind::*;

/// The second half of `#[plugin(kind = …)]`. The compiler shows its path with errors, so it is here.
#[doc(hidden)]
pub use dagstack_plugin_macros::plugin_of_kind as plugin;
