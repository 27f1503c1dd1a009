//! The plugin of other crates' types, as an executable.

dagstack_plugin::main!(sweep::others::Others);
