//! What a kind's author calls deprecated, or allows, is not reported in what the kind expands to.

#![deny(warnings)]

use dagstack_plugin::prelude::*;

#[deprecated]
#[derive(Clone)]
pub(crate) struct Old;

#[kind(name = "ageing", version = "1.0.0")]
pub(crate) trait Ageing {
    #[deprecated = "says nothing"]
    #[hook(dispatch = "singleton")]
    async fn say(&self, text: String) -> String;

    #[allow(deprecated)]
    #[hook(dispatch = "broadcast_collect", mcp_exposed = false)]
    async fn old(&self, it: Old) -> Old;
}

#[deprecated]
#[kind(name = "aged", version = "1.0.0")]
pub(crate) trait Aged {
    #[hook(dispatch = "chain")]
    async fn say(&self, text: String) -> String;
}

#[derive(Default)]
struct Ages;

#[plugin(kind = Ageing, name = "ages")]
impl Ages {
    #[hook]
    fn say(&self, text: String) -> String {
        text
    }

    #[allow(deprecated)]
    #[hook]
    #[deprecated]
    fn old(&self, it: Old) -> Old {
        it
    }
}

#[derive(Default)]
struct IsAged;

#[allow(deprecated)]
#[plugin(kind = Aged, name = "is-aged")]
impl IsAged {
    #[hook]
    #[deprecated(note = "no")]
    fn say(&self, text: String) -> String {
        text
    }
}
