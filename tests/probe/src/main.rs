//! The plugin as an executable.

dagstack_plugin::main!(resource_probe::Probe);
