dagstack_plugin::main!(extractors::Plain);
