//! Why a value has no canonical form.

use serde::ser;

/// Why a value has no canonical JSON form.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CanonicalJsonError {
    /// NaN or an infinity.
    #[error("found the float `{0}`, expected a finite number; JSON has no form for it")]
    NotFinite(f64),
    /// An integer that fits neither an `i64` nor a `u64`.
    #[error("found the integer `{0}`, expected one of at most 64 bits; send it as text")]
    IntegerTooLarge(String),
    /// A map key that is no text, integer, boolean or character.
    #[error("found {0} as a map key, expected text, an integer, a boolean or a character")]
    KeyNotText(&'static str),
    /// A map with the same key twice.
    #[error("found the key `{0}` twice in one object, expected it once; rename or remove one")]
    DuplicateKey(String),
    /// The value's own `Serialize` failed.
    #[error("{0}")]
    Custom(String),
}

impl ser::Error for CanonicalJsonError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::Custom(message.to_string())
    }
}

impl From<serde_json::Error> for CanonicalJsonError {
    fn from(error: serde_json::Error) -> Self {
        Self::Custom(error.to_string())
    }
}
