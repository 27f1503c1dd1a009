//! From what a host said to the plugins of its registry: collected, each once; checked; wrapped by
//! middleware.

use std::collections::btree_map::Entry::{Occupied, Vacant};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use dagstack_plugin::manifest::{Runtime, VersionRange};
use dagstack_plugin::{CORE_VERSION, PluginName, Registration, registered};

use crate::descriptor::{Descriptor, Source};
use crate::discovery::{self, Found};
use crate::entry::Entry;
use crate::error::PluginRegistryError;
use crate::kinds::Kinds;
use crate::lifecycle::options::Options;
use crate::middleware;
use crate::middleware::layers::Stack;
use crate::middleware::plugin::{PluginMiddleware, chain_wrap};
use crate::process_bound;
use crate::resources::HostResources;
use crate::status::PluginStatus;
use crate::supply_chain::{self, Publishers};

/// All plugins, sorted by kind and name, and the manifests that cannot be read. `linked` are those of
/// this program that the host wants; a manifest may name others that are linked.
///
/// # Errors
///
/// `DiscoveryFailed`, `DuplicatePlugin`.
pub(crate) fn collect(
    linked: Vec<&'static Registration>,
    paths: &[PathBuf],
    prefer: Option<Runtime>,
    executables: Vec<Descriptor>,
) -> Result<(Vec<Descriptor>, Vec<PluginStatus>), PluginRegistryError> {
    let mut plugins = PluginList::default();
    for &registration in &linked {
        let descriptor = Descriptor::linked(registration);
        plugins.linked.insert(descriptor.name.clone());
        plugins.add(descriptor)?;
    }
    let mut available: HashMap<PluginName, &'static Registration> = HashMap::new();
    for registration in linked.into_iter().chain(registered()) {
        let declaration = registration.declaration();
        available
            .entry(PluginName::new(declaration.kind, declaration.name))
            .or_insert(registration);
    }
    let mut broken = Vec::new();
    for found in discovery::discover(paths)? {
        match found {
            Found::Manifest(found) => {
                let name = PluginName::new(&*found.manifest.kind, &*found.manifest.name);
                let registration = available.get(&name).copied();
                let descriptor = discovery::describe(*found, registration, prefer, &available);
                plugins.add_manifest(descriptor)?;
            }
            Found::Broken { name, error } => broken.push(unreadable(name, &error)),
        }
    }
    for descriptor in executables {
        plugins.add(descriptor)?;
    }
    Ok((plugins.by_name.into_values().collect(), broken))
}

/// The plugins with their middleware. Plugins that are middleware themselves come first: they stand
/// around the others, and only the host's own middleware stands around them.
pub(crate) fn wrapped(list: Vec<Descriptor>, host: &Stack) -> Vec<Arc<Entry>> {
    let mut all = host.clone();
    let mut first = |descriptor| match chain_wrap(&descriptor) {
        Some(wraps) => {
            let entry = Arc::new(Entry::new(descriptor, host));
            let middleware = PluginMiddleware::placed(Arc::clone(&entry), &wraps);
            all.add(Arc::new(middleware));
            Ok(entry)
        }
        None => Err(Box::new(descriptor)),
    };
    let entries: Vec<Result<_, _>> = list.into_iter().map(&mut first).collect();
    let other = |descriptor: Box<Descriptor>| Arc::new(Entry::new(*descriptor, &all));
    let entries = entries.into_iter();
    entries.map(|it| it.unwrap_or_else(other)).collect()
}

/// The plugins so far, no two with the same name.
#[derive(Default)]
struct PluginList {
    by_name: BTreeMap<PluginName, Descriptor>,
    /// The linked ones that no manifest was found for.
    linked: HashSet<PluginName>,
}

impl PluginList {
    fn add(&mut self, descriptor: Descriptor) -> Result<(), PluginRegistryError> {
        match self.by_name.entry(descriptor.name.clone()) {
            Vacant(place) => {
                place.insert(descriptor);
                Ok(())
            }
            Occupied(first) => Err(PluginRegistryError::DuplicatePlugin {
                plugin: descriptor.name,
                first: first.get().origin.clone(),
                second: descriptor.origin,
            }),
        }
    }

    /// Adds a plugin that was discovered; it may be one that is linked.
    fn add_manifest(&mut self, descriptor: Descriptor) -> Result<(), PluginRegistryError> {
        let manifest = descriptor.manifest.as_ref();
        let may_be_linked = manifest.is_some_and(|it| it.runtimes.contains(&Runtime::InProcess));
        if may_be_linked && self.linked.remove(&descriptor.name) {
            self.by_name.remove(&descriptor.name);
        }
        self.add(descriptor)
    }
}

/// Gives each plugin the executable for its long hooks, and says whom it is from.
pub(crate) fn prepared(options: &mut Options, mut list: Vec<Descriptor>) -> Vec<Descriptor> {
    options.processes.hand_out_workers(&mut list);
    let publishers = options.publishers.take().or_else(Publishers::from_env);
    list.into_iter()
        .map(|descriptor| supply_chain::judge(descriptor, publishers.as_ref()))
        .collect()
}

/// The plugin, or where it cannot run on this host, one that never does.
pub(crate) fn checked(
    mut descriptor: Descriptor,
    kinds: &Kinds,
    resources: &HostResources,
) -> Descriptor {
    if let Err(error) = check(&descriptor, kinds, resources) {
        // What it declares still counts: a middleware that cannot run lets no call pass.
        descriptor.source = Source::Never {
            runtime: descriptor.runtime(),
            error: Arc::new(error),
        };
    }
    descriptor
}

/// Refuses a plugin that cannot run on this host, before any of its code does: for its kind, then
/// for its core, then for where it runs.
fn check(
    descriptor: &Descriptor,
    kinds: &Kinds,
    resources: &HostResources,
) -> Result<(), PluginRegistryError> {
    kinds.check(descriptor)?;
    let fits =
        |range: &&String| VersionRange::parse(range).is_ok_and(|range| range.matches(CORE_VERSION));
    if let Some(required) = descriptor.core_version.as_ref().filter(|it| !fits(it)) {
        return Err(PluginRegistryError::VersionIncompatible {
            plugin: descriptor.name.clone(),
            required: required.clone(),
            offered: CORE_VERSION.to_owned(),
        });
    }
    match descriptor.source {
        // It has its own reason.
        Source::Never { .. } => return Ok(()),
        Source::InProcess(registration) if descriptor.worker.is_none() => {
            if let Some(reason) = process_bound::refuses(registration.declaration()) {
                let plugin = descriptor.name.clone();
                return Err(PluginRegistryError::RuntimeNotSupported { plugin, reason });
            }
        }
        _ => {}
    }
    middleware::plugin::check(descriptor)?;
    let required = descriptor.resources.iter().map(String::as_str);
    resources.check(&descriptor.name, required)
}

fn unreadable(name: String, error: &PluginRegistryError) -> PluginStatus {
    let origin = match error {
        PluginRegistryError::ManifestInvalid(error) => error.path.display().to_string(),
        _ => name.clone(),
    };
    PluginStatus::broken(name, origin, error.reason())
}
