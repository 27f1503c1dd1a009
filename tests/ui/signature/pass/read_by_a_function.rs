//! Types that serde cannot read by itself, and a function or a type of the author's reads.

#![deny(warnings)]

use dagstack_plugin::prelude::*;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// In hexadecimal.
pub(crate) struct Hex<T>(T);

fn hex<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 64], D::Error> {
    let digits = String::deserialize(from)?;
    let mut bytes = [0; 64];
    for (byte, digit) in bytes.iter_mut().zip(digits.chars()) {
        *byte = u8::try_from(digit.to_digit(16).unwrap_or_default()).unwrap_or_default();
    }
    Ok(bytes)
}

impl<'de> Deserialize<'de> for Hex<[u8; 64]> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        hex(from).map(Self)
    }
}

impl Serialize for Hex<[u8; 64]> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let digits: String = self
            .0
            .iter()
            .take(4)
            .map(|byte| format!("{byte:x}"))
            .collect();
        digits.serialize(to)
    }
}

impl<T> JsonSchema for Hex<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Hex".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

#[derive(Default)]
pub(crate) struct Reader;

#[plugin(kind = "tool", name = "reader")]
impl Reader {
    #[hook]
    fn both(
        &self,
        #[serde(deserialize_with = "hex")]
        #[schemars(with = "String")]
        key: [u8; 64],
        other: Hex<[u8; 64]>,
    ) -> (u8, Hex<[u8; 64]>) {
        (key[0], other)
    }
}
