//! A plugin written by a `macro_rules!` macro, whose types come in as fragments.

use dagstack_plugin::prelude::*;

macro_rules! plugin_of {
    ($ty:ident, $value:ty, $kind:literal) => {
        #[derive(Default)]
        struct $ty;

        #[plugin(kind = $kind, name = "from-a-macro")]
        impl $ty {
            #[hook]
            fn echo(&self, value: $value) -> $value {
                value
            }

            #[hook]
            fn item(&self, item: $crate::from_a_macro::Item, ctx: &HookContext) -> u8 {
                let _ = ctx;
                item.number
            }
        }
    };
}

#[data]
pub(crate) struct Item {
    number: u8,
}

plugin_of!(FromMacro, Vec<Option<u8>>, "tool");
