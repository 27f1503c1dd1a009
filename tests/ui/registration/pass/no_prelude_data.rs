//! The types of `no_prelude_and_decoys.rs`, with decoys too.

#[allow(dead_code)]
mod std {}
#[allow(dead_code)]
mod core {}
#[allow(dead_code)]
mod dagstack_plugin {}

use ::dagstack_plugin::data;

#[data]
pub(crate) struct Config {
    #[serde(default)]
    pub(crate) size: usize,
}

#[data]
pub(crate) enum Shape {
    Circle { radius: u32 },
    Point,
}
