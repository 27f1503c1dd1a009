//! [`Bytes`]: bytes that are a text in JSON.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use base64::{DecodeError, Engine as _};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroize;

/// Bytes whose JSON form is a text in base64 (RFC 4648, section 4, with `=` at its end). Their
/// schema says so by `contentEncoding`.
///
/// They may be a parameter, a result, a part of either, or of a config; `Secret<Bytes>` is one that
/// is not shown.
///
/// ```
/// use dagstack_plugin::resources::Bytes;
/// use dagstack_plugin::serde_json::{from_value, json, to_value};
///
/// let bytes = Bytes::from("hi");
/// assert_eq!(&*bytes, b"hi");
/// assert_eq!(to_value(&bytes).unwrap(), json!("aGk="));
/// assert_eq!(from_value::<Bytes>(json!("aGk=")).unwrap(), bytes);
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub Vec<u8>);

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<String> for Bytes {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl From<&str> for Bytes {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<Bytes> for Vec<u8> {
    fn from(bytes: Bytes) -> Self {
        bytes.0
    }
}

impl fmt::Debug for Bytes {
    /// How many there are; they may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        // Piece by piece into JSON text: large ones are not held twice.
        to.collect_str(&Base64Display::new(&self.0, &STANDARD))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Base64;
        impl serde::de::Visitor<'_> for Base64 {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text in base64")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Bytes, E> {
                STANDARD.decode(text).map(Bytes).map_err(|error| {
                    E::custom(format!("the text is no base64: {}", Explained(error, text)))
                })
            }
        }
        from.deserialize_str(Base64)
    }
}

/// What is wrong with a text that should be base64, without a part of it.
struct Explained<'a>(DecodeError, &'a str);

impl fmt::Display for Explained<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(error, text) = self;
        match error {
            DecodeError::InvalidByte(at, b'=') => {
                write!(f, "the `=` at character {} is not at its end", at + 1)
            }
            DecodeError::InvalidByte(at, b'-' | b'_') => write!(
                f,
                "character {} is of the URL-safe alphabet; expected the one with `+` and `/`",
                at + 1
            ),
            DecodeError::InvalidByte(at, _) => {
                write!(f, "character {} is not of its alphabet", at + 1)
            }
            DecodeError::InvalidPadding => {
                f.write_str("expected `=` at its end, up to a multiple of 4 characters")
            }
            DecodeError::InvalidLength(_) => {
                write!(f, "it breaks off after {} characters", text.len())
            }
            DecodeError::InvalidLastSymbol { offset, .. } => write!(
                f,
                "the last character before its end, at {}, has bits set that belong to no byte",
                offset + 1
            ),
        }
    }
}

impl JsonSchema for Bytes {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Base64".into()
    }

    fn schema_id() -> Cow<'static, str> {
        "dagstack_plugin::resources::Bytes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "contentEncoding": "base64" })
    }
}

impl Zeroize for Bytes {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}
