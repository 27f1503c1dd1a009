use dagstack_plugin::prelude::*;

#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    #[hook(dispatch = "singleton")]
    async fn a_name_that_is_far_too_long_for_any_client_of_the_protocol_and_then_some(&self);

    // Nobody outside calls this one.
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    fn a_name_that_is_far_too_long_for_any_client_of_the_protocol_and_then_some_either(&self);
}

fn main() {}
