//! The impostor as an executable.

dagstack_plugin::main!(host::impostor::Impostor);
