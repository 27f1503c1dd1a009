//! The executable of the plugin `markdown`.

dagstack_plugin::main!(extractors::Markdown);
