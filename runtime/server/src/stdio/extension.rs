//! The dagstack extension of MCP: what only our own hosts ask a plugin.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::model::ExperimentalCapabilities;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::instance::SetupFailure;
use super::lifecycle::{self, Setup};
use super::request::Request;
use super::server::{Job, Server};
use super::{executor, manifest, resources, secrets};
use dagstack_engine::Offered;
use dagstack_engine::feed::Coverage;
use dagstack_engine::panics::CatchPanic;
use dagstack_engine::secrets::mask_schema;
use dagstack_engine::wire::{AnnouncedHook, Announcement, EXTENSION, Object, SETUP, optional};
use dagstack_plugin_core::context::Metadata;

/// The extension's version.
const VERSION: u32 = 1;

/// What `initialize` announces: to a host of ours everything, to others that there is more.
pub(super) fn announcement(server: &Server) -> ExperimentalCapabilities {
    let facts = if server.session.has_extension() {
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
            config_schema: Value::Object(mask_schema(&(declaration.config_schema)())),
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
struct SetupParams {
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

/// `dagstack/setup`: sets the plugin up with the host's config.
pub(super) fn setup(server: &Arc<Server>, request: Request, params: Option<&str>) {
    if let Err(failure) = server.instance.begin_announced() {
        return request.answer(server, Err::<Value, _>(failure.into()));
    }
    match serde_json::from_str(params.unwrap_or("{}")) {
        Ok(Object(SetupParams {
            config,
            config_watch,
            metadata,
            resources,
            resource_timeout_ms,
        })) => {
            if let Some(millis) = resource_timeout_ms {
                server.host_calls.set_limit(millis);
            }
            let config = config.unwrap_or_else(|| server.standalone.section_for_hosts());
            let setup = Setup {
                config: Some(config),
                metadata: Metadata::from(metadata),
                coverage: config_watch,
                resources: resources::given(server, resources),
            };
            lifecycle::set_up(server, setup);
        }
        Err(_) => {
            // What serde says might quote the config.
            let failure = SetupFailure::new(
                "invalid_params",
                format!(
                    "the parameters of `{SETUP}` do not fit; expected {{\"config\": object, \"metadata\": object}}"
                ),
            );
            lifecycle::end_setup(server, Err(failure));
        }
    }
    request.answer_when_ready(
        server,
        |server| json!({ "config_subscriptions": lifecycle::subscriptions(server) }),
    );
}

/// `dagstack/health`: asks how the plugin is.
pub(super) fn health(server: &Arc<Server>, request: Request, _: Option<&str>) {
    let unhealthy = |reason: &str| json!({ "status": "unhealthy", "reason": reason });
    let plugin = match server.instance.current() {
        Ok(plugin) => plugin,
        Err(error) => return request.answer(server, Ok(unhealthy(error.message()))),
    };
    let health = CatchPanic::new(Box::pin(async move { plugin.erased_health().await }));
    executor::run(server, Box::pin(health), move |server, outcome, _| {
        let outcome = match outcome {
            Ok(health) => serde_json::to_value(secrets::scrub_health(health))
                .map_err(|error| ErrorData::internal_error(error.to_string(), None)),
            Err(_) => Ok(unhealthy("the health check panicked")),
        };
        request.answer(server, outcome);
    });
}

/// `dagstack/teardown`: tears the plugin down. A setup that is under way ends first.
pub(super) fn teardown(server: &Arc<Server>, request: Request, _: Option<&str>) {
    let shared = Arc::clone(server);
    let ended = Box::pin(async move { shared.instance.ready().await });
    executor::run(server, ended, |server, _, _| {
        // Behind the calls that are queued.
        server.submit(Job::new(|server, _| tear_down(server, request)));
    });
}

fn tear_down(server: &Arc<Server>, request: Request) {
    let Some(teardown) = lifecycle::take_down(server) else {
        return request.answer(server, Ok(json!({ "released": "all" })));
    };
    executor::run(server, teardown, |server, outcome, _| {
        let outcome = outcome.map(|released| json!({ "released": released }));
        let outcome = outcome.map_err(|error| {
            let message = secrets::scrub(error.to_string());
            ErrorData::internal_error(
                format!("the teardown failed: {message}"),
                Some(json!({ "code": error.code(), "message": message })),
            )
        });
        request.answer(server, outcome);
    });
}
