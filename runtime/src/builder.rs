//! [`RegistryBuilder`]: collects plugins from the program, from folders and by command.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dagstack_plugin::kind::KindSpec;
use dagstack_plugin::manifest::Runtime;
use dagstack_plugin::resources::{ErasedResource, Resource};
use dagstack_plugin::{
    BoxError, EventBus, Kind, Middleware, Plugin, PluginName, Registration, TenantResolver,
    registered,
};

use crate::assembly;
use crate::config::{ConfigSource, LiveConfig};
use crate::descriptor::Descriptor;
use crate::dispatch::index;
use crate::dispatch::route::{PluginInfo, RouteRequest, Routing};
use crate::error::PluginRegistryError;
use crate::graph::Graph;
use crate::kinds::Kinds;
use crate::lifecycle::RestartPolicy;
use crate::lifecycle::options::Options;
use crate::lifecycle::state::Lifecycle;
use crate::middleware::layers::Stack;
use crate::registry::{Inner, Registry};
use crate::resources::ResourcesBuilder;
use crate::shared::Shared;
use crate::supply_chain::Publishers;

/// Collects the plugins of a [`Registry`].
#[derive(Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct RegistryBuilder {
    linked: bool,
    explicit: Vec<&'static Registration>,
    paths: Vec<PathBuf>,
    config: Vec<Box<dyn ConfigSource>>,
    prefer: Option<Runtime>,
    shared: Shared,
    resources: ResourcesBuilder,
    kinds: Vec<&'static KindSpec>,
    routing: Routing,
    middleware: Vec<(&'static str, Arc<dyn Middleware>)>,
    pub(crate) lifecycle: Options,
}

impl fmt::Debug for RegistryBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryBuilder")
            .field("linked", &self.linked)
            .field("explicit", &self.explicit)
            .field("paths", &self.paths)
            .field("processes", &self.lifecycle.processes)
            .finish_non_exhaustive()
    }
}

impl Registry {
    /// Starts to collect plugins.
    pub fn builder() -> RegistryBuilder {
        RegistryBuilder::default()
    }
}

impl RegistryBuilder {
    /// Adds every plugin that is linked into this program.
    ///
    /// Rust leaves out a dependency that nobody names; [`link!`](macro@crate::link) names it.
    pub fn linked(mut self) -> Self {
        self.linked = true;
        self
    }

    /// Adds one plugin type. One that `linked` finds too is added once.
    pub fn plugin<T: Plugin>(mut self) -> Self {
        self.explicit.push(const { &Registration::of::<T>() });
        self
    }

    /// Adds the plugin in the folder `path` (one with a `dagstack.toml` or `dagstack.json`), or
    /// those in its folders.
    ///
    /// A plugin that runs as a process starts in the folder that the host runs in, as one that is linked
    /// does, so that a relative path in its config means the same for both; or in the `working_dir` that
    /// the manifest names. Paths in a manifest start at its own folder: `working_dir`, and words of
    /// `command` that begin with `./` or `../`.
    ///
    /// A manifest that names a plugin linked into this program, with `in_process` among its
    /// runtimes, is that plugin. One that cannot be read, or asks for what this host has not, is
    /// reported as `unavailable` and disturbs nobody else.
    pub fn discover(mut self, path: impl AsRef<Path>) -> Self {
        self.paths.push(path.as_ref().to_owned());
        self
    }

    /// Adds a source of configuration; a later one overrides an earlier one, key by key.
    pub fn config(mut self, source: impl ConfigSource) -> Self {
        self.config.push(Box::new(source));
        self
    }

    /// Gives plugins a resource, by name; those have it that declare it.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use dagstack_runtime::Registry;
    /// use dagstack_runtime::resources::{Clock, SystemClock};
    ///
    /// let builder = Registry::builder().resource::<dyn Clock>("clock", Arc::new(SystemClock));
    /// ```
    pub fn resource<R: Resource + ?Sized>(
        mut self,
        name: impl Into<String>,
        resource: Arc<R>,
    ) -> Self {
        let resource = ErasedResource::of::<R>(resource);
        self.resources.add(name.into(), resource);
        self
    }

    /// Gives each plugin a resource of its own, made when the plugin is set up and dropped when it is
    /// torn down. One that cannot be made leaves the plugin `unavailable`.
    pub fn resource_for_each<R: Resource + ?Sized>(
        mut self,
        name: impl Into<String>,
        make: impl Fn(&PluginName) -> Result<Arc<R>, BoxError> + Send + Sync + 'static,
    ) -> Self {
        self.resources.add_each::<R>(name.into(), make);
        self
    }

    /// Gives plugins in this process something of any type: a connection pool, say. They take it by
    /// `ctx.resources().local::<T>(name)`; plugins in other processes cannot have it.
    pub fn local_resource<T: Send + Sync + ?Sized + 'static>(
        mut self,
        name: impl Into<String>,
        resource: Arc<T>,
    ) -> Self {
        let resource = ErasedResource::local::<T>(resource);
        self.resources.add(name.into(), resource);
        self
    }

    /// Wraps a resource, for each plugin by itself: to count, to limit, to keep a record. The wrapper
    /// has the same type, so plugins cannot tell, wherever they run. Of several, the last is
    /// outermost.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use dagstack_plugin::{HookError, async_trait};
    /// use dagstack_runtime::Registry;
    /// use dagstack_runtime::resources::{HttpClient, HttpRequest, HttpResponse};
    ///
    /// /// Lets a plugin talk to one server.
    /// struct Only(Arc<dyn HttpClient>, &'static str);
    ///
    /// #[async_trait]
    /// impl HttpClient for Only {
    ///     async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HookError> {
    ///         if !request.url.starts_with(self.1) {
    ///             return Err(HookError::new("permission_denied", format!("only {}", self.1)));
    ///         }
    ///         self.0.send(request).await
    ///     }
    /// }
    ///
    /// let builder = Registry::builder().decorate::<dyn HttpClient>("http_client", |inner, _plugin| {
    ///     Arc::new(Only(inner, "https://example.org/"))
    /// });
    /// ```
    pub fn decorate<R: Resource + ?Sized>(
        mut self,
        name: impl Into<String>,
        decorator: impl Fn(Arc<R>, &PluginName) -> Arc<R> + Send + Sync + 'static,
    ) -> Self {
        self.resources.decorate::<R>(name.into(), decorator);
        self
    }

    /// Runs plugins that can run in several ways in this one, where they can.
    pub fn prefer(mut self, runtime: Runtime) -> Self {
        self.prefer = Some(runtime);
        self
    }

    /// Says who the tenant of a call is and what it may do: what the plugins in this process ask by
    /// `ctx.tenant()`. Without it every access is allowed. Those in processes of their own know the
    /// tenant's id only; see [`tenancy`](dagstack_plugin::tenancy).
    ///
    /// ```
    /// use std::sync::Arc;
    /// use dagstack_plugin::Metadata;
    /// use dagstack_plugin::tenancy::{NoOpTenantContext, TenantContext};
    /// use dagstack_runtime::Registry;
    ///
    /// let builder = Registry::builder().tenancy(|metadata: &Metadata| {
    ///     Arc::new(NoOpTenantContext::of(metadata)) as Arc<dyn TenantContext>
    /// });
    /// ```
    pub fn tenancy(mut self, tenants: impl TenantResolver) -> Self {
        self.shared.tenancy = Some(Arc::new(tenants));
        self
    }

    /// Uses the host's own event bus, to publish to the plugins in this process and to hear them.
    /// Without it they have one among themselves.
    pub fn event_bus(mut self, bus: EventBus) -> Self {
        self.shared.event_bus = bus;
        self
    }

    /// Declares a kind the host has. Once one is declared, the host has these, the built-in `tool`
    /// and `orchestrator`, and those whose traits linked plugins implement; a plugin of any other
    /// kind is `unavailable` (`KindUnknown`).
    ///
    /// The host also knows the hookspec then: a plugin made for another version of the kind is
    /// `unavailable` (`KindVersionIncompatible`), and hooks are dispatched by no class but their own.
    pub fn kind<K: Kind + ?Sized>(mut self) -> Self {
        self.kinds.push(K::SPEC);
        self
    }

    /// Puts a middleware around the hooks it wraps, of every plugin and in every runtime; see
    /// [`middleware`](crate::middleware).
    ///
    /// ```
    /// use std::time::Duration;
    /// use dagstack_runtime::Registry;
    /// use dagstack_runtime::middleware::{Deadline, Observe};
    ///
    /// let builder = Registry::builder()
    ///     .middleware(Observe::default())
    ///     .middleware(Deadline::new(Duration::from_secs(30)));
    /// ```
    pub fn middleware<M: Middleware>(mut self, middleware: M) -> Self {
        let name = std::any::type_name::<M>();
        self.middleware.push((name, Arc::new(middleware)));
        self
    }

    /// Decides which plugin of `kind` answers singletons: the one `policy` names. Where it names
    /// none, [`route_to`](Self::route_to), the environment and the priority decide.
    ///
    /// ```
    /// use dagstack_runtime::Registry;
    ///
    /// let builder = Registry::builder().route("chunker", |call| {
    ///     let tenant = call.ctx.metadata().get("tenant_id")?;
    ///     (tenant == "acme").then(|| "semantic".to_owned())
    /// });
    /// ```
    pub fn route(
        mut self,
        kind: impl Into<String>,
        policy: impl Fn(&RouteRequest<'_>) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.routing.policies.insert(kind.into(), Arc::new(policy));
        self
    }

    /// Lets the plugin `name` answer the singletons of `kind`, whatever the environment says.
    pub fn route_to(mut self, kind: impl Into<String>, name: impl Into<String>) -> Self {
        self.routing.fixed.insert(kind.into(), name.into());
        self
    }

    /// Lets only those plugins be chosen for singletons and by capability that `filter` accepts.
    /// Of several filters, all must.
    ///
    /// ```
    /// use dagstack_runtime::Registry;
    ///
    /// let builder = Registry::builder().candidates(|call, plugin| {
    ///     let personal = call.ctx.metadata().get("pii").is_some();
    ///     !personal || plugin.capabilities.iter().any(|it| it == "pii_handling")
    /// });
    /// ```
    pub fn candidates(
        mut self,
        filter: impl Fn(&RouteRequest<'_>, &PluginInfo<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.routing.filters.push(Arc::new(filter));
        self
    }

    /// Reads environment variables (`DAGSTACK_ACTIVE_<KIND>`) through `environment` instead of from
    /// the process, once, in [`build`](Self::build).
    pub fn environment(
        mut self,
        environment: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.routing.environment = Some(Arc::new(environment));
        self
    }

    /// Builds the registry. Nothing runs before [`Registry::setup_all`].
    ///
    /// # Errors
    ///
    /// `DiscoveryFailed`, `DuplicatePlugin`, `DependencyCycle`; `AmbiguousPlugin` for a dependency
    /// that fits two plugins; `AmbiguousFallback` for two fallbacks of a kind; `Dispatch` where
    /// nothing decides which plugin answers the singletons of a kind whose hookspec is known;
    /// `PluginNotFound` where a route or the environment names a plugin that is not there;
    /// `MiddlewarePriority`; `ResourceInvalid`.
    pub fn build(mut self) -> Result<Registry, PluginRegistryError> {
        let resources = Arc::new(std::mem::take(&mut self.resources).build()?);
        let type_path = |registration: &Registration| registration.declaration().type_path;
        let mut linked = if self.linked {
            registered()
        } else {
            Vec::new()
        };
        for registration in self.explicit {
            let same = |other: &&Registration| type_path(other) == type_path(registration);
            if !linked.iter().any(same) {
                linked.push(registration);
            }
        }
        let executables = self.lifecycle.processes.take_executables();
        let (list, broken) = assembly::collect(linked, &self.paths, self.prefer, executables)?;
        let list = assembly::prepared(&mut self.lifecycle, list);
        let kinds = Kinds::new(&self.kinds, &list);
        let checked = list.into_iter().map(|mut descriptor| {
            descriptor.shared = self.shared.clone();
            assembly::checked(descriptor, &kinds, &resources)
        });
        let list: Vec<Descriptor> = checked.collect();
        let graph = Graph::new(&list.iter().collect::<Vec<_>>())?;
        for descriptor in &list {
            tracing::info!(
                plugin.kind = descriptor.name.kind(),
                plugin.name = descriptor.name.name(),
                plugin.version = descriptor.version,
                runtime = descriptor.runtime().as_str(),
                capabilities = ?descriptor.capabilities,
                origin = descriptor.origin,
                "plugin registered"
            );
        }
        for status in &broken {
            tracing::warn!(origin = status.origin, reason = ?status.state.reason(), "manifest cannot be read");
        }
        let mut stack = Stack::default();
        for (name, middleware) in self.middleware {
            stack.add_checked(name, middleware)?;
        }
        let by_name: HashMap<PluginName, usize> = list
            .iter()
            .enumerate()
            .map(|(index, descriptor)| (descriptor.name.clone(), index))
            .collect();
        let entries = assembly::wrapped(list, &stack);
        let kinds = index::build(&entries, &kinds, &self.routing)?;
        Ok(Registry {
            inner: Arc::new(Inner {
                by_name,
                kinds,
                entries,
                broken,
                graph,
                config: LiveConfig::new(self.config),
                resources,
                lifecycle: Lifecycle::new(self.lifecycle),
                linked: self.linked,
            }),
        })
    }

    /// Asks every plugin how it is in this interval, 30 s unless set. A check that fails, or takes
    /// longer than [`health_timeout`](Self::health_timeout), makes the plugin `degraded`; three in
    /// a row make it `unavailable`: it is not called until a later check succeeds.
    pub fn health_interval(mut self, interval: Duration) -> Self {
        // An interval of nothing would never let anything else run.
        self.lifecycle.health_interval = Some(interval.max(Duration::from_millis(1)));
        self
    }

    /// How long a plugin may take to say how it is: 10 s unless set.
    pub fn health_timeout(mut self, timeout: Duration) -> Self {
        self.lifecycle.health_timeout = timeout;
        self
    }

    /// Asks plugins how they are only when [`Registry::check_health`] is called.
    pub fn no_health_checks(mut self) -> Self {
        self.lifecycle.health_interval = None;
        self
    }

    /// Whether and how processes are started again that end by themselves; see [`RestartPolicy`].
    pub fn restart(mut self, policy: RestartPolicy) -> Self {
        self.lifecycle.restart = policy;
        self
    }

    /// The maintainers whose plugins are trusted, by the whole text of `maintainer` or the address
    /// in it, in place of those that `DAGSTACK_PLUGIN_TRUSTED_PUBLISHERS` lists, separated by
    /// commas. It is information: others run too, but are reported with `trusted: false`. Where
    /// neither is given, nothing is said about trust.
    pub fn trusted_publishers<P: Into<String>>(
        mut self,
        publishers: impl IntoIterator<Item = P>,
    ) -> Self {
        let publishers = publishers.into_iter().map(Into::into);
        self.lifecycle.publishers = Some(Publishers::new(publishers));
        self
    }
}
