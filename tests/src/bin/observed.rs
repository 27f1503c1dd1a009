dagstack_plugin::main!(dagstack_tests::observed::Observed);
