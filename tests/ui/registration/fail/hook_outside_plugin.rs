use dagstack_plugin::prelude::*;

struct Echo;

impl Echo {
    #[hook]
    fn echo(
        &self,
        /// The text.
        text: String,
    ) -> String {
        text
    }
}

fn main() {
    let _ = Echo.echo(String::new());
}
