//! `crate = path`: the crate is called `renamed` here, and `dagstack_plugin` is something else.

mod dagstack_plugin {}

use ::renamed::{data, health, hook, plugin, setup};

#[data(crate = ::renamed)]
struct Config {
    #[serde(default)]
    size: usize,
}

struct Renamed {
    size: usize,
}

#[plugin(kind = "tool", name = "renamed", crate = ::renamed)]
impl Renamed {
    #[setup]
    fn setup(ctx: &::renamed::PluginContext<Config>) -> Self {
        Self {
            size: ctx.config().size,
        }
    }

    #[::renamed::hook]
    fn size(&self) -> usize {
        self.size
    }

    #[hook]
    fn double(&self) -> usize {
        self.size * 2
    }

    #[health]
    fn health(&self) -> ::renamed::Health {
        ::renamed::Health::Healthy
    }
}
