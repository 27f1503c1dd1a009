//! A plugin with more tools than fit on one page, which also logs; `tests/interop.rs` starts it.

use std::sync::OnceLock;

use dagstack_plugin::Severity;
use dagstack_plugin::args::Arguments;
use dagstack_plugin::context::SetupContext;
use dagstack_plugin::declaration::{Declaration, Hook};
use dagstack_plugin::plugin::{Called, Plugin, SetUp};
use dagstack_plugin::prelude::*;
use dagstack_plugin::serde_json::json;

/// So many tools it has.
pub const TOOLS: usize = 600;

/// One of many.
#[derive(Default)]
pub struct One;

/// One of many.
#[plugin(kind = "tool", name = "one")]
impl One {
    /// Logs, and gives the text back.
    #[hook]
    fn tell(&self, text: String, ctx: &HookContext) -> String {
        let log = ctx.logger();
        log.debug("a detail");
        log.log(
            Severity::INFO,
            "told",
            [("text", json!(text)), ("api_key", json!("k-1"))],
        );
        log.error("an error");
        text
    }
}

/// The tool of [`One`] under many names.
pub struct Many(One);

impl Plugin for Many {
    fn declaration() -> &'static Declaration {
        static MANY: OnceLock<Declaration> = OnceLock::new();
        MANY.get_or_init(|| {
            let one = One::declaration();
            let [tell] = one.hooks else {
                unreachable!("it has one hook");
            };
            let hook = |n: usize| Hook {
                name: format!("tell_{n:03}").leak(),
                schemas: OnceLock::new(),
                ..*tell
            };
            let hooks: Vec<Hook> = (0..TOOLS).map(hook).collect();
            Declaration {
                name: "many",
                hooks: hooks.leak(),
                ..*one
            }
        })
    }

    fn setup(context: SetupContext) -> SetUp<Self> {
        let one = One::setup(context);
        Box::pin(async move { one.await.map(Self) })
    }

    fn call<'a>(&'a self, _: usize, ctx: &'a HookContext, arguments: Arguments<'_>) -> Called<'a> {
        self.0.call(0, ctx, arguments)
    }
}
