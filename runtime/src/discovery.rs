//! Finds manifests in folders, and decides how each plugin is to run.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dagstack_plugin::manifest::{FILE_NAMES, Runtime};
use dagstack_plugin::{Manifest, PluginName, Registration, suggest};

use crate::descriptor::{Descriptor, Source};
use crate::error::{BY_COMMAND, PluginRegistryError};
use crate::mcp_stdio::program::Program;
use crate::process_bound;

/// What a folder turned out to be.
pub(crate) enum Found {
    Manifest(Box<FoundManifest>),
    /// A manifest that cannot be read; `name` is its folder's.
    Broken {
        name: String,
        error: PluginRegistryError,
    },
}

/// A manifest and where it stands.
pub(crate) struct FoundManifest {
    pub(crate) manifest: Manifest,
    pub(crate) file: PathBuf,
    pub(crate) folder: PathBuf,
}

/// Reads the manifests of all paths. The same folder twice counts once.
///
/// # Errors
///
/// `DiscoveryFailed` for a path that is not there.
pub(crate) fn discover(paths: &[PathBuf]) -> Result<Vec<Found>, PluginRegistryError> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for path in paths {
        let failed = |source| PluginRegistryError::DiscoveryFailed {
            path: path.clone(),
            source,
        };
        let path = std::path::absolute(path).map_err(failed)?;
        let mut files = Vec::new();
        if std::fs::metadata(&path).map_err(failed)?.is_file() {
            files.push(path.clone());
        } else if let Some(file) = manifest_in(&path) {
            files.push(file);
        } else {
            for entry in std::fs::read_dir(&path).map_err(failed)? {
                files.extend(manifest_in(&entry.map_err(failed)?.path()));
            }
            // The order of a directory is nobody's choice.
            files.sort();
        }
        if files.is_empty() {
            tracing::warn!(path = %path.display(), "no dagstack.toml or dagstack.json here, nor in the folders in it");
        }
        for file in files {
            let identity = file.canonicalize().unwrap_or_else(|_| file.clone());
            if seen.insert(identity) {
                found.push(read(file));
            }
        }
    }
    Ok(found)
}

fn manifest_in(folder: &Path) -> Option<PathBuf> {
    FILE_NAMES
        .iter()
        .map(|file| folder.join(file))
        // Also one that is a broken link or a folder: it was meant to be a manifest.
        .find(|file| file.symlink_metadata().is_ok())
}

fn read(file: PathBuf) -> Found {
    let folder = file.parent().unwrap_or(Path::new("/")).to_owned();
    match Manifest::load(&file) {
        Ok(manifest) => {
            for warning in &manifest.warnings {
                tracing::warn!(manifest = %file.display(), "{warning}");
            }
            Found::Manifest(Box::new(FoundManifest {
                manifest,
                file,
                folder,
            }))
        }
        Err(error) => Found::Broken {
            name: folder.file_name().map_or_else(
                || folder.display().to_string(),
                |name| name.to_string_lossy().into_owned(),
            ),
            error: error.into(),
        },
    }
}

/// Decides how the plugin of a manifest runs: as preferred, else in process if it is linked, else
/// in the first of its runtimes that has an address.
pub(crate) fn describe(
    found: FoundManifest,
    registration: Option<&'static Registration>,
    prefer: Option<Runtime>,
    linked: &HashMap<PluginName, &'static Registration>,
) -> Descriptor {
    let FoundManifest {
        manifest,
        file,
        folder,
    } = found;
    let name = PluginName::new(&*manifest.kind, &*manifest.name);
    let origin = file.display().to_string();
    let has = |runtime: Runtime| manifest.runtimes.contains(&runtime);
    let in_process = registration.filter(|_| has(Runtime::InProcess));
    let stdio = Program::of_manifest(&manifest, &folder).map(Arc::new);

    let source = match (in_process, &stdio, prefer) {
        (Some(_), Some(program), Some(Runtime::McpStdio)) | (None, Some(program), _) => {
            Source::McpStdio(Arc::clone(program))
        }
        (Some(registration), _, _) => Source::InProcess(registration),
        (None, None, _) if has(Runtime::InProcess) => Source::Never {
            runtime: Runtime::InProcess,
            error: Arc::new(not_linked(&name, &manifest, &origin, linked)),
        },
        (None, None, _) => {
            let runtime = manifest
                .runtimes
                .first()
                .copied()
                .unwrap_or(Runtime::InProcess);
            Source::Never {
                runtime,
                error: Arc::new(PluginRegistryError::RuntimeNotSupported {
                    plugin: name.clone(),
                    reason: format!(
                        "its manifest ({origin}) asks for `{runtime}`, which this host does not run; {BY_COMMAND}, or link the plugin"
                    ),
                }),
            }
        }
    };
    let base = match &source {
        // What needs processes of its own runs in those of the manifest's command.
        Source::InProcess(registration) => Descriptor {
            worker: stdio.filter(|_| process_bound::needs_workers(registration.declaration())),
            ..Descriptor::linked(registration)
        },
        _ => Descriptor::unknown(name, source),
    };
    base.with_manifest(Arc::new(manifest), origin)
}

fn not_linked(
    name: &PluginName,
    manifest: &Manifest,
    origin: &str,
    linked: &HashMap<PluginName, &'static Registration>,
) -> PluginRegistryError {
    let entry_point = manifest
        .entry_point
        .clone()
        .unwrap_or_else(|| manifest.name.replace('-', "_"));
    // The manifest may misspell a plugin that is linked.
    let same_type = linked
        .iter()
        .find(|(_, registration)| registration.declaration().type_path == entry_point)
        .map(|(name, _)| name.to_string());
    let names: Vec<String> = linked.keys().map(ToString::to_string).collect();
    let suggestion = same_type.or_else(|| {
        suggest(&name.to_string(), names.iter().map(String::as_str)).map(str::to_owned)
    });
    PluginRegistryError::PluginNotLinked {
        plugin: name.clone(),
        origin: origin.to_owned(),
        entry_point,
        suggestion,
    }
}
