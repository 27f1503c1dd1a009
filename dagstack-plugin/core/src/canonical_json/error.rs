//! Why a value has no canonical form.

use std::fmt;

use serde::ser;

/// Why a value has no canonical JSON form.
#[derive(Debug)]
#[non_exhaustive]
pub enum CanonicalJsonError {
    /// A map key that is no text, integer, boolean or character.
    KeyNotText,
    /// A map with the same key twice.
    DuplicateKey(String),
    /// NaN, an infinity, an integer that fits neither an `i64` nor a `u64`, or what the value's own
    /// `Serialize` says.
    Custom(String),
}

impl fmt::Display for CanonicalJsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyNotText => f.write_str(
                "found a map key that is no text, expected text, an integer, a boolean or a character",
            ),
            Self::DuplicateKey(key) => write!(
                f,
                "found the key `{key}` twice in one object, expected it once; rename or remove one"
            ),
            Self::Custom(problem) => f.write_str(problem),
        }
    }
}

impl std::error::Error for CanonicalJsonError {}

impl ser::Error for CanonicalJsonError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Custom(message.to_string())
    }
}
