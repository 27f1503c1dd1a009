//! The kind `chunker`: what plugins that split text have in common, and what hosts call them by.

use dagstack_plugin::prelude::*;

/// A piece of a text.
#[data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Tells equal pieces of different installations apart. No protection against forgery.
    pub id: u64,
    /// Where the piece starts, in characters.
    pub start: usize,
    /// The piece.
    pub text: String,
}

/// Splits text into pieces.
#[kind(name = "chunker", version = "1.0.0")]
pub trait Chunker {
    /// Splits `text` into pieces. They stand in order, and together they are the text.
    #[hook(dispatch = "singleton")]
    async fn chunk(
        &self,
        /// The text to split.
        text: String,
        /// Overrides the configured length of a piece, in characters.
        max_size: Option<usize>,
    ) -> Vec<Chunk>;
}
