//! The executable of the plugin `plain`.

dagstack_plugin::main!(extractors::Plain);
