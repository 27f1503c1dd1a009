//! Resources: what a host gives its plugins by name and type. Those of the kinds that every core knows
//! need `#[resource]` and stand in `dagstack-plugin`.

mod clock;
#[cfg(feature = "system")]
mod os_rng;
mod remote;
mod rng;
mod set;
mod tmp;

use std::sync::Arc;

use serde_json::Value;

pub use crate::error::ResourceError;
pub use clock::{Clock, ClockSetting, FrozenClock, StartedClock, SystemClock};
#[cfg(feature = "system")]
pub use os_rng::OsRng;
pub(crate) use remote::answer;
pub use remote::{Arguments, Parameters, Remote, ResourceCaller, ResourceServer, unknown_method};
pub use rng::{Rng, RngSetting, SeededRng};
#[doc(hidden)]
pub use set::warn_if_misspelt;
pub use set::{ErasedResource, ResourceSet, Resources};
pub use tmp::TempDir;

/// The name of the standard [`Clock`].
pub const CLOCK: &str = "clock";
/// The name of the standard [`Rng`].
pub const RNG: &str = "rng";

/// A type of resources, implemented for `dyn Trait`. `#[resource]` does.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no dagstack resource",
    label = "not a resource",
    note = "put `#[resource]` on a trait, and write `dyn Trait` here",
    note = "what only plugins in the host's own process use may be of any type: `local_resource`, `with_local`, `local`"
)]
pub trait Resource: Send + Sync + 'static {
    /// The name of the trait, which its author gives it. Both ends of a connection must mean the same.
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
