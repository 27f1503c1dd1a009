use dagstack_plugin::prelude::*;

#[kind(name = "chunker", version = "1.2.0")]
pub trait Chunker {
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    async fn chunk(&self, text: String) -> Vec<String>;

    #[hook(dispatch = "singleton", mcp_exposed = false)]
    async fn looks_good(&self, text: &str) -> bool;
}

#[derive(Default)]
struct Fixed;

#[plugin(kind = Chunker, name = "fixed")]
impl Fixed {
    #[hook(execution_model = "process_cpu_bound")]
    fn chunk(&self, text: String) -> Vec<String> {
        vec![text]
    }

    #[hook]
    fn looks_good(&self, text: &str) -> bool {
        text.is_empty()
    }
}

fn main() {}
