//! The plugin as an executable.

dagstack_plugin::main!(fetch::Fetch);
