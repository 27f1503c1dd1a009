//! Both plugins as one executable.

dagstack_plugin::main!(toolbox::Table, toolbox::Search);
