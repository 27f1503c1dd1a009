dagstack_plugin::main!(dagstack_tests::guarded::Quotes);
