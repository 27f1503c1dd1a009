//! The dagstack extension of MCP: what only our own hosts ask a plugin.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::model::ExperimentalCapabilities;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use super::host_calls;
use super::instance::SetupFailure;
use super::protocol::setup_error;
use super::serve::{Job, Server};
use super::{known, manifest, runtime};
use crate::config::Coverage;
use crate::context::Metadata;
use crate::error::PluginError;
use crate::panics::CatchPanic;
use crate::resources::Offered;
use crate::wire::{AnnouncedHook, Announcement, EXTENSION, Object, optional};

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
        let listing = server.tools.listing(server.session.peer());
        let hidden = declaration.hooks.iter().filter(|hook| !hook.mcp_exposed);
        let hooks = declaration
            .exposed()
            .map(|(_, hook)| AnnouncedHook {
                name: hook.name.to_owned(),
                tool: listing.name(hook),
                wraps_result: hook.schemas().wraps_result,
            })
            .collect();
        let announcement = Announcement {
            version: VERSION,
            manifest: manifest::of(declaration, manifest::own_command()).to_json_value(),
            config_schema: Value::Object(crate::secrets::mask_schema(
                &(declaration.config_schema)(),
                true,
            )),
            hooks,
            hidden: hidden.map(|hook| hook.name.to_owned()).collect(),
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
    /// Who watches the config; a host that does not say so tells of no changes.
    #[serde(default, deserialize_with = "optional")]
    config_watch: Option<Coverage>,
    #[serde(default)]
    metadata: Map<String, Value>,
    #[serde(flatten)]
    resources: Offered,
    /// How long a call of a resource may take.
    resource_timeout_ms: Option<u64>,
}

pub(super) async fn setup(
    server: &Arc<Server>,
    params: Option<String>,
) -> Result<Value, ErrorData> {
    let began = server.instance.begin_announced();
    let given = match &params {
        None => Ok(None),
        Some(params) => serde_json::from_str::<Option<Object<Setup>>>(params),
    };
    began.map_err(setup_error)?;
    match given {
        Ok(given) => {
            let Setup {
                config,
                config_watch,
                metadata,
                resources,
                resource_timeout_ms,
            } = given.unwrap_or_default().0;
            let config = config.unwrap_or_else(|| server.own_config());
            let coverage = config_watch.unwrap_or_else(|| server.no_watch());
            if let Some(millis) = resource_timeout_ms {
                server.host_calls.limit(millis);
            }
            let resources = host_calls::given(server, resources);
            server.submit(Job::Run(Box::new(move |server| {
                server.set_up(config, Metadata::from(metadata), coverage, resources);
            })));
        }
        Err(_) => {
            // What serde says might quote the config.
            let failure = SetupFailure::new(
                "invalid_params",
                format!(
                    "the parameters of `{SETUP}` do not fit; expected {{\"config\": object, \"metadata\": object}}"
                ),
            );
            server.release(server.instance.finish(Err(failure)));
        }
    }
    server.instance.ready().await.map_err(setup_error)?;
    Ok(json!({ "config_subscriptions": server.subscriptions() }))
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
        runtime::run(server, asked, move |outcome, _| {
            let _ = tell.send(outcome);
        });
    })));
    match outcome.await {
        Ok(Ok(health)) => serde_json::to_value(known::scrub_health(health))
            .map_err(|error| ErrorData::internal_error(error.to_string(), None)),
        _ => Ok(json!({ "status": "unhealthy", "reason": "the health check panicked" })),
    }
}

pub(super) async fn teardown(server: &Arc<Server>) -> Result<Value, ErrorData> {
    let Some(plugin) = server.instance.take() else {
        return Ok(json!({ "released": "all" }));
    };
    server.replace_feed(None);
    let (tell, outcome) = oneshot::channel();
    let asked = Box::pin(async move {
        CatchPanic::new(Box::pin(async move { plugin.erased_teardown().await }))
            .await
            .unwrap_or(Err(PluginError::Panicked))
    });
    server.submit(Job::Run(Box::new(move |server| {
        runtime::run(server, asked, move |outcome, _| {
            let _ = tell.send(outcome);
        });
    })));
    match outcome.await {
        Ok(Ok(released)) => Ok(json!({ "released": released })),
        Ok(Err(error)) => {
            let message = known::scrub(error.to_string());
            Err(ErrorData::internal_error(
                format!("the teardown failed: {message}"),
                Some(json!({ "code": error.code(), "message": message })),
            ))
        }
        Err(_) => Err(ErrorData::internal_error("the teardown was given up", None)),
    }
}
