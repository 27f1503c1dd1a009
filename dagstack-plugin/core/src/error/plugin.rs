//! [`PluginError`]: why a plugin could not be set up or torn down.

use std::error::Error;
use std::fmt;

use super::chain::{BoxError, find};
use super::hook::message_of;
use super::{ConfigInvalid, ResourceError, code};

/// Why a plugin could not be set up or torn down.
///
/// `?` turns any error into one, so `#[setup]` may return `Result<Self, PluginError>` and use
/// whatever it likes inside.
#[derive(Debug)]
#[non_exhaustive]
pub enum PluginError {
    /// The plugin's config section does not fit its config type.
    ConfigInvalid(ConfigInvalid),
    /// The plugin is not given a resource it asks for.
    Resource(ResourceError),
    /// The author's own code failed.
    Failed(BoxError),
    /// The author's own code panicked.
    Panicked,
    /// One of the first two, in the author's own words.
    Reworded {
        /// Which.
        of: Box<Self>,
        /// The message.
        message: String,
    },
}

impl PluginError {
    /// An error with a message and nothing else.
    pub fn new(message: impl Into<String>) -> Self {
        Self::Failed(message.into().into())
    }

    /// The stable code: `config_invalid`, `setup_failed`, `panicked`, or that of a
    /// [`ResourceError`].
    pub fn code(&self) -> &'static str {
        match self {
            Self::ConfigInvalid(_) => code::CONFIG_INVALID,
            Self::Resource(error) => error.code(),
            Self::Failed(_) => "setup_failed",
            Self::Panicked => "panicked",
            Self::Reworded { of, .. } => of.code(),
        }
    }

    /// What is wrong with the config, where that is the reason.
    pub fn config_invalid(&self) -> Option<&ConfigInvalid> {
        match self {
            Self::ConfigInvalid(invalid) => Some(invalid),
            Self::Reworded { of, .. } => of.config_invalid(),
            _ => None,
        }
    }
}

impl fmt::Display for PluginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConfigInvalid(error) => error.fmt(f),
            Self::Resource(error) => error.fmt(f),
            Self::Failed(error) => f.write_str(&message_of(&**error)),
            Self::Panicked => f.write_str("the plugin panicked in its setup or teardown"),
            Self::Reworded { message, .. } => f.write_str(message),
        }
    }
}

// `PluginError` is no `Error`, or the conversion below would overlap with `From<T> for T`
// (`anyhow::Error` makes the same choice).
impl<E: Into<BoxError>> From<E> for PluginError {
    fn from(error: E) -> Self {
        let error = error.into();
        Self::in_chain(&*error).unwrap_or(Self::Failed(error))
    }
}

impl PluginError {
    /// One of ours, wherever it stands in the chain of sources, in the words around it.
    fn in_chain(error: &(dyn Error + 'static)) -> Option<Self> {
        let invalid = || {
            find::<ConfigInvalid>(error)
                .cloned()
                .map(Self::ConfigInvalid)
        };
        let resource = || find::<ResourceError>(error).cloned().map(Self::Resource);
        let of = invalid().or_else(resource)?;
        let message = message_of(error);
        Some(if message == of.to_string() {
            of
        } else {
            let of = Box::new(of);
            Self::Reworded { of, message }
        })
    }

    /// `From` for those who show what they wrap, as `anyhow::Error` does, but hide it in the error
    /// that they turn into.
    pub(crate) fn from_wrapper<E>(error: E) -> Self
    where
        E: Into<BoxError> + AsRef<dyn Error + Send + Sync>,
    {
        Self::in_chain(error.as_ref()).unwrap_or_else(|| Self::Failed(error.into()))
    }
}
