//! The executable of the plugin `sentences`.

dagstack_plugin::main!(sentence_chunker::SentenceChunker);
