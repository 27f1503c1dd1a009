//! [`Step`]: the way from a value to a value inside it.

use serde_json::Value;

/// One step from a value to a value inside it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'a> {
    /// To the value under a key that the schema names.
    Known(&'a str),
    /// To the value under a key that only the input names: inside a secret it is one, too.
    Given(&'a str),
    /// To an item of an array.
    Item(usize),
}

impl<'a> Step<'a> {
    /// The key, if the step goes by one.
    pub(crate) fn key(self) -> Option<&'a str> {
        match self {
            Self::Known(key) | Self::Given(key) => Some(key),
            Self::Item(_) => None,
        }
    }

    /// The value that the step leads to.
    pub(crate) fn go(self, from: &Value) -> Option<&Value> {
        match self {
            Self::Known(key) | Self::Given(key) => from.get(key),
            Self::Item(index) => from.get(index),
        }
    }

    /// The same, to change it.
    pub(crate) fn go_mut(self, from: &mut Value) -> Option<&mut Value> {
        match self {
            Self::Known(key) | Self::Given(key) => from.get_mut(key),
            Self::Item(index) => from.get_mut(index),
        }
    }
}

/// Whoever names the key, the step is the same.
impl PartialEq for Step<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Item(one), Self::Item(other)) => one == other,
            _ => self.key().is_some() && self.key() == other.key(),
        }
    }
}
