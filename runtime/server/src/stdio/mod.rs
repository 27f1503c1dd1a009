//! The plugin executable: an MCP server over stdio, and its command line.
//!
//! What happens to a call, in order:
//!
//! 1. [`reader`] finds lines in the bytes of the input.
//! 2. [`router`] turns each line into a job: **this is where bytes become calls**. It reads the
//!    JSON-RPC envelope ([`envelope`]) and hands `tools/call` to [`calls`], the methods of our
//!    extension and of the older dialect to [`extension`] and [`dialect`], and the rest of MCP to
//!    the official SDK ([`protocol`]).
//! 3. [`pool`] runs the jobs: sync hooks to their end, async ones as far as they go without waiting
//!    and from there as [`executor`] wakes them.
//! 4. [`reply`] makes the bytes of the answer, [`writer`] writes them.
//!
//! What these threads share is the [`server`].
//!
//! A hook may call the host's resources meanwhile ([`resources`]): requests of our own on the same
//! stream, whose answers the reader brings back. Where there is no dagstack host, the executable brings
//! its own ([`standalone_resources`]).
//!
//! The process's first thread does none of this: it supervises ([`supervisor`]). It alone sees
//! signals, the end of the input and the clock, and it forwards stderr ([`unix`]), so no hook can
//! keep the process from ending.

mod batch;
mod bounds;
mod call_once;
mod call_progress;
mod calls;
mod check;
mod cli;
mod dialect;
mod envelope;
mod executor;
mod extension;
mod help;
mod host_calls;
mod in_flight;
mod in_order;
mod instance;
mod lifecycle;
mod log;
mod log_filter;
mod log_format;
mod log_level;
mod log_view;
mod manifest;
mod meta;
mod options;
mod origin;
mod outlet;
mod pool;
mod program;
mod progress;
mod protocol;
mod reader;
mod reply;
mod request;
mod resource_settings;
mod resources;
mod router;
mod runtime;
mod secrets;
mod select;
mod server;
mod session;
mod standalone_config;
mod standalone_resources;
mod supervisor;
mod tools;
mod turns;
mod unix;
mod writer;

pub use cli::main;
pub use standalone_resources::{Brought, IntoResources, Own};
