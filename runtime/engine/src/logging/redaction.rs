//! [`Redaction`]: which attributes of a record are not shown.

use dagstack_plugin_core::logging::hide;
use dagstack_plugin_core::secrets;
use serde_json::{Map, Value};

/// Which attributes are shown as [`HIDDEN`](super::HIDDEN), by the ends of their names, whatever their
/// case and at any depth. By default `_key`, `_secret`, `_token`, `_password`, `_passphrase` and
/// `_credentials`.
///
/// ```
/// use dagstack_plugin::logging::Redaction;
///
/// let redaction = Redaction::default().with_suffix("_pin");
/// assert!(redaction.hides("DB_PASSWORD") && redaction.hides("card_pin"));
/// assert!(!Redaction::only(["_pin"]).hides("db_password"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redaction {
    without_defaults: bool,
    suffixes: Vec<String>,
}

impl Redaction {
    /// Hides what ends in one of these, and nothing else.
    pub fn only(suffixes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let none = Self {
            without_defaults: true,
            suffixes: Vec::new(),
        };
        suffixes.into_iter().fold(none, Self::with_suffix)
    }

    /// Hides what ends in `suffix` too.
    #[must_use]
    pub fn with_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.suffixes.push(suffix.into().to_lowercase());
        self
    }

    /// Whether an attribute of this name is hidden.
    pub fn hides(&self, name: &str) -> bool {
        (!self.without_defaults && secrets::is_secret_attribute(name))
            || (!self.suffixes.is_empty() && {
                let name = name.to_lowercase();
                self.suffixes.iter().any(|suffix| name.ends_with(suffix))
            })
    }

    /// The attributes as they may be shown.
    pub fn apply(&self, attributes: &Map<String, Value>) -> Map<String, Value> {
        let mut shown = attributes.clone();
        hide(&mut shown, &|name| self.hides(name));
        shown
    }
}
