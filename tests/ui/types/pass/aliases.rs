//! Types under other names: nothing is decided by how a type is written.

use dagstack_plugin::HookContext as Call;
use dagstack_plugin::prelude::*;
use std::result::Result as Outcome;

type Answer<T> = Result<T, HookError>;
type Number = Answer<u8>;
type Maybe = Option<u8>;
type Text = String;

#[derive(Default)]
pub(crate) struct Aliases;

/// Something of the author's own, called like a wrapper.
#[data]
pub(crate) struct Json {
    value: u8,
}

#[plugin(kind = "tool", name = "aliases")]
impl Aliases {
    #[hook]
    fn number(&self, ctx: &Call, maybe: Maybe) -> Number {
        if ctx.metadata().is_empty() {
            maybe.ok_or_else(|| HookError::new("nothing", "no number"))
        } else {
            Ok(0)
        }
    }

    #[hook]
    async fn text(&self, text: Text) -> Outcome<Text, std::num::ParseIntError> {
        text.parse::<u8>().map(|_| text)
    }

    #[hook]
    fn json(&self, json: Json) -> Json {
        json
    }
}
