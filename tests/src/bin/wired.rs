dagstack_plugin::main!(dagstack_tests::wired::Wired);
