// errors: 2

use dagstack_plugin::prelude::*;

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "singleton")]
    async fn chunk(
        &self,
        #[schemars] text: String,
        #[schemars(title =)] size: usize,
    ) -> Vec<String>;
}

fn main() {}
