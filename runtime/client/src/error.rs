//! What a start needs of the host, and why it fails.

use std::time::Duration;

use dagstack_plugin_core::resources::{ResourceError, ResourceSet};
use dagstack_plugin_core::{ConfigInvalid, PluginName};

/// Where a plugin gets its resources: the host.
pub trait ResourceProvider: Sync {
    /// Why it cannot give one.
    type Error;

    /// Gives `plugin` the resources it declares.
    ///
    /// # Errors
    ///
    /// Where one is required that is not there, or cannot be made.
    fn give(
        &self,
        plugin: &PluginName,
        required: &[&str],
        optional: &[&str],
    ) -> Result<ResourceSet, Self::Error>;

    /// How long a call of one may take.
    fn timeout(&self) -> Option<Duration>;
}

/// What a plugin is to be given besides its config.
#[derive(Debug)]
pub struct Needs<'a, R> {
    /// All the host has.
    pub resources: &'a R,
    /// What the manifest requires, for a server that does not say so itself.
    pub required: &'a [String],
}

/// Why a plugin could not be started.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError<E> {
    /// Its process, the handshake or its own setup failed.
    Failed {
        /// A stable code.
        cause: String,
        /// What happened, and how to mend it.
        message: String,
    },
    /// A step took longer than the whole start may.
    TimedOut {
        /// The step.
        operation: &'static str,
    },
    /// It does not run with this core.
    VersionIncompatible {
        /// The range it asks for.
        required: String,
    },
    /// Its config does not fit.
    ConfigInvalid(ConfigInvalid),
    /// A resource cannot be given to another process.
    CannotCross(ResourceError),
    /// What the host says of its resources.
    Resources(E),
}

impl<E> From<ConfigInvalid> for StartError<E> {
    fn from(invalid: ConfigInvalid) -> Self {
        Self::ConfigInvalid(invalid)
    }
}
