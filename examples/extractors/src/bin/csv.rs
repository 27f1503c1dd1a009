//! The executable of the plugin `csv`.

dagstack_plugin::main!(extractors::Csv);
