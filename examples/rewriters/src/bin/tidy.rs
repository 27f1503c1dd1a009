//! The executable of the plugin `tidy`.

dagstack_plugin::main!(rewriters::Tidy);
