// Included twice by `tests/tests/included_kind.rs`; `use` brings `Chunk` and `Chunker` in.

use dagstack_plugin::prelude::*;

/// Splits text at the ends of lines.
#[derive(Debug, Default)]
pub struct Lines;

/// Splits text at the ends of lines.
#[plugin(kind = Chunker, name = "lines")]
impl Lines {
    /// Splits `text` into lines; longer ones are cut at `max_size` characters.
    #[hook]
    fn chunk(&self, text: String, max_size: Option<usize>) -> Result<Vec<Chunk>, HookError> {
        if max_size == Some(0) {
            return Err(HookError::new("zero_size", "a piece has at least 1 character"));
        }
        let (mut chunks, mut start) = (Vec::new(), 0);
        for line in text.split_inclusive('\n') {
            let characters: Vec<char> = line.chars().collect();
            for piece in characters.chunks(max_size.unwrap_or(usize::MAX)) {
                chunks.push(Chunk {
                    id: chunks.len() as u64,
                    start,
                    text: piece.iter().collect(),
                });
                start += piece.len();
            }
        }
        Ok(chunks)
    }
}
