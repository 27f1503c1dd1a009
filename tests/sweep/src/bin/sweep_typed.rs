//! The plugin of the typed kind, as an executable.

dagstack_plugin::main!(sweep::typed::Typed);
