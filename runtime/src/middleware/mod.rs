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
mod placed;
pub mod plugin;

pub use dagstack_plugin::Middleware;
pub use dagstack_plugin::middleware::{Call, Next};

pub use placed::Placed;

/// Puts every call of a hook into a [`tracing`] span, which an OpenTelemetry layer exports. The
/// runtime itself makes no spans.
///
/// The span is called `{kind}.{hook}` (field `otel.name`, since the name of a span in `tracing` is
/// fixed) and has the fields `plugin.kind`, `plugin.name`, `plugin.hook`, `otel.kind`, and where the
/// call fails `otel.status_code = "ERROR"` and `error.type`, the code of the error. Arguments and
/// results are not looked at: where nobody listens, a call costs next to nothing more. Its priority is
/// 9000 unless set, outside of most.
///
/// ```
/// use dagstack_runtime::Registry;
/// use dagstack_runtime::middleware::Observe;
///
/// let builder = Registry::builder().middleware(Observe::new().on("chunker", "*"));
/// ```
pub type Observe = Placed<observe::Observe>;

/// Gives every call a deadline, unless its caller has an earlier one. It acts where a hook awaits,
/// in every runtime; a `fn` hook that runs cannot be interrupted. Its priority is 5000 unless set:
/// outside of [`ConcurrencyLimit`], so that waiting counts.
///
/// ```
/// use std::time::Duration;
/// use dagstack_runtime::Registry;
/// use dagstack_runtime::middleware::Deadline;
///
/// let builder = Registry::builder()
///     .middleware(Deadline::new(Duration::from_secs(60)))
///     .middleware(Deadline::new(Duration::from_secs(5)).on("tool", "execute"));
/// ```
pub type Deadline = Placed<deadline::Deadline>;

/// Lets at most so many calls of each plugin go on at a time. The others wait in the order they
/// came, until their deadline passes or their caller gives up.
///
/// ```
/// use dagstack_runtime::Registry;
/// use dagstack_runtime::middleware::ConcurrencyLimit;
///
/// let builder = Registry::builder()
///     .middleware(ConcurrencyLimit::new(8).on("chunker", "*"))
///     .middleware(ConcurrencyLimit::new(1).global().reject().on("tool", "execute"));
/// ```
///
/// A plugin that calls itself, or is called by one it calls, takes a place for each of these calls:
/// under a limit that is too small they wait for each other until a deadline ends it.
///
/// Its priority is 2000 unless set.
pub type ConcurrencyLimit = Placed<limit::ConcurrencyLimit>;

/// The least priority of a middleware.
pub const LEAST_PRIORITY: u32 = 1000;
