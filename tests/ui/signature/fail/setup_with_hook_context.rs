use dagstack_plugin::prelude::*;

struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[setup]
    fn setup(ctx: &HookContext) -> Self {
        Self
    }

    #[hook]
    fn echo(&self, text: String) -> String {
        text
    }
}

fn main() {}
