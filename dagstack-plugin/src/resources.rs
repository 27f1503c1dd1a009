//! Resources: what a host gives its plugins by name and type, and nothing else reaches them.
//!
//! A plugin declares the names it wants, `resources(required = ["clock"], optional = ["tenant_registry"])`,
//! and takes them in its `#[setup]`:
//!
//! ```
//! use std::sync::Arc;
//!
//! use dagstack_plugin::prelude::*;
//! use dagstack_plugin::resources::{Clock, FrozenClock, ResourceSet};
//! use dagstack_plugin::testing;
//!
//! struct Stamp {
//!     clock: Arc<dyn Clock>,
//! }
//!
//! /// Says when.
//! #[plugin(kind = "tool", name = "stamp", resources(required = ["clock"]))]
//! impl Stamp {
//!     #[setup]
//!     fn setup(ctx: &PluginContext) -> Result<Self, PluginError> {
//!         Ok(Self { clock: ctx.resources().get::<dyn Clock>("clock")? })
//!     }
//!
//!     /// Nanoseconds of the host's monotonic clock.
//!     #[hook]
//!     fn ticks(&self) -> u64 {
//!         self.clock.monotonic_ns()
//!     }
//! }
//!
//! let clock = FrozenClock::at_unix_nanos(1_700_000_000_000_000_000);
//! let plugin = testing::in_process::<Stamp>()
//!     .resources(ResourceSet::new().with::<dyn Clock>("clock", Arc::new(clock)));
//! let ticks = plugin.call("ticks", serde_json::json!({})).unwrap();
//! assert_eq!(ticks, serde_json::json!(1_700_000_000_000_000_000_u64));
//! # use dagstack_plugin::serde_json;
//! ```
//!
//! # The standard resources
//!
//! | name | type | under a dagstack host, across the process boundary |
//! |---|---|---|
//! | `clock` | [`Clock`] | by value: the system's, or a frozen time |
//! | `rng` | [`Rng`] | by value: the seed, or the system's randomness |
//! | `tmpdir` | [`TempDir`] | by value: the path |
//! | `http_client` | [`HttpClient`] | each call is a request to the host |
//! | `blob_store` | [`BlobStore`] | each call is a request to the host |
//! | `tenant_registry` | [`TenantRegistry`] | each call is a request to the host |
//!
//! # Where they come from
//!
//! | the plugin is | who gives `clock`, `rng`, `tmpdir` | who gives `http_client`, `blob_store`, `tenant_registry` | who gives others |
//! |---|---|---|---|
//! | linked into a host | the host: `.resource(…)` | the host | the host; `.local_resource(…)` for any type |
//! | an executable under a dagstack host | the host | the host | the host, those of a `#[resource]` |
//! | an executable under any other MCP client, or `call` | the executable | the executable, where `bin` has the feature `http-client`, `blob-store`, `tenant-registry` | `main!(…, resources = …)` |
//! | under test | `testing`'s `.resources(…)` | the same; doubles are in `testing` | the same |
//!
//! Under a host nothing is filled up from the executable. How the executable's are set on the command
//! line and in the environment: the page of `main!`.
//!
//! # Resources of one's own
//!
//! [`#[resource(name = "…")]`](macro@crate::resource) makes one of a trait: the plugin calls it alike
//! whether it is linked into the host or runs beside it. What only plugins in the host's own process use
//! (a connection pool, say) needs no trait; see [`ResourceSet::with_local`].

#[doc(inline)]
pub use dagstack_plugin_core::resources::*;
#[doc(inline)]
pub use dagstack_resources::{
    BlobStore, Bytes, HttpClient, HttpRequest, HttpResponse, TenantRegistry,
};
