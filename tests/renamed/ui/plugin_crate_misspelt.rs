use dsp::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo", crate = ::dps)]
impl Echo {
    #[hook]
    fn echo(&self, text: String) -> String {
        text
    }
}

fn main() {}
