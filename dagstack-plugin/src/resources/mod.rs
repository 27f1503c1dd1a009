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
//! | name | type | across a process boundary |
//! |---|---|---|
//! | `clock` | [`Clock`] | by value: the system's, or a frozen time |
//! | `rng` | [`Rng`] | by value: the seed, or the system's randomness |
//! | `tmpdir` | [`TempDir`] | by value: the path |
//! | `http_client` | [`HttpClient`] | each call is a request to the host |
//! | `blob_store` | [`BlobStore`] | each call is a request to the host |
//! | `tenant_registry` | [`TenantRegistry`] | each call is a request to the host |
//!
//! # Resources of one's own
//!
//! [`#[resource]`](macro@crate::resource) makes one of a trait: the plugin calls it alike whether it
//! is linked into the host or runs beside it. What only plugins in the host's own process use (a
//! connection pool, say) needs no trait; see [`ResourceSet::with_local`].

mod blob;
mod clock;
mod http;
mod offer;
#[cfg(feature = "system")]
mod os_rng;
mod remote;
mod rng;
mod set;
mod tenants;
mod tmp;

use std::sync::Arc;

use serde_json::Value;

pub use crate::error::ResourceError;
pub use blob::{BlobStore, Bytes};
pub use clock::{Clock, ClockSetting, FrozenClock, StartedClock, SystemClock};
pub use http::{HttpClient, HttpRequest, HttpResponse};
pub use offer::{Offer, Offered, Served};
#[cfg(feature = "system")]
pub use os_rng::OsRng;
pub(crate) use remote::answer;
pub use remote::{Arguments, Parameters, Remote, ResourceCaller, ResourceServer, unknown_method};
pub use rng::{Rng, RngSetting, SeededRng};
pub use set::{ErasedResource, ResourceSet, Resources};
pub use tenants::TenantRegistry;
pub use tmp::TempDir;

/// The name of the standard [`Clock`].
pub const CLOCK: &str = "clock";
/// The name of the standard [`Rng`].
pub const RNG: &str = "rng";

/// A type of resources, implemented for `dyn Trait`. [`#[resource]`](macro@crate::resource) does.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no dagstack resource",
    label = "not a resource",
    note = "put `#[resource]` on a trait, and write `dyn Trait` here",
    note = "what only plugins in the host's own process use may be of any type: `local_resource`, `with_local`, `local`"
)]
pub trait Resource: Send + Sync + 'static {
    /// The path of the trait. Both ends of a connection must mean the same.
    const INTERFACE: &'static str;

    /// How a plugin in another process is given this one.
    fn cross(resource: &Arc<Self>) -> Crossing;

    /// The plugin's end of what [`cross`](Self::cross) made at the host's; `None` where it is
    /// something else.
    fn arrive(arrival: Arrival) -> Option<Arc<Self>>;
}

/// How a resource gets to a plugin in another process.
pub enum Crossing {
    /// Every call is a request to the host.
    ByRequests(Arc<dyn ResourceServer>),
    /// The plugin gets its own, made of this value.
    ByValue(Value),
    /// It cannot.
    Refused(String),
}

/// What arrives in the plugin's process.
pub enum Arrival {
    /// See [`Crossing::ByRequests`].
    ByRequests(Remote),
    /// See [`Crossing::ByValue`].
    ByValue(Value),
}

impl std::fmt::Debug for Crossing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ByRequests(_) => f.write_str("ByRequests"),
            Self::ByValue(_) => f.write_str("ByValue"),
            Self::Refused(reason) => f.debug_tuple("Refused").field(reason).finish(),
        }
    }
}

impl std::fmt::Debug for Arrival {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ByRequests(_) => "ByRequests",
            Self::ByValue(_) => "ByValue",
        })
    }
}
