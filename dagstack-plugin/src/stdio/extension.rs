//! The dagstack extension of MCP: what only our own hosts ask a plugin.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::model::ExperimentalCapabilities;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use super::host_calls;
use super::instance::SetupFailure;
use super::manifest;
use super::protocol::setup_error;
use super::serve::{Job, Server};
use super::tools::exposed;
use crate::call::CatchPanic;
use crate::context::{Metadata, SetupContext};
use crate::error::PluginError;
use crate::resources::Offered;
use crate::wire::{AnnouncedHook, Announcement, EXTENSION};

/// The extension's version.
const VERSION: u32 = 1;
/// Sets the plugin up with the host's config.
pub(super) const SETUP: &str = "dagstack/setup";
/// Asks how the plugin is.
pub(super) const HEALTH: &str = "dagstack/health";
/// Tears the plugin down.
pub(super) const TEARDOWN: &str = "dagstack/teardown";

/// What `initialize` announces: to a host of ours everything, to others that there is more.
pub(super) fn announcement(server: &Server) -> ExperimentalCapabilities {
    let facts = if server.session.is_ours() {
        let declaration = server.tools.declaration;
        let hooks = exposed(declaration)
            .map(|(_, hook)| AnnouncedHook {
                name: hook.name.to_owned(),
                tool: server.tools.names.of(declaration, hook),
                wraps_result: hook.schemas().wraps_result,
            })
            .collect();
        let announcement = Announcement {
            version: VERSION,
            manifest: manifest::of(declaration, manifest::own_command()).to_json_value(),
            config_schema: Value::Object((declaration.config_schema)()),
            hooks,
        };
        serde_json::to_value(announcement).unwrap_or_default()
    } else {
        json!({ "version": VERSION })
    };
    let facts = match facts {
        Value::Object(facts) => facts,
        _ => Map::new(),
    };
    ExperimentalCapabilities::from([(EXTENSION.to_owned(), facts)])
}

#[derive(Default, Deserialize)]
struct Setup {
    config: Option<Value>,
    #[serde(default)]
    metadata: Map<String, Value>,
    #[serde(flatten)]
    resources: Offered,
    /// How long a call of a resource may take.
    resource_timeout_ms: Option<u64>,
}

pub(super) async fn setup(server: &Arc<Server>, params: Value) -> Result<Value, ErrorData> {
    let began = server.instance.begin_announced();
    let given = match params {
        Value::Null => Ok(Setup::default()),
        params => Setup::deserialize(params),
    };
    began.map_err(setup_error)?;
    match given {
        Ok(given) => {
            let config = given.config.unwrap_or_else(|| server.own_config());
            if let Some(millis) = given.resource_timeout_ms {
                server.host_calls.limit(millis);
            }
            let resources = host_calls::given(server, given.resources);
            let context = SetupContext::new(config)
                .with_metadata(Metadata::from(given.metadata))
                .with_resources(resources);
            server.submit(Job::Run(Box::new(move |server| server.set_up(context))));
        }
        Err(error) => {
            let failure = SetupFailure::new(
                "invalid_params",
                format!("the parameters of `{SETUP}` do not fit: {error}"),
            );
            server.release(server.instance.finish(Err(failure)));
        }
    }
    server.instance.ready().await.map_err(setup_error)?;
    Ok(json!({}))
}

pub(super) async fn health(server: &Arc<Server>) -> Result<Value, ErrorData> {
    let plugin = match server.instance.current() {
        Ok(plugin) => plugin,
        Err(error) => {
            return Ok(json!({ "status": "unhealthy", "reason": error.message() }));
        }
    };
    let (tell, outcome) = oneshot::channel();
    let asked = Box::pin(async move {
        CatchPanic::new(Box::pin(async move { plugin.erased_health().await })).await
    });
    server.submit(Job::Run(Box::new(move |server| {
        server.runtime.run(asked, move |outcome, _| {
            let _ = tell.send(outcome);
        });
    })));
    match outcome.await {
        Ok(Ok(health)) => serde_json::to_value(health)
            .map_err(|error| ErrorData::internal_error(error.to_string(), None)),
        _ => Ok(json!({ "status": "unhealthy", "reason": "the health check panicked" })),
    }
}

pub(super) async fn teardown(server: &Arc<Server>) -> Result<Value, ErrorData> {
    let Some(plugin) = server.instance.take() else {
        return Ok(json!({ "released": "all" }));
    };
    let (tell, outcome) = oneshot::channel();
    let asked = Box::pin(async move {
        CatchPanic::new(Box::pin(async move { plugin.erased_teardown().await }))
            .await
            .unwrap_or(Err(PluginError::Panicked))
    });
    server.submit(Job::Run(Box::new(move |server| {
        server.runtime.run(asked, move |outcome, _| {
            let _ = tell.send(outcome);
        });
    })));
    match outcome.await {
        Ok(Ok(released)) => Ok(json!({ "released": released })),
        Ok(Err(error)) => Err(ErrorData::internal_error(
            format!("the teardown failed: {error}"),
            Some(json!({ "code": error.code(), "message": error.to_string() })),
        )),
        Err(_) => Err(ErrorData::internal_error("the teardown was given up", None)),
    }
}
