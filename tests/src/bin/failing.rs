dagstack_plugin::main!(dagstack_tests::failing::Fails);
