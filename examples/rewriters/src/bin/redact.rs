//! The executable of the plugin `redact`.

dagstack_plugin::main!(rewriters::Redact);
