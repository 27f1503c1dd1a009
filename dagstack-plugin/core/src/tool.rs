//! What the kind `tool` and its own hooks are called (plugin specification §2, kind `tool` v1.0.0).

/// The kind's name.
pub const KIND: &str = "tool";
/// The hook that lists the functions.
pub const GET_SCHEMA: &str = "get_schema";
/// The hook that runs one function.
pub const EXECUTE: &str = "execute";
