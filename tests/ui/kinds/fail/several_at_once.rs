// errors: 5
use dagstack_plugin::prelude::*;

#[kind(name = "Chunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "single")]
    async fn chunk(&self, text: String) -> Vec<String>;

    #[hook(dispatch = "singleton")]
    fn size(&self, text: &str) -> Result<usize, HookError>;
}

fn main() {}
