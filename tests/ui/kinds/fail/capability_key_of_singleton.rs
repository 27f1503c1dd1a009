use dagstack_plugin::prelude::*;

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "singleton", extension = "path")]
    async fn chunk(&self, path: String) -> Vec<String>;
}

fn main() {}
