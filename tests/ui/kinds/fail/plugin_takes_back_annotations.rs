// errors: 3
use dagstack_plugin::prelude::*;

#[kind(name = "store", version = "1.0.0")]
pub trait Store {
    #[hook(dispatch = "singleton", read_only, open_world = false)]
    async fn read(&self) -> u8;

    #[hook(dispatch = "singleton", title = "Write", destructive)]
    async fn write(&self, byte: u8);

    #[hook(dispatch = "singleton", read_only)]
    async fn list(&self) -> u8;
}

#[derive(Default)]
struct Memory;

#[plugin(kind = Store, name = "memory")]
impl Memory {
    #[hook(read_only = false, open_world)]
    fn read(&self) -> u8 {
        7
    }

    // It may promise more, and have another title.
    #[hook(title = "Keep", destructive = false, idempotent)]
    fn write(&self, _byte: u8) {}

    #[hook(destructive)]
    fn list(&self) -> u8 {
        7
    }
}

fn main() {}
