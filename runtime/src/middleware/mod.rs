//! Middleware: what stands around every call of a hook, in every runtime.
//!
//! [`RegistryBuilder::middleware`](crate::RegistryBuilder::middleware) takes any
//! [`Middleware`]; these come with the runtime:
//!
//! | | what it does |
//! |---|---|
//! | [`Observe`] | one tracing span for every call |
//! | [`Deadline`] | a deadline for calls that have none |
//! | [`ConcurrencyLimit`] | no more than so many calls at a time |
//!
//! A plugin whose manifest has `chain_wrap` is middleware too, wherever it runs; the contract of
//! its hooks is in [`plugin`].
//!
//! The middleware with the highest priority goes outermost; of two with the same priority, the one
//! registered first. Priorities below [`LEAST_PRIORITY`] are those of business plugins, and refused.
//! Every call passes every middleware that wraps it once, however it comes about: by handle, by
//! trait, by dispatch, or from one plugin to another. Without middleware, calls cost what they cost
//! without any of this.
//!
//! Functions of a `tool` plugin are wrapped by what wraps its hook `execute`;
//! [`Call::hook`](dagstack_plugin::middleware::Call::hook) is the function, and arguments and result
//! are the function's own, also of a call that came as `execute`.

mod deadline;
pub(crate) mod layers;
mod limit;
mod observe;
mod patterns;
pub mod plugin;

pub use dagstack_plugin::Middleware;
pub use dagstack_plugin::middleware::{Call, Next};

pub use deadline::Deadline;
pub use limit::ConcurrencyLimit;
pub use observe::Observe;

/// The least priority of a middleware.
pub const LEAST_PRIORITY: u32 = 1000;
