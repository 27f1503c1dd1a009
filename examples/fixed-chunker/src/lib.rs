//! Splits text into pieces of equal length.
//!
//! Shows a config with a secret, a setup that checks what a schema cannot, a typed result, and an
//! error type of the author's own that keeps its code and details in every runtime.

use std::fmt;

use chunker_kind::{Chunk, Chunker};
use dagstack_plugin::prelude::*;
use dagstack_plugin::serde_json::json;

/// The section `chunker.fixed` of the host's configuration.
#[data]
#[derive(Clone, Debug)]
pub struct Config {
    /// The length of a piece, in characters.
    #[serde(default = "default_size")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_size: usize,
    /// How many pieces a text may give.
    #[serde(default = "default_pieces")]
    #[schemars(range(min = 1))]
    pub max_pieces: usize,
    /// Mixed into the pieces' ids, so that they differ from one installation to the next.
    pub id_key: Option<String>,
}

fn default_size() -> usize {
    1000
}

fn default_pieces() -> usize {
    100_000
}

/// Why a text could not be split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChunkError {
    /// A piece of no characters.
    ZeroSize,
    /// The text is too long for the configured number of pieces.
    TooManyPieces {
        /// How many there would be.
        pieces: usize,
        /// How many there may be.
        limit: usize,
    },
}

impl fmt::Display for ChunkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ZeroSize => f.write_str("`max_size` is 0; a piece has at least 1 character"),
            Self::TooManyPieces { pieces, limit } => write!(
                f,
                "the text gives {pieces} pieces, the limit is {limit}; raise `max_size` or the \
                 configured `max_pieces`"
            ),
        }
    }
}

impl std::error::Error for ChunkError {}

/// With this, the error has a code of its own and details; without it, its code is `hook_failed`.
impl From<ChunkError> for HookError {
    fn from(error: ChunkError) -> Self {
        match error {
            ChunkError::ZeroSize => Self::new("zero_size", error.to_string()),
            ChunkError::TooManyPieces { pieces, limit } => {
                Self::new("too_many_pieces", error.to_string())
                    .details(json!({ "pieces": pieces, "limit": limit }))
            }
        }
    }
}

/// Splits text into pieces of equal length.
#[derive(Debug)]
pub struct FixedChunker {
    max_size: usize,
    max_pieces: usize,
    seed: u64,
}

/// Splits text into pieces of equal length.
#[plugin(kind = Chunker, name = "fixed", priority = 50, capabilities = ["text"])]
impl FixedChunker {
    #[setup]
    fn setup(ctx: &PluginContext<Config>) -> Result<Self, PluginError> {
        let config = ctx.config();
        if config.id_key.as_deref().is_some_and(|key| key.len() < 8) {
            return Err(PluginError::new(
                "`chunker.fixed.id_key` is too short; it needs at least 8 characters",
            ));
        }
        Ok(Self {
            max_size: config.max_size,
            max_pieces: config.max_pieces,
            seed: fnv(FNV_OFFSET, config.id_key.as_deref().unwrap_or_default()),
        })
    }

    /// Splits `text` into pieces; only the last may be shorter than the others.
    #[hook]
    fn chunk(
        &self,
        /// The text to split.
        text: String,
        /// Overrides the configured length of a piece, in characters.
        max_size: Option<usize>,
    ) -> Result<Vec<Chunk>, ChunkError> {
        self.split(&text, max_size.unwrap_or(self.max_size))
    }
}

impl FixedChunker {
    fn split(&self, text: &str, size: usize) -> Result<Vec<Chunk>, ChunkError> {
        if size == 0 {
            return Err(ChunkError::ZeroSize);
        }
        let pieces = text.chars().count().div_ceil(size);
        if pieces > self.max_pieces {
            return Err(ChunkError::TooManyPieces {
                pieces,
                limit: self.max_pieces,
            });
        }
        let mut chunks = Vec::with_capacity(pieces);
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest
                .char_indices()
                .nth(size)
                .map_or(rest.len(), |(index, _)| index);
            let (piece, tail) = rest.split_at(end);
            chunks.push(Chunk {
                id: fnv(self.seed, piece),
                start: chunks.len() * size,
                text: piece.to_owned(),
            });
            rest = tail;
        }
        Ok(chunks)
    }
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a, 64 bits.
fn fnv(seed: u64, text: &str) -> u64 {
    text.bytes().fold(seed, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
