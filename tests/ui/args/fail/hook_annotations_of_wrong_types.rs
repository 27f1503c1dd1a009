// errors: 4
use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Files;

#[plugin(kind = "tool", name = "files")]
impl Files {
    #[hook(title, read_only = "yes")]
    fn read(&self) -> u8 {
        todo!()
    }

    #[hook(title = "", open_world = 0)]
    fn list(&self) -> u8 {
        todo!()
    }
}

fn main() {}
