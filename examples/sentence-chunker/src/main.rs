dagstack_plugin::main!(sentence_chunker::SentenceChunker);
