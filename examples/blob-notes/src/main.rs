//! The plugin as an executable.

dagstack_plugin::main!(blob_notes::Notes);
