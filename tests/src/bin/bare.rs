dagstack_plugin::main!(dagstack_tests::brought::Uses);
