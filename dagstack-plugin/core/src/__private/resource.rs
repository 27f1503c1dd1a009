//! What `#[resource]` expands to.

pub use std::string::String;
pub use std::sync::Arc;

pub use serde::Serialize;
pub use serde::de::DeserializeOwned;

pub use super::fits::{Held, IfCrosses, IfSecret};
pub use super::{
    Box, Clone, Err, None, Ok, Option, Probe, Result, Same, Send, Some, Sync, not_compiled,
};
pub use crate::error::HookError;
pub use crate::future::BoxFuture;
pub use crate::resources::{
    Arguments, Arrival, Crossing, Parameters, Remote, Resource, ResourceServer, unknown_method,
};
pub use crate::types::{ResourceParam, ResourceReturn, SecretValue};

/// What a method returned, as JSON text.
///
/// # Errors
///
/// When it has no JSON form.
pub fn answer<T: serde::Serialize + ?Sized>(method: &str, value: &T) -> Result<String, HookError> {
    crate::resources::answer(method, value)
}
