//! Authors' code that panics where a host would not expect it costs its plugin and nobody else.

#![allow(missing_docs, clippy::panic, clippy::unwrap_used)]

#[path = "common/typed.rs"]
mod typed;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use dagstack_plugin::prelude::*;
use dagstack_runtime::{PluginRegistryError, Registry, State};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};
use typed::Changing;

/// A config whose schema panics.
#[derive(serde::Deserialize)]
struct NoSchema {}

impl JsonSchema for NoSchema {
    fn schema_name() -> Cow<'static, str> {
        "NoSchema".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        panic!("asked to panic")
    }
}

struct Schemaless;

/// Its config has no schema.
#[plugin(kind = "panics", name = "schema")]
impl Schemaless {
    #[setup]
    fn setup(_: &PluginContext<NoSchema>) -> Self {
        Self
    }

    /// Does nothing.
    #[hook]
    fn idle(&self) {}
}

/// An error that nobody can look at: it panics when it is shown, for users or for debugging.
struct Ghost<const DEBUG: bool>;

impl<const DEBUG: bool> fmt::Display for Ghost<DEBUG> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        assert!(DEBUG, "asked to panic");
        f.write_str("a ghost")
    }
}

impl<const DEBUG: bool> fmt::Debug for Ghost<DEBUG> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("asked to panic")
    }
}

impl<const DEBUG: bool> Error for Ghost<DEBUG> {}

struct Display;

/// Its setup fails with an error that panics.
#[plugin(kind = "panics", name = "display")]
impl Display {
    #[setup]
    fn setup(_: &PluginContext) -> Result<Self, Ghost<false>> {
        Err(Ghost)
    }

    /// Does nothing.
    #[hook]
    fn idle(&self) {}
}

struct Debug;

/// Its setup fails with an error that panics.
#[plugin(kind = "panics", name = "debug")]
impl Debug {
    #[setup]
    fn setup(_: &PluginContext) -> Result<Self, Ghost<true>> {
        Err(Ghost)
    }

    /// Does nothing.
    #[hook]
    fn idle(&self) {}
}

#[derive(Default)]
struct Teardown;

/// The config of a plugin with a secret, for which errors are searched.
#[data]
struct Keyed {
    #[serde(default)]
    #[allow(dead_code, reason = "it is there to be searched for")]
    api_key: Option<String>,
}

struct Hook;

/// Its hook fails with an error that panics.
#[plugin(kind = "panics", name = "hook")]
impl Hook {
    #[setup]
    fn setup(_: &PluginContext<Keyed>) -> Self {
        Self
    }

    /// Fails.
    #[hook]
    fn fail(&self) -> Result<(), Ghost<true>> {
        Err(Ghost)
    }
}

/// Its teardown fails with an error that panics, and then it panics when it is dropped.
#[plugin(kind = "panics", name = "teardown")]
impl Teardown {
    #[teardown]
    fn teardown(&self) -> Result<Released, Ghost<false>> {
        Err(Ghost)
    }

    /// Does nothing.
    #[hook]
    fn idle(&self) {}
}

impl Drop for Teardown {
    fn drop(&mut self) {
        panic!("asked to panic");
    }
}

fn config_with(section: Value) -> Value {
    json!({ "panics": {
        "schema": section,
        "hook": { "api_key": "a-secret-of-some-length" },
    }})
}

#[tokio::test]
async fn a_panic_anywhere_costs_its_plugin_alone() {
    let config = Changing::new(config_with(json!({})));
    let registry = Registry::builder()
        .plugin::<Schemaless>()
        .plugin::<Display>()
        .plugin::<Debug>()
        .plugin::<Hook>()
        .plugin::<Teardown>()
        .config(config.clone())
        .no_health_checks()
        .build()
        .unwrap();
    let _ = registry.setup_all().await;
    for name in ["schema", "display"] {
        let state = registry.plugin("panics", name).unwrap().state();
        let State::Unavailable(reason) = &state else {
            panic!("{name}: {state}");
        };
        assert_eq!(reason.code, "plugin_load_error", "{name}: {reason}");
        assert!(reason.to_string().contains("panicked"), "{name}: {reason}");
    }
    // Nobody looks at it but for its words.
    let state = registry.plugin("panics", "debug").unwrap().state();
    assert!(matches!(&state, State::Unavailable(it) if it.message.contains("a ghost")));
    let failing = registry.plugin("panics", "hook").unwrap();
    let error = failing.call("fail", &HookContext::new(), json!({})).await;
    assert_eq!(error.unwrap_err().message(), "a ghost");
    drop(failing);
    // Whoever subscribes validates by the schema.
    let _subscription = registry.on_section_change("panics.schema", |_, _| {});
    config.set(config_with(json!({ "key": 1 })));
    let reload = registry.reload_config().await.unwrap();
    assert_eq!(reload.changed, ["panics.schema"]);
    let survivor = registry.plugin("panics", "teardown").unwrap();
    assert_eq!(survivor.state(), State::Ready);
    survivor
        .call("idle", &HookContext::new(), json!({}))
        .await
        .unwrap();
    drop(survivor);
    let error = registry.teardown_all().await.unwrap_err();
    let PluginRegistryError::TeardownErrors { errors } = &error else {
        panic!("{error}");
    };
    assert_eq!(errors.len(), 1, "{error}");
    assert!(error.to_string().contains("panicked"), "{error}");
}
