//! One hook, written for two platforms.

use dagstack_plugin::prelude::*;

#[kind(name = "sizer", version = "1.0.0")]
trait Sizer {
    #[hook(dispatch = "singleton")]
    async fn size(&self, text: String) -> usize;
}

#[derive(Default)]
pub(crate) struct Conditional;

#[plugin(kind = Sizer, name = "conditional")]
impl Conditional {
    #[cfg(unix)]
    #[hook]
    fn size(&self, text: String) -> usize {
        text.len()
    }

    #[cfg(not(unix))]
    #[hook]
    async fn size(&self, _text: String) -> usize {
        0
    }
}
