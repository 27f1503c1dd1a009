// errors: 2
use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Files;

#[plugin(kind = "tool", name = "files")]
impl Files {
    #[hook(readOnlyHint = true, open_world_hint = false)]
    fn read(&self) -> u8 {
        todo!()
    }
}

fn main() {}
