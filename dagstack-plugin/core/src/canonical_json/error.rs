//! Why a value has no canonical form.

use serde::ser;

/// Why a value has no canonical JSON form.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CanonicalJsonError {
    /// A map key that is no text, integer, boolean or character.
    #[error("found a map key that is no text, expected text, an integer, a boolean or a character")]
    KeyNotText,
    /// A map with the same key twice.
    #[error("found the key `{0}` twice in one object, expected it once; rename or remove one")]
    DuplicateKey(String),
    /// NaN, an infinity, an integer that fits neither an `i64` nor a `u64`, or what the value's own
    /// `Serialize` says.
    #[error("{0}")]
    Custom(String),
}

impl ser::Error for CanonicalJsonError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::Custom(message.to_string())
    }
}
