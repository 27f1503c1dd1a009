//! `#[cfg]` on hooks: those left out leave no trace, and the others keep their places.

use dagstack_plugin::prelude::*;

#[derive(Default)]
pub(crate) struct Conditional;

#[plugin(kind = "tool", name = "conditional")]
impl Conditional {
    #[cfg(any())]
    #[hook(execution_model = "process_cpu_bound")]
    fn never(&self, missing: Missing) -> Missing {
        missing
    }

    #[cfg(not(any()))]
    #[hook]
    async fn always(&self, text: String) -> String {
        text
    }

    #[cfg(any())]
    #[cfg(not(any()))]
    #[hook]
    fn either(&self) -> u8 {
        1
    }

    #[cfg(not(any()))]
    #[hook]
    fn either(&self) -> u8 {
        2
    }

    #[hook]
    async fn last(&self) -> u8 {
        3
    }
}
