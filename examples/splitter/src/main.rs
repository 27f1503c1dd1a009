//! `splitter CHUNKER FILE`: splits a file with one of the chunkers and prints where the pieces start.
//!
//! A host that knows the kind: the hook is a method, its arguments and its result have types, and
//! whether the plugin is linked in or an executable makes no difference here.

use std::error::Error;
use std::io::Write;

use chunker_kind::Chunker;
use dagstack_runtime::{HookContext, Registry};

dagstack_runtime::link!(fixed_chunker, sentence_chunker);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, file] = arguments.as_slice() else {
        return Err("usage: splitter CHUNKER FILE".into());
    };
    let text = std::fs::read_to_string(file).map_err(|error| format!("`{file}`: {error}"))?;

    let registry = Registry::builder().linked().build()?;
    registry.setup_all().await.ok()?;
    let chunker = registry.get::<dyn Chunker>(name)?;
    let pieces = chunker
        .chunk(&HookContext::default(), text, Some(200))
        .await?;
    let mut out = std::io::stdout().lock();
    for piece in pieces {
        let first_line = piece.text.lines().next().unwrap_or_default();
        writeln!(out, "{:>8}  {first_line}", piece.start)?;
    }
    drop(chunker);
    registry.teardown_all().await?;
    Ok(())
}
