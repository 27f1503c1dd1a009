//! Splits text at the ends of sentences.
//!
//! A plugin of a kind that another package defines: `kind = Chunker` makes the compiler compare its
//! hooks with the kind's.

use chunker_kind::{Chunk, Chunker};
use dagstack_plugin::prelude::*;

/// The section `chunker.sentences` of the host's configuration.
#[data]
#[derive(Clone, Debug)]
pub struct Config {
    /// The length up to which sentences share a piece, in characters. A longer sentence is a piece
    /// of its own.
    #[serde(default = "default_size")]
    #[schemars(range(min = 1))]
    pub max_size: usize,
}

fn default_size() -> usize {
    1000
}

/// Splits text at the ends of sentences.
#[derive(Debug)]
pub struct SentenceChunker {
    max_size: usize,
}

/// Splits text at the ends of sentences.
#[plugin(kind = Chunker, name = "sentences", priority = 40, capabilities = ["text"])]
impl SentenceChunker {
    #[setup]
    fn setup(ctx: &PluginContext<Config>) -> Self {
        Self {
            max_size: ctx.config().max_size,
        }
    }

    /// Splits `text` into pieces of whole sentences.
    #[hook]
    async fn chunk(&self, text: String, max_size: Option<usize>) -> Vec<Chunk> {
        pack(&text, max_size.unwrap_or(self.max_size))
    }
}

/// Puts as many sentences into a piece as fit.
fn pack(text: &str, max_size: usize) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    let (mut start, mut size) = (0, 0);
    for sentence in text.split_inclusive(['.', '!', '?', '\n']) {
        let length = sentence.chars().count();
        match chunks.last_mut() {
            Some(piece) if size + length <= max_size => {
                piece.text.push_str(sentence);
                size += length;
            }
            _ => {
                start += size;
                size = length;
                chunks.push(Chunk {
                    id: chunks.len() as u64,
                    start,
                    text: sentence.to_owned(),
                });
            }
        }
    }
    chunks
}
