dagstack_plugin::main!(dagstack_tests::many::Many);
