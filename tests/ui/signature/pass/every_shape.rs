//! Hooks of every shape: `fn` and `async fn`, context anywhere, raw names, no parameters.

use dagstack_plugin::prelude::*;

#[derive(Default)]
pub(crate) struct Shapes;

#[plugin(kind = "tool", name = "shapes")]
impl Shapes {
    #[hook]
    fn nothing(&self) {}

    #[hook]
    async fn nothing_async(&self) {}

    #[hook]
    fn context_first(&self, ctx: &HookContext, text: String) -> bool {
        ctx.metadata().is_empty() && text.is_empty()
    }

    #[hook]
    async fn context_last(&self, text: String, _: &HookContext) -> String {
        std::future::ready(()).await;
        text
    }

    #[hook]
    fn context_between(&self, a: u8, call: &'_ HookContext, b: u8) -> u16 {
        u16::from(a) + u16::from(b) + u16::from(call.metadata().is_empty())
    }

    #[hook]
    fn r#match(&self, r#type: String, mut count: usize) -> String {
        count += 1;
        r#type.repeat(count)
    }

    #[hook]
    fn borrowed(&self) -> &str {
        "borrowed"
    }

    #[hook]
    #[deprecated]
    #[inline]
    pub(crate) fn with_attributes(&self, #[allow(unused_variables)] a: u8) -> Result<u8, String> {
        Err("no".to_owned())
    }

    /// Not a hook.
    #[expect(dead_code)]
    const LIMIT: usize = 3;

    #[allow(dead_code)]
    fn helper(&mut self, a: &str) -> usize {
        a.len()
    }
}
