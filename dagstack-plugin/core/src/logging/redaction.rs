//! [`Redaction`]: which attributes of a record are not shown.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::secrets;

/// What stands in for the value of a secret attribute.
pub const HIDDEN: &str = "***";

/// Which attributes are shown as [`HIDDEN`], by the ends of their names, whatever their case and at any
/// depth. By default `_key`, `_secret`, `_token`, `_password`, `_passphrase` and `_credentials`.
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

    /// Whether anything among `attributes` is hidden.
    pub(super) fn concerns(&self, attributes: &Map<String, Value>) -> bool {
        attributes
            .iter()
            .any(|(name, value)| self.hides(name) || self.concerns_value(value))
    }

    fn concerns_value(&self, value: &Value) -> bool {
        match value {
            Value::Object(map) => self.concerns(map),
            Value::Array(items) => items.iter().any(|item| self.concerns_value(item)),
            _ => false,
        }
    }

    /// The attributes as they may be shown.
    pub fn apply<'a>(&self, attributes: &'a Map<String, Value>) -> Cow<'a, Map<String, Value>> {
        if !self.concerns(attributes) {
            return Cow::Borrowed(attributes);
        }
        let mut shown = attributes.clone();
        self.hide(&mut shown);
        Cow::Owned(shown)
    }

    /// [`apply`](Self::apply) in place.
    pub(super) fn hide(&self, attributes: &mut Map<String, Value>) {
        for (name, value) in attributes {
            if self.hides(name) {
                *value = Value::from(HIDDEN);
            } else {
                self.hide_value(value);
            }
        }
    }

    fn hide_value(&self, value: &mut Value) {
        match value {
            Value::Object(map) => self.hide(map),
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_value(item)),
            _ => {}
        }
    }
}
