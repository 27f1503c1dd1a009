//! Questions about the types of a kind's hooks (see the parent module). Unlike those of a plugin,
//! the types of a hook that is not exposed may have no JSON form, and that is no mistake.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Probe, not_compiled};
use crate::error::HookError;
use crate::kind::{KindSpec, json};
use crate::schema::{self, Schema};

/// A value whose type decides what can be done with it.
pub struct Asked<'a, T>(pub &'a T);

pub use crate::kind::json::{by_name, literal_schema};

/// One argument, for JSON.
pub trait ArgToJson {
    /// The value.
    fn __dagstack_arg(self, kind: &KindSpec, hook: usize, param: usize)
    -> Result<Value, HookError>;
}
impl<T: Serialize> ArgToJson for Asked<'_, T> {
    fn __dagstack_arg(
        self,
        kind: &KindSpec,
        hook: usize,
        param: usize,
    ) -> Result<Value, HookError> {
        json::write_arg(kind, hook, param, self.0)
    }
}
impl<T> ArgToJson for &Asked<'_, T> {
    fn __dagstack_arg(self, kind: &KindSpec, hook: usize, _: usize) -> Result<Value, HookError> {
        Err(HookError::not_exposed(kind, hook))
    }
}

/// All arguments, from JSON.
pub trait ArgsFromJson<T> {
    /// The arguments.
    fn __dagstack_args(self, kind: &KindSpec, hook: usize, args: Value) -> Result<T, HookError>;
}
impl<T: DeserializeOwned> ArgsFromJson<T> for Probe<T> {
    fn __dagstack_args(self, kind: &KindSpec, hook: usize, args: Value) -> Result<T, HookError> {
        json::read_args(kind, hook, args)
    }
}
impl<T> ArgsFromJson<T> for &Probe<T> {
    fn __dagstack_args(self, kind: &KindSpec, hook: usize, _: Value) -> Result<T, HookError> {
        Err(HookError::not_exposed(kind, hook))
    }
}

/// A result, for JSON.
pub trait OutputToJson {
    /// The value.
    fn __dagstack_to_json(self, kind: &KindSpec, hook: usize) -> Result<Value, HookError>;
}
impl<T: Serialize> OutputToJson for Asked<'_, T> {
    fn __dagstack_to_json(self, kind: &KindSpec, hook: usize) -> Result<Value, HookError> {
        json::write_output(kind, hook, self.0)
    }
}
impl<T> OutputToJson for &Asked<'_, T> {
    fn __dagstack_to_json(self, kind: &KindSpec, hook: usize) -> Result<Value, HookError> {
        Err(HookError::not_exposed(kind, hook))
    }
}

/// A result, from JSON.
pub trait OutputFromJson<T> {
    /// The result.
    fn __dagstack_from_json(
        self,
        kind: &KindSpec,
        hook: usize,
        json: Value,
    ) -> Result<T, HookError>;
}
impl<T: DeserializeOwned> OutputFromJson<T> for Probe<T> {
    fn __dagstack_from_json(
        self,
        kind: &KindSpec,
        hook: usize,
        json: Value,
    ) -> Result<T, HookError> {
        json::read_output(kind, hook, json)
    }
}
impl<T> OutputFromJson<T> for &Probe<T> {
    fn __dagstack_from_json(self, kind: &KindSpec, hook: usize, _: Value) -> Result<T, HookError> {
        Err(HookError::not_exposed(kind, hook))
    }
}

/// The schemas of types that may have none.
pub trait MaybeSchema {
    /// The schema of what it is read from.
    fn __dagstack_kind_input(self) -> Option<Schema>;
    /// The schema of what it is written as.
    fn __dagstack_kind_output(self) -> Option<Schema>;
}
impl<T: JsonSchema> MaybeSchema for Probe<T> {
    fn __dagstack_kind_input(self) -> Option<Schema> {
        Some(schema::input::<T>())
    }
    fn __dagstack_kind_output(self) -> Option<Schema> {
        Some(schema::output::<T>())
    }
}
impl<T> MaybeSchema for &Probe<T> {
    fn __dagstack_kind_input(self) -> Option<Schema> {
        None
    }
    fn __dagstack_kind_output(self) -> Option<Schema> {
        None
    }
}

/// An argument for each of several plugins.
pub trait Again<T> {
    /// A copy.
    fn __dagstack_again(self) -> T;
}
impl<T: Clone> Again<T> for Asked<'_, T> {
    fn __dagstack_again(self) -> T {
        self.0.clone()
    }
}
impl<T> Again<T> for &Asked<'_, T> {
    fn __dagstack_again(self) -> T {
        not_compiled()
    }
}

/// What capability dispatch looks at.
pub trait KeyOf<'a> {
    /// The text asked for.
    fn __dagstack_key(self) -> &'a str;
}
impl<'a, T: crate::kind::CapabilityKey> KeyOf<'a> for Asked<'a, T> {
    fn __dagstack_key(self) -> &'a str {
        self.0.capability_key()
    }
}
impl<'a, T> KeyOf<'a> for &Asked<'a, T> {
    fn __dagstack_key(self) -> &'a str {
        not_compiled()
    }
}

/// How the value that stops a chain is read.
pub trait Stopped<T> {
    /// The function.
    fn __dagstack_stopped(self) -> fn(&HookError) -> Option<Result<T, HookError>>;
}
impl<T: DeserializeOwned> Stopped<T> for Probe<T> {
    fn __dagstack_stopped(self) -> fn(&HookError) -> Option<Result<T, HookError>> {
        HookError::stopped_with::<T>
    }
}
impl<T> Stopped<T> for &Probe<T> {
    fn __dagstack_stopped(self) -> fn(&HookError) -> Option<Result<T, HookError>> {
        |_| not_compiled()
    }
}

/// The error of a hook that has no JSON form.
pub fn not_exposed(kind: &KindSpec, hook: usize) -> HookError {
    HookError::not_exposed(kind, hook)
}
