//! The dagstack extension of MCP: what only our own hosts ask a plugin.

use std::io::Write as _;
use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::model::ExperimentalCapabilities;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::instance::SetupFailure;
use super::lifecycle::{self, Setup};
use super::request::Request;
use super::server::{Hosted, Job, Server};
use super::tools::HookId;
use super::{executor, manifest, resources, secrets};
use dagstack_engine::Offered;
use dagstack_engine::feed::Coverage;
use dagstack_engine::panics::CatchPanic;
use dagstack_engine::secrets::mask_schema;
use dagstack_engine::wire::{
    AnnouncedHook, Announcement, EXTENSION, Object, SETUP, log_mark as log_mark_line, optional,
};
use dagstack_plugin_core::context::Metadata;

/// The extension's version.
const VERSION: u32 = 1;

/// What `initialize` announces: to a host of ours everything, to others that there is more.
pub(super) fn announcement(server: &Server) -> ExperimentalCapabilities {
    let plugin = server.single().filter(|_| server.session.has_extension());
    let facts = if let Some(plugin) = plugin {
        let declaration = plugin.declaration;
        let listing = server.tools.listing(server.session.peer());
        let hidden = declaration.hooks.iter().filter(|hook| !hook.mcp_exposed);
        let hooks = declaration
            .exposed()
            .map(|(index, hook)| AnnouncedHook {
                name: hook.name.to_owned(),
                tool: listing.name(HookId::of_single(index)).to_owned(),
                wraps_result: hook.schemas().wraps_result,
            })
            .collect();
        let announcement = Announcement {
            version: VERSION,
            manifest: manifest::of(
                declaration,
                manifest::own_command(declaration, server.in_company),
            )
            .to_json_value(),
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
pub(super) fn setup(
    server: &Arc<Server>,
    plugin: &Arc<Hosted>,
    request: Request,
    params: Option<&str>,
) {
    if let Err(failure) = plugin.instance.begin_announced() {
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
            let config = config.unwrap_or_default();
            let setup = Setup {
                config: Some(config),
                metadata: Metadata::from(metadata),
                coverage: config_watch,
                resources: Some(resources::given(server, resources)),
            };
            lifecycle::set_up(server, plugin, setup);
        }
        Err(_) => {
            // What serde says might quote the config.
            let failure = SetupFailure::new(
                "invalid_params",
                format!(
                    "the parameters of `{SETUP}` do not fit; expected {{\"config\": object, \"metadata\": object}}"
                ),
            );
            lifecycle::end_setup(server, plugin, Err(failure));
        }
    }
    request.answer_when_ready(
        server,
        plugin,
        |plugin| json!({ "config_subscriptions": lifecycle::subscriptions(plugin) }),
    );
}

/// `dagstack/health`: asks how the plugin is.
pub(super) fn health(
    server: &Arc<Server>,
    plugin: &Arc<Hosted>,
    request: Request,
    _: Option<&str>,
) {
    let unhealthy = |reason: &str| json!({ "status": "unhealthy", "reason": reason });
    let plugin = match plugin.instance.current() {
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
pub(super) fn teardown(
    server: &Arc<Server>,
    plugin: &Arc<Hosted>,
    request: Request,
    _: Option<&str>,
) {
    let (plugin, waited) = (Arc::clone(plugin), Arc::clone(plugin));
    let ended = Box::pin(async move { waited.instance.ready().await });
    executor::run(server, ended, move |server, _, _| {
        // Behind the calls that are queued.
        server.submit(Job::new(move |server, _| {
            tear_down(server, &plugin, request);
        }));
    });
}

/// `dagstack/config_changed` as a request: answered once the plugin's subscribers have been told.
pub(super) fn config_changed(
    server: &Arc<Server>,
    plugin: &Arc<Hosted>,
    request: Request,
    params: Option<&str>,
) {
    lifecycle::config_changed(server, plugin, params, |server, outcome| {
        let outcome = outcome.map(|()| json!({})).map_err(|failure| {
            ErrorData::internal_error(failure.message.clone(), Some(failure.to_value()))
        });
        request.answer(server, outcome);
    });
}

/// `dagstack/log_mark`: writes a line behind what is logged.
pub(super) fn log_mark(
    server: &Arc<Server>,
    _: &Arc<Hosted>,
    request: Request,
    params: Option<&str>,
) {
    #[derive(Deserialize)]
    struct Params {
        mark: u64,
    }
    let outcome = match serde_json::from_str(params.unwrap_or("{}")) {
        Ok(Object(Params { mark })) => {
            // Who does not read the log does not wait for the mark.
            let _ = std::io::stderr().write_all(log_mark_line(mark).as_bytes());
            Ok(json!({}))
        }
        Err(error) => Err(ErrorData::invalid_params(error.to_string(), None)),
    };
    request.answer(server, outcome);
}

fn tear_down(server: &Arc<Server>, plugin: &Hosted, request: Request) {
    let Some(teardown) = lifecycle::take_down(plugin) else {
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
