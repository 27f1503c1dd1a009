// errors: 4

use dagstack_plugin::prelude::*;

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "singleton")]
    async fn chunk(
        &self,
        #[schemars(rename = "body")] text: String,
        #[schemars(default)] size: usize,
        #[schemars(skip)] hint: Option<String>,
        #[schemars(length(min = 1))] overlap: usize,
    ) -> Vec<String>;
}

fn main() {}
