use dagstack_plugin::prelude::*;

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "chain")]
    async fn rewrite(&self) -> String;
}

fn main() {}
