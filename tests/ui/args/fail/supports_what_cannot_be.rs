// errors: 4
use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(
    kind = "extractor",
    name = "echo",
    supports_extensions = ["*.md", ".pdf", "tar.gz", "a/b"],
    supports_mime_types = ["text", "text/*", "text/html; charset=utf-8", "/pdf"],
)]
impl Echo {
    #[hook]
    fn echo(&self, n: u8) -> u8 {
        n
    }
}

fn main() {}
