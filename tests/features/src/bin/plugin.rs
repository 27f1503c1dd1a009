dagstack_plugin::main!(precise::Precise);
