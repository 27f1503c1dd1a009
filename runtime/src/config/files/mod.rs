//! [`FileConfig`]: configuration from TOML, YAML and JSON files and the environment (feature
//! `config-files`).
//!
//! # Layers
//!
//! [`FileConfig::in_folder`] reads, each over the one before, key by key:
//!
//! 1. `app-config.yaml` (or `.yml`, `.toml`, `.json`), which must be there;
//! 2. `app-config.local.yaml`, if it is there;
//! 3. `app-config.<env>.yaml`, if the environment variable `DAGSTACK_ENV` is set to `<env>` and
//!    the file is there;
//! 4. environment variables that begin with `DAGSTACK_CONFIG__`.
//!
//! # Environment variables
//!
//! `DAGSTACK_CONFIG__CHUNKER__FIXED__MAX_SIZE=5` sets `chunker.fixed.max_size`: two underscores
//! separate keys, and case does not matter. A key that the files have is found even if it has
//! hyphens or upper-case letters (`MY_PLUGIN` finds `my-plugin`); any other is taken in lower
//! case. Lists and tables cannot be set.
//!
//! # `${VAR}`
//!
//! In a text in a file, `${VAR}` stands for the variable's value, and `${VAR:-default}` for
//! `default` where the variable is unset or empty; `$$` is a dollar sign. A variable that is
//! neither set nor has a default is an error, which names the file, the path and the variable.
//! This happens after parsing and layering: no value can add keys or lists, and a text that a
//! later layer overrides needs no variables.
//!
//! # Types
//!
//! What comes from the environment is text. A value that is nothing but one `${…}`, and the value of
//! a `DAGSTACK_CONFIG__…` variable, counts as a boolean or a number if it is written like one
//! (`true`, `-5`, `0.5`; not `007`). Under a secret name (`password`, `api_key`, …) it stays text.
//!
//! `examples/config_files.rs` of this package is a host to try it with.

#[cfg(feature = "config-watch")]
mod watch;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use dagstack_config::{EXTENSIONS, Format, Node};
use dagstack_plugin::BoxFuture;
use serde_json::{Map, Value};

#[cfg(feature = "config-watch")]
use super::{Changed, Watch};
use super::{ConfigSource, ConfigSourceError};

/// The variable that names the environment.
const ENV: &str = "DAGSTACK_ENV";
/// The name of the files in a folder.
const STEM: &str = "app-config";
/// What the variables that set config keys begin with.
const PREFIX: &str = "DAGSTACK_CONFIG__";

/// Configuration from files and the environment; see the [module](self) for what overrides what.
///
/// With the feature `config-watch`, the files are watched: an edit is taken up at once, also where
/// an editor replaces the file, and a file that appears later. While one is invalid, the old
/// configuration stays, and the log says why.
///
/// ```
/// use dagstack_runtime::config::{ConfigSource, FileConfig};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let folder = tempfile::tempdir()?;
/// std::fs::write(
///     folder.path().join("app-config.yaml"),
///     "chunker:\n  fixed:\n    max_size: ${MAX_SIZE:-500}\n    language: en\n",
/// )?;
/// std::fs::write(
///     folder.path().join("app-config.local.toml"),
///     "[chunker.fixed]\nlanguage = 'de'\n",
/// )?;
///
/// let source = FileConfig::in_folder(folder.path());
/// // Registry::builder().config(source)
///
/// let tree = source.load().await?;
/// assert_eq!(tree["chunker"]["fixed"]["max_size"], 500);
/// assert_eq!(tree["chunker"]["fixed"]["language"], "de");
/// # Ok(())
/// # }
/// ```
pub struct FileConfig {
    id: String,
    place: Place,
    environment: bool,
    variables: Option<BTreeMap<String, String>>,
}

enum Place {
    Folder(PathBuf),
    File(PathBuf),
}

/// A file that may be read.
struct Candidate {
    path: PathBuf,
    required: bool,
}

impl FileConfig {
    /// The `app-config` files in a folder, and the environment.
    pub fn in_folder(folder: impl AsRef<Path>) -> Self {
        Self::new(Place::Folder(absolute(folder.as_ref())), true)
    }

    /// One file, whose extension says what it is; no environment variables but those it names as
    /// `${VAR}`.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self::new(Place::File(absolute(path.as_ref())), false)
    }

    fn new(place: Place, environment: bool) -> Self {
        let id = match &place {
            Place::Folder(folder) => format!("file:{}/{STEM}.*", folder.display()),
            Place::File(path) => format!("file:{}", path.display()),
        };
        Self {
            id,
            place,
            environment,
            variables: None,
        }
    }

    /// Leaves out the variables that begin with `DAGSTACK_CONFIG__`.
    #[must_use]
    pub fn without_environment(mut self) -> Self {
        self.environment = false;
        self
    }

    /// Takes these variables for the environment, instead of the process's own.
    #[must_use]
    pub fn with_variables<K: Into<String>, V: Into<String>>(
        mut self,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let pairs = variables.into_iter();
        self.variables = Some(
            pairs
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        );
        self
    }

    /// The environment as it is now.
    fn variables(&self) -> BTreeMap<String, String> {
        self.variables.clone().unwrap_or_else(|| {
            // What is not Unicode cannot be a part of a config.
            std::env::vars_os()
                .filter_map(|(key, value)| {
                    Some((key.into_string().ok()?, value.into_string().ok()?))
                })
                .collect()
        })
    }

    /// The files to read, lowest first.
    fn candidates(
        &self,
        variables: &BTreeMap<String, String>,
    ) -> Result<Vec<Candidate>, ConfigSourceError> {
        let folder = match &self.place {
            Place::File(path) => {
                return Ok(vec![Candidate {
                    path: path.clone(),
                    required: true,
                }]);
            }
            Place::Folder(folder) => folder,
        };
        let mut stems = vec![STEM.to_owned(), format!("{STEM}.local")];
        if let Some(env) = variables.get(ENV).filter(|env| !env.is_empty()) {
            if env.contains(['/', '\\']) {
                return Err(ConfigSourceError::new(format!(
                    "{ENV} names an environment such as `production`; it cannot have slashes"
                )));
            }
            stems.push(format!("{STEM}.{env}"));
        }
        let mut candidates = Vec::new();
        for stem in stems {
            let named = |extension| folder.join(format!("{stem}.{extension}"));
            let mut found = EXTENSIONS.iter().map(named).filter(|path| path.exists());
            match (found.next(), found.next()) {
                (Some(first), Some(second)) => {
                    return Err(ConfigSourceError::new(format!(
                        "{} and {} are the same layer; keep one of them",
                        first.display(),
                        second.display()
                    )));
                }
                (Some(path), None) => candidates.push(Candidate {
                    path,
                    required: false,
                }),
                (None, _) if stem == STEM => candidates.push(Candidate {
                    path: folder.join(format!("{STEM}.yaml")),
                    required: true,
                }),
                (None, _) => {}
            }
        }
        Ok(candidates)
    }

    fn read(&self) -> Result<Value, ConfigSourceError> {
        let variables = self.variables();
        let mut tree: Option<Node> = None;
        for candidate in self.candidates(&variables)? {
            match (candidate.read()?, &mut tree) {
                (Some(layer), Some(tree)) => tree.lay_over(layer),
                (layer @ Some(_), None) => tree = layer,
                (None, _) => {}
            }
        }
        let Some(mut tree) = tree else {
            return Ok(Value::Object(Map::new()));
        };
        if self.environment {
            let variables = variables.iter();
            let pairs = variables.map(|(name, value)| (name.as_str(), value.as_str()));
            for setting in dagstack_config::settings(PREFIX, pairs) {
                setting.apply(&mut tree);
            }
        }
        tree.expand("", &|name| variables.get(name).cloned())
            .map_err(|problems| ConfigSourceError::new(problems.join("\n  ")))?;
        Ok(tree.to_json())
    }
}

impl Candidate {
    /// Its tree; `None` if it is not there and need not be.
    fn read(&self) -> Result<Option<Node>, ConfigSourceError> {
        let format = Format::of_extension(&self.path).ok_or_else(|| {
            ConfigSourceError::new(format!(
                "{}: its extension does not say what it is; expected one of {}",
                self.path.display(),
                EXTENSIONS.join(", ")
            ))
        })?;
        match dagstack_config::read(&self.path, Some(format)) {
            Ok(tree) => Ok(Some(tree)),
            // It was there a moment ago, or nobody asked for it by name.
            Err(error) if error.is_not_found() && !self.required => Ok(None),
            Err(error) => Err(ConfigSourceError::new(error)),
        }
    }
}

/// What a relative path means does not change with the working directory.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

impl fmt::Debug for FileConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileConfig({})", self.id)
    }
}

impl ConfigSource for FileConfig {
    fn id(&self) -> &str {
        &self.id
    }

    fn load(&self) -> BoxFuture<'_, Result<Value, ConfigSourceError>> {
        // Config files are small: reading them takes less than moving to another thread.
        Box::pin(async { self.read() })
    }

    #[cfg(feature = "config-watch")]
    fn watch(&self, changed: Changed) -> Result<Option<Watch>, ConfigSourceError> {
        let wanted = match &self.place {
            Place::File(path) => watch::Wanted::File(path.clone()),
            Place::Folder(folder) => watch::Wanted::Folder(folder.clone()),
        };
        watch::start(wanted, changed).map(Some)
    }
}
