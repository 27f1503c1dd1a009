//! [`RegistryBuilder`]: collects plugins from the program, from folders and by command.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dagstack_plugin::kind::KindSpec;
use dagstack_plugin::manifest::{Runtime, VersionRange};
use dagstack_plugin::resources::{ErasedResource, Resource};
use dagstack_plugin::{
    BoxError, CORE_VERSION, EventBus, Kind, Middleware, Plugin, PluginName, Registration,
    TenantResolver, registered,
};

use crate::config::{ConfigSource, LiveConfig};
use crate::descriptor::{Descriptor, Source};
use crate::discovery::{self, Found};
use crate::dispatch::index;
use crate::dispatch::route::{PluginInfo, RouteRequest, Routing};
use crate::entry::Entry;
use crate::error::PluginRegistryError;
use crate::graph::Graph;
use crate::kinds::Kinds;
use crate::lifecycle::RestartPolicy;
use crate::lifecycle::options::Options;
use crate::lifecycle::state::Lifecycle;
use crate::middleware;
use crate::middleware::layers::Stack;
use crate::middleware::plugin::{PluginMiddleware, chain_wrap};
use crate::registry::{Inner, Registry};
use crate::resources::{HostResources, ResourcesBuilder};
use crate::shared::Shared;
use crate::status::PluginStatus;
use crate::supply_chain::{self, Publishers};
use crate::workers;

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
    /// A plugin that runs as a process runs in its manifest's folder, or in the `working_dir` that
    /// the manifest names: a relative path in its config starts there. The same plugin linked in
    /// takes it from the folder that the host runs in; give configs absolute paths.
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
    /// `unavailable` (`VersionIncompatible`), and hooks are dispatched by no class but their own.
    pub fn kind<K: Kind + ?Sized>(mut self) -> Self {
        self.kinds.push(K::SPEC);
        self
    }

    /// Puts a middleware around the hooks it wraps, of every plugin and in every runtime; see
    /// [`middleware`].
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
    /// that fits two plugins, for two fallbacks of a kind, and where nothing decides which plugin
    /// answers the singletons of a kind whose hookspec is known; `PluginNotFound` where a route or
    /// the environment names a plugin that is not there; `MiddlewarePriority`; `ResourceInvalid`.
    pub fn build(mut self) -> Result<Registry, PluginRegistryError> {
        let resources = Arc::new(std::mem::take(&mut self.resources).build()?);
        let mut plugins = Collected::default();
        let mut linked = Vec::new();
        if self.linked {
            linked = registered();
        }
        let type_path = |registration: &Registration| registration.declaration().type_path;
        for registration in self.explicit {
            let same = |other: &&Registration| type_path(other) == type_path(registration);
            if !linked.iter().any(same) {
                linked.push(registration);
            }
        }
        for &registration in &linked {
            let descriptor = Descriptor::linked(registration);
            plugins.linked.insert(descriptor.name.clone());
            plugins.add(descriptor)?;
        }
        let mut available: HashMap<PluginName, &'static Registration> = HashMap::new();
        // An explicit plugin or `linked()` first; a manifest may also name what is linked only.
        for registration in linked.into_iter().chain(registered()) {
            let declaration = registration.declaration();
            available
                .entry(PluginName::new(declaration.kind, declaration.name))
                .or_insert(registration);
        }
        let mut broken = Vec::new();
        for found in discovery::discover(&self.paths)? {
            match found {
                Found::Manifest(found) => {
                    let name = PluginName::new(&*found.manifest.kind, &*found.manifest.name);
                    let registration = available.get(&name).copied();
                    let descriptor =
                        discovery::describe(*found, registration, self.prefer, &available);
                    plugins.add_manifest(descriptor)?;
                }
                Found::Broken { name, error } => broken.push(unreadable(name, &error)),
            }
        }
        for descriptor in self.lifecycle.processes.take_executables() {
            plugins.add(descriptor)?;
        }
        let mut list = plugins.list;
        list.sort_by(|a, b| a.name.cmp(&b.name));
        let list = prepared(&mut self.lifecycle, list);
        let kinds = Kinds::new(&self.kinds, &list);
        let mut list: Vec<Descriptor> = list
            .into_iter()
            .map(|it| checked(it, &kinds, &resources))
            .collect();
        for descriptor in &mut list {
            descriptor.shared = self.shared.clone();
        }
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
        let entries = wrapped(list, &stack);
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

/// The plugins with their middleware. Plugins that are middleware themselves come first: they stand
/// around the others, and only the host's own middleware stands around them.
fn wrapped(list: Vec<Descriptor>, host: &Stack) -> Vec<Arc<Entry>> {
    let mut all = host.clone();
    let mut entries: Vec<Option<Arc<Entry>>> = Vec::with_capacity(list.len());
    let mut others = Vec::new();
    for (place, descriptor) in list.into_iter().enumerate() {
        match chain_wrap(&descriptor) {
            Some(wraps) => {
                let entry = Arc::new(Entry::new(descriptor, host));
                let middleware = PluginMiddleware::placed(Arc::clone(&entry), &wraps);
                all.add(Arc::new(middleware));
                entries.push(Some(entry));
            }
            None => {
                others.push((place, descriptor));
                entries.push(None);
            }
        }
    }
    for (place, descriptor) in others {
        entries[place] = Some(Arc::new(Entry::new(descriptor, &all)));
    }
    entries.into_iter().flatten().collect()
}

/// The plugins so far, no two with the same name.
#[derive(Default)]
struct Collected {
    list: Vec<Descriptor>,
    places: HashMap<PluginName, usize>,
    /// The linked ones that no manifest was found for.
    linked: HashSet<PluginName>,
}

impl Collected {
    fn add(&mut self, descriptor: Descriptor) -> Result<(), PluginRegistryError> {
        if let Some(&place) = self.places.get(&descriptor.name) {
            return Err(PluginRegistryError::DuplicatePlugin {
                plugin: descriptor.name,
                first: self.list[place].origin.clone(),
                second: descriptor.origin,
            });
        }
        self.places.insert(descriptor.name.clone(), self.list.len());
        self.list.push(descriptor);
        Ok(())
    }

    /// Adds a plugin that was discovered; it may be one that is linked.
    fn add_manifest(&mut self, descriptor: Descriptor) -> Result<(), PluginRegistryError> {
        if let Some(&place) = self.places.get(&descriptor.name) {
            let may_be_linked = descriptor
                .manifest
                .as_ref()
                .is_some_and(|manifest| manifest.runtimes.contains(&Runtime::InProcess));
            if may_be_linked && self.linked.remove(&descriptor.name) {
                self.list[place] = descriptor;
                return Ok(());
            }
        }
        self.add(descriptor)
    }
}

/// Gives each plugin the executable for its long hooks, and says whom it is from.
fn prepared(options: &mut Options, mut list: Vec<Descriptor>) -> Vec<Descriptor> {
    options.processes.hand_out_workers(&mut list);
    let publishers = options.publishers.take().or_else(Publishers::from_env);
    list.into_iter()
        .map(|descriptor| supply_chain::judge(descriptor, publishers.as_ref()))
        .collect()
}

/// Refuses a plugin that cannot run on this host, before any of its code does: for its kind, then
/// for its core, then for where it runs.
fn checked(mut descriptor: Descriptor, kinds: &Kinds, resources: &HostResources) -> Descriptor {
    let runtime = descriptor.runtime();
    let name = descriptor.name.clone();
    let incompatible = descriptor.core_version.as_ref().is_some_and(|range| {
        !VersionRange::parse(range).is_ok_and(|range| range.matches(CORE_VERSION))
    });
    let error = if let Err(error) = kinds.check(&descriptor) {
        error
    } else if matches!(descriptor.source, Source::Never { .. }) && !incompatible {
        return descriptor;
    } else if incompatible {
        PluginRegistryError::VersionIncompatible {
            plugin: name,
            required: descriptor.core_version.clone().unwrap_or_default(),
            offered: CORE_VERSION.to_owned(),
        }
    } else if let Source::InProcess(registration) = descriptor.source
        && descriptor.worker.is_none()
        && let Some(reason) = workers::refuses(registration.declaration())
    {
        PluginRegistryError::RuntimeNotSupported {
            plugin: name,
            reason,
        }
    } else if let Err(error) = middleware::plugin::check(&descriptor) {
        error
    } else if let Err(missing) =
        resources.check(&name, descriptor.resources.iter().map(String::as_str))
    {
        missing
    } else {
        return descriptor;
    };
    // What it declares still counts: a middleware that cannot run lets no call pass.
    descriptor.source = Source::Never {
        runtime,
        error: Arc::new(error),
    };
    descriptor
}

fn unreadable(name: String, error: &PluginRegistryError) -> PluginStatus {
    let origin = match error {
        PluginRegistryError::ManifestInvalid(error) => error.path.display().to_string(),
        _ => name.clone(),
    };
    PluginStatus::broken(name, origin, error.reason())
}
