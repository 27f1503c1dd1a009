dagstack_plugin::main!(rewriters::Redact);
