//! A governance middleware: says which tenants may use which kinds of plugins.
//!
//! `chain_wrap` makes a plugin a middleware: its hook `before` is called in front of every call that
//! it wraps, in whatever runtime either of the two runs, and an error of it refuses the call.

use std::collections::BTreeMap;

use dagstack_plugin::code;
use dagstack_plugin::prelude::*;
use dagstack_plugin::serde_json::{Map, Value, json};

/// The section `middleware.tenant-policy` of the host's configuration.
#[data]
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The kinds that each tenant named here may not use. Others may use all.
    #[serde(default)]
    pub denied: BTreeMap<String, Vec<String>>,
}

/// Says which tenants may use which kinds of plugins.
#[derive(Debug)]
pub struct TenantPolicy {
    denied: BTreeMap<String, Vec<String>>,
}

/// Says which tenants may use which kinds of plugins.
#[plugin(
    kind = "middleware",
    name = "tenant-policy",
    priority = 2000,
    chain_wrap(kinds = ["*"], hooks = ["*"])
)]
impl TenantPolicy {
    #[setup]
    fn setup(ctx: &PluginContext<Config>) -> Self {
        Self {
            denied: ctx.config().denied.clone(),
        }
    }

    /// Refuses a call whose tenant may not use the kind.
    ///
    /// # Errors
    ///
    /// `permission_denied`.
    #[hook]
    fn before(
        &self,
        /// The kind of the plugin that is called.
        kind: String,
        /// Its name.
        plugin: String,
        /// The hook.
        hook: String,
        /// The metadata of the call.
        metadata: Map<String, Value>,
        /// The arguments of the call.
        args: Option<Value>,
    ) -> Result<(), HookError> {
        let _ = args;
        let tenant = metadata.get("tenant_id").and_then(Value::as_str);
        let Some(tenant) = tenant else {
            return Ok(());
        };
        let denied = self.denied.get(tenant);
        if !denied.is_some_and(|kinds| kinds.contains(&kind)) {
            return Ok(());
        }
        let message = format!("tenant `{tenant}` may not use plugins of kind `{kind}`");
        Err(HookError::new(code::PERMISSION_DENIED, message).details(
            json!({ "tenant_id": tenant, "plugin": format!("{kind}.{plugin}"), "hook": hook }),
        ))
    }
}
