dagstack_plugin::main!(rewriters::Sign);
