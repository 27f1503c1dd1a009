//! Plugins of a kind whose types are not one plain name, and names that an expansion could take.

#![deny(warnings)]

use dagstack_plugin::prelude::*;

/// Works on blocks.
#[kind(name = "blocks", version = "1.0.0")]
pub(crate) trait Blocks {
    /// Fills one.
    #[hook(dispatch = "singleton")]
    async fn fill(&self, byte: u8) -> Vec<u8>;

    /// Only for linked plugins, which may pass what has no JSON form.
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    fn turn(&self, block: [u8; 64]) -> [u8; 64];
}

pub(crate) struct Generic<T, const N: usize>(T);

#[plugin(kind = Blocks, name = "generic")]
impl Generic<u8, 2> {
    #[setup]
    fn setup() -> Self {
        Self(1)
    }

    #[hook]
    fn fill(&self, byte: u8) -> Vec<u8> {
        vec![byte, self.0]
    }

    #[hook]
    fn turn(&self, block: [u8; 64]) -> [u8; 64] {
        block
    }
}

pub(crate) struct Block {
    size: usize,
}

/// A config with the name that the expansion has for a type of its own.
#[data]
pub(crate) struct BlockShell {
    size: usize,
}

#[plugin(kind = Blocks, name = "block")]
impl Block {
    #[setup]
    fn setup(ctx: &PluginContext<BlockShell>) -> Self {
        Self {
            size: ctx.config().size,
        }
    }

    #[hook]
    fn fill(&self, byte: u8) -> Vec<u8> {
        vec![byte; self.size]
    }

    #[hook]
    fn turn(&self, mut block: [u8; 64]) -> [u8; 64] {
        block.reverse();
        block
    }
}
