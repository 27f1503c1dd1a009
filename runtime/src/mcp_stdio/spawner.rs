//! [`Spawner`]: starts the processes of a plugin.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use dagstack_client::{McpStdio, Needs, StartError};
use dagstack_engine::feed::SectionFeed;
use dagstack_plugin::resources::ResourceSet;
use dagstack_plugin::{CORE_VERSION, PluginName};

use super::program::Program;
use crate::descriptor::Descriptor;
use crate::error::PluginRegistryError;
use crate::resources::HostResources;

/// All that a process of a plugin is started with.
#[derive(Clone)]
pub(super) struct Spawner {
    pub(super) plugin: Arc<Descriptor>,
    pub(super) program: Arc<Program>,
    /// The plugin's config, as it changes: a process hears of that too.
    pub(super) feed: SectionFeed,
    pub(super) resources: Arc<HostResources>,
    /// How long a call of a resource may take.
    pub(super) resource_timeout: Option<Duration>,
}

impl fmt::Debug for Spawner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.plugin.name, self.program)
    }
}

impl Spawner {
    /// Starts a process, whose program is looked at before it runs.
    ///
    /// # Errors
    ///
    /// Where the program is not the one expected, and those of the start.
    pub(super) async fn start(&self) -> Result<McpStdio, PluginRegistryError> {
        let (plugin, limit) = (&self.plugin.name, self.plugin.startup_timeout);
        let manifest = self.plugin.manifest.as_ref();
        let expected = manifest.and_then(|it| it.metadata.get("dagstack")?.get("sha256"));
        self.program.inspect(plugin, expected).await?;
        let needs = Needs {
            resources: self,
            required: &self.plugin.resources,
        };
        McpStdio::start(plugin, &self.program.command, &self.feed, limit, needs)
            .await
            .map_err(|error| not_started(plugin, limit, error))
    }
}

impl dagstack_client::ResourceProvider for Spawner {
    type Error = PluginRegistryError;

    fn give(
        &self,
        plugin: &PluginName,
        required: &[&str],
        optional: &[&str],
    ) -> Result<ResourceSet, PluginRegistryError> {
        let (required, optional) = (required.iter().copied(), optional.iter().copied());
        self.resources.give(plugin, required, optional)
    }

    fn timeout(&self) -> Option<Duration> {
        self.resource_timeout
    }
}

/// Why a plugin in another process was not started within `limit`.
fn not_started(
    plugin: &PluginName,
    limit: Duration,
    error: StartError<PluginRegistryError>,
) -> PluginRegistryError {
    let plugin = plugin.clone();
    match error {
        StartError::Failed { cause, message } => PluginRegistryError::PluginLoadError {
            plugin,
            cause,
            message,
        },
        StartError::TimedOut { operation } => PluginRegistryError::Timeout {
            plugin,
            operation,
            limit,
            setting: "startup_timeout_sec",
        },
        StartError::VersionIncompatible { required } => PluginRegistryError::VersionIncompatible {
            plugin,
            required,
            offered: CORE_VERSION.to_owned(),
        },
        StartError::ConfigInvalid(invalid) => invalid.into(),
        StartError::CannotCross(reason) => PluginRegistryError::ResourceCannotCross {
            plugin,
            reason: Box::new(reason),
        },
        StartError::Resources(error) => error,
        other => PluginRegistryError::PluginLoadError {
            plugin,
            cause: "setup_failed".to_owned(),
            message: format!("{other:?}"),
        },
    }
}
