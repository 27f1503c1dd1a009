//! The plugin as an executable.

dagstack_plugin::main!(echo::Echo);
