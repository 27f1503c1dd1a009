use dagstack_plugin::prelude::*;

#[kind(name = "store", version = "1.0.0")]
pub trait Store {
    #[hook(dispatch = "singleton", read_only, destructive)]
    async fn read(&self) -> u8;
}

fn main() {}
