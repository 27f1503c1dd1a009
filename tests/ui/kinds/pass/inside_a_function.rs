//! A kind and a plugin of it inside a function.

use dagstack_plugin::prelude::*;

pub fn declared() -> &'static str {
    #[kind(name = "local", version = "1.0.0")]
    trait Local {
        #[hook(dispatch = "broadcast_collect", mcp_exposed = false)]
        fn value(&self, text: &str) -> u8;
    }

    #[derive(Default)]
    struct One;

    #[plugin(kind = Local, name = "one")]
    impl One {
        #[hook]
        fn value(&self, text: &str) -> Result<u8, std::num::ParseIntError> {
            text.parse()
        }
    }

    <One as dagstack_plugin::Plugin>::declaration().kind
}
