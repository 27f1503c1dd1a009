use dagstack_plugin::prelude::*;

pub struct Text;

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "chain")]
    async fn rewrite(&self, text: Text) -> Text;
}

fn main() {}
