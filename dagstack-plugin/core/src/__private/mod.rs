//! What the macros expand to. Nothing here is public API, and any of it may change in a patch.
//!
//! An expansion must compile even where the author's types do not fit, or one mistake would be
//! reported many times over. So it never requires a trait; it *asks* for one, by method
//! resolution: a trait implemented for `Probe<T>` where `T` fits comes before one implemented for
//! `&Probe<T>`, whatever `T` is. The second kind does nothing sensible and never runs, because
//! beside every such question stands one assertion (`HookInput::__dagstack_check` and the like),
//! which is the one error the author sees.

#![allow(missing_debug_implementations)]

pub mod ask;
mod fits;
mod kind;
mod metadata;
mod probe;
pub mod resource;
mod returned;

pub use core::clone::Clone;
pub use core::convert::From;
pub use core::fmt::{self, Debug};
pub use core::future::Future;
pub use core::marker::{Send, Sized, Sync};
pub use core::option::Option::{self, None, Some};
pub use core::result::Result::{self, Err, Ok};
pub use std::any::Any;
pub use std::borrow::Cow;
pub use std::boxed::Box;
pub use std::string::String;
pub use std::sync::Arc;
pub use std::vec::Vec;

pub use inventory;
pub use schemars;
pub use serde;
pub use serde_json::Value;

pub use crate::annotations::ToolAnnotations;
pub use crate::args::{Arguments, Input, Param};
pub use crate::context::{HookContext, SetupContext};
pub use crate::declaration::{ChainWrapDecl, Declaration, DependsOn, Hook, UnitOfWorkDecl};
pub use crate::error::{HookError, PluginError};
pub use crate::execution::{ExecutionModel, IdempotencyMode};
pub use crate::form::Output;
pub use crate::future::BoxFuture;
pub use crate::health::{Health, Released};
pub use crate::kind::{
    Caller, Capability, Dispatch, DispatchError, Dispatching, ErrorPolicy, HookSpec, Kind,
    KindHook, KindSpec, Lease, Native, Proxy, Run,
};
pub use crate::name::PluginName;
pub use crate::plugin::{Called, Plugin, SetUp};
pub use crate::registration::Registration;
pub use crate::schema::Schema;
use crate::undecoded::Undecoded;

pub use crate::types::{
    AsyncFn, BroadcastParam, CapabilityParam, ChainOutput, ConfigType, ContextParam, DataField,
    Described, ExposedOutput, ExposedParam, HealthOutcome, HookFailure, HookInput, HookOutput,
    HookReturn, Movable, ParamDefault, PluginKind, Readable, SecretValue, SetupOutcome, SetupParam,
    SkippedDefault, TeardownOutcome, WithDefault, Writable,
};
pub use crate::uncompiled::not_compiled;
pub use kind::{
    Asked, Ended, Fitting, Handed, Shell, by_name, by_name_without, described, hidden_hook,
    kind_input, kind_output, literal_schema, no_schema, not_exposed, parameters, read_args, used,
};
pub use metadata::{Package, count_authors, most_demanding, non_empty, split_authors};
pub use probe::{MaySend, Probe, Returned, SetupReturned, Values};
pub use returned::{Awaited, Then, not_awaited};

/// The answer to a hook number that no declaration has; who calls has looked.
#[allow(clippy::missing_errors_doc)]
pub fn no_such_hook<'a>() -> Called<'a> {
    Err(Undecoded::new("there is no such hook"))
}

/// The config schema of a plugin without config.
pub fn no_config_schema() -> Schema {
    crate::schema::input::<crate::config::NoConfig>()
}

/// Checks that the config of a plugin without one is empty.
///
/// # Errors
///
/// When it is not.
pub fn no_config(
    context: SetupContext,
    declaration: &'static Declaration,
) -> Result<(), PluginError> {
    context
        .decode::<crate::config::NoConfig>(declaration)
        .map(drop)
        .map_err(PluginError::ConfigInvalid)
}

/// Sets up a plugin without `#[setup]`.
pub fn set_up_default<P: Plugin>(context: SetupContext, plugin: fn() -> P) -> SetUp<P> {
    Box::pin(async move {
        no_config(context, P::declaration())?;
        Ok(plugin())
    })
}

/// Called where an expansion has left a mistake to the compiler, which has the last word.
#[must_use = "dagstack-plugin could not read this item and took that for a mistake the compiler reports; please report it at https://github.com/dagstack/dagstack-plugin-rust/issues"]
pub const fn left_to_compiler() -> bool {
    true
}
/// The type itself, as an argument.
pub type Same<T> = T;
