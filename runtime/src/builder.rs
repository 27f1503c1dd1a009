//! [`RegistryBuilder`]: collects plugins from the program, from folders and by command.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dagstack_plugin::manifest::{Runtime, VersionRange};
use dagstack_plugin::resources::{ErasedResource, Resource};
use dagstack_plugin::{BoxError, CORE_VERSION, Plugin, Registration, registered};

use crate::adapter::in_process;
use crate::adapter::mcp_stdio::StdioCommand;
use crate::config::ConfigSource;
use crate::descriptor::{Descriptor, Source};
use crate::discovery::{self, Found};
use crate::entry::Entry;
use crate::error::PluginRegistryError;
use crate::graph::Graph;
use crate::registry::{Inner, Registry};
use crate::resources::{HostResources, ResourcesBuilder};
use crate::status::{PluginStatus, State};
use dagstack_plugin::PluginName;

/// Collects the plugins of a [`Registry`].
#[derive(Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct RegistryBuilder {
    linked: bool,
    explicit: Vec<&'static Registration>,
    paths: Vec<PathBuf>,
    executables: Vec<(PluginName, StdioCommand)>,
    config: Vec<Box<dyn ConfigSource>>,
    prefer: Option<Runtime>,
    resources: ResourcesBuilder,
}

impl fmt::Debug for RegistryBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryBuilder")
            .field("linked", &self.linked)
            .field("explicit", &self.explicit)
            .field("paths", &self.paths)
            .field("executables", &self.executables)
            .finish_non_exhaustive()
    }
}

impl RegistryBuilder {
    pub(crate) fn new() -> Self {
        Self::default()
    }

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
    /// A manifest that names a plugin linked into this program, with `in_process` among its
    /// runtimes, is that plugin. One that cannot be read, or asks for what this host has not, is
    /// reported as `unavailable` and disturbs nobody else.
    pub fn discover(mut self, path: impl AsRef<Path>) -> Self {
        self.paths.push(path.as_ref().to_owned());
        self
    }

    /// Adds an executable without a manifest of its own: any MCP server on standard streams. A
    /// dagstack plugin says the rest itself when it runs.
    ///
    /// ```
    /// use dagstack_runtime::{Registry, StdioCommand};
    ///
    /// let builder = Registry::builder()
    ///     .executable("tool", "echo", StdioCommand::new(["./echo"]).env("LANG", "C"));
    /// ```
    pub fn executable(
        mut self,
        kind: impl Into<Arc<str>>,
        name: impl Into<Arc<str>>,
        command: impl Into<StdioCommand>,
    ) -> Self {
        self.executables
            .push((PluginName::new(kind, name), command.into()));
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

    /// Limits how long a plugin in another process waits for a resource; without it, 30 seconds. In
    /// this process only the deadline of the plugin's own call limits it.
    pub fn resource_timeout(mut self, limit: Duration) -> Self {
        self.resources.timeout = Some(limit);
        self
    }

    /// Runs plugins that can run in several ways in this one, where they can.
    pub fn prefer(mut self, runtime: Runtime) -> Self {
        self.prefer = Some(runtime);
        self
    }

    /// Builds the registry. Nothing runs before [`Registry::setup_all`].
    ///
    /// # Errors
    ///
    /// `DiscoveryFailed`, `DuplicatePlugin`, `AmbiguousPlugin`, `DependencyCycle`, `ResourceInvalid`.
    pub fn build(self) -> Result<Registry, PluginRegistryError> {
        let resources = Arc::new(self.resources.build()?);
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
            plugins.add(Descriptor::linked(registration))?;
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
        for (name, command) in self.executables {
            plugins.add(Descriptor::executable(name, command))?;
        }
        let mut list = plugins.list;
        list.sort_by(|a, b| a.name.cmp(&b.name));
        let list: Vec<Descriptor> = list
            .into_iter()
            .map(|descriptor| checked(descriptor, &resources))
            .collect();
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
        Ok(Registry {
            inner: Arc::new(Inner {
                by_name: list
                    .iter()
                    .enumerate()
                    .map(|(index, descriptor)| (descriptor.name.clone(), index))
                    .collect(),
                entries: list
                    .into_iter()
                    .map(|it| Arc::new(Entry::new(it)))
                    .collect(),
                broken,
                graph,
                config: self.config,
                resources,
                lifecycle: tokio::sync::Mutex::new(()),
            }),
        })
    }
}

/// The plugins so far, no two with the same name.
#[derive(Default)]
struct Collected {
    list: Vec<Descriptor>,
    places: HashMap<PluginName, usize>,
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
            let linked = &mut self.list[place];
            let may_be_linked = descriptor
                .manifest
                .as_ref()
                .is_some_and(|manifest| manifest.runtimes.contains(&Runtime::InProcess));
            if linked.manifest.is_none() && may_be_linked {
                *linked = descriptor;
                return Ok(());
            }
        }
        self.add(descriptor)
    }
}

/// Refuses a plugin that cannot run on this host, before any of its code does.
fn checked(mut descriptor: Descriptor, resources: &HostResources) -> Descriptor {
    let runtime = descriptor.runtime();
    let name = descriptor.name.clone();
    let incompatible = descriptor.core_version.as_ref().is_some_and(|range| {
        !VersionRange::parse(range).is_ok_and(|range| range.matches(CORE_VERSION))
    });
    let error = if matches!(descriptor.source, Source::Never { .. }) && !incompatible {
        return descriptor;
    } else if incompatible {
        PluginRegistryError::VersionIncompatible {
            plugin: name,
            required: descriptor.core_version.clone().unwrap_or_default(),
            offered: CORE_VERSION.to_owned(),
        }
    } else if let Source::InProcess(registration) = descriptor.source
        && let Some(reason) = in_process::refuses(registration.declaration())
    {
        PluginRegistryError::RuntimeNotSupported {
            plugin: name,
            reason,
        }
    } else if let Err(missing) =
        resources.check(&name, descriptor.resources.iter().map(String::as_str))
    {
        missing
    } else {
        return descriptor;
    };
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
    PluginStatus {
        kind: None,
        name,
        runtime: None,
        version: None,
        state: State::Unavailable(error.reason()),
        capabilities: Vec::new(),
        priority: 0,
        pid: None,
        origin,
    }
}
