//! The executable of a plugin in `tests/common/live.rs`, for the tests of config changes over stdio.

#[path = "../tests/common/live.rs"]
mod live;

dagstack_plugin::main!(live::Child);
