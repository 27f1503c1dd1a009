//! What looks like a mistake that is refused, and is none.

#![deny(warnings)]
#![deny(clippy::all, clippy::pedantic)]

use std::collections::BTreeMap;

use dagstack_plugin::prelude::*;

/// Types of one's own that are called as others are.
pub(crate) mod own {
    use dagstack_plugin::prelude::*;

    pub(crate) type String = u64;

    #[data]
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct Vec {
        pub(crate) len: u8,
    }

    #[data]
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct Secret<T> {
        pub(crate) inner: T,
    }

    #[data]
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct PluginContext {
        pub(crate) name: std::string::String,
    }
}

/// Pairs as a map.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        pairs: &[(String, u32)],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_map(pairs.iter().map(|(key, value)| (key, value)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<(String, u32)>, D::Error> {
        BTreeMap::deserialize(from).map(Vec::from_iter)
    }
}

#[data]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Flat {
    #[serde(flatten, with = "pairs")]
    #[schemars(with = "BTreeMap<String, u32>")]
    pairs: Vec<(String, u32)>,
}

#[data]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OwnNames {
    #[serde(flatten)]
    list: own::Vec,
    #[schemars(range(min = 1))]
    number: own::String,
    held: own::Secret<Level>,
}

#[data]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Repeated {
    #[serde(alias = "n", alias = "N")]
    number: u8,
    #[serde(rename = "text", alias = "text")]
    words: String,
    #[schemars(with = "&str")]
    shown: String,
}

#[data]
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Level {
    #[default]
    #[serde(rename = "Q")]
    P,
    #[serde(untagged)]
    Q { x: u8 },
}

#[data]
#[derive(Clone, Debug, PartialEq)]
#[serde(from = "String", into = "String")]
pub(crate) struct Tag {
    #[serde(rename = "at")]
    name: &'static str,
    at: usize,
}

impl From<String> for Tag {
    fn from(text: String) -> Self {
        Self {
            name: "tag",
            at: text.len(),
        }
    }
}

impl From<Tag> for String {
    fn from(tag: Tag) -> Self {
        format!("{}{}", tag.name, tag.at)
    }
}

/// Only ever returned.
#[data]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unit {
    name: &'static str,
}

#[derive(Default)]
pub(crate) struct Neighbours;

#[plugin(
    kind = "neighbours",
    name = "neighbours",
    supports_extensions = ["tar.gz", ".PDF", "c++", "my file"],
    supports_mime_types = ["text/*", "text/html; charset=utf-8"],
)]
impl Neighbours {
    #[hook]
    fn data(&self, flat: Flat, own: OwnNames, repeated: Repeated) -> (Flat, OwnNames, Repeated) {
        (flat, own, repeated)
    }

    #[hook]
    fn others(
        &self,
        tag: String,
        context: own::PluginContext,
        #[serde(alias = "number", alias = "n")] number: u8,
    ) -> (Tag, String, u8, Unit) {
        (tag.into(), context.name, number, Unit { name: "kg" })
    }

    #[cfg(not(target_os = "none"))]
    #[hook]
    fn conditional(&self, #[serde(default = "Self::three")] three: u8) -> u8 {
        three
    }

    fn three() -> u8 {
        3
    }
}

/// A middleware with a hook of its own beside those it is asked by.
#[derive(Default)]
pub(crate) struct Around;

#[plugin(
    kind = "around",
    name = "around-neighbours",
    priority = 1000,
    chain_wrap(kinds = ["*"], hooks = ["*"]),
)]
impl Around {
    #[hook]
    fn before(&self, call: serde_json::Value) -> serde_json::Value {
        call
    }

    #[hook]
    fn alter(&self, n: u8) -> u8 {
        n
    }
}

/// Milk, which borrows from nobody.
#[data]
pub(crate) struct Cow<T> {
    milk: T,
}

/// A config, and the context by another name.
#[data]
#[derive(Default)]
pub(crate) struct Path {
    #[serde(default)]
    start: u8,
}
type Ctx = HookContext;

pub(crate) struct Farm {
    start: u8,
}

#[plugin(kind = "farm", name = "farm-neighbours")]
impl Farm {
    #[setup]
    fn setup(ctx: &PluginContext<self::Path>) -> Self {
        let start = ctx.config().start;
        Self { start }
    }

    #[hook]
    fn milk(&self, mut cow: Cow<u8>, _: &Ctx, other: self::Cow<u8>) -> Cow<u8> {
        cow.milk += other.milk + self.start;
        cow
    }
}

/// Bits of which constants are made.
pub(crate) const ALL: usize = 7;

/// Bytes, whose number is no reference.
#[data]
pub(crate) struct Bytes {
    #[schemars(with = "[u8; ALL & 3]")]
    bytes: Vec<u8>,
}

#[kind(name = "bits", version = "1.0.0")]
pub(crate) trait Bits {
    #[hook(dispatch = "singleton")]
    async fn turn(&self, bytes: [u8; ALL & 3], more: Bytes) -> [u8; ALL & 3];
}

#[derive(Default)]
pub(crate) struct Turned;

#[plugin(kind = Bits, name = "bits-neighbours")]
impl Turned {
    #[hook]
    fn turn(&self, mut bytes: [u8; ALL & 3], more: Bytes) -> [u8; ALL & 3] {
        bytes.reverse();
        bytes[0] += more.bytes[0];
        bytes
    }
}
