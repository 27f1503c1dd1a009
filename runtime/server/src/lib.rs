//! A plugin as a process of its own: an MCP server, and its command line. Authors use it through
//! `dagstack_plugin::main!`.

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
compile_error!("feature `stdio` of dagstack-plugin needs Linux or macOS");

mod config;
mod stdio;

pub use stdio::{Brought, IntoResources, Own, main};
