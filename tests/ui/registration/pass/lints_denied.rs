//! Expansions are silent under the lints people deny.

#![deny(
    dead_code,
    missing_debug_implementations,
    missing_docs,
    non_snake_case,
    non_upper_case_globals,
    single_use_lifetimes,
    trivial_casts,
    unreachable_pub,
    unused,
    unused_imports,
    unused_lifetimes,
    unused_qualifications,
    unused_results
)]
#![deny(clippy::all, clippy::pedantic)]
// Some of those that are a matter of taste.
#![deny(
    clippy::allow_attributes_without_reason,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::let_underscore_must_use,
    clippy::missing_docs_in_private_items,
    clippy::panic,
    clippy::shadow_unrelated,
    clippy::str_to_string,
    clippy::unreachable,
    clippy::unwrap_used
)]

use dagstack_plugin::prelude::*;

/// A config.
#[data]
#[derive(Debug)]
pub(crate) struct Config {
    /// A bound.
    #[serde(default)]
    pub(crate) size: usize,
}

/// A plugin.
#[derive(Debug)]
pub(crate) struct Linted {
    size: usize,
}

/// A plugin.
#[plugin(kind = "tool", name = "linted")]
impl Linted {
    /// Sets up.
    #[setup]
    fn setup(ctx: &PluginContext<Config>) -> Self {
        Self {
            size: ctx.config().size,
        }
    }

    /// Adds.
    #[hook]
    async fn add(
        &self,
        ctx: &HookContext,
        /// One.
        one: usize,
        /// The other.
        other: Option<usize>,
    ) -> Result<usize, HookError> {
        std::future::ready(()).await;
        let _ = ctx;
        Ok(self.size + one + other.unwrap_or_default())
    }

    /// Nothing.
    #[hook]
    fn nothing(&self) {
        drop(self.size.to_string());
    }
}
