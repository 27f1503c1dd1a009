//! Expansions of kinds are silent under the lints people deny.

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
#![allow(clippy::unused_self, reason = "of these hooks themselves")]

use dagstack_plugin::prelude::*;

/// A kind.
#[kind(name = "linter", version = "1.0.0")]
pub(crate) trait Linter {
    /// Adds.
    #[hook(dispatch = "singleton")]
    async fn add(
        &self,
        /// One.
        one: usize,
        /// The other.
        other: Option<usize>,
    ) -> usize;

    /// Looks.
    #[hook(dispatch = "broadcast_collect", mcp_exposed = false)]
    fn looks_good(&self, text: &str, other: Option<&str>) -> bool;

    /// Reads.
    #[hook(dispatch = "capability", language = "language", mcp_exposed = false)]
    async fn read(&self, language: &str) -> String;

    /// Ends.
    #[hook(dispatch = "broadcast_notify")]
    async fn done(&self);
}

/// A plugin.
#[derive(Debug, Default)]
pub(crate) struct Linted;

/// A plugin.
#[plugin(kind = Linter, name = "linted")]
impl Linted {
    /// Adds.
    #[hook]
    async fn add(&self, ctx: &HookContext, one: usize, other: Option<usize>) -> usize {
        std::future::ready(()).await;
        let _ = ctx;
        one + other.unwrap_or_default()
    }

    /// Looks.
    #[hook]
    fn looks_good(&self, text: &str, other: Option<&str>) -> bool {
        other.is_none_or(|other| text == other)
    }

    /// Reads.
    #[hook]
    async fn read(&self, language: &str) -> String {
        std::future::ready(()).await;
        language.to_owned()
    }

    /// Ends.
    #[hook]
    fn done(&self) {}
}
