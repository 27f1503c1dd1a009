// errors: 2
use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Files;

#[plugin(kind = "tool", name = "files")]
impl Files {
    #[hook(read_only, destructive)]
    fn read(&self) -> u8 {
        todo!()
    }

    #[hook(idempotent = false, read_only = true)]
    fn list(&self) -> u8 {
        todo!()
    }

    // What it says twice is true.
    #[hook(read_only, destructive = false, idempotent)]
    fn stat(&self) -> u8 {
        todo!()
    }
}

fn main() {}
