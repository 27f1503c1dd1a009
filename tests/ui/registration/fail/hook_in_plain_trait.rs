use dagstack_plugin::prelude::*;

pub trait Chunker {
    #[hook]
    async fn chunk(&self, text: String) -> Vec<String>;
}

fn main() {}
