//! The executable of the plugin `sign`.

dagstack_plugin::main!(rewriters::Sign);
