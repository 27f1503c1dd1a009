dagstack_plugin::main!(dagstack_tests::secretive::Secretive);
