//! Kinds and plugins that a macro writes.

use dagstack_plugin::prelude::*;

macro_rules! doubler {
    ($kind:ident, $kind_name:literal, $plugin:ident, $value:ty) => {
        #[kind(name = $kind_name, version = "1.0.0")]
        pub trait $kind {
            #[hook(dispatch = "singleton")]
            async fn double(&self, value: $value) -> $value;
        }

        #[derive(Default)]
        pub struct $plugin;

        #[plugin(kind = $kind, name = $kind_name)]
        impl $plugin {
            #[hook]
            async fn double(&self, value: $value) -> Result<$value, HookError> {
                Ok(value * 2)
            }
        }
    };
}

doubler!(Double, "doubler", Doubler, i64);
