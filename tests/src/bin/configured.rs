//! An executable with a config of every kind of key.

dagstack_plugin::main!(dagstack_tests::configured::Sql);
