dagstack_plugin::main!(dagstack_tests::around::Here);
