//! The codes the SDK itself gives a [`HookError`](crate::HookError). An author may use any other word.

/// The arguments do not fit the hook's input schema. Details: `{"hook", "errors": [{"path", "problem", …}]}`.
pub const INVALID_ARGUMENTS: &str = "invalid_arguments";
/// The plugin has no hook of that name. Details: `{"hook", "known": […]}`.
pub const UNKNOWN_HOOK: &str = "unknown_hook";
/// The hook returned an error that carries no code of its own.
pub const HOOK_FAILED: &str = "hook_failed";
/// The hook panicked; the plugin goes on.
pub const PANICKED: &str = "panicked";
/// The caller cancelled the call.
pub const CANCELLED: &str = "cancelled";
/// The call's deadline passed.
pub const DEADLINE_EXCEEDED: &str = "deadline_exceeded";
/// The plugin is not ready: its setup failed, or it is gone.
pub const UNAVAILABLE: &str = "unavailable";
/// The connection to a plugin out of process failed.
pub const TRANSPORT: &str = "transport";
/// The hook's value has no JSON form (NaN, infinity, an integer beyond 64 bits, a map key that is no
/// text), or nests deeper than [`MAX_NESTING`](crate::encode::nesting::MAX_NESTING) levels.
pub const RESULT_NOT_SERIALISABLE: &str = "result_not_serialisable";
/// A policy refused the call.
pub const PERMISSION_DENIED: &str = "permission_denied";
/// A budget is used up.
pub const QUOTA_EXCEEDED: &str = "quota_exceeded";
/// The hook is not exposed: only code linked into the same program may call it, and nobody else sees
/// what it takes and returns.
pub const NOT_EXPOSED: &str = "not_exposed";
/// What the plugin returned does not fit its kind. Details: `{"hook", "problem"}`.
pub const INVALID_RESULT: &str = "invalid_result";
/// A stage ends a chain; see [`HookError::stop`](crate::HookError::stop). Details: `{"value"}`.
pub const STOP: &str = "stop";
/// A plugin asks for another that it does not name in `depends_on`.
pub const UNDECLARED_DEPENDENCY: &str = "undeclared_dependency";
/// A plugin asks for a resource that it does not name in `resources(…)`.
pub const UNDECLARED_RESOURCE: &str = "undeclared_resource";
/// The host does not have the resource.
pub const RESOURCE_MISSING: &str = "resource_missing";
/// The resource is of another type than the plugin asks for.
pub const RESOURCE_TYPE: &str = "resource_type";
/// The resource cannot be given to a plugin in another process.
pub const RESOURCE_CANNOT_CROSS: &str = "resource_cannot_cross";
/// The config section does not fit the plugin.
pub const CONFIG_INVALID: &str = "config_invalid";
/// The resource has no method of that name: host and plugin do not mean the same trait.
pub const UNKNOWN_METHOD: &str = "unknown_method";
/// The tenant may not reach the resource. Details: the fields of
/// [`TenantAccessDenied`](crate::TenantAccessDenied).
pub const TENANT_ACCESS_DENIED: &str = "tenant_access_denied";
