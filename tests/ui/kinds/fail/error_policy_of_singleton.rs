use dagstack_plugin::prelude::*;

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "singleton", error_policy = "best_effort")]
    async fn chunk(&self, text: String) -> Vec<String>;
}

fn main() {}
