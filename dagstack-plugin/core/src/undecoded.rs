//! [`Undecoded`]: what serde said about a value that did not decode, and where.

use std::fmt;

use serde::{Deserialize, Deserializer};
pub(crate) use serde_path_to_error::Segment;

/// What serde said about a value that did not decode, and where. It knows no schema; who does
/// explains it (`diagnose::undecoded`).
pub(crate) struct Undecoded {
    /// The steps from the whole value to where serde stopped, as far as it tells.
    pub(crate) path: Vec<Segment>,
    /// In serde's words, which may quote a secret.
    pub(crate) message: String,
}

/// Says nothing, because the message may quote a secret.
impl fmt::Debug for Undecoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Undecoded")
    }
}

/// Decodes, with the path to the mistake if there is one.
pub(crate) fn decode<'de, T, D>(from: D) -> Result<T, Undecoded>
where
    T: Deserialize<'de>,
    D: Deserializer<'de, Error = serde_json::Error>,
{
    serde_path_to_error::deserialize(from).map_err(|error| Undecoded {
        path: error.path().iter().cloned().collect(),
        message: error.into_inner().to_string(),
    })
}
