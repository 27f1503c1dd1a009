//! What a host gives its plugins by name: its resources, their decorators, and implementations of
//! the standard ones.
//!
//! | type | feature | resource |
//! |---|---|---|
//! | [`SystemClock`], [`FrozenClock`] | | `clock` |
//! | [`OsRng`], [`SeededRng`] | | `rng` |
//! | [`ScratchDir`] | | `tmpdir` |
//! | [`ReqwestClient`] | `http-client` | `http_client` |
//! | [`ObjectBlobs`] | `blob-store`, `blob-store-s3` | `blob_store` |
//! | `MemoryTenants` | `tenant-registry` | `tenant_registry` |
//!
//! ```
//! use std::sync::Arc;
//!
//! use dagstack_runtime::Registry;
//! use dagstack_runtime::resources::{Clock, OsRng, Rng, SystemClock};
//!
//! let builder = Registry::builder()
//!     .resource::<dyn Clock>("clock", Arc::new(SystemClock))
//!     .resource::<dyn Rng>("rng", Arc::new(OsRng));
//! ```

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use dagstack_plugin::resources::warn_if_misspelt;
use dagstack_plugin::{BoxError, PluginName};

use crate::error::PluginRegistryError;

#[cfg(feature = "tenant-registry")]
pub use dagstack_resources::MemoryTenants;
#[cfg(feature = "blob-store")]
pub use dagstack_resources::ObjectBlobs;
#[cfg(feature = "http-client")]
pub use dagstack_resources::ReqwestClient;
pub use dagstack_resources::ScratchDir;

pub use dagstack_plugin::resources::{
    BlobStore, Bytes, Clock, ErasedResource, FrozenClock, HttpClient, HttpRequest, HttpResponse,
    OsRng, Resource, ResourceError, ResourceSet, Rng, SeededRng, StartedClock, SystemClock,
    TempDir, TenantRegistry,
};

/// Makes a resource for one plugin.
type Make = Box<dyn Fn(&PluginName) -> Result<ErasedResource, BoxError> + Send + Sync>;
/// Wraps a resource for one plugin; `None` where it is of another type.
type Decorate = Box<dyn Fn(&ErasedResource, &PluginName) -> Option<ErasedResource> + Send + Sync>;

/// The resources of a host.
#[derive(Default)]
pub(crate) struct HostResources {
    by_name: BTreeMap<String, Factory>,
}

struct Factory {
    make: Make,
    type_name: String,
    decorators: Vec<Decorate>,
}

impl fmt::Debug for HostResources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.by_name.iter().map(|(name, it)| (name, &it.type_name)))
            .finish()
    }
}

impl HostResources {
    /// Gives `plugin` the resources it declares, each in its decorators.
    ///
    /// # Errors
    ///
    /// `ResourceMissing` where one is required that is not there; `ResourceInvalid` where one cannot
    /// be made.
    pub(crate) fn give<'a>(
        &self,
        plugin: &PluginName,
        required: impl IntoIterator<Item = &'a str>,
        optional: impl IntoIterator<Item = &'a str>,
    ) -> Result<ResourceSet, PluginRegistryError> {
        let mut set = ResourceSet::new();
        let required: Vec<&str> = required.into_iter().collect();
        self.check(plugin, required.iter().copied())?;
        for name in required.into_iter().chain(optional) {
            let known = self.by_name.get(name);
            if known.is_none() {
                let names = self.by_name.keys().map(String::as_str);
                warn_if_misspelt(plugin, name, names);
            }
            if let Some(factory) = known.filter(|_| !set.contains(name)) {
                let made =
                    factory
                        .give(plugin)
                        .map_err(|error| PluginRegistryError::ResourceInvalid {
                            resource: name.to_owned(),
                            problem: format!("it cannot be made for `{plugin}`: {error}"),
                        })?;
                set = set.with_erased(name, made);
            }
        }
        Ok(set)
    }

    /// That everything is there that `plugin` cannot do without.
    pub(crate) fn check<'a>(
        &self,
        plugin: &PluginName,
        required: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), PluginRegistryError> {
        match required
            .into_iter()
            .find(|name| !self.by_name.contains_key(*name))
        {
            None => Ok(()),
            Some(resource) => Err(PluginRegistryError::ResourceMissing {
                plugin: plugin.clone(),
                missing: Box::new(ResourceError::missing(
                    resource,
                    self.by_name.keys().map(String::as_str),
                )),
            }),
        }
    }
}

impl Factory {
    fn give(&self, plugin: &PluginName) -> Result<ErasedResource, BoxError> {
        let mut resource = (self.make)(plugin)?;
        for decorate in &self.decorators {
            // The builder has seen that the types fit.
            if let Some(decorated) = decorate(&resource, plugin) {
                resource = decorated;
            }
        }
        Ok(resource)
    }
}

/// What a builder has heard of resources, in whatever order.
#[derive(Default)]
pub(crate) struct ResourcesBuilder {
    factories: Vec<(String, String, Make)>,
    decorators: Vec<(String, String, Decorate)>,
}

impl ResourcesBuilder {
    /// Adds a resource that all plugins share.
    pub(crate) fn add(&mut self, name: String, resource: ErasedResource) {
        let type_name = resource.type_name().to_owned();
        let make: Make = Box::new(move |_| Ok(resource.clone()));
        self.factories.push((name, type_name, make));
    }

    /// Adds a resource of which each plugin has its own.
    pub(crate) fn add_each<R: Resource + ?Sized>(
        &mut self,
        name: String,
        make: impl Fn(&PluginName) -> Result<Arc<R>, BoxError> + Send + Sync + 'static,
    ) {
        let make: Make = Box::new(move |plugin| Ok(ErasedResource::of::<R>(make(plugin)?)));
        self.factories.push((name, type_name_of::<R>(), make));
    }

    /// Adds a decorator.
    pub(crate) fn decorate<R: Resource + ?Sized>(
        &mut self,
        name: String,
        decorate: impl Fn(Arc<R>, &PluginName) -> Arc<R> + Send + Sync + 'static,
    ) {
        let decorate: Decorate = Box::new(move |resource, plugin| {
            resource.decorate::<R>(|inner| decorate(inner, plugin))
        });
        self.decorators.push((name, type_name_of::<R>(), decorate));
    }

    /// # Errors
    ///
    /// `ResourceInvalid`: a name given twice, or a decorator of nothing or of another type.
    pub(crate) fn build(self) -> Result<HostResources, PluginRegistryError> {
        let invalid =
            |resource, problem| Err(PluginRegistryError::ResourceInvalid { resource, problem });
        let mut resources = HostResources::default();
        let mut types: HashMap<String, String> = HashMap::new();
        for (name, type_name, make) in self.factories {
            if let Some(first) = types.insert(name.clone(), type_name.clone()) {
                return invalid(
                    name,
                    format!("it is given twice, as `{first}` and as `{type_name}`"),
                );
            }
            let factory = Factory {
                make,
                type_name,
                decorators: Vec::new(),
            };
            resources.by_name.insert(name, factory);
        }
        for (name, asked, decorate) in self.decorators {
            let known = types.keys().map(String::as_str);
            match resources.by_name.get_mut(&name) {
                Some(factory) if factory.type_name == asked => factory.decorators.push(decorate),
                Some(factory) => {
                    let problem = format!(
                        "it is `{}`, and its decorator is for `{asked}`",
                        factory.type_name
                    );
                    return invalid(name, problem);
                }
                None => {
                    let missing = ResourceError::missing(&name, known);
                    return invalid(name, format!("it has a decorator, but {missing}"));
                }
            }
        }
        Ok(resources)
    }
}

fn type_name_of<R: Resource + ?Sized>() -> String {
    format!("dyn {}", R::INTERFACE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> PluginName {
        PluginName::new("tool", "p")
    }

    fn frozen() -> ErasedResource {
        let clock: Arc<dyn Clock> = Arc::new(FrozenClock::at_unix_nanos(1));
        ErasedResource::of(clock)
    }

    #[test]
    fn only_what_is_declared_is_given() {
        let mut builder = ResourcesBuilder::default();
        builder.add("clock".to_owned(), frozen());
        builder.add("wall".to_owned(), frozen());
        let resources = builder.build().unwrap();
        let set = resources.give(&name(), ["clock"], ["nothing"]).unwrap();
        assert_eq!(set.names().collect::<Vec<_>>(), ["clock"]);
        let error = resources.give(&name(), ["clcok"], []).unwrap_err();
        assert_eq!(error.code(), "resource_missing");
        let text = error.to_string();
        assert!(text.contains("did you mean `clock`?"), "{text}");
        assert!(text.contains("it has clock, wall"), "{text}");
    }

    #[test]
    fn mistakes_of_the_host_are_found_when_it_is_built() {
        let problem = |builder: ResourcesBuilder| builder.build().unwrap_err().to_string();
        let mut twice = ResourcesBuilder::default();
        twice.add("clock".to_owned(), frozen());
        twice.add("clock".to_owned(), frozen());
        assert!(problem(twice).contains("given twice"));
        let mut of_nothing = ResourcesBuilder::default();
        of_nothing.add("clock".to_owned(), frozen());
        of_nothing.decorate::<dyn Clock>("clokc".to_owned(), |inner, _| inner);
        assert!(problem(of_nothing).contains("did you mean `clock`?"));
        let mut of_another = ResourcesBuilder::default();
        of_another.add("clock".to_owned(), frozen());
        of_another.decorate::<dyn Rng>("clock".to_owned(), |inner, _| inner);
        assert!(
            problem(of_another)
                .contains("its decorator is for `dyn dagstack_plugin::resources::Rng`")
        );
    }

    #[test]
    fn each_plugin_has_its_own_decorated_in_order() {
        let mut builder = ResourcesBuilder::default();
        builder.add_each::<dyn Clock>("clock".to_owned(), |plugin| {
            let nanos = plugin.name().len() as u64;
            Ok(Arc::new(FrozenClock::at_unix_nanos(nanos)))
        });
        for factor in [10, 100] {
            builder.decorate::<dyn Clock>("clock".to_owned(), move |inner, _| {
                let nanos = inner.monotonic_ns() * factor + 1;
                Arc::new(FrozenClock::at_unix_nanos(nanos))
            });
        }
        let resources = builder.build().unwrap();
        let of = |name: &str| {
            let plugin = PluginName::new("tool", name);
            let set = resources.give(&plugin, ["clock"], []).unwrap();
            set.get::<dyn Clock>("clock").unwrap().monotonic_ns()
        };
        assert_eq!((of("a"), of("abc")), (1101, 3101));
    }
}
