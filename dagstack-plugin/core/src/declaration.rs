//! [`Declaration`]: what a `#[plugin]` says about itself, as plain data the macro fills in.

use std::sync::OnceLock;

use crate::annotations::ToolAnnotations;
use crate::args::param::Param;
use crate::execution::{ExecutionModel, IdempotencyMode};
use crate::kind::KindSpec;
use crate::schema::{self, HookSchemas, Schema};
use crate::tool;

/// Everything a `#[plugin]` declares, known at compile time.
///
/// The macro builds it; read it through [`registered`](crate::registered) or
/// [`Plugin::declaration`](crate::Plugin::declaration).
#[derive(Debug)]
pub struct Declaration {
    /// The kind, e.g. `tool`.
    pub kind: &'static str,
    /// The name; with the kind it is the plugin's key.
    pub name: &'static str,
    /// The Rust path of the plugin's type, e.g. `echo::Echo`.
    pub type_path: &'static str,
    /// The version of the kind that the plugin implements.
    pub kind_api_version: &'static str,
    /// The range of core versions the plugin runs with.
    pub core_version: &'static str,
    /// The version of the plugin's package.
    pub version: Option<&'static str>,
    /// What the plugin does, from the doc comment.
    pub description: Option<&'static str>,
    /// The licence of the plugin's package.
    pub license: Option<&'static str>,
    /// Who looks after the plugin.
    pub maintainer: Option<&'static str>,
    /// Where to read more.
    pub homepage: Option<&'static str>,
    /// Who wrote the plugin.
    pub authors: &'static [&'static str],
    /// The health check a host may run.
    pub health_check: Option<&'static str>,
    /// Security and routing labels.
    pub capabilities: &'static [&'static str],
    /// Higher goes first; 1000 and more is for middleware.
    pub priority: u32,
    /// The plugins this one needs.
    pub depends_on: &'static [DependsOn],
    /// Goes before all others.
    pub tryfirst: bool,
    /// Goes after all others.
    pub trylast: bool,
    /// Seconds setup may take.
    pub startup_timeout_sec: Option<u32>,
    /// Seconds teardown may take.
    pub teardown_timeout_sec: Option<u32>,
    /// Languages the plugin handles.
    pub supports_languages: &'static [&'static str],
    /// File extensions the plugin handles.
    pub supports_extensions: &'static [&'static str],
    /// MIME types the plugin handles.
    pub supports_mime_types: &'static [&'static str],
    /// Handles what no other plugin of its kind does.
    pub fallback: bool,
    /// How the plugin's hooks want to be run.
    pub execution_model: ExecutionModel,
    /// The plugin cannot run as a process of its own.
    pub in_process_only: bool,
    /// Resources without which the plugin does not start.
    pub resources_required: &'static [&'static str],
    /// Resources the plugin uses where the host has them.
    pub resources_optional: &'static [&'static str],
    /// The unit of work, if declared.
    pub unit_of_work: Option<UnitOfWorkDecl>,
    /// Free entries of the manifest's metadata table, text to text.
    pub metadata: &'static [(&'static str, &'static str)],
    /// The kinds and hooks a middleware plugin wraps.
    pub chain_wrap: Option<ChainWrapDecl>,
    /// The hookspec of the kind, where the plugin is checked against its trait, or written for it
    /// (`tool`).
    pub kind_spec: Option<&'static KindSpec>,
    /// The hooks, in the order they are written.
    pub hooks: &'static [Hook],
    /// The JSON Schema of the config.
    pub config_schema: fn() -> Schema,
}

/// A plugin that must be ready first.
#[derive(Clone, Copy, Debug)]
pub struct DependsOn {
    /// Its kind, where the name alone would be ambiguous.
    pub kind: Option<&'static str>,
    /// Its name.
    pub name: &'static str,
}

/// `unit_of_work(…)` of a `#[plugin]`.
#[derive(Clone, Copy, Debug)]
pub struct UnitOfWorkDecl {
    /// The argument that partitions the work.
    pub partition_key: Option<&'static str>,
    /// How long one unit is expected to take, in seconds.
    pub estimated_duration_sec: Option<u32>,
    /// When a finished unit is not run again.
    pub idempotency_mode: IdempotencyMode,
    /// Whether the plugin saves checkpoints.
    pub checkpointable: bool,
    /// The arguments that make up the content hash.
    pub content_hash: &'static [&'static str],
}

/// `chain_wrap(…)` of a `#[plugin]`.
#[derive(Clone, Copy, Debug)]
pub struct ChainWrapDecl {
    /// The kinds it wraps; `"*"` is all.
    pub kinds: &'static [&'static str],
    /// The hooks it wraps; `"*"` is all.
    pub hooks: &'static [&'static str],
}

/// One hook of a plugin; for the kind `tool`, one function.
#[derive(Debug)]
pub struct Hook {
    /// The name, in snake_case.
    pub name: &'static str,
    /// What it does, from the doc comment.
    pub description: Option<&'static str>,
    /// How it wants to be run.
    pub execution_model: ExecutionModel,
    /// Whether it can be called from outside: by JSON, as an MCP tool, on the command line. One that
    /// is not exposed can be called by code linked into the same program only: through its kind's
    /// trait, or by a plugin that depends on this one.
    pub mcp_exposed: bool,
    /// Whether it may look at the context of its call: a host says there which plugin is called.
    pub takes_context: bool,
    /// What the author says of it to MCP clients; [`Declaration::annotations`] has what the kind adds.
    pub annotations: ToolAnnotations,
    /// The parameters, in the order in which they are written.
    #[doc(hidden)]
    pub params: &'static [Param],
    /// The JSON Schema of the arguments, an object.
    pub input_schema: fn(&Self) -> Schema,
    /// The JSON Schema of the value it returns.
    pub output_schema: fn() -> Schema,
    /// Filled on first use.
    #[doc(hidden)]
    pub schemas: OnceLock<HookSchemas>,
}

impl Hook {
    /// A hook with every default; the macro overrides what the author says.
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        params: &'static [Param],
        output_schema: fn() -> Schema,
    ) -> Self {
        Self {
            name,
            description: None,
            execution_model: ExecutionModel::Sync,
            mcp_exposed: true,
            takes_context: false,
            annotations: ToolAnnotations::NONE,
            params,
            input_schema: Self::parameters_schema,
            output_schema,
            schemas: OnceLock::new(),
        }
    }

    /// The schema of arguments that are read one by one.
    #[doc(hidden)]
    pub fn parameters_schema(&self) -> Schema {
        schema::of_params(self.params)
    }

    #[doc(hidden)]
    pub const fn with_description(mut self, description: Option<&'static str>) -> Self {
        self.description = description;
        self
    }

    #[doc(hidden)]
    pub const fn with_execution_model(mut self, execution_model: ExecutionModel) -> Self {
        self.execution_model = execution_model;
        self
    }

    #[doc(hidden)]
    pub const fn with_input_schema(mut self, input_schema: fn(&Self) -> Schema) -> Self {
        self.input_schema = input_schema;
        self
    }

    #[doc(hidden)]
    pub const fn with_context(mut self) -> Self {
        self.takes_context = true;
        self
    }

    #[doc(hidden)]
    pub const fn with_annotations(mut self, annotations: ToolAnnotations) -> Self {
        self.annotations = annotations;
        self
    }

    #[doc(hidden)]
    pub const fn not_exposed(mut self) -> Self {
        self.mcp_exposed = false;
        self
    }

    /// How a host runs it: as it wants to, but on a thread where no other process could call it.
    #[inline]
    pub fn runs_as(&self) -> ExecutionModel {
        match self.execution_model {
            ExecutionModel::ProcessCpuBound if !self.mcp_exposed => ExecutionModel::ThreadCpuBound,
            model => model,
        }
    }

    /// The hook's schemas, made on first use.
    #[inline]
    pub fn schemas(&self) -> &HookSchemas {
        self.schemas
            .get_or_init(|| HookSchemas::new((self.input_schema)(self), (self.output_schema)()))
    }
}

impl Declaration {
    /// A declaration with every default; the macro overrides what the author says.
    #[doc(hidden)]
    pub const fn new(
        kind: &'static str,
        name: &'static str,
        type_path: &'static str,
        hooks: &'static [Hook],
        config_schema: fn() -> Schema,
    ) -> Self {
        Self {
            kind,
            name,
            type_path,
            kind_api_version: "1",
            core_version: ">=0.1.0",
            version: None,
            description: None,
            license: None,
            maintainer: None,
            homepage: None,
            authors: &[],
            health_check: None,
            capabilities: &[],
            priority: 0,
            depends_on: &[],
            tryfirst: false,
            trylast: false,
            startup_timeout_sec: None,
            teardown_timeout_sec: None,
            supports_languages: &[],
            supports_extensions: &[],
            supports_mime_types: &[],
            fallback: false,
            execution_model: ExecutionModel::Sync,
            in_process_only: false,
            resources_required: &[],
            resources_optional: &[],
            unit_of_work: None,
            metadata: &[],
            chain_wrap: None,
            kind_spec: None,
            hooks,
            config_schema,
        }
    }

    /// The hook of that name and its place in [`hooks`](Self::hooks).
    #[inline]
    pub fn hook(&self, name: &str) -> Option<(usize, &'static Hook)> {
        self.hooks
            .iter()
            .enumerate()
            .find(|(_, hook)| hook.name == name)
    }

    /// The hooks that can be called from outside the program, with their places in
    /// [`hooks`](Self::hooks).
    pub fn exposed(&self) -> impl Iterator<Item = (usize, &'static Hook)> + use<> {
        let hooks = self.hooks.iter().enumerate();
        hooks.filter(|(_, hook)| hook.mcp_exposed)
    }

    /// What MCP clients are told of a hook: its own annotations, then those of the kind's.
    pub fn annotations(&self, hook: &Hook) -> ToolAnnotations {
        let of_kind = self.kind_spec.and_then(|kind| kind.hook(hook.name));
        of_kind.map_or(hook.annotations, |kind| {
            hook.annotations.over(kind.annotations)
        })
    }

    /// The resources that are declared, first those without which the plugin does not start.
    pub fn resources(&self) -> impl Iterator<Item = &'static str> + use<> {
        let optional = self.resources_optional.iter();
        self.resources_required.iter().chain(optional).copied()
    }

    /// `<kind>.<name>`.
    pub fn key(&self) -> String {
        format!("{}.{}", self.kind, self.name)
    }

    /// Whether the hooks are functions of a `tool` plugin.
    pub fn is_tool(&self) -> bool {
        self.kind == tool::KIND
    }
}
