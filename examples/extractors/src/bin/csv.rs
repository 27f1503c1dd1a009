dagstack_plugin::main!(extractors::Csv);
