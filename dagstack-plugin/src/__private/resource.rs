//! What `#[resource]` expands to.

pub use std::string::String;
pub use std::sync::Arc;

pub use core::concat;
pub use core::module_path;

pub use serde::Serialize;
pub use serde::de::DeserializeOwned;

pub use super::probe::{Held, IfSecret};
pub use super::{
    Box, Clone, Err, None, Ok, Option, Probe, Result, Same, Send, Some, Sync, not_compiled,
};
pub use crate::error::HookError;
pub use crate::plugin::BoxFuture;
pub use crate::resources::{
    Arguments, Arrival, Crossing, Parameters, Remote, Resource, ResourceServer, unknown_method,
};
pub use crate::types::{ResourceParam, ResourceReturn, SecretValue};

/// Whether another type is worth looking at: not where this one cannot cross.
pub trait IfCrosses<T> {
    /// The other type, or one that fits.
    type Type;
    /// The question about it.
    fn __dagstack_if_crosses(self, other: Probe<T>) -> Probe<Self::Type>;
}
impl<C: ResourceParam, T> IfCrosses<T> for Probe<C> {
    type Type = T;
    fn __dagstack_if_crosses(self, other: Probe<T>) -> Probe<T> {
        other
    }
}
impl<C, T> IfCrosses<T> for &Probe<C> {
    type Type = ();
    fn __dagstack_if_crosses(self, _: Probe<T>) -> Probe<()> {
        Probe::ASK
    }
}

/// What a method returned, as JSON text.
///
/// # Errors
///
/// When it has no JSON form.
pub fn answer<T: serde::Serialize + ?Sized>(method: &str, value: &T) -> Result<String, HookError> {
    crate::resources::answer(method, value)
}
