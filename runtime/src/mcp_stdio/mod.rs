//! Plugins in processes of their own: all that the feature `mcp-stdio` turns on. Without it,
//! `absent.rs` takes the place of this.

mod builder;
mod content_hash;
pub(crate) mod options;
pub(crate) mod program;
mod setup;
mod spawner;
pub(crate) mod workers;
