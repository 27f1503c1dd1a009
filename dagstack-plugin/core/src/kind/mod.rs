//! Kinds: the contracts that plugins keep and hosts call by. `#[kind]` makes one of a trait.
//!
//! | here | what it is |
//! |---|---|
//! | [`KindSpec`], [`KindHook`] | the hookspec, as data (plugin specification, §2) |
//! | [`Kind`], [`HookSpec`] | what `#[kind]` implements for `dyn Trait` |
//! | [`Native`], [`Lease`] | the shell around a plugin in this process, and its lease on one generation |
//! | [`Proxy`], [`Caller`] | the kind's trait over anything that takes JSON |
//! | [`Dispatching`], [`Selector`] | the five dispatch classes, and where their plugins come from |

mod dispatch;
mod host;
pub(crate) mod json;
mod lease;
mod native;
mod proxy;
mod woken;

use std::sync::Arc;

use serde_json::Value;

use crate::annotations::ToolAnnotations;
use crate::error::{self, HookError};
use crate::named::named;
use crate::schema::Schema;

pub use dispatch::{Candidate, CapabilityKey, DispatchError, Dispatching, Selector};
pub use host::Host;
pub use lease::{InFlight, Layers, Lease};
pub use native::{Native, Run};
pub use proxy::{Caller, Proxy};

/// A kind, implemented for `dyn Trait` by `#[kind]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no dagstack kind",
    label = "not a kind",
    note = "put `#[kind(name = \"…\", version = \"1.0.0\")]` on the trait"
)]
pub trait Kind: Send + Sync + 'static {
    /// The hookspec.
    const SPEC: &'static KindSpec;

    /// What `registry.dispatch::<dyn Trait>()` gives: one method per hook.
    type Dispatcher: From<Dispatching<Self>>;

    /// The kind's trait over a plugin that is called by JSON.
    fn proxy(caller: Arc<dyn Caller>) -> Arc<Self>;
}

/// The hook at place `HOOK` of a kind's [`KindSpec::hooks`]: its types, and their JSON forms.
///
/// The types are `Send`; `#[kind]` makes sure of it where they stand, and whoever moves them asks for
/// it.
///
/// The conversions fail with [`code::INVALID_ARGUMENTS`](crate::code::INVALID_ARGUMENTS),
/// [`code::RESULT_NOT_SERIALISABLE`](crate::code::RESULT_NOT_SERIALISABLE) or
/// [`code::INVALID_RESULT`](crate::code::INVALID_RESULT); for a hook whose types have no JSON form,
/// always with [`code::NOT_EXPOSED`](crate::code::NOT_EXPOSED).
#[allow(clippy::missing_errors_doc)]
pub trait HookSpec<const HOOK: usize>: Kind {
    /// The arguments after `ctx`, a tuple. The lifetime is that of borrowed ones.
    type Args<'a>;
    /// What the hook returns, without `Result`.
    type Output;

    /// The arguments by name.
    fn args_to_json(args: &Self::Args<'_>) -> Result<Value, HookError>;
    /// The inverse of [`args_to_json`](Self::args_to_json).
    fn args_from_json<'a>(args: Value) -> Result<Self::Args<'a>, HookError>;
    /// The output as a value.
    fn output_to_json(output: &Self::Output) -> Result<Value, HookError>;
    /// The inverse of [`output_to_json`](Self::output_to_json).
    fn output_from_json(output: Value) -> Result<Self::Output, HookError>;
}

/// A kind's hookspec.
#[derive(Debug)]
pub struct KindSpec {
    /// The kind's name, e.g. `chunker`.
    pub name: &'static str,
    /// Its version, semver: `kind_api_version`.
    pub version: &'static str,
    /// What plugins of the kind do, from the doc comment.
    pub description: Option<&'static str>,
    /// Rules for its plugins that no schema can say, e.g. `in_process_only`.
    pub constraints: &'static [&'static str],
    /// The hooks, in the order of the trait.
    pub hooks: &'static [KindHook],
}

/// One hook of a kind.
#[derive(Debug)]
pub struct KindHook {
    /// The name, in snake_case.
    pub name: &'static str,
    /// What it does, from the doc comment.
    pub description: Option<&'static str>,
    /// Who is called, and what comes back.
    pub dispatch: Dispatch,
    /// What a broadcast does about plugins that fail.
    pub error_policy: ErrorPolicy,
    /// Whether the hook can be called by JSON, and is an MCP tool.
    pub mcp_exposed: bool,
    /// How the tool is named.
    pub mcp_tool_name_template: &'static str,
    /// What MCP clients are told of the hook of every plugin.
    pub annotations: ToolAnnotations,
    /// The parameters after `ctx`.
    pub params: &'static [&'static str],
    /// For [`Dispatch::Capability`]: what is asked for, and by which parameter.
    pub capability: Option<(Capability, &'static str)>,
    /// The JSON Schema of the arguments; `None` where they have no JSON form.
    pub input_schema: fn() -> Option<Schema>,
    /// The JSON Schema of the output; `None` where it has no JSON form.
    pub output_schema: fn() -> Option<Schema>,
}

/// The default of [`KindHook::mcp_tool_name_template`].
pub const TOOL_NAME_TEMPLATE: &str = "{kind}.{plugin}.{hook}";

named! {
    /// The five dispatch classes (plugin specification, §2). The set is closed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    Dispatch {
        /// One plugin: the routing policy's, `DAGSTACK_ACTIVE_<KIND>`'s, or that of the highest priority.
        Singleton = "singleton",
        /// All, at the same time; their results in order.
        BroadcastCollect = "broadcast_collect",
        /// All, at the same time; no results, and no failures either.
        BroadcastNotify = "broadcast_notify",
        /// All, one after the other, each with what the one before returned.
        Chain = "chain",
        /// The one whose `supports_*` matches, else the fallback.
        Capability = "capability",
    }
}

named! {
    /// What a broadcast does about plugins that fail.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    ErrorPolicy {
        /// The first failure is the failure of the whole.
        #[default]
        FailFast = "fail_fast",
        /// Failures stand among the results.
        BestEffort = "best_effort",
    }
}

named! {
    /// What capability dispatch asks for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    Capability {
        /// `supports_extensions`: a file extension, or a file name that has one.
        Extension = "extension",
        /// `supports_languages`.
        Language = "language",
        /// `supports_mime_types`.
        MimeType = "mime_type",
    }
}

impl KindHook {
    /// A hook with every default, without a JSON form; the macro overrides what the author says.
    #[doc(hidden)]
    pub const fn new(name: &'static str, dispatch: Dispatch) -> Self {
        Self {
            name,
            description: None,
            dispatch,
            error_policy: ErrorPolicy::FailFast,
            mcp_exposed: true,
            mcp_tool_name_template: TOOL_NAME_TEMPLATE,
            annotations: ToolAnnotations::NONE,
            params: &[],
            capability: None,
            input_schema: || None,
            output_schema: || None,
        }
    }
}

impl KindSpec {
    /// The hook of that name.
    pub fn hook(&self, name: &str) -> Option<&'static KindHook> {
        self.hooks.iter().find(|hook| hook.name == name)
    }

    /// The error of a call of a hook that is not exposed.
    #[cold]
    pub(crate) fn not_exposed(&self, hook: usize) -> HookError {
        let name = self.hooks.get(hook).map_or("?", |hook| hook.name);
        error::not_exposed(self.name, name)
    }
}
