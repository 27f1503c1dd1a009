use dagstack_plugin::prelude::*;

#[derive(Clone)]
struct Config {
    size: usize,
}

struct Echo {
    config: Config,
}

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[setup]
    fn setup(ctx: &PluginContext<Config>) -> Self {
        Self {
            config: ctx.config().clone(),
        }
    }
    #[hook]
    fn config(&self) -> Config {
        self.config.clone()
    }
}

fn main() {}
