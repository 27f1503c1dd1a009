//! Dispatch: calling the plugins of a kind by the class of the hook (plugin specification, §2).
//!
//! | class | who is called |
//! |---|---|
//! | `singleton` | the plugin that [`route`] names, else [`route_to`], else `DAGSTACK_ACTIVE_<KIND>`, else the one of the highest priority |
//! | `broadcast_collect` | all at the same time; what they return, in order |
//! | `broadcast_notify` | all at the same time; nothing comes back |
//! | `chain` | all in order, each with what the one before returned |
//! | `capability` | the one whose `supports_…` fits, by priority and name; else the `fallback` |
//!
//! The order is: `tryfirst` plugins, then by priority, the highest first, then by name; `trylast`
//! plugins at the end. A plugin that is not ready is no candidate: broadcasts and chains leave it
//! out, and a singleton goes to the next by priority. But where a policy, the host or the
//! environment *names* the plugin, nobody else answers for it, and the call fails.
//!
//! A plugin that fails in a broadcast is [`State::Degraded`](crate::State) until it answers a
//! dispatch again, or a health check finds it well. Callers' own mistakes (arguments that do not
//! fit, a call given up) and refusals (permission, quota, tenant) do not count.
//!
//! # Tools
//!
//! Functions of the kind `tool` are addressed by plugin and function, so several tools of one
//! priority are no ambiguity at the start. A dispatched `execute` goes, unless a route decides, to
//! the tool that has the function: if several have it, to the one of the highest priority, and if
//! that does not decide either it is an `AmbiguousPlugin`. Only [`Dispatcher::singleton`] sees the
//! arguments; through the typed dispatcher of a trait, `execute` is a singleton like any other.
//!
//! [`route`]: crate::RegistryBuilder::route
//! [`route_to`]: crate::RegistryBuilder::route_to

mod erased;
pub(crate) mod index;
pub(crate) mod route;
mod select;
mod supports;
mod wellbeing;

use std::sync::Arc;

use dagstack_plugin::Kind;
use dagstack_plugin::kind::Dispatching;

use self::index::KindIndex;
use self::select::Select;
use crate::registry::Registry;

pub use self::erased::{Collected, Dispatcher};
pub use self::route::{PluginInfo, RouteRequest};

impl Registry {
    /// Calls the plugins of a kind through its trait: the dispatcher has a method for every hook,
    /// of the hook's class. Cheap to make, and to be kept.
    ///
    /// ```
    /// use dagstack_plugin::kind;
    /// use dagstack_runtime::{HookContext, Registry};
    ///
    /// /// Cleans text up.
    /// #[kind(name = "cleaner", version = "1.0.0")]
    /// pub trait Cleaner {
    ///     #[hook(dispatch = "chain")]
    ///     async fn clean(&self, text: String) -> String;
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let registry = Registry::builder().linked().build()?;
    /// let cleaners = registry.dispatch::<dyn Cleaner>();
    /// let text = cleaners.clean(&HookContext::default(), "as it was".to_owned()).await?;
    /// assert_eq!(text, "as it was", "there are no cleaners here");
    /// # Ok(())
    /// # }
    /// ```
    pub fn dispatch<K: Kind + ?Sized>(&self) -> K::Dispatcher {
        let index = match self.inner.kinds.get(K::SPEC.name) {
            Some(index) => Arc::clone(index),
            None => Arc::new(KindIndex::empty(K::SPEC)),
        };
        Dispatching::new(Arc::new(Select::typed(index))).into()
    }

    /// Calls the plugins of a kind by hook name and JSON. Cheap to make, and to be kept.
    ///
    /// A kind that no plugin is of is like any other kind without plugins: broadcasts reach nobody,
    /// and everything that needs somebody is a `NoPlugin`.
    pub fn dispatcher(&self, kind: &str) -> Dispatcher {
        let index = match self.inner.kinds.get(kind) {
            Some(index) => Arc::clone(index),
            None => Arc::new(KindIndex::unknown(kind)),
        };
        Dispatcher::new(index)
    }
}
