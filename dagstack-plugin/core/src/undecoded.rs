//! [`Undecoded`]: what serde said about a value that did not decode, and where.

use std::fmt;

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::Value;
pub use serde_path_to_error::Segment;

use crate::numbers;
use crate::problem::{Problem, push_key};
use crate::schema::Schema;
use crate::secrets::{self, MASK_GIVEN, MASKED, is_secret_name};

/// What serde said about a value that did not decode, and where. It knows no schema; who runs the
/// plugin does, and explains it.
pub struct Undecoded {
    /// The steps from the whole value to where serde stopped, as far as it tells.
    pub path: Vec<Segment>,
    /// In serde's words, which may quote a secret.
    pub message: String,
}

/// Says nothing, because the message may quote a secret.
impl fmt::Debug for Undecoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Undecoded")
    }
}

/// What is said of a value that is a secret or has some.
pub const UNFIT: &str = "found a value that does not fit";

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

    /// As a problem of `value`, in serde's words. Where the value has secrets, by name or by its schema,
    /// those might quote one.
    pub(crate) fn problem(&self, base: &str, value: &Value, schema: Option<&Schema>) -> Problem {
        let (mut path, mut is_secret) = (base.to_owned(), false);
        for segment in &self.path {
            match segment {
                Segment::Seq { index } => path.push_str(&format!("[{index}]")),
                Segment::Map { key: name } | Segment::Enum { variant: name } => {
                    push_key(&mut path, if is_secret { MASKED } else { name });
                    is_secret |= is_secret_name(name);
                }
                Segment::Unknown => {}
            }
        }
        let has_secrets =
            || secrets::mask(value) != *value || schema.is_none_or(secrets::mentions_secrets);
        let is_clean = self.message == MASK_GIVEN || !has_secrets();
        Problem::new(path, if is_clean { &self.message } else { UNFIT })
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

/// Decodes a value of which no schema says where it wants integers, without paths first: they cost,
/// and most values fit. As JSON Schema has it, `5.0` is an integer.
pub(crate) fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, Undecoded> {
    numbers::from_value(value).or_else(|_| decode(value))
}
