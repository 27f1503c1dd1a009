//! `#[serde(…)]` and `#[schemars(…)]` on parameters, as on the fields of a struct.

use dagstack_plugin::prelude::*;

#[data]
#[derive(Debug, Clone)]
pub(crate) struct Page {
    offset: usize,
    #[serde(default = "ten")]
    limit: usize,
}

/// Neither `Deserialize` nor `JsonSchema`.
pub(crate) struct Opaque(u8);

fn ten() -> usize {
    10
}

fn opaque<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Opaque, D::Error> {
    serde::Deserialize::deserialize(from).map(Opaque)
}

#[derive(Default)]
pub(crate) struct Attributes;

#[plugin(kind = "tool", name = "attributes")]
impl Attributes {
    #[hook]
    fn search(
        &self,
        #[serde(rename = "q")] query: String,
        #[serde(flatten)] page: Page,
        #[serde(default)] exact: bool,
        #[serde(default = "Self::three")] three: u8,
        #[serde(default = "ten")]
        #[schemars(range(min = 1, max = 20))]
        depth: usize,
        #[serde(deserialize_with = "opaque")]
        #[schemars(with = "u8")]
        opaque: Opaque,
    ) -> String {
        format!("{query} {page:?} {exact} {three} {depth} {}", opaque.0)
    }

    fn three() -> u8 {
        3
    }
}
