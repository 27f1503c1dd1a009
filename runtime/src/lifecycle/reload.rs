//! Replacing one plugin by a fresh instance.

use serde_json::Value;
use tokio::runtime::Handle;

use super::plugin_ref::PluginRef;
use super::teardown::teardown;
use crate::descriptor::Source;
use crate::entry::Phase;
use crate::error::PluginRegistryError;
use crate::host::TokioHost;
use crate::registry::Registry;
use crate::status::{PluginStatus, State};

impl Registry {
    /// Replaces a plugin by a fresh instance, with the config its sources have now: teardown, drop,
    /// setup. Other plugins go on; the state of this one is in the answer.
    ///
    /// From now on calls on handles of the old instance are `unavailable`. Calls on their way have
    /// half of the plugin's `teardown_timeout_sec` to end; then those that await something end with
    /// `unavailable` too. Ask the registry for the new instance. Typed handles that are kept keep
    /// the old value in memory beside the new one: that is in the log, and the `last_error`.
    ///
    /// A plugin that is not set up is set up. Setups, reloads, restarts and teardowns wait for each
    /// other. If this future is dropped half way, the plugin is left where it was, or torn down;
    /// another reload goes on from there.
    ///
    /// # Errors
    ///
    /// `PluginNotFound`; `AmbiguousPlugin` for a name that fits several. With the old instance left
    /// as it is: `ConfigSourceFailed`, `ConfigInvalid` for a section that is none,
    /// `DependencyMissing` and `DependencyUnavailable`, `PluginUnavailable` for one that
    /// is `leaked` or `requires_restart` and runs in this process (a subprocess may always be
    /// started again). With the old instance gone: `Timeout` and `PluginUnavailable`, where its
    /// teardown leaves it in such a state; and what the new setup failed with, which makes it
    /// `unavailable`.
    pub async fn reload(
        &self,
        plugin: impl Into<PluginRef>,
    ) -> Result<PluginStatus, PluginRegistryError> {
        let index = self.resolve(&plugin.into())?;
        let entry = &self.inner.entries[index];
        let name = &entry.descriptor.name;
        let Ok(runtime) = Handle::try_current() else {
            return Err(self.cannot_reload(index, "there is no tokio runtime here"));
        };
        let _turn = self.inner.lifecycle.turn().await;
        self.may_reload(index)?;
        self.dependencies_are_ready(index)?;
        let section = self.inner.config_for_setup().await?.section(name)?;
        entry.supervise(None);
        let failure = teardown(entry).await.err();
        if let Some(error) = &failure {
            tracing::warn!(
                plugin.kind = name.kind(),
                plugin.name = name.name(),
                "{error}"
            );
        }
        let leak = match failure {
            // Typed handles that are kept do not hold the new instance up.
            Some(leak @ PluginRegistryError::LeakDetected { .. })
                if entry.state() != State::RequiresRestart =>
            {
                Some(leak)
            }
            Some(late @ PluginRegistryError::Timeout { .. }) if self.may_reload(index).is_err() => {
                return Err(late);
            }
            _ => {
                self.may_reload(index)?;
                None
            }
        };
        let host = self.inner.lifecycle.host(runtime);
        self.bring_up(index, section, &host).await?;
        if let Some(leak) = leak {
            entry.note(leak.reason());
        }
        Ok(entry.status())
    }

    /// Sets a plugin up that is down.
    pub(super) async fn bring_up(
        &self,
        index: usize,
        section: Value,
        host: &TokioHost,
    ) -> Result<(), PluginRegistryError> {
        drop(self.inner.entries[index].enter(Phase::Registered));
        let name = &self.inner.entries[index].descriptor.name;
        let feed = self.inner.config.feed(name, section);
        let Some(starting) = self.start(index, &feed, host) else {
            return Ok(());
        };
        match starting.await {
            Ok(running) => {
                self.publish(index, running, feed, host, false);
                Ok(())
            }
            Err(error) => {
                self.fail(index, error.reason());
                Err(error)
            }
        }
    }

    /// Whether the state of a plugin allows a new instance in this process.
    fn may_reload(&self, index: usize) -> Result<(), PluginRegistryError> {
        let entry = &self.inner.entries[index];
        let refused = matches!(
            (&entry.descriptor.source, entry.state()),
            (Source::Never { .. }, _)
                | (Source::InProcess(_), State::Leaked | State::RequiresRestart)
        );
        if !refused {
            return Ok(());
        }
        let why = entry.not_ready(None);
        Err(self.cannot_reload(index, why.message()))
    }

    fn cannot_reload(&self, index: usize, why: &str) -> PluginRegistryError {
        let entry = &self.inner.entries[index];
        PluginRegistryError::PluginUnavailable {
            plugin: entry.descriptor.name.clone(),
            state: Box::new(entry.state()),
            message: format!("`{}` cannot be reloaded: {why}", entry.descriptor.name),
        }
    }

    /// The place of the one plugin that is meant.
    fn resolve(&self, plugin: &PluginRef) -> Result<usize, PluginRegistryError> {
        let entries = self.inner.entries.iter().enumerate();
        let fitting: Vec<usize> = entries
            .filter(|(_, entry)| {
                let name = &entry.descriptor.name;
                name.name() == plugin.name
                    && plugin.kind.as_deref().is_none_or(|it| it == name.kind())
            })
            .map(|(index, _)| index)
            .collect();
        match fitting[..] {
            [one] => Ok(one),
            [] => Err(self.not_found(plugin.kind.as_deref(), &plugin.name)),
            _ => Err(PluginRegistryError::AmbiguousPlugin {
                name: plugin.name.clone(),
                by: "`reload`".to_owned(),
                candidates: fitting
                    .iter()
                    .map(|&index| self.inner.entries[index].descriptor.name.clone())
                    .collect(),
            }),
        }
    }
}
