//! The plugin as an executable.

dagstack_plugin::main!(text_stats::TextStats);
