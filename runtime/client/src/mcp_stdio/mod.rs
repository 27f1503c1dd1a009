//! Plugins that run as child processes and speak MCP on their standard streams.

mod answer;
mod client;
mod command;
mod config;
mod hooks;
mod meta;
mod process;
mod progress;
mod resources;
mod start;
mod stderr;
mod transport;

use std::fmt;
use std::time::Duration;

use dagstack_engine::secrets::Scrubber;
use dagstack_engine::tool::Execute;
use dagstack_engine::wire::{self, Object};
use dagstack_engine::{Adapter, Announced, Reason, RemoteAdapter, TeardownFailure};
use dagstack_plugin_core::config::ConfigSubscription;
use dagstack_plugin_core::resources::ResourceSet;
use dagstack_plugin_core::schema::Schema;
use dagstack_plugin_core::{
    BoxFuture, Health, HookContext, HookError, PluginError, PluginName, Released, code, tool,
};
use rmcp::RoleClient;
use rmcp::model::{CallToolRequestParams, ClientRequest, CustomRequest};
use rmcp::service::{Peer, RunningService, ServiceError};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use self::client::Client;
use self::hooks::Hooks;
use self::process::{EXIT_LAG, Ended, Process};
use self::progress::Listeners;
use self::stderr::Marks;
use self::transport::PrivateParams;

pub use self::command::StdioCommand;

/// A plugin in a process of its own.
pub struct McpStdio {
    name: PluginName,
    hooks: Hooks,
    /// Whether the server knows the dagstack extension.
    has_extension: bool,
    /// As the server announces it.
    config_schema: Option<Schema>,
    /// On behalf of the child; it ends with the process.
    subscription: Option<ConfigSubscription>,
    announced: Announced,
    peer: Peer<RoleClient>,
    /// Who hears of the progress of calls.
    listeners: Listeners,
    private: PrivateParams,
    marks: Marks,
    /// Dropping it closes the child's standard input.
    service: Mutex<Option<RunningService<RoleClient, Client>>>,
    /// Dropping it kills the child.
    process: Process,
    /// What was made for this plugin lasts as long as it does.
    _resources: ResourceSet,
}

impl fmt::Debug for McpStdio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "plugin {} (process {})", self.name, self.process.pid())
    }
}

impl McpStdio {
    /// Whether the plugin has the hook, but lets nobody outside its process call it.
    pub fn hides(&self, hook: &str) -> bool {
        self.hooks.hides(hook)
    }

    /// The plugin's kind and name.
    pub fn plugin(&self) -> &PluginName {
        &self.name
    }

    /// Waits, but not for ever, until all is in the host's log that the plugin has logged so far.
    pub async fn catch_up_with_log(&self) {
        self.marks.catch_up(&self.peer).await;
    }

    /// Has the plugin take another config section, in the place of what the feed of its start says.
    /// Its subscribers have been told when this completes.
    ///
    /// # Errors
    ///
    /// Why the plugin does not take it.
    pub async fn change_config(&self, section: Value) -> Result<(), PluginError> {
        let secrets = Scrubber::of(&section, &self.config_schema.clone().unwrap_or_default());
        let params = json!({ "config": section });
        self.private.push(wire::CONFIG_CHANGED, params);
        match request(&self.peer, wire::CONFIG_CHANGED, json!({})).await {
            Ok(_) => Ok(()),
            Err(ServiceError::McpError(error)) => {
                let invalid = start::config_invalid(&self.name, &error, &secrets);
                Err(invalid.map_or_else(
                    || PluginError::new(secrets.scrub(&error.message)),
                    PluginError::ConfigInvalid,
                ))
            }
            Err(error) => Err(PluginError::new(error.to_string())),
        }
    }

    /// Has the plugin give everything back. Its process goes on. `None` where it is gone before it has
    /// said how that went.
    ///
    /// # Errors
    ///
    /// The plugin's own.
    pub async fn release(&self) -> Result<Option<Released>, PluginError> {
        match request(&self.peer, wire::TEARDOWN, json!({})).await {
            Ok(answer) => {
                let released = answer.get("released").map(Released::deserialize);
                Ok(released.and_then(Result::ok))
            }
            Err(ServiceError::McpError(error)) => {
                let text = |key: &str| error.data.as_ref()?.get(key)?.as_str();
                Err(match text("code") {
                    Some(code::PANICKED) => PluginError::Panicked,
                    _ => PluginError::new(text("message").unwrap_or(&error.message)),
                })
            }
            Err(_) => Ok(None),
        }
    }

    /// Answers `execute` of a tool.
    ///
    /// # Errors
    ///
    /// As a call of the function that the arguments name, but for the function's own errors, which are
    /// answers.
    pub async fn execute(&self, ctx: &HookContext, args: &Value) -> Result<Value, HookError> {
        let given = Execute::read(&self.name.to_string(), args)?;
        let called = self.call_tool(&given.function, ctx, Value::Object(given.args));
        Execute::answer(called.await)
    }

    async fn call_hook(
        &self,
        hook: &str,
        ctx: &HookContext,
        args: Value,
    ) -> Result<Value, HookError> {
        if self.hooks.is_tool() && hook == tool::GET_SCHEMA {
            dagstack_engine::tool::takes_nothing(&self.name.to_string(), &args)?;
            return Ok(self.hooks.functions.clone().unwrap_or_default());
        }
        self.call_tool(hook, ctx, args).await
    }

    async fn call_tool(
        &self,
        hook: &str,
        ctx: &HookContext,
        args: Value,
    ) -> Result<Value, HookError> {
        let tool = self.hooks.find(hook)?;
        let mut params =
            CallToolRequestParams::new(tool.name.to_string()).with_arguments(into_map(args));
        params.meta = meta::of_call(ctx);
        let _listening = self.listeners.listen(ctx.progress_sink(), &mut params);
        match self.peer.call_tool(params).await {
            Ok(answer) => answer::value(tool, answer),
            Err(ServiceError::McpError(error)) => Err(answer::protocol_error(hook, error)),
            Err(error) => Err(self.broken(hook, &error).await),
        }
    }

    /// The error of a call that the connection did not survive.
    async fn broken(&self, hook: &str, error: &ServiceError) -> HookError {
        let closed = matches!(
            error,
            ServiceError::TransportClosed | ServiceError::TransportSend(_)
        );
        let ended = if closed {
            self.process.group.ended_within(EXIT_LAG).await
        } else {
            None
        };
        let why = match ended {
            Some(ended) => ended.to_string(),
            None if closed => "it closed its standard streams".to_owned(),
            None => format!("its answer cannot be understood: {error}"),
        };
        HookError::new(
            code::TRANSPORT,
            format!("`{}` did not answer `{hook}`: {why}", self.name),
        )
        .details(json!({ "plugin": self.name.to_string(), "hook": hook }))
    }

    /// Closes the child's standard input and waits for its end.
    pub async fn end(&self) {
        if let Some(mut service) = self.service.lock().await.take() {
            let _ = service.close_with_timeout(Duration::from_millis(500)).await;
        }
        self.process.group.see_out().await;
    }

    fn gone(&self, ended: Ended) -> Reason {
        Reason::new(
            "process_ended",
            format!(
                "{ended}; its standard error is in the host's log (target `dagstack.plugin.stderr`)"
            ),
        )
    }
}

/// Asks the child something of the dagstack extension.
async fn request(
    peer: &Peer<RoleClient>,
    method: &str,
    params: Value,
) -> Result<Value, ServiceError> {
    let request = ClientRequest::CustomRequest(CustomRequest::new(method, Some(params)));
    let answer = peer.send_request(request).await?;
    // What it parses as depends on its keys.
    serde_json::to_value(answer).map_err(|_| ServiceError::UnexpectedResponse)
}

fn into_map(args: Value) -> Map<String, Value> {
    match args {
        Value::Object(map) => map,
        // The handle lets nothing else through.
        _ => Map::new(),
    }
}

impl Drop for McpStdio {
    fn drop(&mut self) {
        if let Some(subscription) = &self.subscription {
            subscription.unsubscribe();
        }
    }
}

impl RemoteAdapter for McpStdio {
    fn call<'a>(
        &'a self,
        hook: &'a str,
        ctx: &'a HookContext,
        args: Value,
    ) -> BoxFuture<'a, Result<Value, HookError>> {
        Box::pin(self.call_hook(hook, ctx, args))
    }
}

impl Adapter for McpStdio {
    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async {
            if let Some(reason) = self.failure() {
                return Health::unhealthy(reason.message);
            }
            if !self.has_extension {
                return Health::Healthy;
            }
            match request(&self.peer, wire::HEALTH, json!({})).await {
                Ok(answer) => match Object::deserialize(answer) {
                    Ok(Object(health)) => health,
                    Err(error) => Health::degraded(format!("its health cannot be read: {error}")),
                },
                Err(error) => Health::unhealthy(format!("it did not say how it is: {error}")),
            }
        })
    }

    fn teardown(&self, limit: Duration) -> BoxFuture<'_, Result<Released, TeardownFailure>> {
        Box::pin(async move {
            let alive = self.failure().is_none();
            let released = if self.has_extension && alive {
                match tokio::time::timeout(limit, self.release()).await {
                    Ok(Err(error)) => Err(TeardownFailure::Failed(error)),
                    // Whatever it kept ends with its process, and the next setup starts a new one.
                    Ok(_) => Ok(Released::All),
                    Err(_) => Err(TeardownFailure::TimedOut),
                }
            } else {
                Ok(Released::All)
            };
            self.end().await;
            released
        })
    }

    fn pid(&self) -> Option<u32> {
        self.process
            .group
            .exit()
            .is_none()
            .then(|| self.process.pid())
    }

    fn config_schema(&self) -> Option<Schema> {
        self.config_schema.clone()
    }

    fn ended(&self) -> Option<BoxFuture<'static, ()>> {
        let group = self.process.group.clone();
        // A process that closes its streams is ended too: its start has seen to that.
        Some(Box::pin(async move { group.ended().await }))
    }

    fn announced(&self) -> Announced {
        self.announced.clone()
    }

    fn failure(&self) -> Option<Reason> {
        if let Some(ended) = self.process.group.exit() {
            return Some(self.gone(ended));
        }
        self.peer
            .is_transport_closed()
            .then(|| Reason::new("transport", "it closed its standard streams"))
    }
}
