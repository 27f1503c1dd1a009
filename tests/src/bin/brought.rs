dagstack_plugin::main!(
    dagstack_tests::brought::Uses,
    resources = dagstack_tests::brought::resources,
);
