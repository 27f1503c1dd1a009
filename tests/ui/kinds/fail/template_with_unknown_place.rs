use dagstack_plugin::prelude::*;

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "singleton", mcp_tool_name_template = "{kind}.{plugin}.{name}")]
    async fn chunk(&self, text: String) -> Vec<String>;
}

fn main() {}
