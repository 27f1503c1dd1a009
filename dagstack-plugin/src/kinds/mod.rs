//! The kinds that every core knows (plugin specification, §2): [`Tool`] and [`Orchestrator`].

pub mod orchestrator;
pub mod tool;

pub use orchestrator::Orchestrator;
pub use tool::Tool;

use crate::kind::{Kind, KindSpec};

/// The hookspec of a built-in kind that plugins name by a string, because `#[plugin]` writes its
/// hooks: a `kind = "tool"`.
pub(crate) const fn spec_of(kind: &str) -> Option<&'static KindSpec> {
    match kind.as_bytes() {
        b"tool" => Some(<dyn Tool as Kind>::SPEC),
        _ => None,
    }
}
