//! The plugin as an executable.

dagstack_plugin::main!(fixed_chunker::FixedChunker);
