dagstack_plugin::main!(rewriters::Tidy);
