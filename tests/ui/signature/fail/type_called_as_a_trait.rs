use dagstack_plugin::prelude::*;

/// A command.
#[data]
struct Copy {
    from: String,
}

#[derive(Default)]
struct Files;

#[plugin(kind = "tool", name = "files")]
impl Files {
    #[hook]
    fn copy(&self, what: Copy) -> String {
        what.from
    }
}

fn main() {}
