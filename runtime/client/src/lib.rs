//! Plugins that run elsewhere, as a host reaches them: child processes that speak MCP on their standard
//! streams.

mod error;
mod mcp_stdio;

pub use error::{Needs, ResourceProvider, StartError};
pub use mcp_stdio::{McpStdio, StdioCommand};
