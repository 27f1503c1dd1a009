//! The plugin of every type, as an executable.

dagstack_plugin::main!(sweep::Sweep);
