//! Starting a child: process, handshake, setup.

use std::time::Duration;

use dagstack_engine::feed::SectionFeed;
use dagstack_engine::secrets::Scrubber;
use dagstack_engine::wire::{self, EXTENSION};
use dagstack_engine::{Announced, Offer};
use dagstack_manifest::VersionRange;
use dagstack_plugin_core::config::check_nesting;
use dagstack_plugin_core::resources::{ResourceError, ResourceSet};
use dagstack_plugin_core::schema::Schema;
use dagstack_plugin_core::{CORE_VERSION, ConfigInvalid, PluginName, Problem, code, tool};
use rmcp::RoleClient;
use rmcp::model::{ErrorData, JsonObject, Tool};
use rmcp::service::{
    ClientInitializeError, ClientLifecycleMode, ClientServiceExt, Peer, RunningService,
    ServiceError,
};
use serde_json::{Map, Value, json};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::client::Client;
use super::hooks::Hooks;
use super::process::{EXIT_LAG, Group, Process};
use super::progress::Listeners;
use super::resources::Serving;
use super::stderr::{self, Marks, Tail};
use super::transport::{LineTransport, PrivateParams};
use super::{McpStdio, StdioCommand, config, request};
use crate::error::{Needs, ResourceProvider, StartError};

/// What all steps of a start need.
struct Start {
    /// Stands for the plugin's own until that is known.
    name: PluginName,
    is_expected: bool,
    deadline: Instant,
}

impl McpStdio {
    /// Starts the process, shakes hands, sets the plugin up. A failure leaves no process behind.
    ///
    /// # Errors
    ///
    /// Why it did not start within `limit`.
    pub async fn start<R: ResourceProvider>(
        name: &PluginName,
        command: &StdioCommand,
        feed: &SectionFeed,
        limit: Duration,
        needs: Needs<'_, R>,
    ) -> Result<Self, StartError<R::Error>> {
        let start = Start {
            name: name.clone(),
            is_expected: true,
            deadline: Instant::now() + limit,
        };
        start.run(command, feed, needs).await
    }

    /// The same for a dagstack plugin of which nothing but the command is known.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start), and where it is no dagstack plugin.
    pub async fn start_any<R: ResourceProvider>(
        command: &StdioCommand,
        feed: &SectionFeed,
        limit: Duration,
        needs: Needs<'_, R>,
    ) -> Result<Self, StartError<R::Error>> {
        let start = Start {
            name: PluginName::new("plugin", "?"),
            is_expected: false,
            deadline: Instant::now() + limit,
        };
        start.run(command, feed, needs).await
    }
}

impl Start {
    async fn run<R: ResourceProvider>(
        mut self,
        command: &StdioCommand,
        feed: &SectionFeed,
        needs: Needs<'_, R>,
    ) -> Result<McpStdio, StartError<R::Error>> {
        let Spawned {
            process,
            transport,
            closed,
            private,
            listeners,
            serving,
            stderr,
            marks,
        } = self.spawn(command).await?;
        let service = self
            .shake_hands(transport, serving.clone(), &process.group, stderr)
            .await?;
        tokio::spawn(supervise(
            process.group.clone(),
            closed,
            service.cancellation_token(),
        ));
        let peer = service.peer().clone();
        let extension = extension(&peer);
        let schema = extension.as_ref().and_then(config_schema);
        let config = feed.section();
        let mut subscribes = false;
        let mut given = ResourceSet::new();
        match &extension {
            Some(facts) => {
                self.identify(facts)?;
                let (set, offer) = self.resources(facts, needs.resources)?;
                serving.open(offer.served);
                given = set;
                let secrets = Scrubber::of(&config, schema.as_ref().unwrap_or(&Schema::new()));
                check_nesting(&self.name.to_string(), &config)?;
                private.push(wire::SETUP, setup_params(&config, feed, offer.params));
                let answer = self.set_up(&peer, &process.group, &secrets).await;
                if answer.is_err() {
                    // What it logged tells why, and goes with the process.
                    self.in_time("its log", marks.catch_up(&peer)).await?;
                }
                let answer = answer?;
                let subscriptions = answer.get("config_subscriptions").and_then(Value::as_u64);
                // A child that does not count its subscriptions may have some.
                subscribes = subscriptions != Some(0);
            }
            None => self.without_extension(needs.required, &config)?,
        }
        let hooks = self.hooks(&peer, extension.as_ref(), command).await?;
        // Last, so that no start that fails leaves a subscription.
        let subscription = subscribes.then(|| {
            let schema = schema.clone().unwrap_or_default();
            config::relay(
                &self.name,
                feed,
                &config,
                schema,
                peer.clone(),
                private.clone(),
            )
        });
        Ok(McpStdio {
            name: self.name,
            hooks,
            has_extension: extension.is_some(),
            config_schema: schema,
            subscription,
            announced: announced(&peer, extension.as_ref()),
            peer,
            listeners,
            private,
            marks,
            service: Mutex::new(Some(service)),
            process,
            _resources: given,
        })
    }
}

/// A child that runs, and all that is attached to it.
struct Spawned {
    process: Process,
    transport: LineTransport<ChildStdout, ChildStdin>,
    closed: watch::Receiver<()>,
    private: PrivateParams,
    listeners: Listeners,
    serving: Serving,
    stderr: Stderr,
    marks: Marks,
}

/// A child's standard error, for the message of a failed start.
struct Stderr {
    tail: Tail,
    drained: JoinHandle<()>,
}

impl Stderr {
    /// What a child that has ended wrote last.
    async fn last_words(self) -> String {
        let _ = tokio::time::timeout(EXIT_LAG, self.drained).await;
        self.tail.text()
    }
}

impl Start {
    fn failed<E>(&self, cause: &str, message: impl Into<String>) -> StartError<E> {
        StartError::Failed {
            cause: cause.to_owned(),
            message: message.into(),
        }
    }

    async fn in_time<T, E>(
        &self,
        operation: &'static str,
        work: impl Future<Output = T>,
    ) -> Result<T, StartError<E>> {
        let late = |_| StartError::TimedOut { operation };
        timeout_at(self.deadline, work).await.map_err(late)
    }

    async fn spawn<E>(&self, command: &StdioCommand) -> Result<Spawned, StartError<E>> {
        let ready = command.to_command().ok_or_else(|| {
            self.failed(
                "spawn_failed",
                "its command is empty; give a program and its arguments",
            )
        })?;
        let spawned = Process::spawn(ready, self.name.name());
        let (process, streams) = self
            .in_time("the start of its process", spawned)
            .await?
            .map_err(|error| self.failed("spawn_failed", command.explain(&error)))?;
        let no_driver = |error: std::io::Error| {
            self.failed(
                "spawn_failed",
                format!("its streams cannot be read: {error}"),
            )
        };
        let stdin = ChildStdin::from_std(streams.stdin).map_err(no_driver)?;
        let stdout = ChildStdout::from_std(streams.stdout).map_err(no_driver)?;
        let stderr = ChildStderr::from_std(streams.stderr).map_err(no_driver)?;
        let tail = Tail::default();
        let (tell, marks) = Marks::new();
        let draining = stderr::drain(stderr, self.name.clone(), tail.clone(), tell);
        let drained = tokio::spawn(until_ended(process.group.clone(), draining));
        let private = PrivateParams::default();
        let listeners = Listeners::default();
        let serving = Serving::default();
        let (transport, closed) = LineTransport::new(
            self.name.to_string(),
            stdout,
            stdin,
            private.clone(),
            listeners.clone(),
            serving.clone(),
        );
        Ok(Spawned {
            process,
            transport,
            closed,
            private,
            listeners,
            serving,
            stderr: Stderr { tail, drained },
            marks,
        })
    }

    async fn shake_hands<E>(
        &self,
        transport: LineTransport<ChildStdout, ChildStdin>,
        serving: Serving,
        group: &Group,
        stderr: Stderr,
    ) -> Result<RunningService<RoleClient, Client>, StartError<E>> {
        let hands =
            Client { serving }.serve_with_lifecycle(transport, ClientLifecycleMode::Initialize);
        let shaken = self.in_time("the answer to `initialize`", hands).await?;
        match shaken {
            Ok(service) => Ok(service),
            Err(error) => {
                let closed = matches!(
                    error,
                    ClientInitializeError::ConnectionClosed(_)
                        | ClientInitializeError::TransportError { .. }
                );
                let ended = if closed {
                    group.ended_within(EXIT_LAG).await
                } else {
                    None
                };
                let why = match (ended, error) {
                    (Some(ended), _) => format!("{ended} before it answered `initialize`"),
                    (None, ClientInitializeError::JsonRpcError(error)) => {
                        format!("it refused `initialize`: {}", error.message)
                    }
                    (None, _) if closed => {
                        "it closed its standard streams before it answered `initialize`".to_owned()
                    }
                    (None, error) => {
                        let text: String = error.to_string().chars().take(300).collect();
                        format!("it does not speak MCP: {text}")
                    }
                };
                // The config is not sent yet, so nothing of it can be in there.
                let words = stderr.last_words().await;
                Err(self.failed("handshake_failed", format!("{why}{words}")))
            }
        }
    }

    /// That the executable is the plugin it is taken for, if any, and fits this core.
    fn identify<E>(&mut self, facts: &JsonObject) -> Result<(), StartError<E>> {
        let manifest = facts.get("manifest");
        let text = |key: &str| manifest?.get(key)?.as_str();
        if let (Some(kind), Some(name)) = (text("kind"), text("name"))
            && (kind, name) != (self.name.kind(), self.name.name())
        {
            if self.is_expected {
                return Err(self.failed(
                    "another_plugin",
                    format!("its executable is the plugin `{kind}.{name}`; mend the command, or the kind and name"),
                ));
            }
            self.name = PluginName::new(kind, name);
        }
        let fits =
            |range: &str| VersionRange::parse(range).is_ok_and(|it| it.matches(CORE_VERSION));
        if let Some(required) = text("core_version").filter(|range| !fits(range)) {
            return Err(StartError::VersionIncompatible {
                required: required.to_owned(),
            });
        }
        Ok(())
    }

    /// What the plugin declares, and how it gets there.
    fn resources<R: ResourceProvider>(
        &self,
        facts: &JsonObject,
        host: &R,
    ) -> Result<(ResourceSet, Offer), StartError<R::Error>> {
        let names = |which: &str| {
            let resources = facts.get("manifest").and_then(|it| it.get("resources"));
            let list = resources.and_then(|it| it.get(which)?.as_array());
            let list = list.map(Vec::as_slice).unwrap_or_default();
            list.iter().filter_map(Value::as_str)
        };
        let (required, optional): (Vec<_>, Vec<_>) =
            (names("required").collect(), names("optional").collect());
        let given = host.give(&self.name, &required, &optional);
        let set = given.map_err(StartError::Resources)?;
        let mut offer = Offer::new(&set).map_err(StartError::CannotCross)?;
        if let Some(limit) = host.timeout() {
            let millis = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
            offer
                .params
                .insert("resource_timeout_ms".to_owned(), millis.into());
        }
        Ok((set, offer))
    }

    /// A server that does not know the extension cannot be given anything.
    fn without_extension<E>(
        &self,
        required: &[String],
        config: &Value,
    ) -> Result<(), StartError<E>> {
        if !self.is_expected {
            return Err(self.failed(
                "no_plugin",
                format!(
                    "it speaks MCP, but is no dagstack plugin: it does not announce `{EXTENSION}`"
                ),
            ));
        }
        if let Some(resource) = required.first() {
            return Err(StartError::CannotCross(ResourceError::CannotCross {
                resource: resource.clone(),
                reason: "the server does not know the dagstack extension; build it with dagstack-plugin, or take `resources` out of its manifest".to_owned(),
            }));
        }
        if config
            .as_object()
            .is_some_and(|section| !section.is_empty())
        {
            tracing::warn!(
                plugin = %self.name,
                "the server does not know the dagstack extension: its config section is not passed on; use its command's arguments or `env`"
            );
        }
        Ok(())
    }

    async fn set_up<E>(
        &self,
        peer: &Peer<RoleClient>,
        group: &Group,
        secrets: &Scrubber,
    ) -> Result<Value, StartError<E>> {
        match self
            .in_time("setup", request(peer, wire::SETUP, json!({})))
            .await?
        {
            Ok(answer) => Ok(answer),
            Err(ServiceError::McpError(error)) => Err(self.refused(error, secrets)),
            Err(error) => {
                let why = match group.ended_within(EXIT_LAG).await {
                    Some(ended) => format!(
                        "{ended} in its setup; its standard error is in the host's log (target `dagstack.plugin.stderr`)"
                    ),
                    None => format!("its setup got no answer: {error}"),
                };
                Err(self.failed("setup_failed", why))
            }
        }
    }

    /// The plugin's own reason for a failed setup, `{code, message, problems?}`.
    fn refused<E>(&self, error: ErrorData, secrets: &Scrubber) -> StartError<E> {
        if let Some(invalid) = config_invalid(&self.name, &error, secrets) {
            return invalid.into();
        }
        let data = error.data.unwrap_or_default();
        let text = |key: &str| data.get(key).and_then(Value::as_str);
        let clean = |text: &str| secrets.scrub(text).into_owned();
        self.failed(
            text("code").unwrap_or("setup_failed"),
            clean(text("message").unwrap_or(&error.message)),
        )
    }

    async fn hooks<E>(
        &self,
        peer: &Peer<RoleClient>,
        extension: Option<&JsonObject>,
        command: &StdioCommand,
    ) -> Result<Hooks, StartError<E>> {
        let announced = extension.and_then(|facts| Hooks::announced(&self.name, facts));
        let is_tool = self.name.kind() == tool::KIND;
        let tools: Vec<Tool> = if announced.is_some() && !is_tool {
            Vec::new()
        } else {
            self.in_time("the answer to `tools/list`", peer.list_all_tools())
                .await?
                .map_err(|error| {
                    self.failed(
                        "handshake_failed",
                        format!("it did not list its tools: {error}"),
                    )
                })?
        };
        let mut hooks =
            announced.unwrap_or_else(|| Hooks::of_tools(&self.name, &tools, command.tool_names()));
        if is_tool {
            hooks.list_functions(&tools);
        }
        Ok(hooks)
    }
}

/// What the server says of the dagstack extension, if it knows it.
fn extension(peer: &Peer<RoleClient>) -> Option<JsonObject> {
    let server = peer.peer_info()?;
    let experimental = server.capabilities.experimental.as_ref()?;
    experimental.get(EXTENSION).cloned()
}

/// The schema of its config that it announces.
fn config_schema(facts: &JsonObject) -> Option<Schema> {
    facts.get("config_schema")?.as_object().cloned()
}

/// The parameters of `dagstack/setup`: the config, who watches it, and what crosses of the resources.
fn setup_params(config: &Value, feed: &SectionFeed, resources: Map<String, Value>) -> Value {
    let mut params = resources;
    let section = match config {
        Value::Null => json!({}),
        section => section.clone(),
    };
    params.insert("config".to_owned(), section);
    params.insert("config_watch".to_owned(), json!(feed.coverage()));
    params.insert("metadata".to_owned(), json!({}));
    params.into()
}

/// What the server says of its version and its capabilities.
fn announced(peer: &Peer<RoleClient>, extension: Option<&JsonObject>) -> Announced {
    let manifest = extension.and_then(|facts| facts.get("manifest"));
    let version = manifest.and_then(|it| it.get("version")?.as_str().map(str::to_owned));
    let capabilities = manifest.and_then(|it| it.get("capabilities")?.as_array());
    let server = || Some(peer.peer_info()?.server_info.as_ref()?.version.clone());
    Announced {
        version: version.or_else(server).filter(|text| !text.is_empty()),
        capabilities: capabilities
            .into_iter()
            .flatten()
            .filter_map(|label| label.as_str().map(str::to_owned))
            .collect(),
    }
}

/// What a plugin says is wrong with its config, where that is the error.
pub(super) fn config_invalid(
    name: &PluginName,
    error: &ErrorData,
    secrets: &Scrubber,
) -> Option<ConfigInvalid> {
    let data = error.data.as_ref()?;
    let is_invalid = data.get("code")?.as_str() == Some(code::CONFIG_INVALID);
    let problems = data.get("problems")?.as_array().filter(|_| is_invalid)?;
    let problems = problems.iter().map(|it| problem(it, secrets)).collect();
    Some(ConfigInvalid::new(name.to_string(), problems))
}

fn problem(given: &Value, secrets: &Scrubber) -> Problem {
    let clean = |text: &str| secrets.scrub(text).into_owned();
    let text = |key: &str| given.get(key).and_then(Value::as_str);
    let mut problem = Problem::new(
        clean(text("path").unwrap_or_default()),
        clean(text("problem").unwrap_or_default()),
    );
    problem.expected = text("expected").map(clean);
    problem
}

/// Ends what is left once the connection or the process has ended.
async fn supervise(
    group: Group,
    mut closed: watch::Receiver<()>,
    session: rmcp::service::RunningServiceCancellationToken,
) {
    tokio::select! {
        _ = closed.changed() => group.see_out().await,
        () = group.ended() => {
            // Answers may still be in the pipe. A grandchild that left the group can keep the
            // pipe open for ever.
            let _ = tokio::time::timeout(EXIT_LAG, closed.changed()).await;
            session.cancel();
        }
    }
}

/// Drains standard error until it ends, or shortly after the process has.
async fn until_ended(group: Group, draining: impl Future<Output = ()>) {
    let after_the_end = async {
        group.ended().await;
        tokio::time::sleep(EXIT_LAG).await;
    };
    tokio::select! {
        () = draining => {}
        () = after_the_end => {}
    }
}
