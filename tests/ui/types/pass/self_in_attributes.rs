//! `Self`, and names that generated functions have too, in `#[serde(…)]` and `#[schemars(…)]`.

#![deny(warnings)]

use dagstack_plugin::prelude::*;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Neither `Deserialize` nor `JsonSchema`.
pub(crate) struct Opaque(u8);

pub(crate) trait Numbers {
    const MOST: u8;

    fn four() -> u8;

    fn opaque<'de, F: Deserializer<'de>>(from: F) -> Result<Opaque, F::Error> {
        u8::deserialize(from).map(Opaque)
    }
}

#[derive(Default)]
pub(crate) struct Own;

impl Own {
    fn deserialize<'de, F: Deserializer<'de>>(from: F) -> Result<Opaque, F::Error> {
        Self::opaque(from)
    }

    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<u8>()
    }
}

impl Numbers for Own {
    const MOST: u8 = 9;

    fn four() -> u8 {
        4
    }
}

#[plugin(kind = "tool", name = "self-in-attributes")]
impl Own {
    #[hook]
    fn numbers(
        &self,
        #[schemars(range(max = Self::MOST), title = "Self::a")] a: u8,
        #[serde(default = "<Self as Numbers>::four")] b: u8,
    ) -> u8 {
        a + b
    }

    #[hook]
    fn opaques(
        &self,
        #[serde(with = "Self")]
        #[schemars(with = "u8")]
        a: Opaque,
        #[serde(deserialize_with = "<Self as Numbers>::opaque", rename = "Self")]
        #[schemars(schema_with = "Self::schema")]
        b: Opaque,
    ) -> u8 {
        a.0 + b.0
    }

    #[hook]
    fn data(&self, value: Held) -> Held {
        value
    }
}

/// As serde's type parameters are called, and those of what is generated.
pub(crate) struct D(u8);
pub(crate) struct S;

impl D {
    fn read<'de, F: Deserializer<'de>>(from: F) -> Result<Self, F::Error> {
        u8::deserialize(from).map(Self)
    }
}

impl S {
    fn write<T: Serializer>(value: &D, to: T) -> Result<T::Ok, T::Error> {
        value.0.serialize(to)
    }
}

#[data]
pub(crate) struct Held {
    #[serde(deserialize_with = "D::read", serialize_with = "S::write")]
    #[schemars(with = "u8")]
    d: D,
    #[serde(with = "Self")]
    #[schemars(with = "u8")]
    opaque: Opaque,
    #[schemars(range(max = Self::MOST))]
    #[serde(default = "<Self as Numbers>::four")]
    n: u8,
    #[cfg_attr(all(), serde(default = "Self::four"))]
    m: u8,
    #[serde(default)]
    more: Option<More>,
}

#[data]
#[serde(default = "Self::new")]
pub(crate) struct More {
    k: u8,
    others: Vec<Self>,
}

impl More {
    fn new() -> Self {
        let others = Vec::new();
        Self { k: 6, others }
    }
}

impl Held {
    fn deserialize<'de, F: Deserializer<'de>>(from: F) -> Result<Opaque, F::Error> {
        Self::opaque(from)
    }

    fn serialize<T: Serializer>(value: &Opaque, to: T) -> Result<T::Ok, T::Error> {
        value.0.serialize(to)
    }
}

impl Numbers for Held {
    const MOST: u8 = 7;

    fn four() -> u8 {
        4
    }
}
