dagstack_plugin::main!(dagstack_tests::gallery::Hall);
