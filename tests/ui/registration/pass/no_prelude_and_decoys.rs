//! Expansions name everything by absolute paths. (`#[data]` needs the prelude, because the derive
//! of schemars does; its types stand in a module of their own.)

#![no_implicit_prelude]

#[allow(dead_code)]
mod std {}
#[allow(dead_code)]
mod core {}
#[allow(dead_code)]
mod dagstack_plugin {}
#[allow(dead_code)]
mod serde {}
#[allow(dead_code)]
mod schemars {}
#[allow(dead_code)]
mod inventory {}

#[allow(dead_code)]
struct Option;
#[allow(dead_code)]
struct Result;
#[allow(dead_code)]
struct String;
#[allow(dead_code)]
struct Box;
#[allow(dead_code)]
trait Send {}
/// Methods by value, for every type.
#[allow(dead_code)]
trait Taken: ::core::marker::Sized {
    fn take(self) -> u16 {
        7
    }
    fn read(self) -> u16 {
        7
    }
}
impl<T> Taken for T {}

use super::no_prelude_data::{Config, Shape};
use ::dagstack_plugin::{health, hook, plugin, setup, teardown};

struct Bare {
    size: usize,
}

#[plugin(kind = "tool", name = "bare", metadata(a = "b"), depends_on = ["clock"])]
impl Bare {
    #[setup]
    async fn setup(
        ctx: &::dagstack_plugin::PluginContext<Config>,
    ) -> ::core::result::Result<Self, ::dagstack_plugin::PluginError> {
        ::core::result::Result::Ok(Self {
            size: ctx.config().size,
        })
    }

    #[hook]
    fn area(&self, shape: Shape, scale: ::core::option::Option<u32>) -> u32 {
        let scale = scale.unwrap_or(1);
        match shape {
            Shape::Circle { radius } => 3 * radius * scale,
            Shape::Point => 0,
        }
    }

    #[hook]
    async fn size(&self, ctx: &::dagstack_plugin::HookContext) -> usize {
        let _ = ctx;
        self.size
    }

    #[health]
    fn health(&self) -> ::dagstack_plugin::Health {
        ::dagstack_plugin::Health::Healthy
    }

    #[teardown]
    async fn teardown(&self) -> ::dagstack_plugin::Released {
        ::dagstack_plugin::Released::All
    }
}

#[derive(::core::default::Default)]
struct BareDefault;

#[plugin(kind = "tool", name = "bare-default")]
impl BareDefault {
    #[hook]
    fn nothing(&self) {}
}
