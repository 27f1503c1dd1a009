//! `#[data]` on types with attributes that say something about more than serde.

#![deny(warnings)]
#![deny(clippy::all, clippy::pedantic)]

use dagstack_plugin::prelude::*;

#[data]
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Level {
    Low = b'a',
    High = b'b',
}

#[data]
#[repr(u8)]
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    Point = 1,
    Circle(u8) = 4,
}

#[data]
#[repr(C, packed)]
#[derive(Clone, Copy)]
pub(crate) struct Packed {
    one: u8,
    two: u32,
}

#[data]
#[allow(non_snake_case)]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Camel {
    maxSize: u8,
}

#[data]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sparse {
    #[serde(default, skip_serializing_if = "Self::is_zero")]
    count: u8,
    #[serde(default = "Self::five")]
    five: u8,
    #[cfg(target_os = "none")]
    five: String,
}

impl Sparse {
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn is_zero(count: &u8) -> bool {
        *count == 0
    }

    fn five() -> u8 {
        5
    }
}

#[data]
#[serde(rename(serialize = "Written"), tag = "type")]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Renamed {
    count: u8,
}

#[derive(Default)]
pub(crate) struct Odd;

#[plugin(kind = "tool", name = "odd-forms")]
impl Odd {
    #[hook]
    fn levels(&self, levels: Vec<Level>, shapes: Vec<Shape>) -> (Vec<Level>, Vec<Shape>) {
        (levels, shapes)
    }

    #[hook]
    fn packed(&self, mut packed: Packed) -> Packed {
        packed.two += u32::from(packed.one);
        packed
    }

    #[hook]
    fn structs(&self, camel: Camel, sparse: Sparse) -> (Camel, Sparse) {
        (camel, sparse)
    }

    #[hook]
    fn renamed(&self, renamed: Renamed) -> Renamed {
        renamed
    }
}
