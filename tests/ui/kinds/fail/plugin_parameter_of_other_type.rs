use dagstack_plugin::prelude::*;

#[kind(name = "chunker", version = "1.2.0")]
pub trait Chunker {
    /// Splits `text` into pieces.
    #[hook(dispatch = "singleton")]
    async fn chunk(&self, text: String, max_size: Option<usize>) -> Vec<String>;

    #[hook(dispatch = "singleton", mcp_exposed = false)]
    fn looks_good(&self, text: &str) -> bool;
}

#[derive(Default)]
struct Fixed;

#[plugin(kind = Chunker, name = "fixed")]
impl Fixed {
    #[hook]
    fn chunk(&self, text: Vec<u8>, _max_size: Option<usize>) -> Vec<String> {
        vec![format!("{text:?}")]
    }

    #[hook]
    fn looks_good(&self, text: &str) -> bool {
        text.is_empty()
    }
}

fn main() {}
