// errors: 2

use dagstack_plugin::prelude::*;

struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[setup]
    fn setup(ctx: &'static PluginContext) -> Self {
        Self
    }

    #[hook]
    fn echo(&self, text: String, ctx: &'static HookContext) -> String {
        text
    }
}

fn main() {}
