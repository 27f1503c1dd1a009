dagstack_plugin::main!(extractors::Markdown);
