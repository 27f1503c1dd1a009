use dagstack_plugin::prelude::*;

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "singleton")]
    async fn chunk(&self, text: String) -> Result<Vec<String>, HookError>;
}

fn main() {}
