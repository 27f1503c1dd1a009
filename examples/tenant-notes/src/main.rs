//! The plugin as an executable.

dagstack_plugin::main!(tenant_notes::Notes);
