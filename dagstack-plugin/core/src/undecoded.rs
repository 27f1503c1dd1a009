//! [`Undecoded`]: what serde said about a value that did not decode, and where.

use std::fmt;

use serde::{Deserialize, Deserializer};
pub(crate) use serde_path_to_error::Segment;

/// What serde said about a value that did not decode, and where. It knows no schema; who does
/// explains it (`diagnose::undecoded`).
pub struct Undecoded {
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

impl Undecoded {
    /// Of the whole value.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            message: message.into(),
        }
    }

    /// What serde_json said of a part of a text, where lines and columns mean nothing.
    pub(crate) fn of(error: &serde_json::Error) -> Self {
        let message = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        Self::new(message.strip_suffix(&place).unwrap_or(&message))
    }

    /// The same of the value under `name`.
    pub(crate) fn under(mut self, name: &str) -> Self {
        let key = name.to_owned();
        self.path.insert(0, Segment::Map { key });
        self
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
