//! Plugins that write down the changes of their config.

#![allow(dead_code)]

use dagstack_plugin::ConfigSubscription;
use dagstack_plugin::prelude::*;
use tokio::sync::watch;

#[data]
#[derive(Clone, PartialEq)]
pub(crate) struct Config {
    /// Upper bound on a piece, in characters.
    #[schemars(range(min = 1))]
    pub(crate) max_size: usize,
    #[serde(default)]
    pub(crate) language: Option<String>,
    #[serde(default)]
    pub(crate) api_key: Option<String>,
}

/// One call of the subscriber.
#[data]
#[derive(Clone)]
pub(crate) struct Change {
    pub(crate) old: Config,
    pub(crate) new: Config,
}

/// What the subscription says of itself.
#[data]
pub(crate) struct Status {
    pub(crate) path: String,
    pub(crate) active: bool,
    pub(crate) inactive_reason: Option<String>,
}

macro_rules! live {
    ($plugin:ident, $name:literal) => {
        pub(crate) struct $plugin {
            changes: watch::Receiver<Vec<Change>>,
            subscription: ConfigSubscription,
        }

        /// Writes down the changes of its config.
        #[plugin(kind = "live", name = $name)]
        impl $plugin {
            #[setup]
            fn setup(ctx: &PluginContext<Config>) -> Self {
                let (tell, changes) = watch::channel(Vec::new());
                let subscription = ctx.on_section_change(move |old: &Config, new: &Config| {
                    let (old, new) = (old.clone(), new.clone());
                    tell.send_modify(|changes| changes.push(Change { old, new }));
                });
                Self {
                    changes,
                    subscription,
                }
            }

            /// All changes so far, once there are `at_least` so many.
            #[hook]
            async fn changes(&self, at_least: usize) -> Vec<Change> {
                let mut changes = self.changes.clone();
                let enough = changes.wait_for(|seen| seen.len() >= at_least).await;
                enough.map(|seen| seen.clone()).unwrap_or_default()
            }

            /// What the subscription says of itself.
            #[hook]
            fn status(&self) -> Status {
                Status {
                    path: self.subscription.path().to_owned(),
                    active: self.subscription.active(),
                    inactive_reason: self.subscription.inactive_reason().map(str::to_owned),
                }
            }

            /// Ends the subscription.
            #[hook]
            fn unsubscribe(&self) -> bool {
                self.subscription.unsubscribe();
                self.subscription.active()
            }
        }
    };
}

live!(First, "first");
live!(Second, "second");
live!(Child, "child");
